"""Before the hand-over: claimed mails are judged again and written; one that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.core.model.decision import Situation
from accord.core.model.message import Message, MessageState
from accord.shell.engine.apart import apart
from accord.shell.engine.apply import journal
from accord.shell.engine.catalogue import AtWork
from accord.shell.engine.journeys.advance import POISONED_FOR
from accord.shell.engine.ports.mailing import Unwritable, Writer
from accord.shell.engine.ports.rows import Postponed, Settlement
from accord.shell.engine.ports.store import Store, Unit
from accord.shell.engine.sending.door import Answer, Later, Passed, at_the_door, gives_up, sort_answers
from accord.shell.engine.sending.endings import Ending, told_later, write_endings
from accord.shell.engine.sending.under_way import Ready


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a batch is judged and written by, at one instant."""

    store: Store
    work: AtWork
    writer: Writer
    on_fault: Callable[[str, int, Exception], None]
    now: datetime

    def of(self, messages: Sequence[Message], lease: datetime) -> tuple[list[Passed], list[Ending]]:
        """Those that may leave; and the endings of those that may not.

        What may not leave yet, and what fails by a fault that is nobody's, goes back until later.
        """
        if not messages:
            return [], []
        passed, delayed, settled = sort_answers(self._judged(messages))
        of = {message.id: message for message in messages}
        failed: list[tuple[Message, Later | Settlement]] = [(each.message, each) for each in delayed]
        failed += [(of[each.message_id], each) for each in settled]
        return passed, self.put_off(failed, lease)

    def _judged(self, messages: Sequence[Message]) -> list[Answer]:
        with self.store.read() as unit:
            known, unreadable = apart(messages, lambda some: _known(unit, some))
        answers: list[Answer] = [self._failed(message, error) for message, error in unreadable]
        for message, situation in known:
            try:
                answers.append(at_the_door(message, situation, self.work.catalogue, now=self.now))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is one mail's
                answers.append(self._failed(message, error))
        return answers

    def write(self, passed: Passed) -> Ready | Later | Settlement:
        """The mail as it leaves; where it can't be written, when it is tried again or how it ends."""
        message = passed.message
        try:
            letter = self.writer.write(message, passed.situation, now=self.now)
        except Unwritable as fault:
            self.on_fault("send", message.id, fault)
            return _unwritable(message, str(fault), self.now)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is one mail's
            return self._failed(message, error)
        return Ready(passed, letter, self.work.law)

    def _failed(self, message: Message, error: Exception) -> Later | Settlement:
        """A mail that fails is put off for an hour, until it is given up."""
        self.on_fault("send", message.id, error)
        if gives_up(message, self.now):
            return _unwritable(message, type(error).__name__, self.now)
        return Later(message, self.now + POISONED_FOR, "FAULT", "engine", ours=False)

    def put_off(self, failed: Sequence[tuple[Message, Later | Settlement]], lease: datetime) -> list[Ending]:
        """Give back what may not leave yet, and settle what never will; returns the endings."""
        if not failed:
            return []
        delayed = [each for _, each in failed if isinstance(each, Later)]
        endings = [Ending(message, each) for message, each in failed if isinstance(each, Settlement)]
        waits = [
            Postponed(each.message.id, each.until, each.until if each.ours else None) for each in delayed
        ]
        with self.store.begin() as unit:
            unit.postpone(waits, lease)
            journal(unit, [told_later(each, self.now) for each in delayed], self.work.catalogue, self.now)
            return write_endings(unit, endings, self.work.catalogue, self.now)


def _known(unit: Unit, messages: Sequence[Message]) -> list[tuple[Message, Situation | None]]:
    """Each message with what is known of its person and its run, in a constant number of queries."""
    known = unit.situations([message.contact_id for message in messages])
    runs = unit.runs([message.enrolment_id for message in messages])
    found = unit.with_runs(known, runs)
    of_run = {each.enrolment.id: each for each in found if each.enrolment is not None}
    return [(message, of_run.get(message.enrolment_id)) for message in messages]


def _unwritable(message: Message, why: str, now: datetime) -> Settlement:
    return Settlement(
        message.id,
        MessageState.CLAIMED,
        MessageState.REJECTED,
        now,
        reason="UNWRITABLE",
        rule="render",
        reply=why,
    )
