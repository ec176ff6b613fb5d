"""Every command, in the order in which a newcomer meets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from accord.shell.cli.access import access
from accord.shell.cli.care import config, init
from accord.shell.cli.consent import consent
from accord.shell.cli.database import db
from accord.shell.cli.demo import demo
from accord.shell.cli.dkim import dkim
from accord.shell.cli.dry_run import dry_run
from accord.shell.cli.explain import explain
from accord.shell.cli.going_live import activate, diff
from accord.shell.cli.imports import import_file
from accord.shell.cli.keyring import keys
from accord.shell.cli.language import check, schema, words
from accord.shell.cli.ledger import messages
from accord.shell.cli.officer import audit, census, register, replay
from accord.shell.cli.people import contacts
from accord.shell.cli.policy import policy
from accord.shell.cli.retention import retention, sweep
from accord.shell.cli.rights import erase, export, merge, show, update
from accord.shell.cli.running import daemon, retry, status, tick
from accord.shell.cli.stats import stats
from accord.shell.cli.steering import drain, eject, hold, migrate, pause, release, resume
from accord.shell.cli.team import team
from accord.shell.cli.throttle import throttle
from accord.shell.cli.told import event, events, orders
from accord.shell.cli.webhooks import webhooks
from accord.shell.cli.wordings import forms, scripts

for command in (import_file, show, update, export, erase, merge):
    contacts.add_command(command)
consent.add_command(census)
policy.add_command(replay)

SECTIONS: Mapping[str, Sequence[click.Command]] = {
    "Begin": (init, demo),
    "Write scenarios": (check, schema, words, dry_run),
    "Go live": (diff, activate, migrate, pause, resume, drain, eject, hold, release),
    "Run": (daemon, tick, status, retry, webhooks),
    "People": (contacts, consent, forms, scripts, event, events, orders),
    "Why": (explain, messages, stats, throttle, policy),
    "For the officer": (retention, sweep, register, audit),
    "Care": (db, keys, dkim, access, team, config),
}
