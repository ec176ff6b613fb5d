"""For the data-protection officer: policy test, table, show."""

from __future__ import annotations

import sys
from dataclasses import asdict, fields
from pathlib import Path

import click

from accord.core.casebook import Result, run_cases
from accord.core.consent.gate import TABLE
from accord.core.language.report import as_text
from accord.core.model.place import Diagnostic
from accord.core.model.venue import Policy
from accord.shell.cli.house import json_option, settings_of
from accord.shell.cli.output import InputFault, print_json, print_table


@click.group()
def policy() -> None:
    """The law as it is applied: its table, its switches, and cases that test it."""


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
            raise InputFault(f"{path} can't be read: {fault}.") from None
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
    """The switches in force, and which differ from the prudent defaults.

    \b
    Example:
      scenario policy show
    """
    in_force, prudent = asdict(settings_of(context).venue.policy), asdict(Policy())
    rows = [
        {
            "switch": each.name,
            "value": in_force[each.name],
            "default": prudent[each.name],
            "differs": in_force[each.name] != prudent[each.name],
        }
        for each in fields(Policy)
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(
            "",
            ("switch", "in force", "prudent default", ""),
            [(r["switch"], r["value"], r["default"], "DIFFERS" if r["differs"] else "") for r in rows],
        )
