"""Everything that is known of one person, for that person: JSON and tables in one ZIP (art. 15 and 20)."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from babel.dates import format_date

from accord.core.consent.retention import cut_off
from accord.core.model.consent import EVERYTHING, ConsentEntry, Consents, ConsentState
from accord.core.model.contact import Contact
from accord.core.model.decision import Situation
from accord.core.model.time import local_day
from accord.core.model.venue import Venue
from accord.shell.engine.ports.rows import KeptWording
from accord.shell.engine.ports.store import Unit
from accord.shell.wordings import catalogue

# A journal of more rows than this is no person's.
ALL = 1_000_000

TITLE = "What we know of you"
WHAT = "This folder holds all personal data that {entity} keeps of you for its mailings, as of {day}."
FILES = "personal-data.json has everything, for programs; the .csv files have the same as tables."
WHY = (
    "Why: to send you what concerns your orders and your account; and our news, if you agreed to it or are a "
    "customer who did not refuse it."
)
HOW_LONG = "How long: until {day}, unless you act before then. Orders are kept ten years for our accounts."
FROM_YOU = "Where it comes from: from you."
FROM_OTHERS = "Where it comes from: your address was given to us by a third party."
RECIPIENTS = "Who receives it besides us: {names}."
RIGHTS = (
    "You may have it corrected or erased, object to our news at any time and without giving a reason, and take "
    "back what you agreed to. You may also complain to the supervisory authority; in France that is the CNIL "
    "(www.cnil.fr)."
)
WRITE = "Write to us: {entity}, {address}."
SENTENCES = (TITLE, WHAT, FILES, WHY, HOW_LONG, FROM_YOU, FROM_OTHERS, RECIPIENTS, RIGHTS, WRITE)


@dataclass(frozen=True, slots=True)
class Known:
    """One person's data, a table a name; `contact` and `forgotten_on` speak in the letter beside them."""

    contact: Contact
    forgotten_on: date
    tables: Mapping[str, Sequence[Mapping[str, Any]]]


def all_known(unit: Unit, contact_id: int, venue: Venue) -> Known:
    """Read everything that the database holds of one person, and of the records merged into theirs."""
    situation = unit.situations([contact_id])[contact_id]
    contact = situation.contact
    closed = unit.keeping.closed_into(contact_id)
    ledgers = unit.entries([contact_id, *(each.id for each in closed)])
    entries = [entry for ledger in ledgers.values() for entry in ledger]
    wordings = unit.wordings(sorted({entry.wording for entry in entries if entry.wording}))
    inputs = unit.proving.inputs(contact_id)
    left = unit.keeping.left_of(contact.email)
    tables: dict[str, Sequence[Mapping[str, Any]]] = {
        "person": [_person(situation, closed, venue)],
        "consents": [_state(*each) for each in _states(situation.consents)],
        "acts": [_act(entry, wordings) for entry in sorted(entries, key=lambda each: (each.at, each.seq))],
        "wordings": [kept.wording.body() for kept in wordings.values()],
        "orders": [asdict(line) for line in situation.lines],
        "archived_orders": left.orders,
        "mails": [
            {**asdict(mail), "inputs": dict(inputs.get(mail.id, {}))} for mail in unit.messages_of(contact_id)
        ],
        "events": [
            {"at": each.at, "event": each.name, "source": each.source, "data": dict(each.data)}
            for each in unit.events_of(contact_id, limit=ALL)
        ],
        "scenarios": [_run(each) for each in unit.keeping.runs_of(contact_id)],
        "objection_list": [
            {"purpose": purpose, "since": since} for purpose, since in sorted(left.objections.items())
        ],
    }
    return Known(contact, cut_off(contact, venue), tables)


def _person(situation: Situation, closed: Sequence[Contact], venue: Venue) -> dict[str, Any]:
    contact = situation.contact
    return {
        **{name: value for name, value in asdict(contact).items() if name not in ("revision", "attributes")},
        "addresses": [contact.email, *(each.email for each in closed)],
        "contract_in_progress": situation.contract_in_progress,
        "forgotten_on": cut_off(contact, venue),
        "attributes": dict(contact.attributes),
    }


def _states(known: Consents) -> list[tuple[tuple[str, str], ConsentState]]:
    """Each state by purpose and kind; what was said of everything first."""
    return [((EVERYTHING, EVERYTHING), known.overall), *sorted(known.states.items())]


def _state(key: tuple[str, str], state: ConsentState) -> dict[str, Any]:
    purpose, kind = key
    return {
        "purpose": purpose,
        "kind": kind,
        "state": state.status,
        "informed": state.informed,
        "since": state.since,
    }


def _act(entry: ConsentEntry, wordings: Mapping[str, KeptWording]) -> dict[str, Any]:
    """One act, with the words that were shown or said."""
    kept = wordings.get(entry.wording or "")
    text = kept.wording.text.get(str(entry.details.get("language"))) if kept is not None else None
    return {
        "at": entry.at,
        "purpose": entry.purpose,
        "kind": entry.kind,
        "act": entry.act,
        "informed": entry.informed,
        "wording": kept.wording.label if kept is not None else entry.wording,
        "text": text or entry.details.get("text"),
        "details": dict(entry.details),
    }


def _run(run: Any) -> dict[str, Any]:
    names = ("scenario", "entered_at", "state", "step", "due_at", "entry_key")
    return {name: getattr(run, name) for name in names}


# -- the ZIP ---------------------------------------------------------------------------------------------------


def write_access(
    known: Known, venue: Venue, target: Path, *, recipients: Sequence[str], now: datetime
) -> Path:
    """Write the ZIP: to `target`, or into it where it is a folder; its owner alone may read it.

    Nothing that exists is overwritten. Returns where it is; raises OSError.
    """
    if target.suffix.casefold() != ".zip":
        target.mkdir(parents=True, exist_ok=True)
        target /= f"contact-{known.contact.id}-{local_day(now, venue.entity.clock)}.zip"
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    stamp = now.astimezone(venue.entity.clock).timetuple()[:6]
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in _files(known, venue, recipients, now).items():
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, content)
    return target


def _files(known: Known, venue: Venue, recipients: Sequence[str], now: datetime) -> dict[str, str]:
    language = known.contact.language if known.contact.language in venue.entity.languages else None
    letter = _letter(known, venue, recipients, language or venue.entity.language, now)
    return {
        "README.txt": letter,
        "personal-data.json": document(known, venue, recipients, now),
        **{f"{name}.csv": _table(rows) for name, rows in known.tables.items() if rows},
    }


def document(known: Known, venue: Venue, recipients: Sequence[str], now: datetime) -> str:
    """All of it as JSON, for programs (art. 20)."""
    controller = {"name": venue.entity.name, "address": venue.entity.address}
    told = {"controller": controller, "as_of": now, "recipients": list(recipients), **known.tables}
    return json.dumps(told, ensure_ascii=False, indent=2, default=_plain) + "\n"


def _letter(known: Known, venue: Venue, recipients: Sequence[str], language: str, now: datetime) -> str:
    say = catalogue(language, "access").gettext
    told = {
        "entity": venue.entity.name,
        "address": venue.entity.address,
        "names": ", ".join(recipients),
    }

    def day(value: date) -> str:
        return str(format_date(value, "long", locale=language))

    paragraphs = [
        say(WHAT).format(day=day(local_day(now, venue.entity.clock)), **told),
        say(FILES),
        say(WHY),
        say(HOW_LONG).format(day=day(known.forgotten_on), **told),
        say(FROM_OTHERS if known.contact.from_third_party else FROM_YOU),
        *([say(RECIPIENTS).format(**told)] if recipients else []),
        say(RIGHTS),
        say(WRITE).format(**told),
    ]
    title = say(TITLE)
    return "\n\n".join([f"{title}\n{'=' * len(title)}", *paragraphs]) + "\n"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([[_cell(row.get(name)) for name in columns] for row in rows])
    return out.getvalue()


def _cell(value: Any) -> str:
    """A cell; one that begins like a formula would be one to a spreadsheet."""
    if value is None:
        return ""
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    text = str(value).lower() if isinstance(value, bool) else str(_plain(value))
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(value) else text


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else str(value)
