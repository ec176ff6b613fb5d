"""DKIM: a new key for signing mail, and what DNS must say of those that are in use."""

from __future__ import annotations

from pathlib import Path

import click

from accord.core.mail.dkim import ED25519, RSA
from accord.shell.cli.house import by_option, house_of, json_option, settings_of, who
from accord.shell.cli.output import InputFault, print_json
from accord.shell.config_dkim import SELECTOR
from accord.shell.engine.ports.rows import Deed

KINDS = {"rsa": RSA, "ed25519": ED25519}
IGNORED = "dkim-*.pem"


@click.group(short_help="The keys that sign your mail, and their DNS records.")
def dkim() -> None:
    """The keys that sign your mail (DKIM): new, show.

    \b
    Examples:
      scenario dkim new accord2026
      scenario dkim show
    """


@dkim.command("new")
@click.argument("selector")
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="rsa",
    show_default=True,
    help="Every mailbox knows rsa; ed25519 may stand beside it.",
)
@by_option
@click.pass_context
def new_key(context: click.Context, selector: str, kind: str, by: str | None) -> None:
    """Make a key beside accord.keys, and say what to put into DNS and into config.toml.

    Nothing is signed with it before config.toml names it, so DNS can be ready first. A new key is a new
    SELECTOR: the old record stays for a week, for mail that is still on its way.

    \b
    Examples:
      scenario dkim new accord2026
      scenario dkim new accord2026e --kind ed25519
    """
    if not SELECTOR.fullmatch(selector):
        raise InputFault(
            f"«{selector}» is no selector; write letters, digits and hyphens, such as accord2026."
        )
    from accord.shell.signing_keys import dkim_key, make_key

    with house_of(context, by=by) as house:
        folder, domain = house.settings.keys_file.parent, house.settings.dkim.domain
        file = folder / f"dkim-{selector}.pem"
        try:
            make_key(file, KINDS[kind])
        except FileExistsError:
            raise InputFault(f"{file.name} is there already: a new key needs another selector.") from None
        made = dkim_key(domain, selector, file)
        with house.store.begin() as unit:
            unit.note_deed(Deed(house.clock(), who(by), "dkim new", selector, {"kind": kind}))
        root = house.settings.root
    _keep_out_of_git(root)
    click.echo(f"{file.name} is made; keep it out of git and in your backup.")
    click.echo("\nPut this into DNS, and wait until `scenario doctor` sees it:\n")
    click.echo(in_zone(made.name, made.record))
    click.echo("\nThen add this to config.toml, and restart or reload the daemon:\n")
    click.echo(f'[dkim]\ndomain = "{domain}"\n\n[dkim.keys]\n{_quoted(selector)} = "{file.name}"')


@dkim.command("show")
@json_option
@click.pass_context
def show_keys(context: click.Context, *, as_json: bool) -> None:
    """The keys that sign, and the record that DNS must hold for each.

    \b
    Examples:
      scenario dkim show
      scenario dkim show --json
    """
    keys = settings_of(context).dkim.keys
    if as_json:
        print_json(
            [
                {
                    "selector": key.signer.selector,
                    "domain": key.signer.domain,
                    "algorithm": key.signer.algorithm,
                    "file": key.file.name,
                    "name": key.name,
                    "record": key.record,
                }
                for key in keys
            ]
        )
        return
    for key in keys:
        click.echo(f"{key.file.name}, {key.signer.algorithm}:\n\n{in_zone(key.name, key.record)}\n")
    if not keys:
        click.echo("Nothing is signed here; your mail server has to. A key: scenario dkim new accord2026")


def in_zone(name: str, record: str) -> str:
    """A TXT record as zone files hold it: in strings of at most 255 characters, which readers put together."""
    strings = [record[at : at + 255] for at in range(0, len(record), 255)]
    told = "\n    ".join(f'"{each}"' for each in strings)
    return f"{name}. 3600 IN TXT {told}" if len(strings) == 1 else f"{name}. 3600 IN TXT (\n    {told} )"


def _quoted(selector: str) -> str:
    """As a key of TOML: a dot in a bare one would open a table."""
    return f'"{selector}"' if "." in selector else selector


def _keep_out_of_git(root: Path) -> None:
    """Venues that were made before have no such line in their .gitignore."""
    ignored = root / ".gitignore"
    known = ignored.read_text(encoding="utf-8") if ignored.exists() else ""
    if IGNORED not in known.splitlines():
        begun = known if not known or known.endswith("\n") else f"{known}\n"
        ignored.write_text(f"{begun}{IGNORED}\n", encoding="utf-8")
