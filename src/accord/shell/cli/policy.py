"""For the data-protection officer: policy test, table, show."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from accord.core.casebook import Result, run_cases
from accord.core.consent.gate import TABLE
from accord.core.language.report import as_text
from accord.core.model.place import Diagnostic
from accord.core.model.venue import Policy
from accord.shell.cli.house import house_of, json_option
from accord.shell.cli.output import InputFault, print_json, print_table, when
from accord.shell.engine.opening import in_words


@click.group(short_help="The law as it is applied: table, switches, cases.")
def policy() -> None:
    """The law as it is applied: its table, its switches, and cases that test it.

    \b
    Examples:
      scenario policy show
      scenario policy table
      scenario policy test policy/*.yaml
    """


@policy.command("test")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--kind", help="Only cases of this kind.")
@json_option
def test_cases(files: tuple[Path, ...], kind: str | None, *, as_json: bool) -> None:
    """Run policy cases; exit code 0 when each comes out as expected.

    \b
    Examples:
      scenario policy test policy/*.yaml
      scenario policy test policy/cases.yaml --kind gate --json
    """
    results: list[Result] = []
    faults: list[Diagnostic] = []
    sources: dict[str, str] = {}
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            reason = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
            raise InputFault(f"{path} can't be read: {reason}.") from None
        sources[str(path)] = text
        report = run_cases(text, str(path), kind=kind)
        results += report.results
        faults += report.diagnostics
    if faults:
        raise InputFault(as_text(faults, sources).rstrip())
    if as_json:
        print_json([result.as_json() for result in results])
    else:
        _print_results(results)
    if any(result.ok is False for result in results):
        sys.exit(1)


def _print_results(results: list[Result]) -> None:
    rows = []
    for each in results:
        told = each.as_json()
        mark = "skipped" if told["ok"] is None else "ok" if told["ok"] else "WRONG"
        rows.append(
            (
                mark,
                told["id"],
                told["kind"],
                told["expected"],
                told["got"],
                told["reason_expected"],
                told["reason_got"],
                told["rule"],
            )
        )
    print_table("", ("", "id", "kind", "expected", "got", "reason expected", "reason got", "rule"), rows)
    counted = [each.ok for each in results if each.ok is not None]
    click.echo(
        f"{sum(counted)} of {len(counted)} cases are as expected, {len(results) - len(counted)} skipped."
    )


@policy.command()
@json_option
def table(*, as_json: bool) -> None:
    """The decision table of the gate: the first row that matches decides.

    \b
    Example:
      scenario policy table
    """
    rows = [
        {
            "row": row.number,
            "condition": row.words,
            "output": row.output.value,
            "reason": row.reason,
            "rule": row.rule,
        }
        for row in TABLE
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(
            "", ("row", "condition", "output", "reason", "rule"), [tuple(row.values()) for row in rows]
        )


@policy.command()
@json_option
@click.pass_context
def show(context: click.Context, *, as_json: bool) -> None:
    """The switches in force, which differ from the prudent defaults, and every change of one.

    \b
    Examples:
      scenario policy show
      scenario policy show --json
    """
    with house_of(context) as house:
        with house.store.read() as unit:
            changes = unit.policy_changes()
        in_force, prudent, zone = in_words(house.venue.policy), in_words(Policy()), house.venue.entity.clock
    switches = [
        {"switch": name, "value": value, "default": prudent[name], "differs": value != prudent[name]}
        for name, value in in_force.items()
    ]
    if as_json:
        print_json({"switches": switches, "changes": [asdict(change) for change in changes]})
        return
    rows = [(s["switch"], s["value"], s["default"], "DIFFERS" if s["differs"] else "") for s in switches]
    print_table("The switches of the law", ("switch", "in force", "prudent default", ""), rows)
    past = [(when(c.at, zone), c.switch, c.old, c.new, c.by) for c in changes]
    if past:
        print_table("Changes", ("when", "switch", "from", "to", "by"), past)
    else:
        click.echo("No switch was ever turned.")
