"""The tables of running scenarios: those that stand still, and each going live with the forecast that was accepted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field

from accord.shell.store.table_base import Row, at_column, id_column, json_column, number_column


class PauseRow(Row, table=True):
    """A scenario whose runs and mails stand still. The row is the pause: when it is gone, everything goes on.

    While it is being resumed, runs up to the number `freed_to` go on already, and `freed_until` is the
    instant up to which their backlog has been spread.
    """

    __tablename__ = "pause"
    name: str = Field(primary_key=True)
    by: str
    since: datetime = at_column()
    freed_to: int = number_column()
    freed_until: datetime | None = at_column(nullable=True)


class ActivationRow(Row, table=True):
    """One going live: who, when, and how many mails were forecast for each day of the entity's zone.

    `queued` counts the mails since then; `accepted` is how many of them were looked at by somebody of the
    team, after the scenario had held itself.
    """

    __tablename__ = "activation"
    id: int | None = id_column()
    name: str = Field(index=True)
    digest: str
    at: datetime = at_column()
    by: str
    forecast: Any = json_column()
    queued: int = 0
    accepted: int = 0
