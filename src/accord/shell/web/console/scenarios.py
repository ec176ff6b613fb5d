"""Scenarios: where people stand in each, how far they and their mails came, which versions there are, and the levers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

from accord.core.model.scenario import Scenario, Send
from accord.core.model.time import local_day
from accord.core.statistics import wilson
from accord.shell.engine.ports.rows import Brake, LiveScenario
from accord.shell.engine.ports.running import Pause
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.ports.tallies import COUNTED, Subject, Tally
from accord.shell.preview.footfall import GOT, HERE, REFUSED, Footfall
from accord.shell.preview.picture import both
from accord.shell.preview.saying import Saying
from accord.shell.web.console.door import NotFound
from accord.shell.web.console.goals import Success, success
from accord.shell.wiring import House

# How far the funnels look back, in days.
LOOKED_BACK = 91

Totals = Mapping[tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario of the list."""

    live: LiveScenario
    pause: Pause | None
    brake: Brake | None
    in_flight: int
    sent: int
    clicked: int

    @property
    def stands(self) -> str:
        """Whether it runs, in a word."""
        if self.pause is not None:
            return "paused"
        return "held" if self.brake is not None else self.live.state


@dataclass(frozen=True, slots=True)
class StepRow:
    """One mail of the funnel: how often each of COUNTED, and of what was refused, happened to it."""

    step: str
    edition: str
    template: str
    here: int
    counts: Mapping[str, int]

    @property
    def clicks(self) -> tuple[float, float] | None:
        """The interval of the share that clicked; None where nothing was delivered."""
        of = self.counts.get("delivered", 0)
        return wilson(self.counts.get("clicked", 0), of) if of else None


@dataclass(frozen=True, slots=True)
class Version:
    """People in flight on one version: the live one, or one that they entered by."""

    digest: str
    live: bool
    people: int


@dataclass(frozen=True, slots=True)
class Detail:
    """One scenario's page."""

    row: Row
    counted_at: datetime | None
    people: Mapping[str, int]
    picture: Sequence[tuple[str, Markup]]
    steps: Sequence[StepRow]
    versions: Sequence[Version]
    success: Success | None


def scenarios(house: House, now: datetime) -> list[Row]:
    """Read the list."""
    today = local_day(now, house.venue.entity.clock)
    with house.store.read() as unit:
        return list(_rows(unit, _totals(unit, Subject.MAIL, today), today))


def _rows(unit: Unit, totals: Totals, today: date) -> Iterator[Row]:
    pauses, brakes = unit.running.pauses(), {brake.name: brake for brake in unit.brakes()}
    mails = Counter[tuple[str, str]]()
    for (name, _, _, what), count in totals.items():
        mails[name, what] += count
    here = Counter[str]()
    for tally in _in_flight(unit, today):
        here[tally.key[0]] += tally.count
    for live in unit.live_scenarios():
        name = live.name
        yield Row(
            live,
            pauses.get(name),
            brakes.get(name),
            here[name],
            mails[name, "sent"],
            mails[name, "clicked"],
        )


def scenario(house: House, name: str, now: datetime) -> Detail:
    """Read one scenario's page. Raises NotFound."""
    today = local_day(now, house.venue.entity.clock)
    with house.store.read() as unit:
        totals = _totals(unit, Subject.MAIL, today)
        row = next((row for row in _rows(unit, totals, today) if row.live.name == name), None)
        plan = house.catalogue.live.get(name)
        if row is None or plan is None:  # what went live this instant is read within seconds
            raise NotFound
        mails = {key[1:]: count for key, count in totals.items() if key[0] == name}
        everybody = _totals(unit, Subject.PEOPLE, today)
        people = {key[1]: count for key, count in everybody.items() if key[0] == name}
        here = [tally for tally in _in_flight(unit, today) if tally.key[0] == name]
        counted_at = unit.tallies.counted_at()
        reached = success(unit, plan, house.venue, _first_day(today), now)
    steps = list(_steps(plan, mails, here))
    return Detail(
        row=row,
        counted_at=counted_at,
        people=people,
        picture=_picture(plan, steps, house),
        steps=steps,
        versions=_versions(row.live.digest, here),
        success=reached,
    )


def _picture(plan: Scenario, steps: Sequence[StepRow], house: House) -> list[tuple[str, Markup]]:
    """The journey with what the funnel counts on each card, for a desk and for a telephone."""
    befell = {
        row.step: {GOT: row.counts.get("sent", 0), REFUSED: row.counts.get("refused", 0), HERE: row.here}
        for row in steps
        if row.edition == "main"
    }
    footfall = Footfall(sum(row.here for row in steps), steps=befell)
    drawn = both(plan, footfall, Saying("en", house.venue.entity.clock))
    return [(width, Markup(svg)) for width, svg in drawn]  # noqa: S704 - drawn by ourselves, its texts escaped


def _totals(unit: Unit, subject: Subject, today: date) -> Totals:
    """What the days that are looked back on come to, by key."""
    return unit.tallies.totals(subject, _first_day(today), today + timedelta(days=1))


def _first_day(today: date) -> date:
    return today - timedelta(days=LOOKED_BACK - 1)


def _in_flight(unit: Unit, today: date) -> list[Tally]:
    """The snapshot that was taken last."""
    found = unit.tallies.counts(Subject.IN_FLIGHT, today - timedelta(days=7), today + timedelta(days=1))
    last = max((tally.day for tally in found), default=today)
    return [tally for tally in found if tally.day == last]


def _steps(plan: Scenario, mails: Totals, here: Sequence[Tally]) -> Iterator[StepRow]:
    """In the order of the file; a mail's own row before that of its other edition."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for (at, edition, what), count in mails.items():
        counts.setdefault((at, edition or "main"), Counter())[what] += count
    standing = Counter[str]()
    for tally in here:
        standing[tally.key[2]] += tally.count
    for name, step in plan.steps.items():
        template = step.verb.template if isinstance(step.verb, Send) else ""
        yield StepRow(name, "main", template, standing[name], counts.get((name, "main"), {}))
        if (name, "fallback") in counts:
            yield StepRow(name, "fallback", "", 0, counts[name, "fallback"])


def _versions(digest: str, here: Sequence[Tally]) -> list[Version]:
    people = Counter[str]({digest: 0})
    for tally in here:
        people[tally.key[1]] += tally.count
    return [Version(each, each == digest, count) for each, count in people.most_common()]


COLUMNS = (*COUNTED, "refused")
