"""The matrix of people by steps as a page shows it: what each gets, when, and by which reason if not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from accord.core.model.event import Event
from accord.core.model.scenario import Call, Scenario, Send
from accord.shell.preview.forecast import Timeline
from accord.shell.preview.saying import Saying

YES, NO, WAITS = "yes", "no", "waits"

# Of one mail that comes again and again, so many dates are told.
MOST_DATES = 3


@dataclass(frozen=True, slots=True)
class Ruling:
    """One reason with its rule, numbered as it comes up first."""

    number: int
    reason: str
    rule: str


@dataclass(slots=True)
class Rulings:
    """The reasons that a matrix refers to."""

    known: dict[tuple[str, str], Ruling] = field(default_factory=dict)

    def of(self, row: Event) -> Ruling:
        """The ruling behind a row of the journal."""
        key = (str(row.data.get("reason") or ""), str(row.data.get("rule") or ""))
        return self.known.setdefault(key, Ruling(len(self.known) + 1, *key))


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of a cell: YES, NO or WAITS, in words, and the ruling behind it."""

    answer: str
    words: str
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Row:
    """One person: a cell for each mail, and how it ends for them."""

    name: str
    words: str
    cells: Sequence[Sequence[Verdict]]
    end: str
    ruling: Ruling | None


@dataclass(frozen=True, slots=True)
class Matrix:
    """Everybody by every mail."""

    steps: Sequence[str]
    rows: Sequence[Row]
    rulings: Sequence[Ruling]


def matrix_of(scenario: Scenario, timelines: Sequence[Timeline], say: Saying) -> Matrix:
    """The matrix of some people's days; reasons are numbered from the first person's first step on."""
    steps = [step.name for step in scenario.steps.values() if isinstance(step.verb, Send | Call)]
    rulings = Rulings()
    rows = []
    for each in timelines:
        cells = [list(_cell(each.of_step(step), rulings, say)) for step in steps]
        end, ruling = _end(each, rulings, say)
        rows.append(Row(each.name, say(each.words), cells, end, ruling))
    return Matrix(steps, rows, list(rulings.known.values()))


def _cell(rows: Sequence[Event], rulings: Rulings, say: Saying) -> Iterator[Verdict]:
    """Each refusal once, then the mails by edition with their dates."""
    told: dict[tuple[str, Ruling], None] = {}
    for row in rows:
        if row.name in ("mail.refused", "call.refused"):
            told[NO, rulings.of(row)] = None
        elif row.name in ("mail.held", "call.held"):
            told[WAITS, rulings.of(row)] = None
    for answer, ruling in told:
        yield Verdict(answer, say("no") if answer == NO else say("waits"), ruling)
    mails = [row for row in rows if row.name in ("mail.queued", "call.queued")]
    for template, its in groupby(mails, key=_edition):
        yield _got(list(its), template, rulings, say)


def _edition(row: Event) -> str:
    """The template that falls in where the step's own may not go; nothing for that one, and for a call."""
    return str(row.data.get("template")) if row.data.get("edition") == "fallback" else ""


def _got(mails: Sequence[Event], template: str, rulings: Rulings, say: Saying) -> Verdict:
    dates = [_date(row.at, say) for row in mails[:MOST_DATES]]
    if len(mails) > MOST_DATES:
        dates.append(say("and {number} more", number=len(mails) - MOST_DATES))
    words = ", ".join(dates)
    if template:
        words = say("{template}, {dates}", template=template.rpartition("/")[2], dates=words)
    if mails[0].data.get("with_invitation"):
        words = say("{mail}, with the invitation", mail=words)
    return Verdict(YES, words, rulings.of(mails[0]))


def _date(at: datetime, say: Saying) -> str:
    return f"{say.day(at, 'd MMM')} {say.hour(at)}"


def _end(timeline: Timeline, rulings: Rulings, say: Saying) -> tuple[str, Ruling | None]:
    if not any(row.name == "scenario.entered" for row in timeline.journal):
        return say("not in it"), None
    ends = ("scenario.left", "scenario.finished")
    last = next((row for row in reversed(timeline.journal) if row.name in ends), None)
    if last is None:
        return say("under way"), None
    if last.name == "scenario.finished":
        return say("done on {day}", day=say.day(last.at, "d MMM")), None
    return say("leaves on {day}", day=say.day(last.at, "d MMM")), rulings.of(last)
