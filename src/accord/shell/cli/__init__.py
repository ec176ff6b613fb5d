"""The command line, one file a group of commands; exit codes 0, 1 (your input), 2 (usage), 3 (our bug), 130."""

from __future__ import annotations

import io
import os
import platform
import sys
import traceback
from pathlib import Path

import click

from accord import __version__
from accord.shell.cli.groups import PLACES, SECTIONS, command_at
from accord.shell.engine.ports.store import Busy, StoreError


class Commands(click.Group):
    """The commands in sections, each in the order in which it is met; each is read when it is asked for."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name: one of ours, or one that was added."""
        if cmd_name in PLACES:
            return command_at(PLACES[cmd_name])
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, section by section."""
        return list(PLACES)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The sections in the help, each command with its first sentence."""
        longest = max(map(len, PLACES))
        room = formatter.width - 6 - longest
        for title, places in SECTIONS.items():
            with formatter.section(title):
                commands = [command_at(place) for place in places]
                formatter.write_dl(
                    [(str(each.name).ljust(longest), each.get_short_help_str(room)) for each in commands]
                )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path),
    default=Path("config.toml"),
    show_default=True,
    help="The venue's config.toml.",
)
@click.option("-v", "--verbose", count=True, help="Say more; twice for everything.")
@click.version_option(__version__, prog_name="scenario")
@click.pass_context
def scenario(context: click.Context, config: Path, verbose: int) -> None:
    """Marketing-automation scenarios behind a consent gate.

    \b
    Examples:
      scenario init theatre               make a venue that runs as it is
      scenario check                      read every file of the venue and say what is wrong
      scenario dry-run bienvenue          show who would get what, when, and why not
      scenario explain ada@example.org    why this person did or did not get each mail
    """
    context.obj = {"config": config, "verbose": verbose}


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with the right exit code; a bug of ours prints a report, not a traceback."""
    _write_what_can_be_written()
    try:
        code = scenario.main(arguments, prog_name="scenario", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except (Busy, StoreError) as fault:
        click.echo(f"database: {fault}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception:  # noqa: BLE001 - the last net: whatever got here is a bug of ours
        _report()
        sys.exit(3)


def _write_what_can_be_written() -> None:
    """A terminal that knows fewer characters than we write gets question marks, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _report() -> None:
    """A report that can be pasted: every address in it is blotted out."""
    from accord.shell.logs import blot

    click.echo(
        "This is a bug in Accord. Nothing half-done was kept. Please report the following:\n", err=True
    )
    click.echo(f"accord {__version__}, Python {platform.python_version()}, {platform.system()}", err=True)
    told = [f"command: scenario {' '.join(sys.argv[1:])}", *traceback.format_exc().rstrip().splitlines()]
    click.echo("\n  ".join(map(blot, told)), err=True)
