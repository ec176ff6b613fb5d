"""The dry run on a terminal: a matrix of people by steps, and one person's days line by line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from accord.core.model.event import Event
from accord.core.model.scenario import Scenario, Send
from accord.core.model.venue import Venue
from accord.shell.preview.forecast import Timeline


def _console() -> Console:
    out = Console(file=sys.stdout, highlight=False)
    if not sys.stdout.isatty():
        out.width = 220
    return out


def matrix(scenario: Scenario, timelines: Sequence[Timeline], venue: Venue) -> Table:
    """Imagined people by steps: which mail leaves when, and why not."""
    steps = [step.name for step in scenario.steps.values() if isinstance(step.verb, Send)]
    table = Table(title=f"{scenario.name}: who gets what, when, and why not", title_justify="left")
    table.add_column("person", style="bold", overflow="fold")
    for step in steps:
        table.add_column(step, overflow="fold")
    table.add_column("in the end", overflow="fold")
    for each in timelines:
        cells = [_cell(each.of_step(step), venue) for step in steps]
        table.add_row(Text(f"{each.name}\n{each.words}"), *cells, _end(each, venue))
    return table


def _cell(rows: Sequence[Event], venue: Venue) -> Text:
    cell = Text()
    for row in rows:
        data = row.data
        if cell.plain and row.name in ("mail.queued", "mail.refused", "mail.held"):
            cell.append("\n")
        if row.name == "mail.queued":
            edition = "" if data.get("edition") == "main" else f" ({data.get('template')})"
            with_it = " + invitation" if data.get("with_invitation") else ""
            cell.append(f"{_when(row, venue)}{edition}{with_it}\n", style="green")
            cell.append(f"{data.get('reason')} {data.get('rule')}", style="dim")
        elif row.name == "mail.refused":
            cell.append(f"no: {data.get('reason')} {data.get('rule')}", style="red")
        elif row.name == "mail.held":
            cell.append(f"held: {data.get('reason')} {data.get('rule')}", style="yellow")
    return cell if cell.plain else Text("–", style="dim")


def _end(timeline: Timeline, venue: Venue) -> Text:
    if not any(row.name == "scenario.entered" for row in timeline.journal):
        return Text("does not enter", style="dim")
    last = next(
        (r for r in reversed(timeline.journal) if r.name in ("scenario.left", "scenario.finished")), None
    )
    if last is None:
        return Text("still under way", style="dim")
    if last.name == "scenario.finished":
        return Text(f"done {_when(last, venue)}")
    return Text(f"left {_when(last, venue)}: {last.data.get('reason')} {last.data.get('rule') or ''}".strip())


def _when(row: Event, venue: Venue) -> str:
    local = row.at.astimezone(ZoneInfo(venue.entity.zone))
    return f"{local:%a %d %b %Y %H:%M}"


def print_matrix(scenario: Scenario, timelines: Sequence[Timeline], venue: Venue) -> None:
    """Print the matrix."""
    _console().print(matrix(scenario, timelines, venue))


def print_timeline(timeline: Timeline, venue: Venue) -> None:
    """Print one person's days."""
    table = Table(title=f"{timeline.name} ({timeline.words})", title_justify="left")
    for column in ("when", "scenario", "step", "what", "reason", "rule"):
        table.add_column(column, overflow="fold")
    for row in timeline.journal:
        data = row.data
        table.add_row(
            _when(row, venue),
            *(Text(str(data.get(key) or "")) for key in ("scenario", "step")),
            Text(row.name),
            *(Text(str(data.get(key) or "")) for key in ("reason", "rule")),
        )
    _console().print(table)
