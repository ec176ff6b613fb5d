"""The numbers of a forecast on the page: who takes which way, what leaves, what is refused, and what would change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.decision import ThrottleState
from accord.core.model.forecast import (
    Assumptions,
    CutOffCount,
    ExitCount,
    Forecast,
    Hour,
    MailCount,
    RefusalCount,
    RunCount,
    WayCount,
)
from accord.core.model.scenario import END
from accord.shell.preview import numbers
from accord.shell.preview.footfall import EDITION, ENTRY, GOT, HERE, LEFT, REFUSED, of_forecast
from accord.shell.preview.report import page
from shell.preview.imagined import START, UNTIL, golden, preview, saying

DAY = date(2026, 9, 8)


def mails(
    count: int, edition: str = "main", nature: Nature = Nature.PROMOTIONAL, **more: object
) -> MailCount:
    template = "lettre/offre" if edition == "main" else "lettre/magazine"
    made = MailCount(
        DAY,
        "offre",
        "offre",
        edition,
        template,
        nature,
        "newsletter",
        LegalBasis.CONSENT,
        "OPTIN_PROVEN",
        "R-04",
        count,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def ways(*steps: tuple[str, str, int]) -> tuple[WayCount, ...]:
    return tuple(WayCount("offre", start, end, count) for start, end, count in steps)


FORECAST = Forecast(
    scenario="offre",
    begins=START,
    until=UNTIL,
    zone="Europe/Paris",
    people=1_234,
    throttle=ThrottleState(),
    held=("prospecting",),
    assumptions=Assumptions(),
    runs=(RunCount("offre", 0, 1_000, 840, 40), RunCount("autre", 5, 5, 5, 0)),
    mails=(
        mails(700),
        mails(60, "fallback", Nature.EDITORIAL),
        mails(5, scenario="autre", day=date(2026, 9, 9)),
    ),
    refusals=(
        RefusalCount("offre", "offre", "lettre/offre", "promotional", "SEGMENT_EDITORIAL_ONLY", "R-80", 140),
        RefusalCount("offre", "offre", "lettre/magazine", "editorial", "NO_CONSENT", "R-05", 80),
    ),
    ways=ways((ENTRY, "choix", 1_000), ("choix", "offre", 850), ("offre", "suite", 840), ("suite", END, 840)),
    exits=(ExitCount("offre", "choix", "OBJECTION", "R-10", 40),),
    busiest=Hour(datetime(2026, 9, 8, 9, tzinfo=UTC), 300),
    cut_off=(CutOffCount(DAY, 7), CutOffCount(DAY + timedelta(days=1), 4)),
)


def test_everybody_s_ways_and_what_became_of_them() -> None:
    found = of_forecast(golden("offre"), FORECAST)
    assert (found.people, found.entered) == (1_234, 1_000)
    assert found.ways["choix", "offre"] == 850
    assert found.steps["offre"] == {GOT: 700, EDITION: 60, REFUSED: 80, HERE: 10}
    assert found.steps["choix"] == {LEFT: 40, HERE: 110}


def test_the_page_tells_everybody_s_numbers() -> None:
    shown = replace(preview("offre"), forecasts=(FORECAST,))
    text = page(shown, saying("en"), now=UNTIL)
    top = text[: text.index('id="journey"')]
    for words in (
        "The figures are of everybody: 1,234 people",
        "Of 100 mails come 3 clicks",
        "now, EDITORIAL_ONLY, for all these days",
        "These brakes stay on: prospecting.",
    ):
        assert words in top
    for words in (
        "<dd>760</dd>",
        "<dd>765</dd>",
        "<dd>300</dd>",
        "<dd>11</dd>",
        "a cap",
        "SEGMENT_EDITORIAL_ONLY R-80",
    ):
        assert words in text
    assert "1,000 come in" in text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_calendar_is_the_scenario_s_own() -> None:
    assert numbers.days_of(FORECAST) == {DAY: {Nature.EDITORIAL: 60, Nature.PROMOTIONAL: 700}}


def test_bars_stand_at_their_day_and_are_told_in_words() -> None:
    chart = numbers.bars(FORECAST, saying("en"))
    assert chart is not None
    svg = ET.fromstring(chart.svg)
    title, *bars = svg
    assert "most on 8 Sep 2026: 760" in (title.text or "").replace("\N{NO-BREAK SPACE}", " ")
    drawn = [(each.get("class"), float(each.get("x", "")), float(each.get("height", ""))) for each in bars]
    assert [kind for kind, _, _ in drawn] == ["all", "all", "own"]
    assert drawn[0][2] == drawn[2][2] == 100.0
    assert drawn[0][1] == drawn[2][1] < drawn[1][1]
    assert drawn[1][2] == 1.5, "a day of few mails can still be seen"
    assert numbers.bars(replace(FORECAST, mails=()), saying("en")) is None


def test_what_would_change_comes_first() -> None:
    running = replace(FORECAST, mails=(mails(700),), runs=FORECAST.runs[:1])
    table = numbers.tables((FORECAST, running), saying("en"))[0]
    assert table.title == "Against what runs now"
    assert ("mails", "in all", "700", "765", "+65") in table.rows
    assert numbers.tables((FORECAST, FORECAST), saying("en"))[0].title == "What leaves"
