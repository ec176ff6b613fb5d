"""Every command, in the order in which a newcomer meets them, and where it is: its file, and its name there.

A file is read when one of its commands is asked for: a command waits for no other's libraries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

import click

SECTIONS: Mapping[str, Sequence[str]] = {
    "Begin": ("care:init", "demo:demo"),
    "Write scenarios": ("language:check", "language:schema", "language:words", "dry_run:dry_run"),
    "Go live": (
        "going_live:diff",
        "going_live:activate",
        "steering:migrate",
        "steering:pause",
        "steering:resume",
        "steering:drain",
        "steering:eject",
        "steering:hold",
        "steering:release",
    ),
    "Run": (
        "running:daemon",
        "running:tick",
        "status:status",
        "status:retry",
        "webhooks:webhooks",
        "inbound:inbound",
    ),
    "People": (
        "people:contacts",
        "consent:consent",
        "wordings:forms",
        "wordings:scripts",
        "told:event",
        "told:events",
        "told:orders",
    ),
    "Why": ("explain:explain", "ledger:messages", "stats:stats", "throttle:throttle", "policy:policy"),
    "For the officer": ("retention:retention", "retention:sweep", "officer:register", "officer:audit"),
    "Care": (
        "doctor:doctor",
        "database:db",
        "keyring:keys",
        "dkim:dkim",
        "access:access",
        "team:team",
        "care:config",
    ),
}

# Commands of a group that stand in other files than the group itself.
MEMBERS: Mapping[str, Sequence[str]] = {
    "people:contacts": (
        "imports:import_file",
        "rights:show",
        "rights:update",
        "rights:export",
        "rights:erase",
        "rights:merge",
    ),
    "consent:consent": ("officer:census",),
    "policy:policy": ("officer:replay",),
}

# By the name that is typed.
PLACES: Mapping[str, str] = {
    place.partition(":")[2].replace("_", "-"): place for places in SECTIONS.values() for place in places
}


def command_at(place: str) -> click.Command:
    """The command at `file:name`, with all its members; its file is read now."""
    file, _, name = place.partition(":")
    command: click.Command = getattr(import_module(f"accord.shell.cli.{file}"), name)
    if isinstance(command, click.Group):
        for member in MEMBERS.get(place, ()):
            command.add_command(command_at(member))
    return command
