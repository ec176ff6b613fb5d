"""`contacts import`: people from a CSV file of whatever tool; nothing that it says can make anybody be written to."""

from __future__ import annotations

import csv
import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from accord.core.model.wording import WordingKind
from accord.shell.cli.house import by_option, house_of, json_option, who
from accord.shell.cli.output import InputFault, print_json, print_table
from accord.shell.cli.people import progress
from accord.shell.csv_rows import SEPARATORS, CsvFile, open_csv
from accord.shell.csv_text import Unreadable
from accord.shell.engine.care.versions import NoWording, Versions
from accord.shell.engine.intake.arrivals import Arrivals
from accord.shell.engine.intake.columns import HeaderFault, Reading, Wanted, is_column, read_header
from accord.shell.engine.intake.people import Imported, Refusal, Refusals, import_contacts
from accord.shell.engine.intake.presets import PRESETS
from accord.shell.engine.intake.said import Origin
from accord.shell.engine.ports.store import StoreError
from accord.shell.wiring import House

# How many refusals the screen shows; --refusals writes them all.
SHOWN = 20

_SEPARATORS = {name: character for character, name in SEPARATORS.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, beside the file."""

    by: str
    mapped: tuple[str, ...] = ()
    preset: str | None = None
    form: str | None = None
    purpose: str | None = None
    unsubscribed: bool = False
    encoding: str | None = None
    separator: str | None = None
    refusals: Path | None = None
    dry: bool = False


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map",
    "mapped",
    multiple=True,
    help="COLUMN=FIELD, for a column called otherwise; COLUMN=- leaves it out.",
)
@click.option("--preset", type=click.Choice(list(PRESETS)), help="The tool that exported the file.")
@click.option("--form", help="The form that everybody in the file was shown: NAME, or NAME@VERSION.")
@click.option("--purpose", help="What the consents in the file are about, where no column says.")
@click.option("--unsubscribed", is_flag=True, help="Everybody in the file unsubscribed.")
@click.option("--encoding", help="The file's encoding, where it can't be told from the file.")
@click.option("--separator", type=click.Choice(list(_SEPARATORS)), help="What stands between its fields.")
@click.option(
    "--refusals",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every refusal to this CSV file.",
)
@click.option("--dry-run", "dry", is_flag=True, help="Read, reckon and report; store nothing.")
@by_option
@json_option
@click.pass_context
def import_file(context: click.Context, /, file: Path, by: str | None, *, as_json: bool, **told: Any) -> None:
    """Import contacts from a CSV file; a report names every row refused, with field and reason.

    Fields: email, external_id, language, zone, collected_at, last_action_at, address_kind, address_state,
    from_third_party, newsletters_per_month, and the venue's own attributes. A consent is told by consent_answer
    (ticked, unticked, yes, no), consent_at, consent_form (NAME@VERSION) and consent_purpose, and is proven by
    all of them in one row, never otherwise. unsubscribed, unsubscribed_at and unsubscribed_from tell an
    objection, which is taken even from a row that is refused.

    An import renews no clock and lifts no objection. A known address is left as it is. The same file twice
    changes nothing. Exit code 1 when a row was refused; all others are in.

    \b
    Examples:
      scenario contacts import base.csv --dry-run
      scenario contacts import base.csv --map Courriel=email --map Langue=language --map Notes=-
      scenario contacts import subscribed_members.csv --preset mailchimp --purpose newsletter
      scenario contacts import paper-forms.csv --form inscription@3 --refusals refused.csv
      scenario contacts import stop-list.csv --unsubscribed
    """
    asked = Asked(by=who(by), **told)
    with house_of(context) as house:
        wanted, forms = _wanted(house, asked)
        try:
            with _opened(house, file, asked, wanted) as table:
                reading = read_header(table.header, wanted, house.venue, file.name)
                imported = _take(house, table, reading, forms, asked)
        except (Unreadable, HeaderFault) as fault:
            raise InputFault(f"{file}: {fault}" if isinstance(fault, HeaderFault) else str(fault)) from None
        except StoreError as fault:
            raise InputFault(
                f"Broken off: {fault} What was read until then is in; run the same command again, nothing comes in twice."
            ) from None
    document = _document(table, reading, imported, asked)
    if as_json:
        print_json(document)
    else:
        _print(document, asked)
    sys.exit(1 if imported.refusals else 0)


def import_plainly(house: House, file: Path, *, by: str) -> Imported:
    """Import a file of our own fields, without ado. Raises Unreadable or HeaderFault."""
    asked = Asked(by)
    wanted, forms = _wanted(house, asked)
    with _opened(house, file, asked, wanted) as table:
        return _take(house, table, read_header(table.header, wanted, house.venue, file.name), forms, asked)


def _wanted(house: House, asked: Asked) -> tuple[Wanted, Versions]:
    """What the command says of the file; its end where that can't be."""
    if asked.purpose is not None and asked.purpose not in house.venue.purposes:
        known = ", ".join(house.venue.purposes)
        raise InputFault(f"--purpose: there is no purpose «{asked.purpose}»; there are: {known}.")
    with house.store.read() as unit:
        forms = Versions(WordingKind.FORM, unit.kept_wordings(WordingKind.FORM), house.wordings)
    try:
        form = forms.called(asked.form) if asked.form is not None else None
    except NoWording as fault:
        raise InputFault(f"--form: {fault}.") from None
    if form is not None and asked.purpose is not None and asked.purpose not in form.asks:
        raise InputFault(f"--purpose: {form.label} does not ask for «{asked.purpose}».")
    preset = PRESETS[asked.preset] if asked.preset is not None else None
    return Wanted(_mapped(asked.mapped), preset, form, asked.purpose, asked.unsubscribed), forms


def _mapped(pairs: tuple[str, ...]) -> Mapping[str, str]:
    found = {}
    for pair in pairs:
        column, equals, name = pair.rpartition("=")
        if not equals or not column or not name:
            raise click.BadParameter(f"«{pair}» is not COLUMN=FIELD", param_hint="--map")
        found[column] = name
    return found


@contextmanager
def _opened(house: House, file: Path, asked: Asked, wanted: Wanted) -> Iterator[CsvFile]:
    """The table. Raises Unreadable."""
    separator = _SEPARATORS[asked.separator] if asked.separator is not None else None

    def looked_for(name: str) -> bool:
        return is_column(name, wanted, house.venue)

    with open_csv(file, looked_for, encoding=asked.encoding, separator=separator) as table:
        yield table


def _take(house: House, table: CsvFile, reading: Reading, forms: Versions, asked: Asked) -> Imported:
    now = house.clock()
    origin = Origin(table.file.path.name, table.file.digest, asked.by)
    with (
        _refusals_to(asked.refusals, table.file.path) as tell,
        progress("Importing", table.file.size) as more,
        _seldom_collected(),
    ):
        done = 0

        def on_page() -> None:
            nonlocal done
            done, before = table.position, done
            more(done - before)

        imported = import_contacts(
            house.store,
            house.catalogue,
            table.rows(),
            Arrivals(house.venue, reading, origin, forms.called, now=now),
            origin,
            now=now,
            forms=forms,
            dry=asked.dry,
            refusals=Refusals(tell),
            on_page=on_page,
        )
    if not imported.rows:
        raise Unreadable(f"{table.file.path} has a header and no rows.")
    return imported


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Nothing that an import makes refers back to itself: looking for such things took a tenth of its time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def _refusals_to(target: Path | None, source: Path) -> Iterator[Callable[[Refusal], None]]:
    """Write refusals as they come, so that a million of them need no memory."""
    if target is None:
        yield lambda _: None
        return
    if target.exists() and target.samefile(source):
        raise InputFault("--refusals names the file that is imported; name another one.")
    try:
        out = target.open("w", encoding="utf-8", newline="")
    except OSError as fault:
        raise InputFault(f"{target} can't be written: {fault.strerror}.") from None
    with out:
        writer = csv.writer(out)
        writer.writerow(("row", "line", "field", "reason"))
        yield lambda each: writer.writerow((each.row, each.line, each.field, each.reason))


def _document(table: CsvFile, reading: Reading, imported: Imported, asked: Asked) -> dict[str, Any]:
    return {
        "file": {
            "name": table.file.path.name,
            "digest": table.file.digest,
            "encoding": table.file.encoding.title,
            "separator": SEPARATORS.get(table.separator, table.separator),
        },
        "dry_run": asked.dry,
        "rows": imported.rows,
        **imported.counts(),
        "refused_rows": imported.refused,
        "refusals": imported.refusals.count,
        "refused": [
            {"row": each.row, "line": each.line, "field": each.field, "reason": each.reason}
            for each in imported.refusals
        ],
        "left_out": list(reading.left_out),
        "notes": list(reading.notes),
    }


def _print(document: Mapping[str, Any], asked: Asked) -> None:
    about = document["file"]
    click.echo(
        f"{about['name']}: {document['rows']} rows, {about['encoding']}, separator: {about['separator']}, "
        f"SHA-256 {about['digest'][:16]}"
    )
    if asked.dry:
        click.echo("A rehearsal: nothing is stored. It would come to:")
    click.echo(
        f"{document['new']} new contacts, {document['known']} known already, "
        f"{document['objecting']} on the objection list."
    )
    click.echo(
        f"Not known before: {document['objections']} objections, {document['proven']} consents with their proof, "
        f"{document['unproven']} without."
    )
    if document["left_out"]:
        click.echo(f"Columns left out: {', '.join(document['left_out'])}.")
    for note in document["notes"]:
        click.echo(f"Note: {note}")
    first = document["refused"][:SHOWN]
    if first:
        rows = [(each["row"], each["line"], each["field"], each["reason"]) for each in first]
        print_table(f"Refused: {document['refused_rows']} rows", ("row", "line", "field", "reason"), rows)
    if document["refusals"] > len(first):
        click.echo(f"… and {document['refusals'] - len(first)} more; --refusals FILE.csv writes them all.")
