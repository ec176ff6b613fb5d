"""The numbers of a forecast as a page shows them: bars by day, and tables of what leaves, waits, is refused, changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.forecast import CAPS, MOST_NAMED, Assumptions, Forecast, changes
from accord.shell.preview.calendar import Days
from accord.shell.preview.cards import NATURES
from accord.shell.preview.saying import Saying

BASES: Mapping[LegalBasis, str] = {
    LegalBasis.SERVICE: "service",
    LegalBasis.CONSENT: "consent",
    LegalBasis.SOFT_OPTIN: "customers who did not refuse",
    LegalBasis.B2B: "professionals",
    LegalBasis.LEGITIMATE_INTEREST: "appeals that sell nothing",
}

# What a comparison tells of, in the words of the page; days are in the bars.
CHANGES: Mapping[str, str] = {
    "mails": "mails",
    "entries": "runs that begin",
    "mails of": "mails of a step",
    "nature": "mails of a nature",
    "basis": "mails by what they rest on",
    "refused": "refused",
    "held": "waiting",
}

# Of a chart, before the page stretches it to its own width and height.
_WIDTH, _HEIGHT = 720, 100


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its title, the heads of its columns, and rows of texts, the first of which names the row."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that stands alone, and what it is of."""

    value: str
    of: str


def assumed(forecast: Forecast, say: Saying) -> list[str]:
    """What a forecast takes for granted, in sentences."""
    told = [
        say.several(
            "The figures are of everybody: {number} person, each as known now.",
            "The figures are of everybody: {number} people, each as known now.",
            forecast.people,
        ),
        _answers(forecast.assumptions, say),
        say("The throttle stays as it stands now, {state}, for all these days.", state=forecast.throttle),
    ]
    if forecast.held:
        told.append(say("These brakes stay on: {brakes}.", brakes=say.listed(list(forecast.held))))
    if forecast.apart:
        said = say.several(
            "{number} person can't be read, and is in no figure: contact {contacts}.",
            "{number} people can't be read, and are in no figure: contacts {contacts}.",
            len(forecast.apart),
            contacts=say.listed([str(number) for number in forecast.apart[:MOST_NAMED]]),
        )
        told.append(said)
    if forecast.left_out:
        told.append(
            say.several(
                "{number} run by a version that can't be read any more is left out.",
                "{number} runs by versions that can't be read any more are left out.",
                forecast.left_out,
            )
        )
    return told


def _answers(rates: Assumptions, say: Saying) -> str:
    rated = {
        say("clicks"): rates.clicks_per_100_mails,
        say("choices of preferences"): rates.preferences_per_100_mails,
        say("unsubscribes"): rates.unsubscribes_per_100_mails,
        say("complaints"): rates.complaints_per_100_mails,
        say("bounces"): rates.bounces_per_100_mails,
    }
    said = [f"{say.number(rate)} {what}" for what, rate in rated.items() if rate]
    if not said:
        return say("Nobody answers a mail.")
    hours = say.number(rates.answers_within_hours)
    return say("Of 100 mails come {answers}, within {hours} hours.", answers=say.listed(said), hours=hours)


def figures(forecast: Forecast, say: Saying) -> list[Figure]:
    """The few numbers that are looked for first."""
    found = [
        Figure(say.number(forecast.total(forecast.scenario)), say("mails by this scenario")),
        Figure(say.number(forecast.total()), say("mails by all that run")),
    ]
    if forecast.busiest is not None:
        at = say.moment(forecast.busiest.begins)
        found.append(
            Figure(say.number(forecast.busiest.mails), say("mails in the busiest hour, {at}", at=at))
        )
    reached = sum(row.people for row in forecast.cut_off)
    found.append(Figure(say.number(reached), say("people whose three years are over in these days")))
    return found


def tables(forecasts: Sequence[Forecast], say: Saying) -> list[Table]:
    """What leaves, is refused and waits; runs; and what differs from what runs now, where that was asked."""
    proposed, *running = forecasts
    found = [
        _kinds(proposed, say),
        _reasons(say("Refused"), proposed.refusals_by_reason(), say),
        _reasons(say("Waiting"), proposed.holds_by_reason(), say),
        _runs(proposed, say),
    ]
    if running:
        found.insert(0, _changes(running[0], proposed, say))
    return [table for table in found if table.rows]


def _kinds(forecast: Forecast, say: Saying) -> Table:
    both = forecast.mails_by(lambda row: (row.nature, row.basis))
    rows = [
        (say(NATURES[nature]), say(BASES[basis]), say.number(count))
        for (nature, basis), count in sorted(both.items(), key=lambda each: -each[1])
    ]
    return Table(say("What leaves"), (say("nature"), say("rests on"), say("mails")), rows)


def _reasons(title: str, counts: Mapping[tuple[str, str], int], say: Saying) -> Table:
    rows = [
        (
            say.reason(reason),
            f"{reason} {rule}",
            say("a cap") if reason in CAPS else "",
            say.number(count),
        )
        for (reason, rule), count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]
    return Table(title, (say("reason"), say("code and rule"), say("kind"), say("mails")), rows)


def _runs(forecast: Forecast, say: Saying) -> Table:
    ordered = sorted(forecast.runs, key=lambda row: (row.scenario != forecast.scenario, row.scenario))
    rows = [
        (row.scenario, *map(say.number, (row.in_flight, row.entered, row.finished, row.left, row.under_way)))
        for row in ordered
    ]
    heads = ("scenario", "in flight", "come in", "done", "leave", "under way in the end")
    return Table(say("Runs"), tuple(map(say, heads)), rows)


def _changes(running: Forecast, proposed: Forecast, say: Saying) -> Table:
    rows = [
        (
            say(CHANGES[row.what]),
            row.of,
            say.number(row.running),
            say.number(row.proposed),
            _more(row.proposed - row.running, say),
        )
        for row in changes(running, proposed)
        if row.what in CHANGES
    ]
    heads = ("what", "of", "now", "then", "difference")
    return Table(say("Against what runs now"), tuple(map(say, heads)), rows)


def _more(difference: int, say: Saying) -> str:
    return f"+{say.number(difference)}" if difference > 0 else say.number(difference).replace("-", "−")


def days_of(forecast: Forecast) -> Days:
    """How many mails of each nature the scenario itself sends on each day."""
    days: dict[date, dict[Nature, int]] = {}
    for (day, nature), count in sorted(
        forecast.mails_by(lambda row: (row.day, row.nature), forecast.scenario).items()
    ):
        days.setdefault(day, {})[nature] = count
    return days


# -- bars -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chart:
    """Mails a day as bars; the highest number and both ends are told beside the picture, where they stay legible."""

    svg: str
    highest: str
    first: str
    last: str


def bars(forecast: Forecast, say: Saying) -> Chart | None:
    """Those of the scenario in colour, those of all others behind them; None where no mail leaves."""
    everything, own = forecast.mails_a_day(), forecast.mails_a_day(forecast.scenario)
    if not everything:
        return None
    first, last = (each.astimezone(say.zone).date() for each in (forecast.begins, forecast.until))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    busiest = max(everything, key=lambda day: everything[day])
    most = everything[busiest]
    aloud = say(
        "Mails a day from {first} to {last}; most on {day}: {mails}.",
        first=say.day(first),
        last=say.day(last),
        day=say.day(busiest),
        mails=say.number(most),
    )
    drawn = "".join(
        _bar(kind, number * _WIDTH / len(days), _WIDTH / len(days), counts[day] / most)
        for kind, counts in (("all", everything), ("own", own))
        for number, day in enumerate(days)
        if counts[day]
    )
    svg = (
        f'<svg class="bars" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-labelledby="bars-title"><title id="bars-title">{escape(aloud)}</title>{drawn}</svg>'
    )
    return Chart(svg, say.number(most), say.day(first, "d MMM"), say.day(last, "d MMM"))


def _bar(kind: str, left: float, room: float, part: float) -> str:
    """One day's bar; a day with a single mail can still be seen."""
    height = max(1.5, _HEIGHT * part)
    return (
        f'<rect class="{kind}" x="{left:.2f}" y="{_HEIGHT - height:.1f}" width="{room * 0.85:.2f}" '
        f'height="{height:.1f}"/>'
    )
