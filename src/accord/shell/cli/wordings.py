"""`forms` and `scripts`: versions of what people are asked, kept for ever; and revoking one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from accord.core.language.report import as_text
from accord.core.language.wordings import parse_wording
from accord.core.model.wording import Wording, WordingKind
from accord.shell.cli.house import by_option, house_of, json_option, who
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.cli.people import progress
from accord.shell.engine.care.collect import WordingFault, keep, revoke, revoke_page, wording_called
from accord.shell.engine.ports.rows import KeptWording
from accord.shell.engine.ports.store import Unit
from accord.shell.wiring import House


def _group(kind: WordingKind) -> click.Group:
    """The same four commands for forms and for scripts."""
    words = {"form": "collection forms", "script": "oral scripts"}[kind]
    group = click.Group(f"{kind}s", help=f"Versions of {words}: immutable, kept for ever.")
    for make in (_list, _add, _show, _revoke):
        group.add_command(make(kind))
    return group


def _list(kind: WordingKind) -> click.Command:
    @click.command("list", help=_helped(f"Every version of every {kind} that was kept.", kind, "list"))
    @json_option
    @click.pass_context
    def listed(context: click.Context, *, as_json: bool) -> None:
        with house_of(context) as house, house.store.read() as unit:
            found = unit.kept_wordings(kind)
        rows = [_line(each) for each in found]
        if as_json:
            print_json(rows)
        else:
            print_table("", tuple(rows[0]) if rows else (), [tuple(row.values()) for row in rows])
            if not rows:
                click.echo(f"No {kind} is kept yet: one is from its first use on, or by `{kind}s add`.")

    return listed


def _line(kept: KeptWording) -> dict[str, Any]:
    wording = kept.wording
    return {
        "name": wording.name,
        "version": wording.version,
        "digest": wording.digest[:12],
        "asks": "; ".join(f"{purpose}: {', '.join(kinds)}" for purpose, kinds in wording.asks.items()),
        "since": kept.added_at.date(),
        "by": kept.added_by,
        "revoked": f"{kept.revoked_at:%Y-%m-%d}, {kept.revoked_because}" if kept.revoked_at else "",
    }


def _add(kind: WordingKind) -> click.Command:
    @click.command(
        "add", help=_helped(f"Keep a {kind}'s file as a version, for ever.", kind, f"add forms/{kind}.yaml")
    )
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @by_option
    @click.pass_context
    def add(context: click.Context, file: Path, by: str | None) -> None:
        with house_of(context) as house:
            wording = _read(file, kind, house)
            with _plainly(), house.store.begin() as unit:
                keep(unit, wording, by=who(by), now=house.clock())
        click.echo(f"Kept: {wording.label}, {wording.digest[:12]}.")

    return add


def _read(file: Path, kind: WordingKind, house: House) -> Wording:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise InputFault(f"{file} can't be read: {fault}.") from None
    parsed = parse_wording(text, str(file), house.venue)
    if parsed.wording is None:
        raise InputFault(as_text(parsed.diagnostics, {str(file): text}).rstrip())
    if parsed.wording.kind is not kind:
        raise InputFault(f"{file} holds a {parsed.wording.kind}, not a {kind}.")
    return parsed.wording


def _show(kind: WordingKind) -> click.Command:
    @click.command(
        "show",
        help=_helped(f"A {kind} as it was shown: its newest version, or NAME@VERSION.", kind, "show NAME@1"),
    )
    @click.argument("name")
    @json_option
    @click.pass_context
    def show(context: click.Context, name: str, *, as_json: bool) -> None:
        with house_of(context) as house, house.store.read() as unit:
            kept = _kept(unit, kind, name)
        document = {**kept.wording.body(), "added_at": kept.added_at, "added_by": kept.added_by}
        document |= {"revoked_at": kept.revoked_at, "revoked_because": kept.revoked_because}
        if as_json:
            print_json(document)
        else:
            print_table(
                kept.wording.label, ("", ""), [(key, _cell(value)) for key, value in document.items()]
            )

    return show


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(
            f"{key}: {', '.join(each) if isinstance(each, tuple) else each}" for key, each in value.items()
        )
    return "" if value is None else str(value)


def _kept(unit: Unit, kind: WordingKind, ref: str) -> KeptWording:
    name, _, version = ref.partition("@")
    found = [each for each in unit.kept_wordings(kind, name) if version in ("", each.wording.version)]
    if not found:
        known = ", ".join(each.wording.label for each in unit.kept_wordings(kind)) or "none"
        raise InputFault(f"No {kind} «{ref}» is kept; there are: {known}.")
    return found[-1]


def _revoke(kind: WordingKind) -> click.Command:
    @click.command(
        "revoke",
        help=_helped(
            f"A {kind} proves nothing any more: every consent that rests on it becomes unproven, and mail that "
            "waits on it is cancelled. Broken off, it goes on when it is run again, or in the daemon.",
            kind,
            'revoke NAME@1 --because "the box was ticked beforehand" --by dpo',
        ),
    )
    @click.argument("name")
    @click.option("--because", required=True, help="Why; kept, and shown wherever somebody asks.")
    @by_option
    @json_option
    @click.pass_context
    def revoked(context: click.Context, name: str, because: str, by: str | None, *, as_json: bool) -> None:
        with house_of(context) as house:
            with house.store.read() as unit:
                kept = _kept(unit, kind, name)
            now, digest = house.clock(), kept.wording.digest
            new = revoke(house.store, digest, because=because, by=who(by), now=now)
            people = 0
            with progress("Revoking", 0) as more:
                while (page := revoke_page(house.store, house.catalogue, digest, now=now)) is not None:
                    people += page
                    more(page)
        if as_json:
            print_json({"wording": kept.wording.label, "new": new, "people": people})
        else:
            click.echo(f"Revoked: {kept.wording.label}; {people} people had answered it.")

    return revoked


def _helped(text: str, kind: WordingKind, example: str) -> str:
    name = {"form": "inscription", "script": "guichet"}[kind]
    return f"{text}\n\n\b\nExample:\n  scenario {kind}s {example.replace('NAME', name)}"


@contextmanager
def _plainly() -> Iterator[None]:
    """A wording's fault is the command's end."""
    try:
        yield
    except WordingFault as fault:
        raise InputFault(str(fault)) from None


def wording_or_end(house: House, kind: WordingKind, ref: str, *, by: str) -> Wording:
    """The wording that a command names, kept from its first use; or the command's end."""
    with _plainly(), house.store.begin() as unit:
        return wording_called(unit, kind, ref, house.wordings, by=by, now=house.clock())


forms, scripts = _group(WordingKind.FORM), _group(WordingKind.SCRIPT)
