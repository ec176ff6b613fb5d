"""The dry run on a terminal: a matrix of people by steps with its reasons below, and one person's days."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from accord.core.consent.reasons import in_words
from accord.core.model.event import Event
from accord.core.model.scenario import Call, Scenario, Send, SubjectTest
from accord.core.model.venue import Venue
from accord.shell.preview.forecast import Timeline

# Where nobody looks at a terminal, lines are as long as they need to be.
UNFOLDED = 10_000

# What a step's cell with its date and note takes on a terminal, and the last column: «leaves [12]».
CELL_WIDTH, END_WIDTH = 17, 11

# Of one step that comes again and again, so many dates are told.
MOST_DATES = 3


@dataclass(slots=True)
class Notes:
    """The reasons that a matrix refers to, numbered as they come up."""

    numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, row: Event) -> str:
        """`[3]`, for the reason and the rule of a row."""
        key = (str(row.data.get("reason") or ""), str(row.data.get("rule") or ""))
        return f"[{self.numbers.setdefault(key, len(self.numbers) + 1)}]"

    def lines(self, *, numbered: bool = True) -> Iterator[Text]:
        """One line a reason: its code, its rule, and what it says."""
        for (reason, rule), number in self.numbers.items():
            words = in_words(reason)
            if not reason or (words == reason and not numbered):
                continue
            line = Text(f"{f'[{number}]':>5} " if numbered else "", style="dim")
            line.append(f"{reason} {rule}".rstrip(), style="bold")
            line.append(f"  {words}" if words != reason else "")
            yield line


@dataclass(frozen=True, slots=True)
class _Dates:
    """Instants in the venue's zone, with the year where it is not the first day's."""

    zone: ZoneInfo
    year: int

    def day(self, at: datetime) -> str:
        """`08 Dec`."""
        local = at.astimezone(self.zone)
        return f"{local:%d %b}" if local.year == self.year else f"{local:%d %b %Y}"

    def short(self, at: datetime) -> str:
        """`08 Dec 10:00`."""
        return f"{self.day(at)} {at.astimezone(self.zone):%H:%M}"


def print_matrix(scenario: Scenario, timelines: Sequence[Timeline], venue: Venue, start: datetime) -> None:
    """Print imagined people by steps: which mail leaves when, and why not; every reason is told below."""
    out = preview_console()
    zone = venue.entity.clock
    begins = start.astimezone(zone)
    notes, dates = Notes(), _Dates(zone, begins.year)
    out.print(
        Text(
            f"{scenario.name}: who gets what, when, and why not. From {begins:%a %d %b %Y}, {zone.key}.",
            "bold",
        )
    )
    steps = [step.name for step in scenario.steps.values() if isinstance(step.verb, Send | Call)]
    longest = max((len(each.name) for each in timelines), default=0)
    room = max(1, (out.width - longest - 1 - END_WIDTH) // CELL_WIDTH)
    bands = [steps[at : at + room] for at in range(0, len(steps), room)] or [[]]
    for band in bands:
        out.print()
        out.print(_band(band, timelines, notes, dates, ends=band is bands[-1]))
    out.print()
    for line in notes.lines():
        out.print(line)
    for line in _besides(scenario, venue):
        out.print(line)
    out.print()
    for each in timelines:
        out.print(Text.assemble((f"{each.name}: ", "bold"), each.words))


def _besides(scenario: Scenario, venue: Venue) -> Iterator[Text]:
    """What the matrix can't show: who else is told what, which subjects are tried, what is counted."""
    for step in scenario.steps.values():
        verb = step.verb
        if isinstance(verb, Call) and verb.webhook in venue.webhooks:
            webhook = venue.webhooks[verb.webhook]
            whom = " in ".join(filter(None, (webhook.recipient or webhook.name, webhook.country)))
            yield Text(f"{step.name}: tells {whom}: {', '.join(webhook.fields) or 'that it happened'}.")
        if isinstance(verb, Send) and verb.subjects:
            how = "split evenly" if verb.test is None else _test(verb.test)
            yield Text(f"{step.name}: the subjects {', '.join(verb.subjects)}, {how}.")
    if scenario.goal is not None:
        cue = " or ".join(scenario.goal.cue.when) or "its condition"
        yield Text(f"Goal: {cue} within {scenario.goal.within}; scenario stats {scenario.name} counts it.")
    if scenario.holdout:
        yield Text(f"Held out: {scenario.holdout / 100:g} % of those who enter get nothing, to compare with.")


def _test(test: SubjectTest) -> str:
    return f"tried on {test.share / 100:g} % for {test.lasts}, then the one with most clicks to all others"


def _band(
    steps: Sequence[str], timelines: Sequence[Timeline], notes: Notes, dates: _Dates, *, ends: bool
) -> Table:
    """As many steps as fit side by side; the last band also tells how it ends."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    table.add_column("person", style="bold", overflow="fold", no_wrap=True)
    for step in steps:
        table.add_column(step, overflow="fold")
    if ends:
        table.add_column("in the end", overflow="fold")
    for each in timelines:
        cells = [_cell(each.of_step(step), notes, dates) for step in steps]
        table.add_row(each.name, *cells, *([_end(each, notes, dates)] if ends else []))
    return table


def _cell(rows: Sequence[Event], notes: Notes, dates: _Dates) -> Text:
    """What one step is to one person: each refusal once, with how often, then the mails with their dates."""
    lines: list[Text] = []
    for what, times in Counter(_refusals(rows, notes)).items():
        words, style = what
        lines.append(Text(f"{words} ×{times}" if times > 1 else words, style=style))
    mails = [row for row in rows if row.name in ("mail.queued", "call.queued")]
    for edition, its in groupby(sorted(mails, key=_edition), key=_edition):
        lines += [Text(edition, style="green")] if edition else []
        lines += _dated(list(its), notes, dates)
    return Text("\n").join(lines) if lines else Text("–", style="dim")


def _refusals(rows: Sequence[Event], notes: Notes) -> Iterator[tuple[str, str]]:
    for row in rows:
        if row.name in ("mail.refused", "call.refused"):
            yield f"no {notes.of(row)}", "red"
        elif row.name in ("mail.held", "call.held"):
            yield f"held {notes.of(row)}", "yellow"


def _edition(row: Event) -> str:
    """The template that falls in where the step's own may not go; nothing for that one."""
    return (
        "" if row.data.get("edition", "main") == "main" else str(row.data.get("template")).rpartition("/")[2]
    )


def _dated(mails: Sequence[Event], notes: Notes, dates: _Dates) -> list[Text]:
    told = []
    for row in mails[:MOST_DATES]:
        invited = " +invitation" if row.data.get("with_invitation") else ""
        told.append(Text(f"{dates.short(row.at)}{invited} {notes.of(row)}", style="green"))
    more = len(mails) - len(told)
    return [*told, Text(f"and {more} more", style="green")] if more else told


def _end(timeline: Timeline, notes: Notes, dates: _Dates) -> Text:
    if not any(row.name == "scenario.entered" for row in timeline.journal):
        return Text("not in it", style="dim")
    last = next(
        (r for r in reversed(timeline.journal) if r.name in ("scenario.left", "scenario.finished")), None
    )
    if last is None:
        return Text("under way", style="dim")
    if last.name == "scenario.finished":
        return Text(f"done {dates.day(last.at)}")
    return Text(f"leaves {notes.of(last)}")


# -- one person -----------------------------------------------------------------------------------------------

_WORDS = {
    "mail.queued": ("allowed", "green"),
    "mail.sent": ("sent", "green"),
    "mail.refused": ("refused", "red"),
    "mail.held": ("held", "yellow"),
    "scenario.entered": ("enters", ""),
    "scenario.left": ("leaves", ""),
    "scenario.finished": ("done", ""),
    "scenario.noted": ("noted", "dim"),
    "scenario.reached": ("goal reached", "green"),
    "call.queued": ("call allowed", "green"),
    "call.posted": ("posted", "green"),
    "call.refused": ("call refused", "red"),
    "call.held": ("call held", "yellow"),
    "call.failed": ("call failed", "red"),
}


def print_timelines(timelines: Sequence[Timeline], venue: Venue) -> None:
    """Print the days of some people: what would be decided, by which reason and rule."""
    print_journals([(f"{each.name}: {each.words}", each.journal) for each in timelines], venue)


def print_journals(journals: Sequence[tuple[str, Sequence[Event]]], venue: Venue) -> None:
    """Print decisions line by line, each journal under its title; at the end what the reasons say, and what
    was known where the gate was asked: every input that is not plainly false.
    """
    out = preview_console()
    known: dict[tuple[str, ...], int] = {}
    notes = Notes()
    for title, rows in journals:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
        for column in ("when", "step", "what", "template", "reason and rule", "known"):
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*_line(row, venue, known))
            if row.data.get("reason"):
                notes.of(row)
        out.print(Text(title, style="bold"))
        out.print(table)
        out.print()
    for line in notes.lines(numbered=False):
        out.print(line)
    for inputs, number in known.items():
        telling = [each for each in inputs if not each.endswith("=false")]
        rest = ", all else false" if len(telling) < len(inputs) else ""
        out.print(Text(f"({number}) {', '.join(telling)}{rest}", style="dim"))


def _line(row: Event, venue: Venue, known: dict[tuple[str, ...], int]) -> list[Text]:
    data = row.data
    what, style = _WORDS.get(row.name, (row.name, ""))
    if data.get("at_the_door") and row.name not in ("mail.sent", "call.posted", "call.failed"):
        what = f"{what} at the door"
    inputs = data.get("inputs")
    number = f"({known.setdefault(inputs, len(known) + 1)})" if isinstance(inputs, tuple) and inputs else ""
    verdict = " ".join(str(data[key]) for key in ("reason", "rule") if data.get(key))
    against = data.get("against")
    if isinstance(against, tuple):
        verdict = f"{verdict}, after {', '.join(map(str, against))}"
    told = (str(data.get("step") or ""), what, _sent(row), verdict, number)
    local = row.at.astimezone(venue.entity.clock)
    return [Text(f"{local:%d %b %Y %H:%M}"), *(Text(cell, style=style) for cell in told)]


def _sent(row: Event) -> str:
    """The template with its subject, where there are several; or the webhook, with what it would be told."""
    data = row.data
    if data.get("webhook"):
        return " ".join(str(data[key]) for key in ("webhook", "told") if data.get(key))
    subject = f" «{data['subject']}» ({data['subject_because']})" if data.get("subject") else ""
    return f"{data.get('template') or ''}{subject}"


def a_plain_table(columns: Sequence[str], *, numbers: int = 0, first_number: int | None = None) -> Table:
    """An empty table; `numbers` columns, the last ones or those from `first_number` on, stand to the right."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    first = len(columns) - numbers if first_number is None else first_number
    for position, column in enumerate(columns):
        right = first <= position < first + numbers
        table.add_column(column, overflow="fold", justify="right" if right else "left")
    return table


def preview_console() -> Console:
    """Where people read: as wide as it needs to be where nobody looks at a terminal."""
    out = Console(file=sys.stdout, highlight=False)
    if not sys.stdout.isatty():
        out.width = UNFOLDED
    return out
