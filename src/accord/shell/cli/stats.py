"""`stats`: how far people and mails came, step by step, with bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import click
from rich.text import Text

from accord.core.model.content import Catalogue
from accord.core.model.scenario import Scenario, Send
from accord.shell.cli.house import house_of, json_option, moment
from accord.shell.cli.measured import Measures, measure
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.engine.ports.figures import Funnel, StepCount
from accord.shell.engine.ports.tallies import COUNTED

LOOKED_BACK = timedelta(days=91)
BAR = 24
_EIGHTHS = "▏▎▍▌▋▊▉█"


@click.command()
@click.argument("name", required=False)
@click.option("--since", help="Since when (ISO); the last 91 days if not said.")
@json_option
@click.pass_context
def stats(context: click.Context, name: str | None, since: str | None, *, as_json: bool) -> None:
    """How far people and mails came: of all scenarios, or of one, step by step. Human clicks only, no opens.

    \b
    Examples:
      scenario stats
      scenario stats bienvenue --since 2026-07-01
    """
    with house_of(context, reading=True) as house:
        begins = moment(since, house) if since else house.clock() - LOOKED_BACK
        with house.store.read() as unit:
            known = {row.name for row in unit.live_scenarios()}
            found = unit.figures.funnel(begins, name)
        catalogue = house.catalogue
        measured = {}
        with house.store.read() as unit:
            for each in catalogue.live.values():
                if name in (None, each.name):
                    measured[each.name] = measure(unit, each, begins, house.venue, now=house.clock())
    if name is not None and name not in known | set(found.people):
        raise InputFault(f"«{name}» was never activated; known are: {', '.join(sorted(known)) or 'none'}.")
    if as_json:
        print_json({"since": begins, "scenarios": _document(found, catalogue, measured)})
        return
    scenarios = _document(found, catalogue, measured)
    if not scenarios:
        click.echo(f"Nobody entered, and nothing was sent, since {begins:%Y-%m-%d}.")
    for scenario in scenarios:
        _print(scenario, measured.get(scenario["scenario"], Measures()))


def _document(found: Funnel, catalogue: Catalogue, measured: Mapping[str, Measures]) -> list[dict[str, Any]]:
    """Scenario by scenario, the steps in the order of the file."""
    names = sorted({*found.people, *(step.scenario for step in found.steps)})
    return [
        {
            "scenario": name,
            "people": found.people.get(name, {}),
            "steps": [_step(step, found) for step in _in_order(name, found, catalogue)],
            **measured.get(name, Measures()).document(),
        }
        for name in names
    ]


def _in_order(name: str, found: Funnel, catalogue: Catalogue) -> list[StepCount]:
    """What was sent, and what was not, in the order of the file; each step's own mail before its fallback."""
    live = catalogue.live.get(name)
    order = list(live.steps) if live is not None else []
    own = [step for step in found.steps if step.scenario == name]
    known = {(step.step, step.template) for step in own}
    mains = {step.step for step in own if step.edition == "main"}
    for scenario, step, template in sorted(found.not_sent):
        if scenario == name and (step, template) not in known:
            main = step not in mains if live is None else _is_main(live, step, template)
            own.append(StepCount(name, step, "main" if main else "fallback", template, {}))

    def place(step: StepCount) -> tuple[int, str, bool]:
        number = order.index(step.step) if step.step in order else len(order)
        return number, step.step, step.edition != "main"

    return sorted(own, key=place)


def _is_main(scenario: Scenario, step: str, template: str) -> bool:
    verb = scenario.steps[step].verb if step in scenario.steps else None
    return not isinstance(verb, Send) or verb.template == template


def _step(step: StepCount, found: Funnel) -> dict[str, Any]:
    why = found.not_sent.get((step.scenario, step.step, step.template), {})
    return {
        "step": step.step,
        "edition": step.edition,
        "template": step.template,
        **{what: step.counts.get(what, 0) for what in COUNTED},
        "not_sent": dict(sorted(why.items(), key=lambda item: (-item[1], item[0]))),
    }


def _print(scenario: Mapping[str, Any], measured: Measures) -> None:
    people = ", ".join(f"{count} {where}" for where, count in scenario["people"].items() if count)
    click.echo(f"{scenario['scenario']}: {people or 'nobody entered'}")
    most = max((step["sent"] for step in scenario["steps"]), default=0)
    rows = [_row(step, most) for step in scenario["steps"]]
    print_table("", ("step", "sent", "", "delivered", "clicked", "left", "complained", "not sent"), rows)
    for line in measured.told():
        click.echo(line)
    click.echo()


def _row(step: Mapping[str, Any], most: int) -> Sequence[Any]:
    name = step["step"] if step["edition"] == "main" else f"  or {step['template']}"
    why = ", ".join(f"{count} {reason}" for reason, count in step["not_sent"].items())
    delivered = step["delivered"]
    return (
        name,
        step["sent"],
        Text(bar(step["sent"], most), style="cyan"),
        *(_of(step[what], step["sent"] if what == "delivered" else delivered) for what in COUNTED[1:5]),
        why,
    )


def _of(count: int, whole: int) -> str:
    return f"{count} ({count / whole:.1%})" if whole else str(count)


def bar(count: int, most: int) -> str:
    """A bar as long as its part of the longest, to the eighth of a cell."""
    eighths = round(8 * BAR * count / most) if most else 0
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest - 1] if rest else "")
