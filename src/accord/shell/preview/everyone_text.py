"""A forecast on a terminal: what it rests on, bars by day, tables by step and reason, and what would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from accord.core.consent.reasons import in_words
from accord.core.model.forecast import CAPS, MOST_NAMED, Assumptions, Forecast, changes
from accord.shell.preview.text import a_plain_table, preview_console

# The longest bar, in characters; and how many bars are still read day by day.
BAR, MOST_DAYS = 40, 35


def print_forecast(forecast: Forecast, running: Forecast | None = None) -> None:
    """Print a forecast; with `running` first what would differ from what runs now."""
    out = preview_console()
    for line in _heading(forecast):
        out.print(line)
    if running is not None:
        _print_changes(out, forecast, running)
    _print_days(out, forecast)
    _print_steps(out, forecast)
    _print_kinds(out, forecast)
    _print_reasons(out, "Refused", forecast.refusals_by_reason())
    _print_reasons(out, "Waited", forecast.holds_by_reason())
    _print_runs(out, forecast)
    for line in _ends(forecast):
        out.print(line)


def _heading(forecast: Forecast) -> Iterator[Text]:
    zone = forecast.zone
    begins, until = (each.astimezone(ZoneInfo(zone)) for each in (forecast.begins, forecast.until))
    yield Text(
        f"{forecast.scenario}, and everybody: from {begins:%a %d %b %Y} to {until:%a %d %b %Y}, {zone}.",
        "bold",
    )
    if forecast.imagined is not None:
        yield Text(f"Imagined: {forecast.imagined} of each of them at {begins:%H:%M} on the first day.")
    yield Text(f"Assumed ([dry_run]): {in_a_sentence(forecast.assumptions)}.")
    yield Text(f"The throttle stays as it stands now, {forecast.throttle}, for all these days.")
    if forecast.held:
        yield Text(f"The brakes in force stay on: {', '.join(forecast.held)}.", "yellow")
    total, own = forecast.total(), forecast.total(forecast.scenario)
    yield Text(f"{forecast.people:,} people, {total:,} mails, of which {own:,} by {forecast.scenario}.")
    if forecast.busiest is not None:
        hour = forecast.busiest.begins
        yield Text(f"Busiest hour: {hour:%a %d %b %Y, %H:%M}, with {forecast.busiest.mails:,} mails.")


def apart_in_words(forecast: Forecast) -> str:
    """Who could not be walked, by number: the first of them, where there are many."""
    named = ", ".join(str(number) for number in forecast.apart[:MOST_NAMED])
    more = len(forecast.apart) - MOST_NAMED
    rest = f" and {more:,} more" if more > 0 else ""
    return f"{len(forecast.apart):,} people can't be read, and are in no figure: contacts {named}{rest}."


def in_a_sentence(assumed: Assumptions) -> str:
    """What people are assumed to do, in words."""
    what = {
        "clicks": assumed.clicks_per_100_mails,
        "choices of preferences": assumed.preferences_per_100_mails,
        "unsubscribes": assumed.unsubscribes_per_100_mails,
        "complaints": assumed.complaints_per_100_mails,
        "bounces": assumed.bounces_per_100_mails,
    }
    said = [f"{rate:g} {name}" for name, rate in what.items() if rate]
    if not said:
        return "nobody answers a mail"
    return f"of 100 mails come {', '.join(said)}, within {assumed.answers_within_hours} hours"


def _print_changes(out: Console, forecast: Forecast, running: Forecast) -> None:
    table = a_plain_table(("against what runs now", "", "now", "then", "difference"), numbers=3)
    found = [row for row in changes(running, forecast) if row.what != "day"]
    for row in found:
        more = row.proposed - row.running
        style = "green" if more > 0 else "red"
        numbers = (f"{row.running:,}", f"{row.proposed:,}", Text(f"{more:+,}", style))
        table.add_row(row.what, row.of, *numbers)
    out.print()
    out.print(table if found else Text("Nothing would differ from what runs now.", "bold"))


def _print_days(out: Console, forecast: Forecast) -> None:
    days = forecast.mails_a_day()
    if not days:
        return
    weekly = len(days) > MOST_DAYS
    bars = _by_week(days) if weekly else days
    most = max(bars.values())
    table = a_plain_table(("mails a week, from" if weekly else "mails a day", "", ""), numbers=0)
    for day, mails in sorted(bars.items()):
        length = max(1, round(BAR * mails / most))
        table.add_row(f"{day:%a %d %b %Y}", Text("█" * length, "green"), f"{mails:,}")
    out.print()
    out.print(table)


def _by_week(days: Mapping[date, int]) -> Counter[date]:
    weeks: Counter[date] = Counter()
    for day, mails in days.items():
        weeks[day - timedelta(days=day.weekday())] += mails
    return weeks


def _print_steps(out: Console, forecast: Forecast) -> None:
    """What each step sends, refuses and lets wait; the forecast scenario first."""
    mails = forecast.mails_by(lambda row: (row.scenario, row.step, row.template))
    refused: Counter[tuple[str, str, str]] = Counter()
    for row in forecast.refusals:
        refused[row.scenario, row.step, row.template] += row.count
    table = a_plain_table(("step", "template", "mails", "refused"), numbers=2)
    for key in sorted(mails.keys() | refused.keys(), key=lambda each: (each[0] != forecast.scenario, each)):
        scenario, step, template = key
        table.add_row(f"{scenario}/{step}", template, f"{mails[key]:,}", f"{refused[key]:,}")
    if table.row_count:
        out.print()
        out.print(table)


def _print_kinds(out: Console, forecast: Forecast) -> None:
    both = forecast.mails_by(lambda row: (row.nature.value, row.basis.value))
    if not both:
        return
    table = a_plain_table(("nature", "basis", "mails"), numbers=1)
    for (nature, basis), mails in sorted(both.items()):
        table.add_row(nature, basis, f"{mails:,}")
    out.print()
    out.print(table)


def _print_reasons(out: Console, title: str, reasons: Mapping[tuple[str, str], int]) -> None:
    if not reasons:
        return
    table = a_plain_table((title, "rule", "mails", "in words"), numbers=1, first_number=2)
    for (reason, rule), count in sorted(reasons.items(), key=lambda each: (-each[1], each[0])):
        words = in_words(reason)
        style = "yellow" if reason in CAPS else ""
        table.add_row(Text(reason, style), rule, f"{count:,}", words if words != reason else "")
    out.print()
    out.print(table)


def _print_runs(out: Console, forecast: Forecast) -> None:
    columns = ("scenario", "in flight", "enter", "done", "leave", "under way in the end")
    table = a_plain_table(columns, numbers=5)
    for row in sorted(forecast.runs, key=lambda each: (each.scenario != forecast.scenario, each.scenario)):
        numbers: Sequence[int] = (row.in_flight, row.entered, row.finished, row.left, row.under_way)
        table.add_row(row.scenario, *(f"{number:,}" for number in numbers))
    if table.row_count:
        out.print()
        out.print(table)


def _ends(forecast: Forecast) -> Iterator[Text]:
    reached = sum(row.people for row in forecast.cut_off)
    yield Text()
    said = f"The three years are over for {reached:,} people in these days"
    if forecast.cut_off:
        first = forecast.cut_off[0]
        said += f", the first on {first.day:%a %d %b %Y} ({first.people:,})"
    yield Text(
        f"{said}; they were over for {forecast.expired:,} before. `scenario retention` has the months."
    )
    if forecast.answers:
        told = ", ".join(f"{row.count:,} {row.name}" for row in forecast.answers)
        yield Text(f"Answers assumed: {told}.")
    if forecast.standing_still:
        yield Text(f"{forecast.standing_still:,} runs stand still, their scenario being paused.", "yellow")
    if forecast.apart:
        yield Text(apart_in_words(forecast), "yellow")
    if forecast.left_out:
        yield Text(
            f"{forecast.left_out:,} runs are by a version that can't be read any more: left out.", "yellow"
        )
