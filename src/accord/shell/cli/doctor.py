"""`doctor`: everything that mail needs to arrive, looked at; what is not well, and what to type where."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from accord.core.language.report import as_text
from accord.shell.cli.house import house_at, json_option
from accord.shell.cli.options import config_path
from accord.shell.cli.output import InputFault, console, counted, print_json
from accord.shell.delivery.greeting import greet
from accord.shell.doctor.dns import Unreadable, ask_resolver, read_answers
from accord.shell.doctor.examinations import GROUPS, examine
from accord.shell.doctor.findings import Finding, State, mend
from accord.shell.doctor.page import press
from accord.shell.doctor.patient import Patient
from accord.shell.doctor.returns import look_into
from accord.shell.doctor.rules import RULES, Met, met
from accord.shell.settings import ConfigFault
from accord.shell.wiring import read_settings

Found = Sequence[tuple[str, Finding]]

MARKS = {
    State.FINE: Text("✓ ", style="green"),
    State.NOTE: Text("· ", style="yellow"),
    State.UNSEEN: Text("? ", style="dim"),
    State.MEND: Text("✗ ", style="bold red"),
}
RULE_MARKS = {Met.MET: MARKS[State.FINE], Met.NOT_MET: MARKS[State.MEND], Met.UNSEEN: MARKS[State.UNSEEN]}


@click.command(short_help="Everything that mail needs to arrive: what is not well, and how to mend it.")
@click.argument("groups", nargs=-1, type=click.Choice(GROUPS))
@click.option(
    "--dns",
    "answers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take DNS from this file of records, not from the resolver.",
)
@click.option("--all", "everything", is_flag=True, help="Also what is well, and each demand of each mailbox.")
@json_option
@click.pass_context
def doctor(
    context: click.Context, groups: tuple[str, ...], answers: Path | None, *, everything: bool, as_json: bool
) -> None:
    """Look at configuration, keys, database, mail server, DNS, the one-click page and complaints; say what to mend.

    Exit code 0 when nothing has to be mended, 1 otherwise: for monitoring. Nothing is written and no mail is
    sent. Where mail goes to a folder the outside is left alone, unless its group is named. The file of --dns
    is one of records as zone files have them, or as `dig +noall +answer` prints them; what is not in it is not there.

    \b
    Examples:
      scenario doctor
      scenario doctor --all
      scenario doctor dns --dns records.txt
      scenario doctor database relay --json
    """
    found = _examined(context, groups, answers)
    rules = [(rule, met(rule, [finding for _, finding in found])) for rule in RULES]
    # Of what was not looked at no demand can be answered.
    rules = rules if not groups and any(group == "dns" for group, _ in found) else []
    fails = any(finding.state is State.MEND for _, finding in found)
    if as_json:
        print_json(
            {
                "fine": not fails,
                "findings": [{"group": group, **asdict(finding)} for group, finding in found],
                "rules": [
                    {
                        "mailbox": rule.mailbox,
                        "demand": rule.demand,
                        "since": rule.since,
                        "state": state.value,
                        "by": rule.keys,
                        "source": rule.source,
                    }
                    for rule, state in rules
                ],
            }
        )
    else:
        out = console()
        _print_findings(out, found, everything=everything)
        _print_rules(out, rules, everything=everything)
        _print_end(out, found)
    if fails:
        sys.exit(1)


def _examined(context: click.Context, groups: Sequence[str], answers: Path | None) -> Found:
    """The findings; a configuration that can't be read is the first of them, and the last."""
    try:
        settings = read_settings(config_path(context))
    except ConfigFault as fault:
        name = config_path(context).name
        return [
            (
                "configuration",
                mend("config", as_text([each], {}).strip(), f"Mend {name}; see scenario config."),
            )
            for each in fault.diagnostics
        ]
    try:
        ask = read_answers(answers) if answers is not None else ask_resolver
    except Unreadable as fault:
        raise InputFault(str(fault)) from None
    with house_at(context, settings) as house:
        now = house.clock()
        patient = Patient(
            settings, house.store, now, ask, lambda server: asyncio.run(greet(server)), press, look_into
        )
        return examine(patient, groups)


def _print_findings(out: Console, found: Found, *, everything: bool) -> None:
    """Group by group: what is well as a number, unless everything is asked for."""
    for group in dict.fromkeys(group for group, _ in found):
        own = [finding for name, finding in found if name == group]
        well = [finding for finding in own if finding.state is State.FINE]
        out.print(Text.assemble((group, "bold"), (f"  {len(well)} of {len(own)} well", "dim")))
        for finding in own:
            if everything or finding.state is not State.FINE:
                _print_line(out, finding.state, finding.says)
                if finding.fix:
                    _print_fix(out, finding.fix)


def _print_line(out: Console, state: State, says: str) -> None:
    _hang(out, Text.assemble("  ", MARKS[state]), Text(says))


def _print_fix(out: Console, fix: str) -> None:
    _hang(out, Text("    → ", style="cyan"), Text(fix))


def _hang(out: Console, before: Text, told: Text) -> None:
    """A line that is folded under its own beginning."""
    lines = told.wrap(out, max(20, out.width - before.cell_len))
    for number, line in enumerate(lines):
        out.print(Text.assemble(before if number == 0 else " " * before.cell_len, line), soft_wrap=True)


def _print_rules(out: Console, rules: Sequence[tuple[Any, Met]], *, everything: bool) -> None:
    """Each mailbox: how much of what it asks is met, and what is not."""
    if rules:
        out.print()
    for mailbox in dict.fromkeys(rule.mailbox for rule, _ in rules):
        own = [(rule, state) for rule, state in rules if rule.mailbox == mailbox]
        there = sum(state is Met.MET for _, state in own)
        out.print(Text.assemble((mailbox, "bold"), (f"  {there} of {len(own)} demands met", "dim")))
        for rule, state in own:
            if everything or state is not Met.MET:
                _hang(out, Text.assemble("  ", RULE_MARKS[state]), Text(f"{rule.demand}: {state}"))


def _print_end(out: Console, found: Found) -> None:
    counts = {state: sum(finding.state is state for _, finding in found) for state in State}
    to_mend = counts[State.MEND]
    told = f"{counted(to_mend, 'thing')} to mend." if to_mend else "Nothing has to be mended."
    rest = [
        counted(counts[State.NOTE], "hint") if counts[State.NOTE] else "",
        f"{counts[State.UNSEEN]} not seen from here" if counts[State.UNSEEN] else "",
    ]
    more = ", ".join(filter(None, rest))
    out.print()
    out.print(Text.assemble((told, "bold red" if to_mend else "bold green"), f" {more}." if more else ""))
