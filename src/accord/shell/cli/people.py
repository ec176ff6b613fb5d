"""People as commands tell of them: where they stand; and how imports show their progress."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from rich.progress import Progress

from accord.shell.cli.output import print_json, print_table
from accord.shell.documents import taken_document
from accord.shell.engine.intake.people import Taken


@click.group()
def contacts() -> None:
    """People: import, show, and what they may ask for."""


@contextmanager
def progress(title: str, total: int) -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere; yields a function that is told how many more are done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Progress(transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda more: bar.advance(task, more)


def report(taken: Taken, *, as_json: bool, noun: str) -> None:
    """What an import came to, every refusal with row, field and reason; exit code 1 where there is one."""
    if as_json:
        print_json(taken_document(taken))
    else:
        click.echo(f"{taken.new} new {noun}, {taken.known} known already.")
        if taken.refusals:
            print_table(
                "Refused", ("row", "field", "reason"), [(r.row, r.field, r.reason) for r in taken.refusals]
            )
    if taken.refusals:
        sys.exit(1)


def print_states(title: str, states: Sequence[Mapping[str, Any]]) -> None:
    """The same as a table."""
    columns = ("purpose", "kind", "state", "informed", "since")
    print_table(title, columns, [[short(state[name]) for name in columns] for state in states])


def short(value: Any) -> str:
    """A value as a cell: instants to the minute, yes or no, lists and maps with commas; nothing where there is none."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{value:%Y-%m-%d %H:%M} UTC"
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{name}: {short(each)}" for name, each in value.items())
        case list() | tuple():
            return "; ".join(map(short, value))
        case _:
            return str(value)
