"""Webhooks out in the database: queueing calls and events, claiming what is due, endings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Row

from accord.core.consent.holds import ALL, PROSPECTING
from accord.core.model.consent import Nature
from accord.core.model.event import Event
from accord.core.model.posting import (
    POSTING_TRANSITIONS,
    CallOf,
    Posting,
    PostingState,
    key_of_call,
    key_of_event,
)
from accord.core.model.time import Duration, later
from accord.core.model.venue import Venue
from accord.shell.engine.ports.keeping import Page
from accord.shell.engine.ports.posting import NewCall, Posted
from accord.shell.store import journal, switches
from accord.shell.store.bulk import insert_absent
from accord.shell.store.dialect import among, claimed, claiming, is_sqlite
from accord.shell.store.journal import EVENT
from accord.shell.store.leases import is_over
from accord.shell.store.pauses import stands_still
from accord.shell.store.posting_tables import PostingRow

POSTING = cast("Table", PostingRow.__table__)  # type: ignore[attr-defined]

# Said in the SQL itself, not as parameters: a partial index serves only what provably fits it.
FAILED: ColumnElement[bool] = POSTING.c.state == literal_column("'failed'")
UNSETTLED = POSTING.c.state.in_(
    [
        literal_column(f"'{state}'")
        for state in (PostingState.WAITING, PostingState.CLAIMED, PostingState.POSTING)
    ]
)
RECALLABLE = POSTING.c.state.in_([PostingState.WAITING.value, PostingState.CLAIMED.value])
_UTC = ZoneInfo("UTC")
_IS_CALL = POSTING.c.enrolment_id.is_not(None)
_PROSPECTING = and_(_IS_CALL, POSTING.c.nature != Nature.SERVICE.value)


@dataclass(frozen=True, slots=True)
class Outbox:
    """Which webhooks are told of which events as they are journalled. What is older than `fresh` is history."""

    webhooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fresh: Duration = Duration(days=1)


def outbox_of(venue: Venue) -> Outbox:
    """Which webhooks are told of which events."""
    told: dict[str, tuple[str, ...]] = {}
    for webhook in venue.webhooks.values():
        for event in webhook.events:
            told[event] = (*told.get(event, ()), webhook.name)
    return Outbox(told, venue.fresh)


def tell(connection: Connection, outbox: Outbox, events: Sequence[Event], received_at: datetime) -> None:
    """Queue what was journalled just now for whoever is told of it, in the same transaction."""
    if not outbox.webhooks:
        return
    rows = [
        _event_row(webhook, event, received_at)
        for event in events
        for webhook in outbox.webhooks.get(event.name, ())
        if later(event.at, outbox.fresh, _UTC) >= received_at
    ]
    insert_absent(connection, POSTING, rows)


def _event_row(webhook: str, event: Event, received_at: datetime) -> dict[str, Any]:
    return {
        "key": key_of_event(webhook, event.id, event.contact_id, event.name, event.at),
        "webhook": webhook,
        "contact_id": event.contact_id,
        "event_id": event.id,
        **_fresh(received_at, received_at),
    }


def queue(connection: Connection, calls: Sequence[NewCall]) -> None:
    """Queue calls, each new on its run and step."""
    rows = [
        {
            "key": key_of_call(new.call.webhook, new.run.id, new.run.entered_at, new.call.step),
            "webhook": new.call.webhook,
            "contact_id": new.run.contact_id,
            "enrolment_id": new.run.id,
            "scenario": new.run.scenario,
            "digest": new.run.digest,
            "step": new.call.step,
            "nature": new.call.nature.value,
            "purpose": new.call.purpose,
            **_fresh(new.call.planned_at, new.queued_at),
        }
        for new in calls
    ]
    insert_absent(connection, POSTING, rows)


def _fresh(planned_at: datetime, queued_at: datetime) -> dict[str, Any]:
    state = PostingState.WAITING.value
    return {
        "state": state,
        "planned_at": planned_at,
        "queued_at": queued_at,
        "due_at": queued_at,
        "attempts": 0,
    }


def posting_of(row: Row[Any]) -> Posting:
    """The posting of a row."""
    call = None
    if row.enrolment_id is not None:
        call = CallOf(row.enrolment_id, row.scenario, row.digest, row.step, Nature(row.nature), row.purpose)
    return Posting(
        id=row.id,
        key=row.key,
        webhook=row.webhook,
        contact_id=row.contact_id,
        state=PostingState(row.state),
        planned_at=row.planned_at,
        queued_at=row.queued_at,
        due_at=row.due_at,
        call=call,
        event_id=row.event_id,
        attempts=row.attempts,
        reason=row.reason,
        rule=row.rule,
        reply=row.reply,
        settled_at=row.settled_at,
    )


def claim(connection: Connection, now: datetime, room: Mapping[str, int], until: datetime) -> list[Posting]:
    """The oldest that are due, webhook by webhook, so that one that is slow stands in nobody's way."""
    taken: list[Posting] = []
    for webhook, limit in sorted(room.items()):
        chosen = (
            select(POSTING.c.id)
            .where(POSTING.c.webhook == webhook, UNSETTLED, _is_due(now), ~_kept_back())
            .order_by(POSTING.c.due_at, POSTING.c.id)
            .limit(limit)
        )
        change = update(POSTING).values(state=PostingState.CLAIMED.value, lease_until=until)
        chosen = claiming(chosen, POSTING)
        claim_them = claimed(change, POSTING.c.id, chosen, sqlite=is_sqlite(connection))
        rows = connection.execute(claim_them.returning(*POSTING.c))
        taken += sorted((posting_of(row) for row in rows), key=lambda each: (each.due_at, each.id))
    return taken


def _kept_back() -> ColumnElement[bool]:
    """Its scenario is paused, or a brake holds it: what tells an event is held by the one on everything alone."""
    brake = switches.BRAKE.c.name
    of_call = or_(brake == POSTING.c.scenario, and_(brake == PROSPECTING, _PROSPECTING))
    held = select(brake).where(or_(brake == ALL, of_call)).exists()
    return or_(stands_still(POSTING.c.scenario, POSTING.c.enrolment_id), held)


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Its time has come, or whoever held it has died."""
    waits = and_(POSTING.c.state == PostingState.WAITING.value, POSTING.c.due_at <= now)
    return or_(waits, is_over(POSTING.c.lease_until, now))


def mark(connection: Connection, ids: Sequence[int], lease: datetime) -> frozenset[int]:
    """Mark as being posted what is still claimed under this very lease, and neither paused nor held since."""
    going = (
        update(POSTING)
        .where(
            among(connection, POSTING.c.id, ids),
            POSTING.c.state == PostingState.CLAIMED.value,
            POSTING.c.lease_until == lease,
            ~_kept_back(),
        )
        .values(state=PostingState.POSTING.value, attempts=POSTING.c.attempts + 1)
    )
    return frozenset(connection.execute(going.returning(POSTING.c.id)).scalars())


def settle(connection: Connection, posted: Sequence[Posted]) -> frozenset[int]:
    """Write endings, each only where the row is still held under the same lease."""
    took: set[int] = set()
    for each in posted:
        expected = each.posting.state
        if each.state not in POSTING_TRANSITIONS[expected]:
            raise ValueError(f"posting {each.posting.id} cannot go from {expected} to {each.state}")
        ended = each.state is not PostingState.WAITING
        change = (
            update(POSTING)
            .where(
                POSTING.c.id == each.posting.id,
                POSTING.c.state == expected.value,
                POSTING.c.lease_until == each.lease,
            )
            .values(
                state=each.state.value,
                lease_until=None,
                reason=each.reason,
                rule=each.rule,
                reply=func.coalesce(literal(each.reply), POSTING.c.reply) if each.reply else POSTING.c.reply,
                due_at=each.not_before or POSTING.c.due_at,
                planned_at=each.planned_at or POSTING.c.planned_at,
                settled_at=each.at if ended else None,
            )
        )
        took.update(connection.execute(change.returning(POSTING.c.id)).scalars())
    return frozenset(took)


def cancel_calls(
    connection: Connection, contact_ids: Sequence[int], purpose: str | None, reason: str, now: datetime
) -> None:
    """Cancel calls about these people that are no service and have not left: of one purpose, or all."""
    scope = POSTING.c.purpose == purpose if purpose is not None else literal(1) == 1
    connection.execute(
        update(POSTING)
        .where(among(connection, POSTING.c.contact_id, contact_ids), RECALLABLE, _PROSPECTING, scope)
        .values(**_cancelled(reason, "R-02", now))
    )


def cancel_all(
    connection: Connection, contact_ids: Sequence[int], reason: str, rule: str, now: datetime
) -> None:
    """Cancel everything that has not left about people who are gone, but for the news that they are."""
    news = select(EVENT.c.id).where(
        among(connection, EVENT.c.contact_id, contact_ids), EVENT.c.name.in_(journal.KEPT_OF_THE_GONE)
    )
    other = or_(_IS_CALL, POSTING.c.event_id.not_in(news))
    connection.execute(
        update(POSTING)
        .where(among(connection, POSTING.c.contact_id, contact_ids), RECALLABLE, other)
        .values(**_cancelled(reason, rule, now))
    )


def _cancelled(reason: str, rule: str, now: datetime) -> dict[str, Any]:
    state = PostingState.CANCELLED.value
    return {"state": state, "reason": reason, "rule": rule, "settled_at": now, "lease_until": None}


def forgive_wait(connection: Connection, brake: str, now: datetime) -> None:
    """Plan what waited under a brake anew, from now: the operator's own delay makes nothing late."""
    prospecting = and_(literal(brake == PROSPECTING), POSTING.c.nature != Nature.SERVICE.value)
    held = or_(literal(brake == ALL), POSTING.c.scenario == brake, prospecting)
    kept = or_(POSTING.c.reason == "HELD", POSTING.c.planned_at < now)
    waited = update(POSTING).where(POSTING.c.state == PostingState.WAITING.value, held, kept)
    connection.execute(waited.values(planned_at=now, due_at=now))


@dataclass(frozen=True, slots=True)
class SqlPostings:
    """The port `Postings` over one connection."""

    connection: Connection

    def queue(self, calls: Sequence[NewCall]) -> None:
        queue(self.connection, calls)

    def claim(self, now: datetime, room: Mapping[str, int], until: datetime) -> Sequence[Posting]:
        return claim(self.connection, now, room, until)

    def mark(self, postings: Sequence[Posting], lease: datetime) -> frozenset[int]:
        return mark(self.connection, [each.id for each in postings], lease)

    def settle(self, posted: Sequence[Posted]) -> frozenset[int]:
        return settle(self.connection, posted)

    def events(self, ids: Sequence[int]) -> Mapping[int, Event]:
        return journal.by_id(self.connection, ids)

    def listed(self, *, state: PostingState | None, webhook: str | None, limit: int) -> Sequence[Posting]:
        wanted = select(POSTING)
        if state is not None:
            wanted = wanted.where(POSTING.c.state == state.value)
        if webhook is not None:
            wanted = wanted.where(POSTING.c.webhook == webhook)
        rows = self.connection.execute(wanted.order_by(POSTING.c.id.desc()).limit(limit))
        return [posting_of(row) for row in rows]

    def counts(self) -> Sequence[tuple[str, PostingState, int, datetime | None]]:
        key = (POSTING.c.webhook, POSTING.c.state)
        wanted = select(*key, func.count(), func.min(POSTING.c.queued_at)).group_by(*key).order_by(*key)
        return [(row[0], PostingState(row[1]), row[2], row[3]) for row in self.connection.execute(wanted)]

    def outstanding(self) -> Mapping[str, tuple[int, int]]:
        on_their_way, failed = self._by_webhook(UNSETTLED), self._by_webhook(FAILED)
        named = sorted({*on_their_way, *failed})
        return {name: (on_their_way.get(name, 0), failed.get(name, 0)) for name in named}

    def _by_webhook(self, which: ColumnElement[bool]) -> dict[str, int]:
        wanted = select(POSTING.c.webhook, func.count()).where(which).group_by(POSTING.c.webhook)
        return {row[0]: row[1] for row in self.connection.execute(wanted)}

    def try_again(self, ids: Sequence[int], now: datetime) -> int:
        failed = POSTING.c.state == PostingState.FAILED.value
        again = update(POSTING).where(among(self.connection, POSTING.c.id, ids), failed)
        values = {"state": PostingState.WAITING.value, "attempts": 0, "due_at": now, "planned_at": now}
        return self.connection.execute(
            again.values(**values, settled_at=None, reason=None, rule=None)
        ).rowcount

    def recall(self, run_ids: Sequence[int], reason: str, now: datetime) -> Sequence[Posting]:
        own = among(self.connection, POSTING.c.enrolment_id, run_ids)
        change = update(POSTING).where(own, RECALLABLE).values(**_cancelled(reason, "team", now))
        return [posting_of(row) for row in self.connection.execute(change.returning(*POSTING.c))]

    def plan_anew(self, run_ids: Sequence[int], now: datetime) -> None:
        own = among(self.connection, POSTING.c.enrolment_id, run_ids)
        self.connection.execute(update(POSTING).where(own, RECALLABLE).values(planned_at=now, due_at=now))

    def unsettled_versions(self) -> Sequence[str]:
        wanted = select(POSTING.c.digest).where(UNSETTLED, _IS_CALL).distinct()
        return list(self.connection.execute(wanted).scalars())

    def old(self, before: datetime, after_id: int, limit: int) -> Page:
        wanted = select(POSTING.c.id, POSTING.c.queued_at, POSTING.c.settled_at).where(
            POSTING.c.id > after_id
        )
        rows = self.connection.execute(wanted.order_by(POSTING.c.id).limit(limit)).all()
        old = tuple(row.id for row in rows if row.queued_at < before and row.settled_at is not None)
        ends = len(rows) < limit or rows[-1].queued_at >= before
        return Page(old, None if ends else rows[-1].id)

    def drop(self, ids: Sequence[int]) -> None:
        self.connection.execute(delete(POSTING).where(among(self.connection, POSTING.c.id, ids)))

    def has_due(self, now: datetime) -> bool:
        found = select(POSTING.c.id).where(UNSETTLED, _is_due(now), ~_kept_back()).limit(1)
        return self.connection.execute(found).first() is not None

    def next_due(self) -> datetime | None:
        waits = POSTING.c.state == PostingState.WAITING.value
        return self.connection.execute(select(func.min(POSTING.c.due_at)).where(UNSETTLED, waits)).scalar()
