"""`demo`: the main job on the embedded default: the sample base, a quarter at high speed, a mailbox folder."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import threading
from pathlib import Path

import click

from accord.shell.cli.house import config_path, refuse_if_wrong
from accord.shell.cli.outcome import outcome, print_outcome
from accord.shell.cli.output import InputFault, print_json
from accord.shell.cli.replay import FILES, Clock, quarter, replay
from accord.shell.cli.running import no_pages
from accord.shell.cli.starter import PARTS, copy_parts, starter
from accord.shell.daemon import pages_of
from accord.shell.wiring import House, new_keys, open_house, read_settings

# Marks a folder as an earlier demo's, which may be replaced.
MARK = ".accord-demo"


@click.command(short_help="The main job on a sample base, into a folder of mails.")
@click.option(
    "--out",
    default="demo-out",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the demo's venue, database and mailbox go; an earlier demo there is replaced.",
)
@click.option("--no-serve", is_flag=True, help="End at the end, also on a terminal.")
@click.option("--json", "as_json", is_flag=True, help="The tables as one JSON document.")
@click.pass_context
def demo(context: click.Context, out: Path, *, no_serve: bool, as_json: bool) -> None:
    """The main job, on the example venue: a sample base, a fixed quarter replayed, every mail gated and kept.

    Nothing leaves the house: mails go to a folder. What it leaves behind is a whole venue, on which every
    command works. On a terminal its pages are then served until interrupted.

    \b
    Examples:
      scenario demo
      scenario demo --no-serve --out /tmp/demo
      scenario --config demo-out/config.toml status
    """
    with starter(config_path(context).parent, FILES) as root:
        house, clock = _settle_in(root, out)
        try:
            begins, ends = quarter(house.venue.entity.clock)
            clock.now = begins
            house.open_for_work("demo")
            house.read_files()
            refuse_if_wrong(house.checked.diagnostics, house)
            asyncio.run(replay(house, root / "samples", clock, ends))
            found = outcome(house)
            if as_json:
                print_json(found)
                return
            print_outcome(found)
            _say_what_next(house, out)
            if sys.stdout.isatty() and not no_serve:
                _serve(house)
        finally:
            house.store.close()


def _settle_in(root: Path, out: Path) -> tuple[House, Clock]:
    """A venue like the example in the demo's own folder, in place of an earlier demo's and of nothing else."""
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise InputFault(f"{out} is not empty and not an earlier demo's: name another folder with --out.")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARK).touch()
    copy_parts(root, out, PARTS)
    file = out / "config.toml"
    file.write_text(_at_home(file.read_text(encoding="utf-8")), encoding="utf-8")
    new_keys(out / "accord.keys")
    settings = read_settings(file)
    clock = Clock(quarter(settings.venue.entity.clock)[0])
    return open_house(file, clock=clock, settings=settings), clock


def _at_home(config: str) -> str:
    """The configuration with its links to this machine, so that those in the mails can be followed."""
    port = re.search(r"(?m)^port = (\d+)\s*$", config.partition("[web]")[2])
    home = f'base_url = "http://127.0.0.1:{port[1] if port else 8025}"'
    return re.sub(r'(?m)^base_url = "[^"\n]*"', home, config, count=1)


def _say_what_next(house: House, out: Path) -> None:
    with house.store.read() as unit:
        [(_, address, _), *_] = unit.ledger(limit=1)
    config = f"{_command()} --config {out / 'config.toml'}"
    click.echo(f"{len(list(house.settings.mailbox.glob('*.eml')))} mails are in {out / 'mailbox'}.")
    click.echo(f"Why somebody got one:   {config} explain {address}")
    click.echo(f"How it goes:            {config} status")
    click.echo(f"What would come next:   {config} dry-run lettre --contact {address}")


def _command() -> str:
    """How this very command is called again: by its name where the shell finds it, else by its path."""
    called = Path(sys.argv[0])
    found = shutil.which("scenario")
    return "scenario" if found is not None and Path(found) == called.absolute() else str(called)


def _serve(house: House) -> None:
    try:
        web = pages_of(house)
    except OSError as fault:
        raise no_pages(house, fault) from None
    click.echo(f"The pages that its links lead to are at {house.venue.base_url}/ until Ctrl-C.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        web.stop()
