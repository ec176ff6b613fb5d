"""The sweep: what becomes of people at the cut-off, and of everything that grows old (R-40 to R-47, R-54)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta

from accord.core.consent.history import CONFIRM_WITHIN
from accord.core.consent.retention import (
    erased_on,
    inform_by,
    is_sign_up_alone,
    lapsed,
    proof_kept_until,
)
from accord.core.model.consent import Act, ConsentEntry
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.time import Duration, later, local_day
from accord.core.model.venue import Venue
from accord.shell.engine.care.farewell import ROWS, forget_all, gather_all, still_under_way, tell_erased
from accord.shell.engine.ports.keeping import Page
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.ports.store import Store, Unit

PAGE = 200

# For so long after erasing somebody what came late, such as a server's reply, is looked for.
LATE = timedelta(days=40)

# What came back and waits for somebody of the team is kept for so long.
CONTENTS_KEPT = timedelta(days=90)

SWEEP, SIGN_UPS, NEW_ADDRESSES = "sweep", "sweep/sign-ups", "sweep/new-addresses"
INFORM = "inform_third_parties"


class BrokenOff(Exception):
    """The sweep was stopped between two batches; the next one goes on."""


@dataclass(slots=True)
class Swept:
    """What a sweep came to, or with `dry` would come to.

    People: erased at the cut-off, erased as sign-ups that nobody confirmed, kept although their day has come
    (by reason), left for another night. Then what went with them and what grew old.
    """

    dry: bool = False
    erased: int = 0
    unconfirmed: int = 0
    left: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    sign_ups: int = 0
    addresses: int = 0
    orders_archived: int = 0
    mails_cancelled: int = 0
    runs_ended: int = 0
    proofs: int = 0
    archive: int = 0
    messages: int = 0
    postings: int = 0
    events: int = 0
    templates: int = 0
    answers: int = 0
    returned: int = 0
    third_parties: int = 0

    def told(self) -> dict[str, int]:
        """The figures, for the record: one level deep."""
        figures = asdict(self)
        kept = figures.pop("kept")
        figures.pop("dry")
        return {**figures, **{f"kept_{reason}": count for reason, count in sorted(kept.items())}}


def sweep(
    store: Store,
    catalogue: Catalogue,
    *,
    now: datetime,
    by: str,
    most: int | None = None,
    dry: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Swept:
    """Erase and archive what has come to its end; idempotent, and whole again after a crash anywhere.

    `most`: how many people at the cut-off are erased at most. With `dry` nothing is written. What was done
    is noted as a deed of `by`, which `history` reads. Raises BrokenOff between two batches once it is
    `stopped`.
    """
    work = _Sweep(store, catalogue, now, by, Swept(dry), stopped)
    work.sign_ups()
    work.new_addresses()
    work.cut_offs(most)
    work.proofs()
    work.grown_old()
    work.leftovers()
    work.third_parties()
    if not dry:
        with store.begin() as unit:
            unit.note_deed(Deed(now, by, SWEEP, "retention", work.swept.told()))
    return work.swept


def history(unit: Unit, limit: int = 1000) -> Sequence[Deed]:
    """What sweeps did, newest first."""
    return [deed for deed in unit.deeds(limit=limit) if deed.action == SWEEP]


# -- one sweep -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sweep:
    store: Store
    catalogue: Catalogue
    now: datetime
    by: str
    swept: Swept
    stopped: Callable[[], bool]

    @property
    def venue(self) -> Venue:
        return self.catalogue.venue

    @property
    def today(self) -> date:
        return local_day(self.now, self.venue.entity.clock)

    def opened(self) -> AbstractContextManager[Unit]:
        """A transaction: one that writes, unless nothing is to be written."""
        self.go_on()
        return self.store.read() if self.swept.dry else self.store.begin()

    def go_on(self) -> None:
        """Raises BrokenOff where the house is being closed."""
        if self.stopped():
            raise BrokenOff

    # people

    def cut_offs(self, most: int | None) -> None:
        """Erase those whose clock has run out, but for those of whom something is still under way."""
        after = 0
        while True:
            with self.opened() as unit:
                ids = unit.keeping.past_cut_off(self.today, after, PAGE)
                if not ids:
                    return
                ripe, after = self._ripe(unit, ids)
                room = len(ripe) if most is None else max(0, most - self.swept.erased)
                chosen = dict(list(ripe.items())[:room])
                self.swept.left += len(ripe) - len(chosen)
                self.swept.erased += len(chosen)
                self._erase(unit, chosen, "cut_off")

    def _ripe(self, unit: Unit, ids: Sequence[int]) -> tuple[Mapping[int, Collection[int]], int]:
        """Of as many of these as fit one transaction: who may go, with the proofs that stay, and the last seen."""
        known = unit.situations(ids, lock=not self.swept.dry)
        runs: dict[int, list[Enrolment]] = {}
        for run in unit.open_runs(ids):
            runs.setdefault(run.contact_id, []).append(run)
        weights, ledgers = unit.keeping.weights(ids), unit.entries(ids)
        ripe: dict[int, Collection[int]] = {}
        total, last = 0, ids[0]
        for number in ids:
            total += weights[number]
            if total > ROWS and number != ids[0]:
                break
            last = number
            if number in known and self._may_go(known[number], runs.get(number, ())):
                ripe[number] = self._proof(ledgers.get(number, ()))
        return ripe, last

    def _may_go(self, situation: Situation, runs: Sequence[Enrolment]) -> bool:
        if self.today < erased_on(situation.contact, self.venue):
            return False
        reason = still_under_way(situation, runs, self.catalogue)
        if reason is not None:
            self.swept.kept[reason] = self.swept.kept.get(reason, 0) + 1
        return reason is None

    def _proof(self, ledger: Sequence[ConsentEntry]) -> Collection[int]:
        months, zone = self.venue.retention.proof_months, self.venue.entity.clock
        return frozenset(proof_kept_until(ledger, months, zone, today=self.today))

    def _erase(self, unit: Unit, proofs: Mapping[int, Collection[int]], reason: str) -> None:
        if self.swept.dry or not proofs:
            return
        tell_erased(unit, proofs, reason, self.by, self.now)
        erased = unit.keeping.erase(proofs, "RETENTION_EXPIRED", self.now)
        self.swept.orders_archived += erased.orders
        self.swept.mails_cancelled += erased.cancelled
        self.swept.runs_ended += erased.runs

    # sign-ups

    def sign_ups(self) -> None:
        """Delete sign-ups that nobody confirmed, and the people of whom nothing else is known (R-54).

        Each act of the ledger is looked at once, a week after it was written.
        """
        with self.store.read() as unit:
            row: int | None = int(unit.progress(SIGN_UPS) or 0)
        while row is not None:
            with self.opened() as unit:
                entries, row = unit.keeping.written(self.now - CONFIRM_WITHIN, row, 5 * PAGE)
                waiting = {entry.contact_id for entry in entries if entry.act is Act.OPTIN_PENDING}
                self._lapse(unit, waiting)
                if row is not None and not self.swept.dry:
                    unit.note_progress(SIGN_UPS, str(row), self.now)

    def _lapse(self, unit: Unit, waiting: Collection[int]) -> None:
        lives = [number for number, now in unit.keeping.living(waiting).items() if number == now]
        if not lives:
            return
        ledgers = unit.entries(lives)
        gone = {number: lapsed(ledgers.get(number, ()), now=self.now) for number in lives}
        gone = {number: seqs for number, seqs in gone.items() if seqs}
        nobody_else = self._known_by_sign_up_alone(unit, ledgers, gone)
        self.swept.unconfirmed += len(nobody_else)
        self.swept.sign_ups += sum(len(seqs) for seqs in gone.values())
        if not self.swept.dry:
            self._erase(unit, dict.fromkeys(nobody_else, ()), "unconfirmed")
            others = {number: seqs for number, seqs in gone.items() if number not in nobody_else}
            unit.keeping.strike(others)

    def _known_by_sign_up_alone(
        self,
        unit: Unit,
        ledgers: Mapping[int, Sequence[ConsentEntry]],
        gone: Mapping[int, frozenset[int]],
    ) -> frozenset[int]:
        alone = [number for number, seqs in gone.items() if is_sign_up_alone(ledgers[number], seqs)]
        known = unit.situations(alone, lock=not self.swept.dry) if alone else {}
        otherwise = unit.keeping.otherwise_known(alone) if alone else frozenset()
        return frozenset(
            number
            for number, situation in known.items()
            if number not in otherwise
            and not situation.lines
            # Who was here before the sign-up came otherwise, whatever the journal still tells of it.
            and situation.contact.collected_at >= min(e.at for e in ledgers[number]) - timedelta(hours=1)
        )

    def new_addresses(self) -> None:
        """Forget addresses that were asked for and can't be confirmed any more; each row is looked at once."""
        with self.store.read() as unit:
            row: int | None = int(unit.progress(NEW_ADDRESSES) or 0)
        while row is not None:
            with self.opened() as unit:
                page = unit.keeping.addresses_asked(self.now - CONFIRM_WITHIN, row, ROWS)
                row, self.swept.addresses = page.last, self.swept.addresses + len(page.ids)
                if row is not None and not self.swept.dry:
                    unit.keeping.forget_addresses(page.ids)
                    unit.note_progress(NEW_ADDRESSES, str(row), self.now)

    # what grows old

    def proofs(self) -> None:
        """Erase proofs of withdrawn consents whose years are over (R-19)."""
        after = 0
        while True:
            with self.opened() as unit:
                page = unit.keeping.proofs(after, PAGE)
                if not page:
                    return
                over = {
                    number: {entry.seq for entry in ledger} - set(self._proof(ledger))
                    for number, ledger in page.items()
                }
                over = {number: seqs for number, seqs in over.items() if seqs}
                self.swept.proofs += sum(len(seqs) for seqs in over.values())
                after = max(page)
                if not self.swept.dry:
                    unit.keeping.drop_proofs(over)

    def grown_old(self) -> None:
        """Drop archived orders, mails, journal rows and answers to systems that are kept no longer."""
        months, zone = self.venue.retention, self.venue.entity.clock
        mails = later(self.now, Duration(months=-months.messages_months), zone)
        events = later(self.now, Duration(months=-months.journal_months), zone)
        self.swept.archive = self._drop(
            lambda unit, after: unit.keeping.old_archive(self.today, after, ROWS),
            lambda unit, ids: unit.keeping.drop_archive(ids),
        )
        self.swept.messages = self._drop(
            lambda unit, after: unit.keeping.old_messages(mails, after, ROWS),
            lambda unit, ids: unit.keeping.drop_messages(ids),
        )
        self.swept.postings = self._drop(
            lambda unit, after: unit.postings.old(mails, after, ROWS),
            lambda unit, ids: unit.postings.drop(ids),
        )
        self.swept.events = self._drop(
            lambda unit, after: unit.keeping.old_events(events, after, ROWS),
            lambda unit, ids: unit.keeping.drop_events(ids),
        )

        self.templates(mails)
        with self.opened() as unit:
            self.swept.answers = unit.access.old_answers(self.now)
            if not self.swept.dry:
                unit.access.drop_answers(self.now)
        self.returned(mails)

    def returned(self, mails: datetime) -> None:
        """Drop what came back for mails that are gone; what somebody wrote goes sooner, seen to or not."""
        self.swept.returned = self._drop(
            lambda unit, after: unit.wayback.old(mails, after, ROWS),
            lambda unit, ids: unit.wayback.drop(ids),
        )
        if not self.swept.dry:
            with self.opened() as unit:
                unit.wayback.forget_contents(self.now - CONTENTS_KEPT)

    def templates(self, mails: datetime) -> None:
        """Drop compiled templates that no mail of the ledger was made from: their use is noted once a day."""
        unused = mails - timedelta(days=1)
        with self.opened() as unit:
            self.swept.templates = unit.templates.count_unused(unused)
            if not self.swept.dry:
                unit.templates.drop_unused(unused)

    def _drop(self, find: Callable[[Unit, int], Page], drop: Callable[[Unit, Sequence[int]], None]) -> int:
        """Find a page without keeping others from writing, drop it, go on; how many rows there were."""
        count, after = 0, 0
        while True:
            self.go_on()
            with self.store.read() as unit:
                page = find(unit, after)
            if page.ids and not self.swept.dry:
                with self.store.begin() as unit:
                    drop(unit, page.ids)
            count += len(page.ids)
            if page.last is None:
                return count
            after = page.last

    def leftovers(self) -> None:
        """What was journalled of people who are gone: the rest of a long journal, and what came late."""
        if self.swept.dry:
            return
        after = 0
        while True:
            self.go_on()
            with self.store.read() as unit:
                ids = unit.keeping.erased_since(self.now - LATE, after, 5 * PAGE)
            if not ids:
                break
            forget_all(self.store, ids)
            after = ids[-1]
        gather_all(self.store)

    def third_parties(self) -> None:
        """Remind the team of people whose address came from somebody else, until they were told (art. 14)."""
        with self.opened() as unit:
            waiting = unit.keeping.third_parties()
            self.swept.third_parties = waiting.waiting
            if self.swept.dry:
                return
            if waiting.oldest is None:
                unit.keeping.close_tasks(INFORM, self.now)
                return
            last_day = inform_by(waiting.oldest, self.venue.entity.clock)
            body = {"waiting": waiting.waiting, "inform_by": last_day}
            unit.keeping.raise_task(INFORM, "art. 14", body, self.now)
