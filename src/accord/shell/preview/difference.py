"""What a version changes, on a terminal and as JSON: its steps, who is under way at each, what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from accord.core.versions import Change, Changes, StepChange
from accord.shell.engine.journeys.difference import Difference, Standing
from accord.shell.preview.text import a_plain_table, preview_console

# So much of a version's digest is shown.
SHORT = 8

_STYLES = {Change.NEW: "green", Change.GONE: "red", Change.CHANGED: "yellow", Change.MOVED: "yellow"}


def as_document(told: Difference) -> dict[str, Any]:
    """The document of `scenario diff --json`."""
    changes = told.changes
    return {
        "scenario": told.name,
        "state": told.state,
        "running": told.running,
        "running_since": told.since,
        "file": told.new,
        "differs": changes is None or changes.anything,
        "head": changes.head if changes is not None else [],
        "steps": [
            {"step": each.step, "change": each.change.value, "what": each.what}
            for each in (changes.steps if changes is not None else ())
        ],
        "perhaps_renamed": [{"from": was, "to": now} for was, now in (changes.alike if changes else ())],
        "in_flight": [_standing_document(each) for each in told.standing],
        "would_move": told.would_move,
        "would_stay": told.would_stay,
    }


def _standing_document(each: Standing) -> dict[str, Any]:
    return {
        "version": each.digest,
        "step": each.step,
        "people": each.people,
        "migrates": each.why_not is None and not each.is_new,
        "because": each.why_not.value if each.why_not is not None else None,
    }


def print_difference(told: Difference) -> None:
    """Print what the file changes against what runs, and who is under way."""
    out = preview_console()
    file = f"scenarios/{told.name}.yaml"
    if told.running is None:
        out.print(Text(f"{file} would go live for the first time.", "bold"))
    elif told.changes is None:
        out.print(Text(f"The version of {told.name} that runs can't be read any more.", "bold"))
    elif not told.changes.anything:
        out.print(Text(f"{file} says what runs: version {told.running[:SHORT]}.", "bold"))
    else:
        out.print(Text(f"{file} against what runs, version {told.running[:SHORT]}", "bold"))
        _print_changes(told.changes)
    if told.standing:
        _print_standing(told)


def _print_changes(changes: Changes) -> None:
    out = preview_console()
    if changes.head:
        out.print(f"Above the steps: {', '.join(changes.head)}.")
    table = a_plain_table(("step", "is", "in"))
    for each in changes.steps:
        table.add_row(each.step, Text(each.change.value, _STYLES.get(each.change, "dim")), _what(each))
    out.print(table)
    for was, now in changes.alike:
        out.print(
            f"{was} is gone and {now} is new, and both say the same: if it was renamed, give it its name back. "
            "A step is known by its name."
        )


def _what(each: StepChange) -> str:
    return ", ".join(each.what)


def _print_standing(told: Difference) -> None:
    out = preview_console()
    table = a_plain_table(("under way by", "at step", "people", "when migrated"), numbers=1, first_number=2)
    for each in told.standing:
        table.add_row(each.digest[:SHORT], each.step, f"{each.people:,}", _fate(each))
    out.print()
    out.print(table)
    for line in _in_words(told):
        out.print(line)


def _fate(each: Standing) -> str:
    if each.is_new:
        return "are on it already"
    return "move" if each.why_not is None else f"stay: {each.why_not}"


def _in_words(told: Difference) -> Iterator[str]:
    older = told.would_move + told.would_stay
    if not older:
        return
    yield f"{people(older)} under way by other versions: they finish on the version that they entered by."
    yield (
        f"Once this is live, `scenario migrate {told.name}` would move {told.would_move:,} of them; "
        f"{told.would_stay:,} would stay."
    )


def people(number: int) -> str:
    """So many people, in words that agree: «1 person is», «12 people are»."""
    return "1 person is" if number == 1 else f"{number:,} people are"
