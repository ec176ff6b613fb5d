"""The command line, one file a group of commands; exit codes 0, 1 (your input), 2 (usage), 3 (our bug), 130."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from pathlib import Path

import click

from accord import __version__
from accord.shell.engine.ports import Busy, StoreError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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
      scenario check                      read every file of the venue and say what is wrong
      scenario dry-run bienvenue          show who would get what, when, and why not
      scenario explain ada@example.org    why this person did or did not get each mail
    """
    context.obj = {"config": config, "verbose": verbose}


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with the right exit code; a bug of ours prints a report, not a traceback."""
    from accord.shell.cli.groups import COMMANDS

    for command in COMMANDS:
        scenario.add_command(command)
    try:
        code = scenario.main(arguments, standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except (Busy, StoreError) as fault:
        click.echo(f"database: {fault}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception:  # noqa: BLE001 - the last net: whatever got here is a bug of ours
        _report()
        sys.exit(3)


def _report() -> None:
    """A report that can be pasted: no personal data beyond what the error itself names."""
    click.echo(
        "This is a bug in Accord. Nothing half-done was kept. Please report the following:\n", err=True
    )
    click.echo(f"accord {__version__}, Python {platform.python_version()}, {platform.system()}", err=True)
    click.echo(f"command: scenario {' '.join(_without_addresses(sys.argv[1:]))}", err=True)
    frames = traceback.format_exc().rstrip().splitlines()
    click.echo("\n".join(f"  {line}" for line in frames), err=True)


def _without_addresses(words: list[str]) -> list[str]:
    return ["<address>" if "@" in word else word for word in words]
