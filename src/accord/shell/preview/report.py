"""The report: one page that shows a scenario before anybody is written to, and needs nothing beside itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from accord import __version__
from accord.core.model.forecast import Forecast
from accord.core.model.scenario import OnEvent, Scenario
from accord.core.model.venue import Venue
from accord.shell.preview import calendar, numbers
from accord.shell.preview.cards import NATURES, house_rules, in_words
from accord.shell.preview.footfall import counted, of_forecast
from accord.shell.preview.forecast import Timeline
from accord.shell.preview.matrix import matrix_of
from accord.shell.preview.picture import STYLE, both
from accord.shell.preview.saying import Saying
from accord.shell.preview.specimens import Specimen

HERE = Path(__file__).parent

# How many letters of a subject an inbox on a telephone shows.
PHONE_LETTERS = 38

_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
_LIGHT = re.compile(r"\(\s*prefers-color-scheme\s*:\s*light\s*\)", re.IGNORECASE)
_SCHEMES = re.compile(r'content="light dark"', re.IGNORECASE)
# Links open nothing in a frame that may open no window; and a night is dark on paper, too.
_IN_A_FRAME = '<base target="_blank"><style>* { print-color-adjust: exact }</style>'
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
_TOKEN = re.compile(r"^(.{1,200}?/[upck]/)[\w.~=-]{20,}$")


@dataclass(frozen=True, slots=True)
class Preview:
    """All that a report tells: whose scenario, who was imagined, from when to when, and each mail.

    `forecasts`: everybody's days, where they were forecast: as proposed, and as things run now.
    """

    scenario: Scenario
    venue: Venue
    timelines: Sequence[Timeline]
    specimens: Sequence[Specimen]
    start: datetime
    until: datetime
    forecasts: tuple[Forecast, ...] = ()


def write_report(preview: Preview, folder: Path, say: Saying, *, now: datetime) -> Path:
    """Write `SCENARIO.html` into `folder`, which is made where it is missing. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{preview.scenario.name}.html"
    file.write_text(page(preview, say, now=now), encoding="utf-8")
    return file


def page(preview: Preview, say: Saying, *, now: datetime) -> str:
    """The page as text, in the language of `say`: no script, and nothing is fetched."""
    scenario = preview.scenario
    proposed = preview.forecasts[0] if preview.forecasts else None
    if proposed is not None:
        footfall, days = of_forecast(scenario, proposed), numbers.days_of(proposed)
    else:
        footfall = counted(scenario, [each.journal for each in preview.timelines])
        days = calendar.of_timelines(preview.timelines, say)
    context: dict[str, Any] = {
        "preview": preview,
        "now": now,
        "version": __version__,
        "pictures": both(scenario, footfall, say),
        "journey_style": STYLE,
        "journey": in_words(scenario, footfall, say),
        "rules": house_rules(scenario, say),
        "assumptions": _assumptions(preview, say),
        "months": calendar.months_of(days, say),
        "days": days,
        "sent": {nature for counts in days.values() for nature in counts},
        "weekdays": calendar.weekdays(say),
        "figures": numbers.figures(proposed, say) if proposed is not None else (),
        "chart": numbers.bars(proposed, say) if proposed is not None else None,
        "tables": numbers.tables(preview.forecasts, say) if proposed is not None else (),
        "matrix": matrix_of(scenario, preview.timelines, say),
        "mails": _by_mail(preview.specimens, say),
        "natures": {nature: say(words) for nature, words in NATURES.items()},
    }
    return _environment(say).get_template("report.html").render(context)


def _by_mail(specimens: Sequence[Specimen], say: Saying) -> Mapping[tuple[str, str], list[Specimen]]:
    """The mails by step and edition, each in all its languages, the report's own first."""
    mails: dict[tuple[str, str], list[Specimen]] = {}
    for each in specimens:
        mails.setdefault((each.message.step, each.message.edition), []).append(each)
    return {
        mail: sorted(copies, key=lambda each: each.language != say.language) for mail, copies in mails.items()
    }


def _assumptions(preview: Preview, say: Saying) -> list[str]:
    """What was taken for granted: stated, so that nobody takes a preview for a promise."""
    start = say.moment(preview.start)
    trigger = preview.scenario.entry.trigger
    people = say.several("{number} imagined person", "{number} imagined people", len(preview.timelines))
    told = [
        say(
            "{people}, one for each way of standing before the law; nobody real is named in this report.",
            people=people,
        )
    ]
    if isinstance(trigger, OnEvent):
        told.append(say("To each of them {event} comes on {start}.", event=trigger.events[0], start=start))
    else:
        told.append(say("The calendar begins on {start}.", start=start))
    until = say.day(preview.until)
    told += [
        say("Their days are followed until {day}, on the clock of {zone}.", day=until, zone=say.zone.key),
        say(
            "To those imagined each mail that may leave leaves at once; they answer nothing, and buy nothing."
        ),
        say(
            "Imagined customers who never agreed get editorial mail only: so it is as long as nothing is known."
        ),
    ]
    return [*(numbers.assumed(preview.forecasts[0], say) if preview.forecasts else ()), *told]


# -- mails in frames --------------------------------------------------------------------------------------


def framed(html: str, *, dark: bool) -> str:
    """A mail for a frame, by day or by night, whatever the reader's own machine prefers; its links are dead."""
    holds, fails = "(min-width: 0px)", "(max-width: 0px)"
    html = _DARK.sub(holds if dark else fails, html)
    html = _LIGHT.sub(fails if dark else holds, html)
    html = _SCHEMES.sub(f'content="{"dark" if dark else "light"}"', html)
    return _HEAD.sub(lambda head: f"{head[0]}{_IN_A_FRAME}", html, count=1)


def has_night(html: str) -> bool:
    """Whether a mail says itself how it looks in dark mode."""
    return _DARK.search(html) is not None


def _shown(target: str) -> str:
    """A link's target, the signed part of our own left out."""
    found = _TOKEN.match(target)
    return f"{found[1]}…" if found is not None else target


def _environment(say: Saying) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(say=say, phone_letters=PHONE_LETTERS)
    environment.tests.update(lit_at_night=has_night)
    environment.filters.update(
        day=say.day,
        moment=say.moment,
        number=say.number,
        reason=say.reason,
        by_day=lambda html: framed(html, dark=False),
        by_night=lambda html: framed(html, dark=True),
        shown=_shown,
        drawn=Markup,  # what we drew ourselves, and escaped where it was written
    )
    return environment
