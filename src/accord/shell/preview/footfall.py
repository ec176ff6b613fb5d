"""How many people take each way of a scenario: counted from their days, as they were imagined."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from accord.core.language.flow import ways_on
from accord.core.model.event import Event
from accord.core.model.forecast import Forecast
from accord.core.model.scenario import END, Scenario, Send, WaitUntil

# Where everybody comes from, as END is where they go; no step can be called so.
ENTRY = ""

# Why a step that is no mail was gone past.
_SKIPPED = ("IF_FALSE", "DATE_MISSING", "DATE_PASSED")

GOT, EDITION, TOLD, REFUSED, LEFT, HERE = "got", "edition", "told", "refused", "left", "here"


@dataclass(frozen=True, slots=True)
class Footfall:
    """People by ways and by steps.

    `ways`: (from, to) to people, from ENTRY and to END included; empty where only the steps are known.
    `steps`: a step's name to what became of people there: GOT its mail, EDITION (the one to fall back on), TOLD
    (another system was), REFUSED, LEFT the scenario, HERE when the days end. `people`: how many were looked at.
    """

    people: int
    ways: Mapping[tuple[str, str], int] = field(default_factory=dict)
    steps: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def entered(self) -> int:
        """How many came in."""
        return sum(number for (start, _), number in self.ways.items() if start == ENTRY)


def counted(scenario: Scenario, journals: Sequence[Sequence[Event]]) -> Footfall:
    """The footfall of some people's days, one journal a person; who walks a way twice counts once."""
    ways: Counter[tuple[str, str]] = Counter()
    steps: dict[str, Counter[str]] = defaultdict(Counter)
    for journal in journals:
        walked: set[tuple[str, str]] = set()
        befell: set[tuple[str, str]] = set()
        for rows in _runs(scenario, journal):
            walked |= set(_walked(scenario, rows))
            befell |= set(_befell(scenario, rows))
        ways.update(walked)
        for step, what in befell - {(step, REFUSED) for step, what in befell if what in (GOT, EDITION)}:
            steps[step][what] += 1
    return Footfall(len(journals), ways, steps)


def of_forecast(scenario: Scenario, forecast: Forecast) -> Footfall:
    """The footfall of everybody's days, by runs: who comes in three times is counted three times."""
    ways: Counter[tuple[str, str]] = Counter()
    for way in forecast.ways:
        if way.scenario == scenario.name:
            ways[way.step, way.to] += way.count
    steps: dict[str, Counter[str]] = defaultdict(Counter)
    for mail in forecast.mails:
        if mail.scenario == scenario.name:
            steps[mail.step][GOT if mail.edition == "main" else EDITION] += mail.count
    for row in forecast.refusals:
        step = scenario.steps.get(row.step) if row.scenario == scenario.name else None
        if step is not None and isinstance(step.verb, Send) and row.template == step.verb.template:
            steps[row.step][REFUSED] += row.count
    for exit_ in forecast.exits:
        if exit_.scenario == scenario.name:
            steps[exit_.step][LEFT] += exit_.count
    for name in scenario.steps:
        befell = steps[name]
        befell[REFUSED] = max(0, befell[REFUSED] - befell[EDITION])
        came = sum(number for (_, end), number in ways.items() if end == name)
        went = sum(number for (start, _), number in ways.items() if start == name)
        befell[HERE] = max(0, came - went - befell[LEFT])
    return Footfall(forecast.people, ways, {name: +befell for name, befell in steps.items()})


def _runs(scenario: Scenario, journal: Iterable[Event]) -> Iterator[list[Event]]:
    """The rows of each run of this scenario."""
    runs: dict[object, list[Event]] = defaultdict(list)
    for row in journal:
        if row.data.get("scenario") == scenario.name and "run" in row.data:
            runs[row.data["run"]].append(row)
    return iter(runs.values())


def _walked(scenario: Scenario, rows: Sequence[Event]) -> Iterator[tuple[str, str]]:
    """The ways of one run: what is journalled tells the steps, and between two of them one way fits."""
    here = ENTRY
    for row in rows:
        if row.name == "scenario.entered":
            yield ENTRY, scenario.first
            here = scenario.first
            continue
        step = str(row.data.get("step") or "")
        if step in scenario.steps and step != here:
            yield from _between(scenario, here, step)
            here = step
        target = _way_taken(scenario, row)
        if target is not None:
            yield here, target
            here = target
        if here == END:
            return
        if row.name == "scenario.finished":
            yield from _between(scenario, here, END)


def _way_taken(scenario: Scenario, row: Event) -> str | None:
    """Where a note says that a run went on from its step; None where it says nothing of that."""
    step = scenario.steps.get(str(row.data.get("step")))
    if row.name != "scenario.noted" or step is None:
        return None
    code = row.data.get("reason")
    if code in ("BRANCH", "SPLIT"):
        return str(row.data.get("detail"))
    if isinstance(step.verb, WaitUntil) and code in ("HEARD", "TIMED_OUT", *_SKIPPED):
        return step.verb.then if code == "HEARD" else step.verb.otherwise
    return scenario.after(step.name) if code in _SKIPPED else None


def _between(scenario: Scenario, start: str, end: str) -> Iterator[tuple[str, str]]:
    """The shortest way from one step to a later one: what lies between writes nothing into the journal."""
    came: dict[str, str] = {start: start}
    ahead = [start]
    while ahead and end not in came:
        step = ahead.pop(0)
        for following in ways_on(scenario, scenario.steps[step]) if step in scenario.steps else ():
            if following not in came:
                came[following] = step
                ahead.append(following)
    while end in came and end != start:
        yield came[end], end
        end = came[end]


def _befell(scenario: Scenario, rows: Sequence[Event]) -> Iterator[tuple[str, str]]:
    last = ENTRY
    for row in rows:
        step = str(row.data.get("step") or "")
        last = step or last
        match row.name:
            case "mail.queued":
                yield step, GOT if row.data.get("edition") == "main" else EDITION
            case "call.queued":
                yield step, TOLD
            case "mail.refused" | "call.refused":
                yield step, REFUSED
            case "scenario.left":
                yield step, LEFT
    ended = any(row.name in ("scenario.left", "scenario.finished") for row in rows)
    if not ended and rows:
        yield _waiting_at(scenario, last, rows[-1]), HERE


def _waiting_at(scenario: Scenario, last: str, row: Event) -> str:
    """The step at which a run stands whose last row is this one."""
    if last == ENTRY:
        return scenario.first
    if row.name in ("mail.held", "call.held"):
        return last
    told, ways = _way_taken(scenario, row), ways_on(scenario, scenario.steps[last])
    if told is not None:
        return told
    return ways[0] if len(ways) == 1 and ways[0] != END else last
