"""Take one thing that came back: once, in one transaction with all that it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accord.core.consent.collection import scope_of_unsubscribe
from accord.core.consent.reports import TOLD_AS, Finding, is_all_said
from accord.core.mail.returns import Returns
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry, ConsentStatus
from accord.core.model.contact import AddressState, email_key
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.model.message import MessageState
from accord.core.model.returned import Returned, ReturnKind
from accord.shell.engine.apply import about
from accord.shell.engine.ports.rows import Settlement
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.ports.wayback import RETURNED, Came
from accord.shell.engine.ports.wayback import Fate as Becomes
from accord.shell.engine.record import consents_in, events_in
from accord.shell.engine.wayback.judged import fate_of, judged
from accord.shell.engine.wayback.known import Known, whom
from accord.shell.engine.wayback.rest import raise_undeliverable, rest_if_it_bounces_often

# What a server's word makes of a mail that was taken to have arrived.
_SETTLES = {
    "mail.bounced": MessageState.BOUNCED,
    "mail.soft_bounced": MessageState.BOUNCED,
    "mail.mailbox_full": MessageState.BOUNCED,
    "mail.policy_blocked": MessageState.BOUNCED,
    "mail.complained": MessageState.COMPLAINED,
    "mail.delivered": MessageState.ACCEPTED,
}


# What no rule can decide.
FOR_SOMEBODY = frozenset({"UNREADABLE", "STATUS_UNREADABLE", "NOT_MATCHED"})


@dataclass(frozen=True, slots=True)
class Desk:
    """What is needed to take something: how marks are read, the law, whether people get what other people write."""

    catalogue: Catalogue
    returns: Returns
    forwards: bool = False


def take(unit: Unit, desk: Desk, came: Came, returned: Returned, *, now: datetime) -> Came | None:
    """Everything that one thing changes; None where it was taken before. `came.content` is its bytes.

    The caller's transaction makes all of it happen, or nothing.
    """
    if returned.kind is ReturnKind.DELIVERED:
        return _arrived(unit, desk, came, returned, now)
    number = unit.wayback.note(came)
    if number is None:
        return None
    known = whom(unit, returned, desk.returns)
    found = judged(returned, known)
    taken = _Taking(unit, desk, replace(came, id=number), returned, known, found, now).all_of_it()
    unit.wayback.tell(number, taken)
    return taken


def _arrived(unit: Unit, desk: Desk, came: Came, returned: Returned, now: datetime) -> Came | None:
    """Good news comes for nearly every mail: the journal, which takes each once as well, is book enough for it."""
    known = whom(unit, returned, desk.returns)
    found = judged(returned, known)
    name = TOLD_AS.get(found.reason)
    if known is None or name is None:
        return None
    taking = _Taking(unit, desk, came, returned, known, found, now)
    if not taking.journal(known, name, {"reason": found.reason, "rule": found.rule}):
        return None
    taking.settle(known, name)
    return replace(came, kind=returned.kind.value, reason=found.reason, rule=found.rule, content=None)


@dataclass(frozen=True, slots=True)
class _Taking:
    """One thing that is being taken, beside whom it is about."""

    unit: Unit
    desk: Desk
    came: Came
    returned: Returned
    known: Known | None
    found: Finding
    now: datetime

    def all_of_it(self) -> Came:
        """What it is, and what became of it."""
        known, kind = self.known, self.returned.kind
        told = replace(
            self.came,
            kind=kind.value,
            reason=self.found.reason,
            rule=self.found.rule,
            contact_id=known.contact.id if known is not None else None,
            message_id=known.message.id if known is not None and known.message is not None else None,
            matched=known.where if known is not None else None,
            content=None,
        )
        if kind is ReturnKind.REPLY:
            return self._reply(told)
        if self.found.reason in FOR_SOMEBODY:
            self._see_to_it(told)
        elif known is not None:
            self._believed(known)
        return told

    # -- what machines say --------------------------------------------------------------------------------

    def _believed(self, known: Known) -> None:
        """A mail of ours was meant: its journal, its ending, and what follows for its reader."""
        found, returned = self.found, self.returned
        if returned.kind is ReturnKind.UNSUBSCRIBE:
            self._object(known, Act.UNSUBSCRIBE, self._scope(known), "mailto")
        elif returned.kind is ReturnKind.FEEDBACK and found.address is None and found.consent is not None:
            self._object(known, Act.OBJECTION, ((EVERYTHING, EVERYTHING),), "feedback")
        name = TOLD_AS.get(found.reason)
        if name is None:
            return
        told = fate_of(returned, known)
        data: dict[str, Value] = {"reason": found.reason, "rule": found.rule}
        if returned.fates and returned.kind is not ReturnKind.FEEDBACK:
            data |= {"status": told.status, "action": told.action, "said": told.words[:200]}
        if returned.feedback_type:
            data["feedback"] = returned.feedback_type
        self.settle(known, name)
        self.journal(known, name, data)
        if found.address is AddressState.HARD_BOUNCED and known.message is not None:
            raise_undeliverable(self.unit, known.message, self.now)
        rest_if_it_bounces_often(self.unit, self.desk.catalogue, known, found, told, self.now)

    def _scope(self, known: Known) -> Sequence[tuple[str, str]]:
        """What one unsubscribe from this mail covers (R-10)."""
        message, venue = known.message, self.desk.catalogue.venue
        purpose = venue.purposes.get(message.purpose) if message is not None else None
        if message is None or purpose is None:
            return ((EVERYTHING, EVERYTHING),)
        return scope_of_unsubscribe(message.basis, purpose, venue.policy)

    # -- what people say ----------------------------------------------------------------------------------

    def _reply(self, told: Came) -> Came:
        known, found = self.known, self.found
        own = known is not None and known.proven and self._is_own_hand(known)
        if known is not None and own:
            # Whoever only claims an address renews no clock.
            self.journal(known, "contact.replied", {"automatic": False})
        if known is not None and found.consent is ConsentStatus.ACTIVE_OPTOUT:
            self._object(known, Act.OBJECTION, ((EVERYTHING, EVERYTHING),), "reply")
            if own and is_all_said(self.returned.text):
                return told
        if found.reason in FOR_SOMEBODY:
            self._see_to_it(told)
        if not self.desk.forwards:
            return told
        return replace(told, fate=Becomes.TO_FORWARD, content=self.came.content)

    def _is_own_hand(self, known: Known) -> bool:
        """Whether it came from the mailbox that was written to."""
        return email_key(self.returned.sender) == email_key(known.contact.email)

    def _object(self, known: Known, act: Act, scope: Sequence[tuple[str, str]], channel: str) -> None:
        """Into the ledger, once, and queued mail with it (R-10, R-02)."""
        proof = {"channel": channel, "returned": str(self.came.id), "matched": known.where}
        if known.message is not None:
            proof["message"] = str(known.message.id)
        entries = [
            ConsentEntry(known.contact.id, self.now, purpose, kind, act, details=proof)
            for purpose, kind in scope
        ]
        consents_in(self.unit, self.desk.catalogue, entries, now=self.now, history=False, source="wayback")

    # -- telling it ---------------------------------------------------------------------------------------

    def journal(self, known: Known, name: str, data: dict[str, Value]) -> bool:
        """Told of its reader, once; whether it was news."""
        mail = about(known.message) if known.message is not None else {}
        event = Event(known.contact.id, name, self.now, {**mail, **data}, "wayback", self.came.digest)
        return bool(events_in(self.unit, self.desk.catalogue, [event], now=self.now))

    def settle(self, known: Known, name: str) -> None:
        """What a mail of unknown fate, or one that was taken to have arrived, has become."""
        state, message = _SETTLES.get(name), known.message
        if message is None or state is None or (name != "mail.delivered" and not self._is_final()):
            return
        steps = [(MessageState.UNKNOWN, MessageState.ACCEPTED)]
        if state is not MessageState.ACCEPTED:
            steps.append((MessageState.ACCEPTED, state))
            if state is MessageState.COMPLAINED:
                steps.append((MessageState.BOUNCED, state))
        for expected, after in steps:
            settlement = Settlement(message.id, expected, after, self.now, message.reason, message.rule)
            self.unit.settle([settlement])

    def _is_final(self) -> bool:
        """Whether it says that something ended: a delay is none."""
        return not self.returned.fates or any(each.action != "delayed" for each in self.returned.fates)

    def _see_to_it(self, told: Came) -> None:
        """A task for the team: one for all of a mailbox that are alike, for anybody can send as many as he likes.

        What it is about is still in the mailbox; nothing of it is kept here.
        """
        body = {"what": told.reason, "source": told.source, "kind": told.kind, "returned": self.came.id}
        self.unit.keeping.raise_task(RETURNED, f"{told.source}: {told.reason}", body, self.now)
