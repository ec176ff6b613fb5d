"""Webhooks out: claim what is due, judge it, post it, settle what is answered; a slow receiver delays only its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from accord.core.model.event import Event
from accord.core.model.posting import CallOf, Posting, PostingState
from accord.core.webhooks import sign
from accord.shell.engine.apart import apart
from accord.shell.engine.apply import about_call, journal
from accord.shell.engine.catalogue import AtWork
from accord.shell.engine.journeys.advance import POISONED_FOR
from accord.shell.engine.ports.posting import Answer, Parcel, Posted, Poster
from accord.shell.engine.ports.store import Store, StoreError, Unit
from accord.shell.engine.sending.told_out import MOST_ATTEMPTS, Known, Verdict, Written, judge, retry_at

# Longer than any attempt may take; after it the posting is anybody's, and is posted once more under its id.
LEASE = timedelta(minutes=2)

# So many are under way at once to each webhook.
WIDTH = 4

# A receiver that fails is left alone for so many seconds, twice as long after each failure, up to the last.
FIRST_REST, LONGEST_REST = 1.0, 300.0

# How long an answer is waited for before it is looked for more to do, in seconds.
BREATH = 0.25


@dataclass(slots=True)
class Round:
    """What outlives a postman, who is made anew with each catalogue: what is under way, and who rests."""

    flights: dict[asyncio.Task[None], str] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    rests: dict[str, float] = field(default_factory=dict)

    def room(self, webhooks: Sequence[str], now: float) -> dict[str, int]:
        """How many may be posted to each webhook now. One that failed is tried with a single posting first."""
        busy = Counter(self.flights.values())
        width = {name: 1 if self.failures[name] else WIDTH for name in webhooks}
        free = {name: width[name] - busy[name] for name in webhooks if self.rests.get(name, now) <= now}
        return {name: left for name, left in free.items() if left > 0}

    def heard(self, webhook: str, *, taken: bool, now: float) -> None:
        """A receiver that fails rests for a while."""
        if taken:
            self.failures.pop(webhook, None)
            self.rests.pop(webhook, None)
            return
        self.failures[webhook] += 1
        rest = min(FIRST_REST * 2 ** min(self.failures[webhook] - 1, 20), LONGEST_REST)
        self.rests[webhook] = now + rest


@dataclass(slots=True)
class Postman:
    """One a process. `keys` gives the secrets that a webhook's postings are signed with."""

    store: Store
    work: AtWork
    poster: Poster
    keys: Callable[[str], Sequence[bytes]]
    clock: Callable[[], datetime]
    on_fault: Callable[[str, int, Exception], None]
    round: Round = field(default_factory=Round)

    async def turn(self) -> int:
        """Begin to post what is due and there is room for; returns how many postings were claimed.

        Waits a moment for answers, never for all of them. Raises Stale.
        """
        room = self.round.room(list(self.work.catalogue.venue.webhooks), _now())
        claimed = 0
        if room:
            claimed, written, lease = await asyncio.to_thread(self._claim, room)
            for each in written:
                task = asyncio.ensure_future(self._post(each, lease))
                self.round.flights[task] = each.webhook.name
        await self.land(BREATH)
        return claimed

    async def land(self, seconds: float | None) -> None:
        """Wait for the next answer, for so long at most."""
        flights = self.round.flights
        if flights:
            await asyncio.wait(set(flights), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in [task for task in flights if task.done()]:
            del flights[task]
            error = None if task.cancelled() else task.exception()
            if isinstance(error, Exception):
                # Its lease will be over, and it is posted once more under the same id.
                self.on_fault("post", 0, error)

    async def finish(self, patience: float) -> None:
        """Wait for what is under way; what is cut off is posted once more when its lease is over."""
        ends = _now() + patience
        while self.round.flights and _now() < ends:
            await self.land(ends - _now())
        for task in self.round.flights:
            task.cancel()
        while self.round.flights:
            await self.land(None)

    # -- before the hand-over ----------------------------------------------------------------------------------

    def _claim(self, room: Mapping[str, int]) -> tuple[int, list[Written], datetime]:
        now = self.clock()
        lease = now + LEASE
        with self.store.read() as unit:
            if not unit.postings.has_due(now):
                return 0, [], lease  # an idle turn takes no lock that another writer would wait for
        with self.store.begin() as unit:
            claimed = unit.postings.claim(now, room, lease)
            if claimed:
                self.work.check(unit)
        return len(claimed), self._marked(claimed, lease, now) if claimed else [], lease

    def _marked(self, claimed: Sequence[Posting], lease: datetime, now: datetime) -> list[Written]:
        """Judged and marked in one transaction that keeps the people's rows: whoever objects comes before or after."""
        with self.store.begin() as unit:
            self.work.check(
                unit
            )  # what was turned since the claim is obeyed; the lease gives the claimed back
            known, unreadable = apart(claimed, lambda some: _known(unit, some))
            verdicts = [self._failed(posting, error, now) for posting, error in unreadable]
            written: list[Written] = []
            for posting, its in known:
                answer = self._judged(posting, its, now)
                if isinstance(answer, Written):
                    written.append(answer)
                else:
                    verdicts.append(answer)
            going = unit.postings.mark([each.posting for each in written], lease)
            self._settle(unit, [_settled(each, lease, now) for each in verdicts], now)
        return [each for each in written if each.posting.id in going]

    def _judged(self, posting: Posting, known: Known, now: datetime) -> Written | Verdict:
        try:
            return judge(posting, known, self.work.catalogue, now=now)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is one posting's
            return self._failed(posting, error, now)

    def _failed(self, posting: Posting, error: Exception, now: datetime) -> Verdict:
        self.on_fault("post", posting.id, error)
        return Verdict(posting, PostingState.WAITING, "FAULT", "engine", now + POISONED_FOR)

    # -- the hand-over -----------------------------------------------------------------------------------------

    async def _post(self, written: Written, lease: datetime) -> None:
        webhook, posting = written.webhook, written.posting
        headers = sign(self.keys(webhook.name), name=posting.key, now=self.clock(), body=written.body)
        answer = await self.poster.post(Parcel(webhook.url, headers, written.body))
        self.round.heard(webhook.name, taken=answer.taken, now=_now())
        await asyncio.to_thread(self._write, _landed(posting, answer, lease, self.clock()))

    def _write(self, ending: Posted) -> None:
        """A database that is away leaves it to the lease: it is posted once more under the same id."""
        try:
            with self.store.begin() as unit:
                self._settle(unit, [ending], ending.at)
        except StoreError as fault:
            self.on_fault("post", ending.posting.id, fault)

    def _settle(self, unit: Unit, endings: Sequence[Posted], now: datetime) -> None:
        took = unit.postings.settle(endings)
        told = [
            _told(each, each.posting.call)
            for each in endings
            if each.posting.id in took and each.posting.call is not None
        ]
        journal(unit, told, self.work.catalogue, now)


def _known(unit: Unit, postings: Sequence[Posting]) -> list[tuple[Posting, Known]]:
    """Each posting with what is known of its person, whose row is kept for this transaction."""
    known = unit.situations([posting.contact_id for posting in postings], lock=True)
    runs = unit.runs([posting.call.run_id for posting in postings if posting.call is not None])
    of_run = {each.enrolment.id: each for each in unit.with_runs(known, runs) if each.enrolment is not None}
    events = unit.postings.events([each.event_id for each in postings if each.event_id is not None])
    held = frozenset(brake.name for brake in unit.brakes())
    return [
        (posting, Known(of_run.get(posting.call.run_id)))
        if posting.call is not None
        else (posting, Known(known.get(posting.contact_id), events.get(posting.event_id or 0), held))
        for posting in postings
    ]


def _settled(verdict: Verdict, lease: datetime, now: datetime) -> Posted:
    """What the door says, as the queue is told it."""
    return Posted(
        verdict.posting,
        verdict.state,
        now,
        lease,
        reason=verdict.reason,
        rule=verdict.rule,
        not_before=verdict.until,
        planned_at=verdict.until if verdict.ours else None,
    )


def _landed(posting: Posting, answer: Answer, lease: datetime, now: datetime) -> Posted:
    """What an answer means: taken, once more after a while, or given up for a person to look at."""
    attempts = posting.attempts + 1
    posting = replace(posting, state=PostingState.POSTING)
    if answer.taken:
        return Posted(posting, PostingState.POSTED, now, lease, reply=answer.words)
    if answer.gone or attempts >= MOST_ATTEMPTS:
        reason = "WEBHOOK_GONE" if answer.gone else "RECEIVER_SILENT"
        return Posted(
            posting, PostingState.FAILED, now, lease, reason=reason, rule="delivery", reply=answer.words
        )
    again = retry_at(attempts, now)
    return Posted(
        posting,
        PostingState.WAITING,
        now,
        lease,
        reason="NOT_TAKEN",
        rule="delivery",
        reply=answer.words,
        not_before=again,
    )


# The journal's word for an ending of a call; an attempt that is followed by another is told when that ends.
_WORDS = {
    PostingState.POSTED: "call.posted",
    PostingState.FAILED: "call.failed",
    PostingState.WAITING: "call.held",
}


def _told(posted: Posted, call: CallOf) -> Event:
    posting = posted.posting
    data = about_call(posting, call) | {
        "reason": posted.reason or posted.state.value.upper(),
        "rule": posted.rule or "delivery",
        "reply": posted.reply,
        "until": posted.not_before,
    }
    return Event(posting.contact_id, _WORDS.get(posted.state, "call.refused"), posted.at, data)


def _now() -> float:
    """Seconds on the loop's own monotonic clock: only differences of it mean anything."""
    return asyncio.get_running_loop().time()
