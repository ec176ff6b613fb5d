"""Take one thing that came back: once, in one transaction with all that it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accord.core.consent.collection import scope_of_unsubscribe
from accord.core.consent.reports import TOLD_AS, Finding, fate, feedback, is_all_said, reply
from accord.core.mail.returns import Returns
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry, ConsentStatus, Nature
from accord.core.model.contact import email_key
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.model.message import MessageState
from accord.core.model.returned import Fate, Returned, ReturnKind
from accord.shell.engine.apply import about
from accord.shell.engine.ports.rows import Settlement
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.ports.wayback import RETURNED, Came
from accord.shell.engine.ports.wayback import Fate as Becomes
from accord.shell.engine.record import consents_in, events_in
from accord.shell.engine.wayback.known import Known, is_the_address, known_again, known_by_address
from accord.shell.engine.wayback.rest import rest_if_it_bounces_often

# What a server's word makes of a mail that was taken to have arrived.
_SETTLES = {
    "mail.bounced": MessageState.BOUNCED,
    "mail.soft_bounced": MessageState.BOUNCED,
    "mail.mailbox_full": MessageState.BOUNCED,
    "mail.policy_blocked": MessageState.BOUNCED,
    "mail.complained": MessageState.COMPLAINED,
    "mail.delivered": MessageState.ACCEPTED,
}

_BY_ITSELF = {
    ReturnKind.CHALLENGE: Finding("CHALLENGED", "R-62"),
    ReturnKind.VACATION: Finding("VACATION", "R-62"),
    ReturnKind.AUTOMATIC: Finding("AUTO_REPLY_IS_NOT_ACTION", "R-62"),
}

NOT_MATCHED = Finding("NOT_MATCHED", "R-60")
UNREADABLE = Finding("UNREADABLE", "R-60")


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
    number = unit.wayback.note(came)
    if number is None:
        return None
    known = known_again(unit, returned, desk.returns)
    if known is None and returned.kind in (ReturnKind.REPLY, ReturnKind.UNSUBSCRIBE):
        known = known_by_address(unit, returned)
    taking = _Taking(unit, desk, replace(came, id=number), returned, known, now)
    taken = taking.all_of_it()
    unit.wayback.tell(number, taken)
    return taken


@dataclass(frozen=True, slots=True)
class _Taking:
    """One thing that is being taken, beside whom it is about."""

    unit: Unit
    desk: Desk
    came: Came
    returned: Returned
    known: Known | None
    now: datetime

    def all_of_it(self) -> Came:
        """What it is, and what became of it."""
        known = self.known
        told = replace(
            self.came,
            kind=self.returned.kind.value,
            contact_id=known.contact.id if known is not None else None,
            message_id=known.message.id if known is not None and known.message is not None else None,
            matched=known.where if known is not None else None,
            content=None,
        )
        match self.returned.kind:
            case ReturnKind.BOUNCE | ReturnKind.DELIVERED:
                return self._delivery(told)
            case ReturnKind.FEEDBACK:
                return self._feedback(told)
            case ReturnKind.UNSUBSCRIBE:
                return self._unsubscribe(told)
            case ReturnKind.REPLY:
                return self._reply(told)
            case ReturnKind.UNREADABLE:
                return self._see_to_it(told, UNREADABLE, keep=True)
        return self._told(told, _BY_ITSELF[self.returned.kind])

    # -- what machines say --------------------------------------------------------------------------------

    def _delivery(self, told: Came) -> Came:
        known = self.known
        if known is None:
            return self._see_to_it(told, NOT_MATCHED)
        worst = self._of_this_person(known)
        found = fate(worst, ours=True, is_the_address=is_the_address(worst, known, self.desk.returns))
        told = self._told(
            told, found, {"status": worst.status, "action": worst.action, "said": worst.words[:200]}
        )
        if found.reason == "STATUS_UNREADABLE":
            return self._see_to_it(told, found, keep=True)
        if found.address is not None and known.message is not None:
            raise_undeliverable(self.unit, known, self.now)
        rest_if_it_bounces_often(self.unit, self.desk.catalogue, known, found, worst, self.now)
        return told

    def _of_this_person(self, known: Known) -> Fate:
        """Of several recipients that a report tells of, this person; else the first."""
        fates = self.returned.fates or (Fate("failed", ""),)
        own = [each for each in fates if is_the_address(each, known, self.desk.returns)]
        return (own or list(fates))[0]

    def _feedback(self, told: Came) -> Came:
        if self.known is None:
            return self._see_to_it(told, NOT_MATCHED)
        found = feedback(self.returned.feedback_type, ours=True)
        if found.address is None and found.consent is not None:
            self._object(self.known, Act.OBJECTION, ((EVERYTHING, EVERYTHING),), "feedback")
            return self._found(told, found)
        return self._told(told, found, {"feedback": self.returned.feedback_type})

    # -- what people say ----------------------------------------------------------------------------------

    def _unsubscribe(self, told: Came) -> Came:
        known = self.known
        if known is None:
            return self._see_to_it(told, NOT_MATCHED, keep=True)
        self._object(known, Act.UNSUBSCRIBE, self._scope(known), "mailto")
        return self._found(told, Finding("UNSUBSCRIBED", "R-10"))

    def _scope(self, known: Known) -> Sequence[tuple[str, str]]:
        """What one unsubscribe from this mail covers (R-10)."""
        message, venue = known.message, self.desk.catalogue.venue
        purpose = venue.purposes.get(message.purpose) if message is not None else None
        if message is None or purpose is None:
            return ((EVERYTHING, EVERYTHING),)
        return scope_of_unsubscribe(message.basis, purpose, venue.policy)

    def _reply(self, told: Came) -> Came:
        known, said = self.known, reply(f"{self._own_subject()}\n{self.returned.text}")
        own = known is not None and known.proven and self._is_own_hand(known)
        if known is not None and own:
            # Whoever only claims an address renews no clock.
            self._journal(known, "contact.replied", {"automatic": False})
        if known is not None and said.consent is ConsentStatus.ACTIVE_OPTOUT:
            self._object(known, Act.OBJECTION, ((EVERYTHING, EVERYTHING),), "reply")
            told = self._found(told, said)
            if own and is_all_said(self.returned.text):
                return told
        elif said.consent is not None:
            told = self._see_to_it(told, NOT_MATCHED, keep=True)
        else:
            told = self._found(told, said)
        if not self.desk.forwards:
            return told
        return replace(told, fate=Becomes.TO_FORWARD, content=self.came.content)

    def _is_own_hand(self, known: Known) -> bool:
        """Whether it came from the mailbox that was written to."""
        return email_key(self.returned.sender) == email_key(known.contact.email)

    def _own_subject(self) -> str:
        """The subject, where the person wrote it: what answers a mail repeats ours."""
        subject = self.returned.subject
        return "" if ":" in subject[:5] else subject

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

    def _told(self, told: Came, found: Finding, data: dict[str, Value] | None = None) -> Came:
        """Journalled as its own kind of event, and settled in the ledger of mails."""
        name = TOLD_AS.get(found.reason)
        if self.known is not None and name is not None:
            self._settle(self.known, name)
            self._journal(self.known, name, {"reason": found.reason, "rule": found.rule, **(data or {})})
        return self._found(told, found)

    def _found(self, told: Came, found: Finding) -> Came:
        return replace(told, reason=found.reason, rule=found.rule)

    def _journal(self, known: Known, name: str, data: dict[str, Value]) -> None:
        mail = about(known.message) if known.message is not None else {}
        event = Event(known.contact.id, name, self.now, {**mail, **data}, "wayback", self.came.digest)
        events_in(self.unit, self.desk.catalogue, [event], now=self.now)

    def _settle(self, known: Known, name: str) -> None:
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

    def _see_to_it(self, told: Came, found: Finding, *, keep: bool = False) -> Came:
        """A task for the team: one for each thing that has to be read, one for all that nobody can match."""
        key = str(self.came.id) if keep else f"{self.came.source}: not matched"
        body = {
            "what": found.reason,
            "source": self.came.source,
            "kind": self.returned.kind.value,
            "returned": self.came.id,
        }
        contact_id = self.known.contact.id if self.known is not None else None
        self.unit.keeping.raise_task(RETURNED, key, body, self.now, contact_id)
        return replace(self._found(told, found), content=self.came.content if keep else None)


def raise_undeliverable(unit: Unit, known: Known, now: datetime) -> None:
    """A mail that the person needed has no address any more: somebody must find another way (R-60)."""
    message = known.message
    if message is not None and message.nature is Nature.SERVICE:
        body = {
            "what": "UNDELIVERABLE",
            "message": message.id,
            "scenario": message.scenario,
            "step": message.step,
        }
        unit.keeping.raise_task(RETURNED, f"mail {message.id}", body, now, known.contact.id)
