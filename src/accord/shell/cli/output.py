"""What commands print: tables and sentences for people, one JSON document for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from accord.core.language.report import as_text
from accord.core.model.place import Diagnostic
from accord.shell.documents import as_json

# Where nobody looks at a terminal, nothing is folded: programs read whole lines.
UNFOLDED = 10_000


class InputFault(click.ClickException):
    """The user's input can't be used; exit code 1, and the text says where and why."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """Print the message as it stands, on standard error."""
        click.echo(self.message, err=True)


def console() -> Console:
    """Where people read: coloured on a terminal only, and not where NO_COLOR is set."""
    out = Console(file=sys.stdout, highlight=False)
    if not sys.stdout.isatty():
        out.width = UNFOLDED
    return out


def print_json(document: Any) -> None:
    """One JSON document on standard output, and nothing else there."""
    click.echo(as_json(document, indent=2))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table that fits the terminal; as wide as it needs to be where there is none.

    One with a title is one of several: an empty line parts it from the next.
    """
    table = a_table(title, columns)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else text(cell) for cell in row))
    out = console()
    out.print(table)
    if title:
        out.print()


def print_pairs(title: str, rows: Iterable[tuple[str, Any]]) -> None:
    """What is known of one thing, a line each; what is nothing is left out."""
    table = a_table(title, ("", ""))
    table.show_header = False
    for name, value in rows:
        if value not in (None, ""):
            table.add_row(Text(name, style="dim"), text(value))
    out = console()
    out.print(table)
    if title:
        out.print()


def a_table(title: str, columns: Sequence[str]) -> Table:
    """An empty table in the one style that they all have: a line under the heads, and no other ink."""
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def text(value: Any) -> Text:
    """A cell: what stands there, and never markup."""
    return Text("" if value is None else str(value))


def when(at: datetime | None, zone: ZoneInfo) -> str:
    """An instant on the entity's own clock, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at is not None else ""


def counted(number: int, word: str) -> str:
    """«1 file», «2 files»."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def confirm(question: str, refused: str) -> None:
    """Ask; anything but a yes ends the command, and so does a missing terminal, which nobody can answer on."""
    if not sys.stdin.isatty():
        raise InputFault(f"{refused} Nobody can be asked without a terminal: say --yes.")
    if not click.confirm(question):
        raise InputFault(refused)


def refuse(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str] | None = None) -> NoReturn:
    """End the command with all the faults of the input at once."""
    raise InputFault(as_text(diagnostics, sources or {}).rstrip())
