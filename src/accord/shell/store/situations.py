"""Situations from the database: all that is known of a batch of people, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from accord.core.consent.collection import consents
from accord.core.model.consent import ConsentEntry, LegalBasis, Nature
from accord.core.model.contact import Contact
from accord.core.model.decision import Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event, number_of, told_anew, update_of
from accord.core.model.message import LEFT_THE_HOUSE, MessageState, PastMail
from accord.core.telling import OWN_DOINGS
from accord.shell.store import journal, mail, orders, people, switches
from accord.shell.store.dialect import among_the, rows_among
from accord.shell.store.journal import EVENT
from accord.shell.store.people import Law
from accord.shell.store.runs import RUN


def load(connection: Connection, contact_ids: Sequence[int], law: Law, *, lock: bool) -> dict[int, Situation]:
    """What is known of each, without a run, in eight queries whatever the number of people."""
    known = people.contacts(connection, contact_ids, lock=lock)
    return with_ledgers(connection, known, people.entries_of(connection, list(known)), law)


def with_ledgers(
    connection: Connection,
    known: Mapping[int, Contact],
    ledgers: Mapping[int, Sequence[ConsentEntry]],
    law: Law,
) -> dict[int, Situation]:
    """What is known of contacts whose ledgers are read already."""
    ids = list(known)
    lines = orders.lines_of(connection, ids)
    mails = mail.remembered(connection, ids)
    clicked = _clicked(connection, ids)
    contracts = _contracts(connection, ids)
    throttle = switches.throttle(connection)
    held = frozenset(brake.name for brake in switches.brakes(connection))
    return {
        number: Situation(
            contact=contact,
            consents=consents(ledgers.get(number, []), law.policy),
            lines=tuple(lines.get(number, ())),
            mails=tuple(_past(row, clicked) for row in mails.get(number, ())),
            contract_in_progress=number in contracts,
            throttle=throttle,
            held=held,
        )
        for number, contact in known.items()
    }


def _past(row: Any, clicked: frozenset[str]) -> PastMail:
    return PastMail(
        scenario=row.scenario,
        step=row.step,
        purpose=row.purpose,
        nature=Nature(row.nature),
        basis=LegalBasis(row.basis),
        at=row.at,
        template=row.template,
        template_digest=row.template_digest,
        message_id=row.id,
        enrolment_id=row.enrolment_id,
        left=MessageState(row.state) in LEFT_THE_HOUSE,
        with_invitation=bool(row.with_invitation),
        clicked=str(row.id) in clicked,
    )


def _clicked(connection: Connection, ids: Sequence[int]) -> frozenset[str]:
    """Numbers of the messages that a person, not a robot, clicked in."""
    rows = (row.data or {} for row in rows_among(connection, _clicks, ids))
    return frozenset(str(data.get("message_id")) for data in rows if data.get("verdict") == "human")


@cache
def _clicks(*, sqlite: bool) -> Select[Any]:
    theirs = among_the("ids", EVENT.c.contact_id, sqlite=sqlite)
    return select(EVENT.c.data).where(theirs, EVENT.c.name == "mail.clicked")


def _contracts(connection: Connection, ids: Sequence[int]) -> frozenset[int]:
    """Who has a contract that began and has not ended."""
    running: set[tuple[int, str]] = set()
    for row in rows_among(connection, _contract_events, ids):
        contract = (row.contact_id, str((row.data or {}).get("contract_id")))
        (running.add if row.name == "contract.started" else running.discard)(contract)
    return frozenset(contact_id for contact_id, _ in running)


@cache
def _contract_events(*, sqlite: bool) -> Select[Any]:
    theirs = among_the("ids", EVENT.c.contact_id, sqlite=sqlite)
    wanted = select(EVENT.c.contact_id, EVENT.c.name, EVENT.c.data)
    return wanted.where(theirs, EVENT.c.name.in_(("contract.started", "contract.ended"))).order_by(
        EVENT.c.at, EVENT.c.id
    )


def with_runs(
    connection: Connection, known: Mapping[int, Situation], runs: Sequence[Enrolment]
) -> list[Situation]:
    """One Situation a run, in the order of `runs`: the event it entered by, and those since its last mail."""
    entered = _as_told_last(
        connection, journal.by_id(connection, [run.event_id for run in runs if run.event_id is not None])
    )
    since = _since(connection, runs)
    return [
        known[run.contact_id].in_run(
            run,
            entered.get(run.event_id) if run.event_id is not None else None,
            tuple(since.get(run.id, ())),
        )
        for run in runs
        if run.contact_id in known
    ]


def _as_told_last(connection: Connection, entered: Mapping[int, Event]) -> Mapping[int, Event]:
    """The events that runs entered by, with what was told since of the same things."""
    about = [event for event in entered.values() if number_of(event.name) in event.data]
    if not about:
        return entered
    of: dict[int, list[int]] = {}
    for event in about:
        of.setdefault(event.contact_id, []).append(event.id)
    found = dict(entered)
    for later in journal.named(connection, sorted(of), sorted({update_of(event.name) for event in about})):
        for number in of[later.contact_id]:
            if number < later.id:
                found[number] = told_anew(found[number], later)
    return found


def _since(connection: Connection, runs: Sequence[Enrolment]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = {}
    for row in rows_among(connection, _events_since, [run.id for run in runs]):
        found.setdefault(row.run_id, []).append(journal.event_of(row))
    return found


@cache
def _events_since(*, sqlite: bool) -> Select[Any]:
    start: Any = func.coalesce(RUN.c.last_send_at, RUN.c.entered_at)
    came = and_(
        EVENT.c.contact_id == RUN.c.contact_id,
        EVENT.c.at >= start,
        or_(RUN.c.event_id.is_(None), EVENT.c.id > RUN.c.event_id),
        EVENT.c.name.not_in(OWN_DOINGS),
    )
    return (
        select(RUN.c.id.label("run_id"), *EVENT.c)
        .join_from(RUN, EVENT, came)
        .where(among_the("ids", RUN.c.id, sqlite=sqlite))
        .order_by(EVENT.c.at, EVENT.c.id)
    )
