"""The daemons at work, as the database knows them; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from accord.shell.engine.ports.daemons import DaemonRole, Presence
from accord.shell.store.database import SqlStore
from builders import NOW

SENDER = Presence("north:17", "north", DaemonRole.SENDER, "0.1.0", NOW, NOW)
MINUTE = timedelta(minutes=1)


def beat(store: SqlStore, *daemons: Presence) -> None:
    with store.begin() as unit:
        for daemon in daemons:
            unit.daemons.beat(daemon)


def known(store: SqlStore) -> list[str]:
    with store.read() as unit:
        return [each.name for each in unit.daemons.known()]


def later(daemon: Presence, minutes: float, **changed: object) -> Presence:
    return replace(daemon, seen_at=NOW + minutes * MINUTE, **changed)  # type: ignore[arg-type]


def test_a_daemon_is_known_from_its_first_beat_until_it_leaves(store: SqlStore) -> None:
    beat(store, SENDER, later(SENDER, 1))
    with store.read() as unit:
        assert unit.daemons.known() == [later(SENDER, 1)]
    with store.begin() as unit:
        unit.daemons.left(SENDER.name)
    assert known(store) == []


def test_one_that_is_killed_stays_and_falls_silent(store: SqlStore) -> None:
    beat(store, SENDER, later(SENDER, 5, name="south:4", host="south"))
    assert known(store) == ["north:17", "south:4"]
    assert SENDER.is_silent(NOW + 1.1 * MINUTE)
    assert not SENDER.is_silent(NOW + 0.9 * MINUTE)


def test_it_is_forgotten_once_another_of_its_machine_and_role_is_there(store: SqlStore) -> None:
    beat(store, SENDER, later(SENDER, 0.2, name="north:18", since=NOW + 0.2 * MINUTE))
    assert known(store) == ["north:17", "north:18"], "both may be at work"
    beat(store, later(SENDER, 0.9, name="north:19", role=DaemonRole.WEB, since=NOW + 0.9 * MINUTE))
    assert "north:17" in known(store), "that one does something else"
    beat(store, later(SENDER, 0.9, name="north:18", since=NOW + 0.2 * MINUTE))
    assert known(store) == ["north:18", "north:19"]


def test_nobody_who_was_silent_for_a_day_is_told_of(store: SqlStore) -> None:
    beat(store, SENDER, later(SENDER, 25 * 60, name="south:4", host="south"))
    assert known(store) == ["south:4"]
