"""What commands share before any house is built: their options, and the configuration that they were given."""

from __future__ import annotations

import os
from pathlib import Path

import click

from accord.core.language.report import as_text
from accord.shell.cli.output import InputFault
from accord.shell.settings import ConfigFault, Settings, load_settings

by_option = click.option("--by", "by", default=None, help="Who acts; the system's user if not said.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")


def config_path(context: click.Context) -> Path:
    """The config.toml that the command was given."""
    return Path(context.find_root().obj["config"])


def settings_at(path: Path) -> Settings:
    """The configuration in a file, or the command's end with every fault in it."""
    try:
        return load_settings(path, os.environ)
    except ConfigFault as fault:
        raise InputFault(as_text(fault.diagnostics, {path.name: fault.text}).rstrip()) from None


def settings_of(context: click.Context) -> Settings:
    """The configuration of a command, or its end with every fault in it."""
    return settings_at(config_path(context))
