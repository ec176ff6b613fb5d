"""What the tests of imports share: a file brought in, and everything that the database then holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from accord.core.consent.collection import state_of
from accord.core.model.consent import ConsentState
from accord.core.model.contact import email_key
from accord.core.model.content import Catalogue
from accord.core.model.venue import Purpose, Venue
from accord.core.model.wording import Wording, WordingKind
from accord.shell.csv_rows import open_csv
from accord.shell.engine.care.versions import Versions
from accord.shell.engine.intake.arrivals import Arrivals
from accord.shell.engine.intake.columns import Wanted, is_column, read_header
from accord.shell.engine.intake.people import Imported, Refusals, import_contacts
from accord.shell.engine.intake.said import Origin
from accord.shell.keys import Keys
from accord.shell.store.database import SqlStore
from builders import NOW, a_catalogue, a_venue


def a_form(name: str, control: str, **overrides: Any) -> Wording:
    """A form that asks for both kinds of the letter."""
    made = Wording(
        WordingKind.FORM,
        name,
        "1",
        control,
        {"newsletter": ("editorial", "promotional")},
        {"fr": "La lettre ?", "en": "The letter?"},
        "2026-01",
        {"fr": "Notice.", "en": "Notice."},
    )
    return replace(made, **overrides).sealed()


BOX = a_form("box", "optin_box")
RADIO = a_form("radio", "radio_yes_no")
DOUBLE = a_form("double", "double_optin")
CHECKOUT = a_form("checkout", "optout_box", refusal_offered=True)
PRETICKED = a_form("preticked", "optin_box", prechecked=True)
KEYS = Keys(
    objections=(b"a key for the objection list", b"an older key for the same list"),
    links=(b"a key for links",),
)
FORMS = {f"forms/{form.name}.yaml": form for form in (BOX, RADIO, DOUBLE, CHECKOUT, PRETICKED)}


def the_venue() -> Venue:
    """A theatre with two purposes."""
    venue = a_venue()
    offers = Purpose("offers", ("promotional",), {"fr": "Offres", "en": "Offers"})
    return replace(venue, purposes={**venue.purposes, "offers": offers})


CATALOGUE: Catalogue = a_catalogue(venue=the_venue())


def bring(
    store: SqlStore,
    folder: Path,
    content: str | bytes,
    *,
    name: str = "base.csv",
    dry: bool = False,
    now: datetime = NOW,
    page_size: int = 1000,
    refusals: Refusals | None = None,
    **wanted: Any,
) -> Imported:
    """Import a file with this content."""
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    venue = CATALOGUE.venue
    with store.read() as unit:
        forms = Versions(WordingKind.FORM, unit.kept_wordings(WordingKind.FORM), FORMS)
    if isinstance(wanted.get("form"), str):
        wanted["form"] = forms.called(wanted["form"])
    asked = Wanted(**wanted)
    with open_csv(file, lambda column: is_column(column, asked, venue)) as table:
        reading = read_header(table.header, asked, venue, name)
        origin = Origin(name, table.file.digest, "lea")
        return import_contacts(
            store,
            CATALOGUE,
            table.rows(),
            Arrivals(venue, reading, origin, forms.called, now=now),
            origin,
            now=now,
            forms=forms,
            dry=dry,
            refusals=refusals,
            page_size=page_size,
        )


def told(imported: Imported) -> list[tuple[int, str, str]]:
    """Row, field and reason of each refusal."""
    return [(each.row, each.field, each.reason) for each in imported.refusals]


def stands(store: SqlStore, email: str, purpose: str = "newsletter", kind: str = "editorial") -> ConsentState:
    """Where somebody stands."""
    with store.read() as unit:
        contact = unit.contacts_by_key([email_key(email)])[email_key(email)]
        known = unit.situations([contact.id])[contact.id].consents
    return state_of(known, purpose, kind)


def against(store: SqlStore, email: str) -> set[str]:
    """The purposes that the objection list has against an address."""
    with store.read() as unit:
        return set(unit.objections.against([email]).get(email, {}))


_TABLES = ("contact", "consent_entry", "consent_state", "event", "suppression", "wording_version")


def everything(store: SqlStore) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that an import may write, but for who ran it."""
    with store.engine.connect() as connection:
        return {
            table: sorted(
                (tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))), key=repr
            )
            for table in _TABLES
        }
