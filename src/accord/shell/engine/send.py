"""Mail out: claim a batch, judge and write it, mark a window as sending, hand it over, settle it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.model.message import Message, MessageState
from accord.shell.engine.apply import journal
from accord.shell.engine.door import Answer, Passed, at_the_door, sort_answers
from accord.shell.engine.followup import is_followup, record_followups
from accord.shell.engine.ports import Carrier, Letter, Receipt, Store, Unreachable, Unwritable, Writer
from accord.shell.engine.rows import DoorCheck, Settlement
from accord.shell.engine.sweep import may_repeat, once_more

BATCH = 500

# Long enough for a batch over slow connections; after it a dead sender's messages are looked at again.
LEASE = timedelta(minutes=15)

# When nobody answers, everything stays queued and is tried again after so long.
UNREACHABLE_FOR = timedelta(minutes=1)

# Between two attempts at one mail: the first wait, doubled each time, up to the last.
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=5), timedelta(hours=6)


@dataclass(slots=True)
class Tally:
    """What one batch came to: how many were claimed, and how each ended."""

    claimed: int = 0
    unreachable: str | None = None
    states: dict[MessageState, int] = field(default_factory=dict)

    def count(self, settlements: Sequence[Settlement]) -> None:
        """Add these endings."""
        for settlement in settlements:
            self.states[settlement.state] = self.states.get(settlement.state, 0) + 1


@dataclass(frozen=True, slots=True)
class Ready:
    """A judged and written mail."""

    passed: Passed
    letter: Letter

    @property
    def check(self) -> DoorCheck:
        """What must still be true when it is marked as sending."""
        return DoorCheck(
            message_id=self.passed.message.id,
            contact_id=self.passed.message.contact_id,
            judged_revision=self.passed.situation.contact.revision,
            with_invitation=self.passed.with_invitation,
            context=self.letter.context,
            template_digest=self.letter.template_digest,
        )


@dataclass(slots=True)
class Sender:
    """The way out of the house: one at a time per process.

    `clock` gives the aware instant, UTC: a batch is long, and each window is judged by its own.
    `on_fault(loop, message id, error)` hears what could not be written.
    """

    store: Store
    catalogue: Catalogue
    writer: Writer
    carrier: Carrier
    clock: Callable[[], datetime]
    on_fault: Callable[[str, int, Exception], None]

    async def send_batch(self, limit: int = BATCH) -> Tally:
        """Send up to `limit` queued messages; the tally says what became of each."""
        tally = Tally()
        try:
            idle = await self.carrier.ready()
        except Unreachable as silence:
            tally.unreachable = str(silence)
            return tally
        messages = await asyncio.to_thread(self._claim, limit)
        tally.claimed = len(messages)
        ready = await asyncio.to_thread(self._prepare, messages, tally)
        while ready:
            window, ready = ready[:idle], ready[idle:]
            again = await self._window(window, tally)
            if again:
                ready = await asyncio.to_thread(self._prepare, again, tally) + ready
            if not ready:
                break
            try:
                idle = await self.carrier.ready()
            except Unreachable as silence:
                tally.unreachable = str(silence)
                await asyncio.to_thread(self._give_back, [each.passed.message for each in ready])
                break
        return tally

    # -- one batch ---------------------------------------------------------------------------------------

    def _claim(self, limit: int) -> Sequence[Message]:
        now = self.clock()
        with self.store.begin() as unit:
            held = frozenset(brake.name for brake in unit.brakes())
            return unit.claim_messages(now, limit, now + LEASE, held)

    def _prepare(self, messages: Sequence[Message], tally: Tally) -> list[Ready]:
        """Judge again and write; what may not leave is settled here."""
        if not messages:
            return []
        now = self.clock()
        answers = self._judge(messages, now)
        passed, delayed, settlements = sort_answers(answers)
        ready: list[Ready] = []
        for each in passed:
            try:
                ready.append(Ready(each, self.writer.write(each.message, each.situation, now=now)))
            except Unwritable as fault:
                self.on_fault("send", each.message.id, fault)
                settlements.append(self._unwritable(each.message, fault, now))
        with self.store.begin() as unit:
            for later in delayed:
                unit.requeue([later.message.id], later.until)
        self._settle(settlements, {message.id: message for message in messages}, now)
        tally.count(settlements)
        return ready

    def _judge(self, messages: Sequence[Message], now: datetime) -> dict[int, Answer]:
        with self.store.read() as unit:
            known = unit.situations([message.contact_id for message in messages])
            runs = {run.id: run for run in unit.runs([message.enrolment_id for message in messages])}
            found = unit.with_runs(known, list(runs.values()))
        of_run = {each.enrolment.id: each for each in found if each.enrolment is not None}
        return {
            message.id: at_the_door(message, of_run.get(message.enrolment_id), self.catalogue, now=now)
            for message in messages
        }

    async def _window(self, window: Sequence[Ready], tally: Tally) -> list[Message]:
        """Mark, hand over, settle; returns what must be judged again because its person has changed."""
        marked = await asyncio.to_thread(self._mark, window)
        going = [each for each in window if each.passed.message.id in marked]
        receipts = await asyncio.gather(*(self.carrier.carry(each.letter.envelope) for each in going))
        now = self.clock()
        settlements = [
            _settlement(each.passed.message, receipt, now)
            for each, receipt in zip(going, receipts, strict=True)
        ]
        messages = {each.passed.message.id: each.passed.message for each in going}
        followups = [
            each.passed
            for each, receipt in zip(going, receipts, strict=True)
            if receipt.outcome is MessageState.ACCEPTED and is_followup(each.passed)
        ]
        await asyncio.to_thread(self._settle, settlements, messages, now, followups)
        tally.count(settlements)
        return [each.passed.message for each in window if each.passed.message.id not in marked]

    def _mark(self, window: Sequence[Ready]) -> frozenset[int]:
        with self.store.begin() as unit:
            return unit.mark_sending([each.check for each in window], self.clock())

    def _settle(
        self,
        settlements: Sequence[Settlement],
        messages: dict[int, Message],
        now: datetime,
        followups: Sequence[Passed] = (),
    ) -> None:
        if not settlements:
            return
        with self.store.begin() as unit:
            unit.settle(settlements)
            unit.settle(_repeated(settlements, messages, now))
            journal(
                unit,
                [_told(messages[each.message_id], each) for each in settlements],
                self.catalogue,
                now,
            )
            if followups:
                record_followups(unit, self.catalogue, followups, now=now)

    def _give_back(self, messages: Sequence[Message]) -> None:
        with self.store.begin() as unit:
            unit.requeue([message.id for message in messages], self.clock() + UNREACHABLE_FOR)

    def _unwritable(self, message: Message, fault: Unwritable, now: datetime) -> Settlement:
        return Settlement(
            message.id,
            MessageState.CLAIMED,
            MessageState.REJECTED,
            now,
            reason="UNWRITABLE",
            rule="render",
            reply=str(fault),
        )


def _settlement(message: Message, receipt: Receipt, now: datetime) -> Settlement:
    """What a receipt means for the ledger: a deferred mail is due again after a while that doubles."""
    retry = min(FIRST_RETRY * 2**message.attempts, LONGEST_RETRY)
    return Settlement(
        message.id,
        MessageState.SENDING,
        receipt.outcome,
        now,
        reply=receipt.reply,
        not_before=now + retry if receipt.outcome is MessageState.DEFERRED else None,
    )


def _repeated(
    settlements: Sequence[Settlement], messages: dict[int, Message], now: datetime
) -> list[Settlement]:
    """Service mails of which the carrier does not know whether they arrived: once more, a little later."""
    lost = [each.message_id for each in settlements if each.state is MessageState.UNKNOWN]
    return [
        once_more(number, now + FIRST_RETRY)
        for number in lost
        if may_repeat(messages[number], attempts_made=messages[number].attempts + 1)
    ]


# The journal's word for an ending; what is deferred is told when it ends.
_WORDS = {
    MessageState.ACCEPTED: "mail.sent",
    MessageState.REJECTED: "mail.refused",
    MessageState.REFUSED: "mail.refused",
    MessageState.EXPIRED: "mail.refused",
    MessageState.CANCELLED: "mail.refused",
    MessageState.DEFERRED: "mail.held",
    MessageState.UNKNOWN: "mail.held",
}


def _told(message: Message, settlement: Settlement) -> Event:
    data: dict[str, Value] = {
        "message_id": str(message.id),
        "scenario": message.scenario,
        "run": message.enrolment_id,
        "step": message.step,
        "template": message.template,
        "nature": message.nature.value,
        "purpose": message.purpose,
        "reason": settlement.reason or settlement.state.value.upper(),
        "rule": settlement.rule or "delivery",
        "basis": message.basis.value,
        "reply": settlement.reply,
        "at_the_door": True,
    }
    return Event(message.contact_id, _WORDS[settlement.state], settlement.at, data)
