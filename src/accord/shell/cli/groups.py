"""Every command, in the order in which a newcomer meets them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from accord.shell.cli.authoring import activate, check, dry_run, words
from accord.shell.cli.care import config, db, init
from accord.shell.cli.consent import consent
from accord.shell.cli.demo import demo
from accord.shell.cli.explain import explain
from accord.shell.cli.imports import import_file
from accord.shell.cli.officer import audit, census, register, replay
from accord.shell.cli.people import contacts
from accord.shell.cli.policy import policy
from accord.shell.cli.retention import retention, sweep
from accord.shell.cli.rights import erase, export, merge, show, update
from accord.shell.cli.running import daemon, hold, messages, release, status, tick
from accord.shell.cli.told import event, events, orders
from accord.shell.cli.wordings import forms, scripts

for command in (import_file, show, update, export, erase, merge):
    contacts.add_command(command)
consent.add_command(census)
policy.add_command(replay)

COMMANDS: Sequence[click.Command] = (
    init,
    demo,
    check,
    words,
    dry_run,
    activate,
    daemon,
    tick,
    hold,
    release,
    status,
    contacts,
    consent,
    forms,
    scripts,
    event,
    events,
    orders,
    explain,
    messages,
    policy,
    retention,
    sweep,
    register,
    audit,
    db,
    config,
)
