"""People as commands tell of them: where they stand; and how imports show their progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from rich.progress import Progress

from accord.core.consent.collection import state_of
from accord.core.model.decision import Situation
from accord.core.model.venue import Venue
from accord.shell.cli.output import print_json, print_table
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
        refusals = [{"row": r.row, "field": r.field, "reason": r.reason} for r in taken.refusals]
        print_json({"new": taken.new, "known": taken.known, "refused": refusals})
    else:
        click.echo(f"{taken.new} new {noun}, {taken.known} known already.")
        if taken.refusals:
            print_table(
                "Refused", ("row", "field", "reason"), [(r.row, r.field, r.reason) for r in taken.refusals]
            )
    if taken.refusals:
        sys.exit(1)


def states_of(venue: Venue, situation: Situation) -> list[dict[str, Any]]:
    """Where one person stands for each purpose and kind of the venue."""
    found = []
    for purpose in venue.purposes.values():
        for kind in purpose.kinds:
            state = state_of(situation.consents, purpose.name, kind)
            found.append(
                {
                    "purpose": purpose.name,
                    "kind": kind,
                    "state": state.status.value,
                    "informed": state.informed,
                    "since": state.since,
                }
            )
    return found


def print_states(title: str, states: Sequence[Mapping[str, Any]]) -> None:
    """The same as a table."""
    columns = ("purpose", "kind", "state", "informed", "since")
    print_table(title, columns, [[short(state[name]) for name in columns] for state in states])


def short(value: Any) -> str:
    """A value as a cell: instants to the minute, lists and maps as JSON."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return (
        json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    )
