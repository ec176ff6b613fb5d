"""The census: how many people stand where, on which wording it rests, and how long they may still be kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from accord.core.model.time import add_months
from accord.core.model.venue import Venue
from accord.shell.engine.ports.store import Unit

AGES = (0, 6, 12, 24, 36)  # months that are left


@dataclass(frozen=True, slots=True)
class Standing:
    """So many people stand like this for one purpose and kind."""

    purpose: str
    kind: str
    state: str
    wording: str
    people: int


@dataclass(frozen=True, slots=True)
class Census:
    """The whole base, counted; nobody is named."""

    people: int
    never_informed: int
    from_third_parties: int
    standings: tuple[Standing, ...]
    left: tuple[tuple[str, int], ...]


def census(unit: Unit, venue: Venue, today: date) -> Census:
    """Count everybody who is not erased. `today` is the entity's."""
    people, never_informed, third = unit.proving.people()
    standings = []
    for purpose in venue.purposes.values():
        for kind in purpose.kinds:
            counted = unit.proving.states(purpose.name, kind)
            labels = unit.wordings([wording for _, wording, _ in counted if wording])
            for state, wording, count in counted:
                kept = labels.get(wording or "")
                label = kept.wording.label if kept is not None else ""
                standings.append(Standing(purpose.name, kind, state, label, count))
    return Census(people, never_informed, third, tuple(standings), _left(unit, today))


def _left(unit: Unit, today: date) -> tuple[tuple[str, int], ...]:
    """How many reach their cut-off within so many months."""
    days = {months: add_months(today, months) for months in AGES}
    found: Counter[str] = Counter()
    for expires_on, count in unit.proving.cut_offs():
        within = next((months for months in AGES if expires_on <= days[months]), AGES[-1])
        found["past the cut-off" if within == 0 else f"within {within} months"] += count
    order = ["past the cut-off", *(f"within {months} months" for months in AGES[1:])]
    return tuple((name, found[name]) for name in order)
