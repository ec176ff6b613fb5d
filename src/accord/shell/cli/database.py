"""The database: its tables, its integrity, copies of it, and a copy brought back."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from accord import __version__
from accord.shell.cli.house import by_option, house_at, house_of, json_option, settings_of, who
from accord.shell.cli.output import InputFault, print_json, print_table, when
from accord.shell.engine.ports.checkup import LAST_BACKUP
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.sending.relive import doubt_what_waits
from accord.shell.settings import absolute_url
from accord.shell.store.copies import (
    CopyFault,
    discard,
    make_copy,
    put_in_place,
    read_manifest,
    stage,
)
from accord.shell.store.transfer import transfer
from accord.shell.wiring import House


@click.group(short_help="Migrations, integrity, copies.")
def db() -> None:
    """The database: upgrade, check, backup, restore, copy.

    \b
    Examples:
      scenario db check
      scenario db backup backups/2026-11-23
      scenario db restore backups/2026-11-23 --by marie
    """


@db.command()
@by_option
@click.pass_context
def upgrade(context: click.Context, by: str | None) -> None:
    """Bring the tables to this version; harmless where they are.

    \b
    Example:
      scenario db upgrade
    """
    with house_of(context, by=by):
        click.echo("The tables are those of this version.")


@db.command("check")
@json_option
@click.pass_context
def check_database(context: click.Context, *, as_json: bool) -> None:
    """Verify the chains of the consent ledger, the tables and the keys; exit code 1 where one does not hold.

    \b
    Examples:
      scenario db check
      scenario db check --json
    """
    with house_of(context, reading=True) as house:
        with house.store.read() as unit:
            broken = list(unit.broken_chains())
            known = unit.fact("keys")
        current = house.store.is_current()
        at_hand = set(house.keys.prints().split(","))
        same_keys = known is None or set(known.split(",")) <= at_hand
    if as_json:
        chains = [{"contact": contact_id, "seq": seq} for contact_id, seq in broken]
        print_json({"broken": chains, "current": current, "keys": same_keys})
    else:
        for contact_id, seq in broken:
            click.echo(f"BROKEN: the ledger of contact {contact_id} at entry {seq}.")
        click.echo(f"The chains of the consent ledger {'hold' if not broken else 'are BROKEN'}.")
        click.echo(f"The tables are {'those of this version' if current else 'OLDER than this version'}.")
        click.echo(f"The keys are {'those that it was kept with' if same_keys else 'OTHERS'}.")
    if broken or not current or not same_keys:
        sys.exit(1)


@db.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@by_option
@json_option
@click.pass_context
def backup(context: click.Context, folder: Path, by: str | None, *, as_json: bool) -> None:
    """A consistent copy of the SQLite database, made while the daemon runs, with a manifest.

    Keep accord.keys as well, in another place: whoever has both can read the objection list.

    \b
    Example:
      scenario db backup backups/2026-11-23
    """
    with house_of(context, by=by) as house:
        try:
            manifest = make_copy(
                house.store, folder, version=__version__, keys=house.keys.prints(), now=house.clock()
            )
        except CopyFault as fault:
            raise InputFault(str(fault)) from None
        with house.store.begin() as unit:
            unit.tell_anew(LAST_BACKUP, manifest.made_at.isoformat(), manifest.made_at)
            unit.note_deed(Deed(manifest.made_at, who(by), "db backup", str(folder)))
    if as_json:
        print_json(asdict(manifest))
    else:
        rows = sum(manifest.rows.values())
        click.echo(f"{rows} rows copied to {folder}. Keep accord.keys as well, in another place.")


@db.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--force", is_flag=True, help="Put the database that is there aside, and take the copy instead."
)
@by_option
@click.pass_context
def restore(context: click.Context, folder: Path, by: str | None, *, force: bool) -> None:
    """Bring a copy back. It starts held: no mail leaves before somebody says so.

    The copy is checked against its manifest, and accord.keys against the copy. Objections that came after the
    copy was made are taken from the objections log. Prospecting that was due since then is held to be of
    unknown fate: nobody gets the same letter twice.

    \b
    Examples:
      scenario db restore backups/2026-11-23 --by marie
      scenario db restore backups/2026-11-23 --by marie --force
      scenario release all --by marie
    """
    settings = settings_of(context)
    with house_at(context, settings) as house:
        target = house.store.file
        if target is None:
            raise InputFault("PostgreSQL is restored with its own tools: pg_restore.")
        if target.exists() and not force:
            raise InputFault(f"{target} is there already: --force puts it aside and takes the copy instead.")
        house.store.be_the_only_daemon()
        try:
            manifest = read_manifest(folder)
            staged = stage(folder, manifest, target)
        except CopyFault as fault:
            raise InputFault(str(fault)) from None
        made = when(manifest.made_at, house.venue.entity.clock)
        try:
            beside = replace(settings, database_url=f"sqlite:///{staged}")
            with house_at(context, beside) as copy:
                reason = f"restored from a copy of {made}"
                caught_up = _hold(
                    copy,
                    reason,
                    Deed(copy.clock(), who(by), "db restore", "database", {"made_at": manifest.made_at}),
                )
            aside = put_in_place(staged, target, suffix=f"before-{house.clock():%Y%m%dT%H%M%SZ}")
        finally:
            discard(staged)
    click.echo(
        f"Restored as of {made}: {sum(manifest.rows.values())} rows, {caught_up.taken} objections from the log."
    )
    if aside is not None:
        click.echo(f"The database that was there is {aside} now.")
    caught_up.tell()


@db.command()
@by_option
@click.pass_context
def restored(context: click.Context, by: str | None) -> None:
    """Say that the database was brought back by other means, such as pg_restore. From now on it is held.

    To be said before any daemon starts. What `db restore` does for a copy of its own is done: objections that came after the copy
    was made are taken from the objections log, and prospecting that was due since then is held to be of
    unknown fate: nobody gets the same letter twice.

    \b
    Examples:
      scenario db restored --by marie
      scenario release all --by marie
    """
    with house_at(context, settings_of(context)) as house:
        house.store.be_the_only_daemon()
        house.open_for_work(who(by))
        with house.store.read() as unit:
            at_work = [each.name for each in unit.daemons.known() if not each.is_silent(house.clock())]
        if at_work and house.store.file is None:
            raise InputFault(f"A daemon works on the database: stop {', '.join(at_work)} first.")
        caught_up = _hold(
            house, "restored by other means", Deed(house.clock(), who(by), "db restored", "database")
        )
    click.echo(f"{caught_up.taken} objections from the log.")
    caught_up.tell()


@db.command("copy")
@click.argument("url")
@by_option
@click.pass_context
def copy_database(context: click.Context, url: str, by: str | None) -> None:
    """Copy everything into another, empty database: from SQLite to PostgreSQL, or back.

    Stop the daemon first. Every row is compared at the end, and so are the chains of the consent ledger. Then
    the database that was copied is held, so that nothing leaves from both: name the new one in config.toml
    as [database] url, and start. The keys and the objections log stay the files that they are.

    \b
    Examples:
      scenario db copy postgresql://accord@db.example.org/accord --by marie
      scenario db copy sqlite:///accord-again.db --by marie
    """
    if not url.startswith(("sqlite:///", "postgresql://")):
        raise InputFault("Name a database as sqlite:///FILE or postgresql://…")
    settings = settings_of(context)
    other = replace(settings, database_url=absolute_url(url, settings.root))
    with house_at(context, settings) as house, house_at(context, other) as target:
        if house.store.file is not None and not house.store.file.exists():
            raise InputFault(f"There is nothing to copy: {house.store.file} does not exist.")
        try:
            made = transfer(house.store, target.store, by=who(by), now=house.clock())
        except CopyFault as fault:
            raise InputFault(str(fault)) from None
    print_table("Copied", ("table", "rows"), [(name, each.rows) for name, each in made.items() if each.rows])
    click.echo("Every row is the same in both, and so are the chains of the consent ledger.")
    click.echo("The old database is held. Name the new one in config.toml, as [database] url, and start.")


@dataclass(frozen=True, slots=True)
class _CaughtUp:
    """What a copy did not know of: objections `taken` from the log, lines of it `unread`, mails that are `doubted`."""

    taken: int
    unread: int
    doubted: int

    def tell(self) -> None:
        if self.unread:
            click.echo(f"{self.unread} lines of the objections log can't be read: look at them.", err=True)
        if self.doubted:
            click.echo(
                f"{self.doubted} mails may have left since, and are not sent again: scenario messages --unknown"
            )
        click.echo("Everything is held. Look around, then: scenario release all")


def _hold(house: House, reason: str, deed: Deed) -> _CaughtUp:
    """Make a copy fit before it is in anybody's reach: its tables, the brake, and who objected since.

    What was due since the copy was made is decided now, and what would have left is of unknown fate.
    """
    house.open_for_work(deed.by)
    taken, unread = house.replay_objections(deed.by)
    house.think(deed.at)
    doubted = doubt_what_waits(house.store, house.catalogue, now=deed.at)
    with house.store.begin() as unit:
        unit.hold("all", reason, deed.by, deed.at)
        unit.note_deed(deed)
    return _CaughtUp(taken, unread, doubted)
