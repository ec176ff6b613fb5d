"""A real house for the doors: the example venue in a folder of its own, with a clock that a test moves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from accord.shell.cli.starter import PARTS, copy_parts, starter
from accord.shell.engine.catalogue import Shelf
from accord.shell.wiring import House, new_keys, open_house
from ready import embedded_at

# What earlier venues of this process compiled: their templates are all the example's, and take a second.
_COMPILED: dict[str, Shelf] = {"example": Shelf()}


def read_files(house: House) -> None:
    """Read a venue's files; what another venue compiled of the same files is taken over."""
    before = house.shelf = _COMPILED["example"]
    house.read_files()
    mine = house.shelf
    _COMPILED["example"] = Shelf(
        {**before.compiled, **mine.compiled},
        {**before.facts, **mine.facts},
        {**before.found, **mine.found},
        (*before.diagnostics, *mine.diagnostics),
    )


@dataclass
class Venue:
    """One venue at work; mails go to its folder."""

    root: Path
    now: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    house: House = field(init=False)

    def __post_init__(self) -> None:
        with starter() as example:
            copy_parts(example, self.root, PARTS)
        new_keys(self.root / "accord.keys")
        embedded_at(self.root / "accord.db")
        self.house = open_house(self.root / "config.toml", clock=lambda: self.now)
        read_files(self.house)

    def activate(self, *names: str) -> None:
        """Make scenarios live, as they stand in the files."""
        with self.house.store.begin() as unit:
            for name in names:
                scenario = self.house.checked.by_name()[name]
                unit.activate(name, scenario.digest, scenario.source, "test", self.now)
        self.house.refresh()

    def turn(self) -> list[EmailMessage]:
        """One turn of everything; the mails that left in it."""
        before = set(self.root.glob("mailbox/*.eml"))
        asyncio.run(self.house.turn(self.now))
        new = sorted(set(self.root.glob("mailbox/*.eml")) - before)
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in new]  # type: ignore[misc]

    def contact(self, address: str) -> int | None:
        """The number of a contact."""
        with self.house.store.read() as unit:
            found = unit.contacts_by_key([address])
        return found[address].id if address in found else None

    def state(self, contact_id: int, kind: str = "editorial") -> str:
        """Where somebody stands for the newsletter."""
        with self.house.store.read() as unit:
            return unit.situations([contact_id])[contact_id].consents.of("newsletter", kind).status.value
