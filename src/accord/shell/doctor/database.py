"""The database: open, of this version, with its own keys, its chains whole, a fresh copy of it, its clock right."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta

from accord.shell.doctor.findings import Finding, fine, mend, note, unseen
from accord.shell.doctor.patient import Patient
from accord.shell.engine.ports.checkup import LAST_BACKUP
from accord.shell.engine.ports.store import StoreError, Unit
from accord.shell.keys import KeysFault, read_keys

# How many of the newest entries of the consent ledger are looked at; `scenario db check` looks at all.
NEWEST = 1000

OLD_COPY = timedelta(days=2)
SKEW = timedelta(seconds=90)


def database(patient: Patient) -> Iterator[Finding]:
    """Whether it can be opened and read, and what is in it. Nothing is written, made or migrated."""
    file = patient.store.file
    if file is not None and not file.exists():
        yield fine("database", f"there is no {file.name} yet: the first command that writes makes it")
        return
    try:
        if not patient.store.is_current():
            yield mend("migrations", "The tables are older than this version.", "scenario db upgrade")
            return
        yield fine("migrations", "the tables are those of this version")
        with patient.store.read() as unit:
            yield from _keys(patient, unit)
            yield from _chains(unit)
            yield from _copies(patient, unit)
            yield from _clock(patient, unit)
        yield from _log(patient)
    except StoreError as fault:
        yield mend("database", str(fault), "See [database] in config.toml, and whether the server runs.")


def _keys(patient: Patient, unit: Unit) -> Iterator[Finding]:
    known = unit.fact("keys")
    try:
        at_hand = set(read_keys(patient.settings.keys_file).prints().split(","))
    except KeysFault:
        return
    if known is not None and not set(known.split(",")) <= at_hand:
        yield mend(
            "database-keys",
            "The database was kept with other keys: links and objections of the past can't be read.",
            f"Bring the {patient.settings.keys_file.name} that belongs to it back from your backup.",
        )
    else:
        yield fine("database-keys", "the keys are those that it was kept with")


def _chains(unit: Unit) -> Iterator[Finding]:
    broken = list(unit.checkup.broken_tail(NEWEST))
    for contact_id, seq in broken[:5]:
        yield mend(
            "chains",
            f"The consent ledger of contact {contact_id} does not hold at entry {seq}: somebody changed it.",
            "scenario db check tells all; bring a copy back that holds, and find out who wrote.",
        )
    if not broken:
        yield fine("chains", f"the newest {NEWEST} entries of the consent ledger hold")


def _copies(patient: Patient, unit: Unit) -> Iterator[Finding]:
    if patient.store.file is None:
        yield unseen(
            "backup",
            "PostgreSQL is backed up by its own tools, which don't tell us.",
            "Watch the age of what pg_dump or pgBackRest writes.",
        )
        return
    told, do = unit.fact(LAST_BACKUP), f"scenario db backup backups/{patient.now:%Y-%m-%d}"
    if told is None:
        if unit.checkup.newest_event() is not None:
            yield mend("backup", "There never was a backup.", f"{do}, and each night from cron.")
        else:
            yield note("backup", "There never was a backup, and nothing is lost yet.", do)
        return
    age = patient.now - datetime.fromisoformat(told)
    if age > OLD_COPY:
        yield mend("backup", f"The last backup is {_days(age)} old.", f"{do}, and see why cron does not.")
    else:
        yield fine("backup", f"the last backup is {_days(age)} old")


def _log(patient: Patient) -> Iterator[Finding]:
    """What no restored copy undoes: the list of who objected since."""
    log = patient.settings.objections_log
    if log is None:
        yield note(
            "objections-log",
            "There is no objections log: a copy brought back would forget who objected since it was made.",
            'objections_log = "objections.log" in config.toml, under [database].',
        )
    elif not os.access(log if log.exists() else log.parent, os.W_OK):
        yield mend("objections-log", f"{log} can't be written.", f"Let the daemon's user write {log}.")


def _days(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"


def _clock(patient: Patient, unit: Unit) -> Iterator[Finding]:
    """Other clocks that are at hand: the database's, and that which dated the newest row."""
    theirs, newest = unit.checkup.clock(), unit.checkup.newest_event()
    set_it = "Let the system keep time: timedatectl set-ntp true"
    if theirs is not None and abs(theirs - patient.now) > SKEW:
        yield mend(
            "clock",
            f"The database's clock differs from ours by {_days_or_less(theirs - patient.now)}.",
            set_it,
        )
    elif newest is not None and newest - patient.now > SKEW and not patient.settings.allow_time_travel:
        ahead = _days_or_less(newest - patient.now)
        yield mend("clock", f"The newest row of the journal is {ahead} ahead of our clock.", set_it)
    else:
        yield fine("clock", "the clock goes with the journal's")


def _days_or_less(skew: timedelta) -> str:
    seconds = abs(int(skew.total_seconds()))
    return f"{seconds} seconds" if seconds < 7200 else _days(abs(skew))
