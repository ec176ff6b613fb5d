"""Compiled templates in the database: a row each, whatever the number of mails that were made from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, delete, func, select

from accord.shell.engine.ports.templates import KeptTemplate
from accord.shell.store import tables
from accord.shell.store.dialect import upsert_latest

TEMPLATE = cast("Table", tables.TemplateVersionRow.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class SqlTemplates:
    """The port `Templates` over one connection."""

    connection: Connection

    def keep(self, templates: Sequence[KeptTemplate], now: datetime) -> None:
        rows = [
            {
                "imprint": each.imprint,
                "name": each.name,
                "digest": each.digest,
                "sheets": each.sheets,
                "last_used_at": now,
            }
            for each in sorted(templates, key=lambda each: each.imprint)
        ]
        if rows:
            used = upsert_latest(self.connection, TEMPLATE, ["imprint"], "last_used_at")
            self.connection.execute(used, rows)

    def kept(self, imprint: str) -> KeptTemplate | None:
        row = self.connection.execute(select(TEMPLATE).where(TEMPLATE.c.imprint == imprint)).one_or_none()
        return KeptTemplate(row.imprint, row.name, row.digest, row.sheets) if row is not None else None

    def count_unused(self, before: datetime) -> int:
        wanted = select(func.count()).select_from(TEMPLATE).where(TEMPLATE.c.last_used_at < before)
        return self.connection.execute(wanted).scalar_one()

    def drop_unused(self, before: datetime) -> None:
        self.connection.execute(delete(TEMPLATE).where(TEMPLATE.c.last_used_at < before))
