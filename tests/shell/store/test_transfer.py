"""A whole database in another one: every table, every type, both ways; and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, LargeBinary, Text, func, insert, select, text, type_coerce

from accord.shell.engine.ports.daemons import DaemonRole, Presence
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.ports.store import StoreError
from accord.shell.store.columns import Json, UtcDateTime
from accord.shell.store.copies import CopyFault
from accord.shell.store.database import SqlStore, open_store
from accord.shell.store.transfer import tables, transfer
from builders import NOW
from conftest import KEYS
from running import a_house

TABLES = tables()


def opened(url: str) -> SqlStore:
    return open_store(url, dice=lambda size: bytes(size), keys=lambda: KEYS)


@pytest.fixture
def server(postgres_url: str) -> Iterator[SqlStore]:
    """An empty PostgreSQL."""
    store = opened(postgres_url)
    yield store
    store.close()


def a_value(column: Column[Any], number: int) -> Any:
    """Something of a column's type that copies badly, if anything does; NULL wherever it may be, now and then."""
    if column.nullable and number == 1:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime(2026, 3, 29, 0, 59, 59, 123456, tzinfo=UTC) + timedelta(days=number)
    if isinstance(column.type, Json):
        return {"à": [1, 2.5, True, None], "at": datetime(2026, 1, 1, tzinfo=UTC), "text": "\t\\N\n"}
    if isinstance(column.type, Date):
        return date(2026, 2, 28) + timedelta(days=number)
    if isinstance(column.type, Boolean):
        return number % 2 == 0
    if isinstance(column.type, LargeBinary):
        return bytes(range(256))
    if isinstance(column.type, Text) or column.type.python_type is str:
        return f"{number} «l'été»\t\\N\r\n\U0001f3ad"
    return number


def fill(store: SqlStore) -> None:
    """Three rows in every table that is empty, whatever it is for."""
    with store.begin() as unit:
        for table in TABLES:
            if unit.connection.execute(select(func.count()).select_from(table)).scalar_one() == 0:
                rows = [{column.name: a_value(column, n) for column in table.c} for n in (1, 2, 3)]
                unit.connection.execute(insert(table), rows)


def everything(store: SqlStore) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but the deeds, as the engine reads it."""
    with store.read() as unit:
        return {
            table.name: sorted(map(tuple, unit.connection.execute(select(table))), key=repr)
            for table in TABLES
            if table.name not in ("audit", "brake")
        }


def copied(source: SqlStore, target: SqlStore) -> None:
    transfer(source, target, by="marie", now=NOW)


def is_empty(store: SqlStore) -> bool:
    return not any(rows for rows in everything(store).values())


def test_everything_goes_to_postgresql_and_back(embedded: SqlStore, server: SqlStore, tmp_path: Path) -> None:
    a_house(embedded, 30)
    fill(embedded)
    before = everything(embedded)
    assert all(before.values()), "each table has something in it"
    copied(embedded, server)
    assert everything(server) == before
    with server.read() as unit:
        assert list(unit.broken_chains()) == []
        assert [(deed.by, deed.action) for deed in unit.deeds(limit=1)] == [("marie", "db copy")]
    back = opened(f"sqlite:///{tmp_path / 'back.db'}")
    copied(server, back)
    assert everything(back) == before
    back.close()


def test_the_next_row_gets_a_number_of_its_own(embedded: SqlStore, server: SqlStore) -> None:
    a_house(embedded, 7)
    copied(embedded, server)
    with server.begin() as unit:
        assert unit.add_contacts([NewContact("new@example.org", "fr", "Europe/Paris", NOW)]) == [8]


def test_what_was_copied_is_held_and_the_copy_is_not(embedded: SqlStore, server: SqlStore) -> None:
    copied(embedded, server)
    with embedded.read() as unit:
        [brake] = unit.brakes()
        assert (brake.name, brake.by) == ("all", "marie")
    with server.read() as unit:
        assert unit.brakes() == []


def test_a_database_that_is_not_empty_or_of_another_version_is_refused(
    embedded: SqlStore, server: SqlStore
) -> None:
    server.upgrade()
    with server.begin() as unit:
        unit.add_contacts([NewContact("here@example.org", "fr", "Europe/Paris", NOW)])
    with pytest.raises(CopyFault, match="not empty: there are rows in contact"):
        copied(embedded, server)
    with server.begin() as unit:
        unit.connection.execute(text("DELETE FROM contact"))
        unit.connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    with pytest.raises(CopyFault, match="tables of another version"):
        copied(embedded, server)
    with embedded.begin() as unit:
        unit.connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    with pytest.raises(CopyFault, match="scenario db upgrade"):
        copied(embedded, server)


def test_nothing_is_copied_while_a_daemon_works(embedded: SqlStore, server: SqlStore, tmp_path: Path) -> None:
    daemon = opened(str(embedded.engine.url))
    daemon.be_the_only_daemon()
    with pytest.raises(StoreError, match="another daemon works on"):
        copied(embedded, server)
    daemon.close()
    copied(embedded, server)
    back = opened(f"sqlite:///{tmp_path / 'back.db'}")
    alive = Presence("north:17", "north", DaemonRole.SENDER, "0.1.0", NOW, NOW)
    with server.begin() as unit:
        unit.daemons.beat(alive)
    with pytest.raises(CopyFault, match="stop north:17 first"):
        copied(server, back)
    with server.begin() as unit:
        unit.daemons.left("north:17")
        unit.daemons.beat(replace(alive, name="north:16", seen_at=NOW - timedelta(hours=1)))
    copied(server, back)
    with back.read() as unit:
        assert unit.daemons.known() == [], "who was at work is not copied"
    back.close()


def test_what_the_other_database_does_not_take_leaves_nothing_behind(
    embedded: SqlStore, server: SqlStore
) -> None:
    a_house(embedded, 2)
    with embedded.begin() as unit:
        unit.connection.execute(text("UPDATE contact SET external_id = 'a' || char(0) || 'b' WHERE id = 2"))
    with pytest.raises(
        CopyFault, match=r"^contact, about row 2: the other database does not take it"
    ) as told:
        copied(embedded, server)
    assert "example" not in str(told.value)
    assert is_empty(server)
    with embedded.read() as unit:
        assert unit.brakes() == []


def test_a_row_that_arrives_as_another_is_found_and_nothing_is_kept(
    embedded: SqlStore, server: SqlStore
) -> None:
    a_house(embedded, 2)
    server.upgrade()
    with server.begin() as unit:
        for statement in (
            (
                "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN IF NEW.seq = 1 THEN NEW.payload = '{}'; END IF; RETURN NEW; END $$"
            ),
            "CREATE TRIGGER spoils BEFORE INSERT ON consent_entry FOR EACH ROW EXECUTE FUNCTION spoil()",
        ):
            unit.connection.execute(text(statement))
    with pytest.raises(CopyFault) as told:
        copied(embedded, server)
    assert "consent_entry: " in str(told.value)
    assert "The chains of the consent ledger are not what they were." in str(told.value)
    assert is_empty(server)


def test_json_arrives_as_the_same_text(embedded: SqlStore, server: SqlStore) -> None:
    fill(embedded)
    copied(embedded, server)
    for table in TABLES:
        for column in (column for column in table.c if isinstance(column.type, Json)):
            raw = select(type_coerce(column, Text()))
            with embedded.read() as one, server.read() as other:
                left = sorted(one.connection.execute(raw).scalars(), key=repr)
                right = sorted(other.connection.execute(raw).scalars(), key=repr)
            assert left == right or table.name == "audit", (table.name, column.name)
