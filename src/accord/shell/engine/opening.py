"""Opening the books: whose keys and which law a database was kept by, and what has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from accord.core.model.event import Event
from accord.core.model.venue import Policy, Venue
from accord.shell.engine.ports.rows import POLICY_REVISION, Deed, PolicyChange
from accord.shell.engine.ports.store import Store, StoreError, Unit

# Facts of a database.
KEYS, LAW = "keys", "law"

# People whose derived rows are made anew in one transaction.
PAGE = 1000

# What concerns the house, and none of its contacts.
NOBODY = 0


class OtherKeys(StoreError):
    """accord.keys lacks a key that this database was kept with."""


def open_books(store: Store, venue: Venue, *, prints: str, by: str, now: datetime) -> Sequence[PolicyChange]:
    """Refuse foreign keys, and put on record what of the law has changed since the database was last opened.

    `prints` are the fingerprints of the keys at hand, with commas between. A turned switch is journalled with
    its old and new value; from then on no verdict given before stands (`policy_revision`), and what is
    derived of people by the law is made anew. Returns the changes. Raises OtherKeys.
    """
    law = _law(venue)
    with store.read() as unit:
        _recognise(unit.fact(KEYS), prints)
        if unit.fact(KEYS) == prints and unit.fact(LAW) == law:
            return ()
    with store.begin() as unit:
        _recognise(unit.fact(KEYS), prints)
        unit.tell_anew(KEYS, prints, now)
        changes = changes_since(unit.policy_changes(), venue.policy, by=by, now=now)
        _record(unit, changes)
        if unit.fact(LAW) not in (None, law):
            unit.tell_anew(POLICY_REVISION, str(int(unit.fact(POLICY_REVISION) or 0) + 1), now)
    _derive(store)
    with store.begin() as unit:
        # Last: whoever is broken off before begins again.
        unit.tell_anew(LAW, law, now)
    return changes


class LawsDiffer(StoreError):
    """This process would judge by another law than the one that the database was last opened with."""


def follow_the_law(store: Store, venue: Venue) -> str | None:
    """The revision of the law in force, for a process that has read its configuration again.

    Raises LawsDiffer where this venue's law is not the one in force: two installations disagree, or somebody
    is just putting another one in force.
    """
    with store.read() as unit:
        if unit.fact(LAW) not in (None, _law(venue)):
            raise LawsDiffer(
                "config.toml here has other [policy] or [retention] than the database was last opened with: "
                "nothing is decided or sent until they agree. Mend the file, or restart to put it in force."
            )
        return unit.fact(POLICY_REVISION)


def _recognise(known: str | None, prints: str) -> None:
    """No key is ever dropped: what was sealed with it could never be found again."""
    missing = set((known or "").split(",")) - set(prints.split(",")) - {""}
    if missing:
        raise OtherKeys(
            "accord.keys lacks a key that it was kept with: the objection list could not be read, and people "
            "who objected would be written to. Put the right accord.keys beside config.toml."
        )


def changes_since(
    past: Sequence[PolicyChange], policy: Policy, *, by: str, now: datetime
) -> tuple[PolicyChange, ...]:
    """The switches that are not as they were last recorded; before any record, each stood at its default."""
    stood = in_words(Policy()) | {change.switch: change.new for change in past}
    return tuple(
        PolicyChange(switch, stood[switch], value, by, now)
        for switch, value in in_words(policy).items()
        if stood[switch] != value
    )


def in_words(policy: Policy) -> dict[str, str]:
    """Each switch with its value as people write it."""
    return {switch: _word(value) for switch, value in asdict(policy).items()}


def _word(value: Any) -> str:
    return "none" if value is None else str(value).lower()


def _record(unit: Unit, changes: Sequence[PolicyChange]) -> None:
    unit.note_policy_changes(changes)
    events = [
        Event(NOBODY, "policy.changed", each.at, {"switch": each.switch, "old": each.old, "new": each.new})
        for each in changes
    ]
    for change, event in zip(changes, events, strict=True):
        unit.append([event], received_at=change.at, reacts=False)
        unit.note_deed(Deed(change.at, change.by, "policy", change.switch, dict(event.data)))


def _derive(store: Store) -> None:
    """People's consent states and cut-off days, a page at a time, by the law as it is now."""
    last: int | None = 0
    while last is not None:
        with store.begin() as unit:
            last = unit.derive_anew(after_id=last, limit=PAGE)


def _law(venue: Venue) -> str:
    """All of the law that rows of people are derived by."""
    switches = ", ".join(f"{switch} = {value}" for switch, value in in_words(venue.policy).items())
    return f"{venue.retention.months} months in {venue.entity.zone}; {switches}"
