"""What every command needs: the house behind --config, opened with clear faults, and who acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from accord.core.expressions.fields import Unreadable, read_instant, read_text
from accord.core.language.report import as_text
from accord.core.model.contact import Contact, email_key
from accord.core.model.place import Diagnostic, Severity
from accord.shell.cli.options import by_option as by_option
from accord.shell.cli.options import config_path as config_path
from accord.shell.cli.options import json_option as json_option
from accord.shell.cli.options import settings_of as settings_of
from accord.shell.cli.output import InputFault
from accord.shell.engine.ports.store import Unit
from accord.shell.keys import KeysFault
from accord.shell.settings import Settings
from accord.shell.wiring import House, actor, open_house, open_house_to_look


@contextmanager
def house_of(
    context: click.Context,
    *,
    by: str | None = None,
    reading: bool = False,
    files_only: bool = False,
) -> Iterator[House]:
    """The house, opened for work in the name of `by`, or for `reading` alone; closed afterwards.

    `files_only` leaves database and keys alone.
    """
    with house_at(context, settings_of(context)) as house:
        if not files_only and not reading:
            house.open_for_work(who(by))
        elif not files_only and not house.store.is_current():
            house.store.upgrade()
        yield house


@contextmanager
def house_at(context: click.Context, settings: Settings) -> Iterator[House]:
    """The house as these settings say, its doors shut: nothing of the database is touched yet."""
    house = open_house(config_path(context), settings=settings)
    try:
        yield house
    except KeysFault as fault:
        raise InputFault(str(fault)) from None
    finally:
        house.store.close()


@contextmanager
def house_to_look_at(context: click.Context) -> Iterator[House]:
    """The house with a database that can only be read: a dry run. Nothing is made or mended for it."""
    settings = settings_of(context)
    house = open_house_to_look(config_path(context), settings=settings)
    try:
        if house.store.file is not None and not house.store.file.exists():
            raise InputFault(
                f"There is nobody yet: {house.store.file.name} is made by `scenario contacts import`."
            )
        if not house.store.is_current():
            raise InputFault("The database is of another version: run `scenario db upgrade` first.")
        yield house
    finally:
        house.store.close()


def who(by: str | None) -> str:
    """The actor, for the journal."""
    return by or actor()


def moment(text: str | None, house: House) -> datetime:
    """An instant as typed (a date is the start of that day in the entity's zone), or now."""
    if text is None:
        return house.clock()
    try:
        return read_instant(text, house.venue.entity.clock)
    except Unreadable as fault:
        raise InputFault(f"{fault}.") from None


def contact_called(unit: Unit, address: str) -> Contact:
    """The contact with this address, or the command's end."""
    try:
        key = email_key(read_text(address))
    except Unreadable:
        raise InputFault("That is not an address.") from None
    found = unit.contacts_by_key([key]).get(key)
    if found is None:
        raise InputFault(f"{address} is not a contact.")
    return found


def refuse_if_wrong(diagnostics: tuple[Diagnostic, ...], house: House) -> None:
    """End the command where a file has an error."""
    if any(each.severity is Severity.ERROR for each in diagnostics):
        raise InputFault(as_text(diagnostics, house.library.sources()).rstrip())
