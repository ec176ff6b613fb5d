"""Everybody as a forecast begins with them: read a page at a time, and never written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from accord.core.model.contact import GONE
from accord.core.model.decision import Situation
from accord.core.simulate import Known
from accord.shell.store import runs, situations
from accord.shell.store.pauses import stands_still
from accord.shell.store.people import CONTACT, Law, contacts, entries_of
from accord.shell.store.runs import OPEN, RUN

_HERE = CONTACT.c.address_state.not_in([state.value for state in GONE])


class SqlForeseeing:
    """The port `Foreseeing`."""

    def __init__(self, connection: Connection, law: Law) -> None:
        self.connection, self.law = connection, law

    def everybody(self, *, after_id: int, limit: int) -> Sequence[int]:
        wanted = select(CONTACT.c.id).where(CONTACT.c.id > after_id, _HERE).order_by(CONTACT.c.id)
        return list(self.connection.execute(wanted.limit(limit)).scalars())

    def how_many(self) -> int:
        return self.connection.execute(select(func.count()).select_from(CONTACT).where(_HERE)).scalar_one()

    def standing_still(self) -> int:
        wanted = select(func.count()).select_from(RUN).where(OPEN, stands_still(RUN.c.scenario, RUN.c.id))
        return self.connection.execute(wanted).scalar_one()

    def known(self, contact_ids: Sequence[int], scenarios: Sequence[str]) -> dict[int, Known]:
        here = contacts(self.connection, contact_ids)
        ids = list(here)
        ledgers = entries_of(self.connection, ids)
        people = situations.with_ledgers(self.connection, here, ledgers, self.law)
        in_flight: dict[int, list[Situation]] = {}
        for run in situations.with_runs(self.connection, people, runs.going(self.connection, ids)):
            in_flight.setdefault(run.contact.id, []).append(run)
        entries: dict[int, dict[tuple[str, str], datetime]] = {}
        staying: dict[int, set[str]] = {}
        for past in runs.past_entries(self.connection, ids, scenarios):
            entries.setdefault(past.contact_id, {})[past.scenario, past.entry_key] = past.entered_at
            if past.stays:
                staying.setdefault(past.contact_id, set()).add(past.scenario)
        return {
            number: Known(
                situation,
                ledgers.get(number, ()),
                in_flight.get(number, ()),
                entries.get(number, {}),
                frozenset(staying.get(number, ())),
            )
            for number, situation in people.items()
        }
