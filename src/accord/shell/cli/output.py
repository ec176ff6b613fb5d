"""What commands print: tables and sentences for people, one JSON document for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from accord.core.model.place import Diagnostic


class InputFault(click.ClickException):
    """The user's input can't be used; exit code 1, and the text says where and why."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """Print the message as it stands, on standard error."""
        click.echo(self.message, err=True)


def console() -> Console:
    """Where people read: coloured on a terminal only, and not where NO_COLOR is set."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def print_json(document: Any) -> None:
    """One JSON document on standard output, and nothing else there."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    return str(value)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table, as wide as it needs to be where nobody looks at a terminal."""
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(
            *(cell if isinstance(cell, Text) else Text("" if cell is None else str(cell)) for cell in row)
        )
    out = console()
    if not sys.stdout.isatty():
        out.width = 200
    out.print(table)


def refuse(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str] | None = None) -> NoReturn:
    """End the command with all the faults of the input at once."""
    from accord.core.language.report import as_text

    raise InputFault(as_text(diagnostics, sources or {}).rstrip())
