"""What is switched on: live scenarios, their versions, brakes, the throttle, how far loops have come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection, Table, delete, or_, select, update

from accord.core.model.decision import ThrottleMode, ThrottleState
from accord.shell.engine.ports.rows import Brake, LiveScenario, PolicyChange
from accord.shell.store import tables
from accord.shell.store.bulk import insert_rows
from accord.shell.store.dialect import among, insert_new, upsert

VERSION = cast("Table", tables.ScenarioVersionRow.__table__)  # type: ignore[attr-defined]
SCENARIO = cast("Table", tables.ScenarioRow.__table__)  # type: ignore[attr-defined]
BRAKE = cast("Table", tables.BrakeRow.__table__)  # type: ignore[attr-defined]
THROTTLE = cast("Table", tables.ThrottleStateRow.__table__)  # type: ignore[attr-defined]
PROGRESS = cast("Table", tables.ProgressRow.__table__)  # type: ignore[attr-defined]
POLICY_CHANGE = cast("Table", tables.PolicyChangeRow.__table__)  # type: ignore[attr-defined]
INSTANCE = cast("Table", tables.InstanceRow.__table__)  # type: ignore[attr-defined]


def live_scenarios(connection: Connection) -> list[LiveScenario]:
    """Every scenario that was ever activated, with its live version and its state."""
    return [
        LiveScenario(row.name, row.digest, row.source, row.state, row.activated_at, row.activated_by)
        for row in connection.execute(_LIVE)
    ]


_LIVE = (
    select(SCENARIO.c.name, SCENARIO.c.digest, SCENARIO.c.state, VERSION)
    .join(VERSION, VERSION.c.digest == SCENARIO.c.digest)
    .order_by(SCENARIO.c.name)
)


def versions(connection: Connection, digests: Sequence[str]) -> dict[str, str]:
    """The texts of scenario versions, by digest; of those in flight too."""
    wanted = select(VERSION.c.digest, VERSION.c.source).where(among(connection, VERSION.c.digest, digests))
    return {row.digest: row.source for row in connection.execute(wanted)}


def activate(connection: Connection, name: str, digest: str, source: str, by: str, now: datetime) -> None:
    """Make a version live; its text is kept, and the first activation of it stays on record."""
    version = {"digest": digest, "name": name, "source": source, "activated_at": now, "activated_by": by}
    connection.execute(insert_new(connection, VERSION), [version])
    live = {"name": name, "digest": digest, "state": "active", "changed_at": now, "changed_by": by}
    changed = ("digest", "state", "changed_at", "changed_by")
    connection.execute(upsert(connection, SCENARIO, ("name",), changed), [live])


def set_state(connection: Connection, name: str, state: str, by: str, now: datetime) -> None:
    """Pause, drain or make active again."""
    change = update(SCENARIO).where(SCENARIO.c.name == name)
    connection.execute(change.values(state=state, changed_at=now, changed_by=by))


def brakes(connection: Connection) -> list[Brake]:
    """The brakes in force."""
    return [Brake(row.name, row.reason, row.by, row.since) for row in connection.execute(_BRAKES)]


_BRAKES = select(BRAKE).order_by(BRAKE.c.name)


def hold(connection: Connection, name: str, reason: str, by: str, now: datetime) -> None:
    """Put a brake on; one that is on already keeps its first reason."""
    row = {"name": name, "reason": reason, "by": by, "since": now}
    connection.execute(insert_new(connection, BRAKE), [row])


def release(connection: Connection, name: str) -> bool:
    """Take a brake off; whether there was one."""
    return connection.execute(delete(BRAKE).where(BRAKE.c.name == name)).rowcount > 0


def throttle(connection: Connection) -> ThrottleState:
    """The throttle's state in force: editorial only until statistics say otherwise."""
    row = connection.execute(_NEWEST).one_or_none()
    return ThrottleState() if row is None else ThrottleState(ThrottleMode(row.mode), row.share_percent)


_NEWEST = select(THROTTLE.c.mode, THROTTLE.c.share_percent).order_by(THROTTLE.c.id.desc()).limit(1)


def progress(connection: Connection, loop: str, *, lock: bool = False) -> str | None:
    """How far a loop has come, or None at its first turn; `lock` keeps its row (PostgreSQL)."""
    wanted = select(PROGRESS.c.mark).where(PROGRESS.c.loop == loop)
    return connection.execute(wanted.with_for_update() if lock else wanted).scalar()


def note_progress(connection: Connection, loop: str, mark: str, now: datetime) -> None:
    """Remember how far a loop has come."""
    row = {"loop": loop, "mark": mark, "at": now}
    connection.execute(upsert(connection, PROGRESS, ("loop",), ("mark", "at")), [row])


def take_turn(connection: Connection, loop: str, now: datetime, every: timedelta) -> bool:
    """Write down that a turn of this loop begins, unless another did in the time before; whether it was written.

    A turn that is ahead of `now` was taken by a clock that has been set back, and counts no more.
    """
    long_ago = or_(PROGRESS.c.at <= now - every, PROGRESS.c.at > now)
    taken = update(PROGRESS).where(PROGRESS.c.loop == loop, long_ago).values(mark=now.isoformat(), at=now)
    if connection.execute(taken).rowcount:
        return True
    first = insert_new(connection, PROGRESS).values(loop=loop, mark=now.isoformat(), at=now)
    return connection.execute(first.returning(PROGRESS.c.loop)).first() is not None


def fact(connection: Connection, key: str) -> str | None:
    """Something that this database was told once, such as the print of its keys."""
    return connection.execute(select(INSTANCE.c.value).where(INSTANCE.c.key == key)).scalar()


def tell(connection: Connection, key: str, value: str, now: datetime) -> None:
    """Write such a fact; a fact that is there stays."""
    connection.execute(insert_new(connection, INSTANCE), [{"key": key, "value": value, "since": now}])


def tell_anew(connection: Connection, key: str, value: str, now: datetime) -> None:
    """Write a fact, over the one that was there."""
    row = {"key": key, "value": value, "since": now}
    connection.execute(upsert(connection, INSTANCE, ("key",), ("value", "since")), [row])


def policy_changes(connection: Connection) -> list[PolicyChange]:
    """Every turning of a switch of the law, oldest first."""
    wanted = select(POLICY_CHANGE).order_by(POLICY_CHANGE.c.id)
    return [PolicyChange(row.switch, row.old, row.new, row.by, row.at) for row in connection.execute(wanted)]


def note_policy_changes(connection: Connection, changes: Sequence[PolicyChange]) -> None:
    """Append turnings; nothing of this is ever changed."""
    rows = [
        {"switch": each.switch, "old": each.old, "new": each.new, "by": each.by, "at": each.at}
        for each in changes
    ]
    insert_rows(connection, POLICY_CHANGE, rows)
