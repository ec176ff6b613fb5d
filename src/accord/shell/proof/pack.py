"""The proof pack: one page that needs nothing else, and the raw entries beside it in a ZIP."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from accord import __version__
from accord.core.consent.reasons import in_words
from accord.core.model.venue import Venue
from accord.shell.proof.dossier import Dossier, Sent
from accord.shell.wordings import catalogue

HERE = Path(__file__).parent

VERIFY = """How to verify these entries without Accord
==========================================

ledger.jsonl has one line for each row of the consent ledger, oldest first: seq, payload, salt, digest, previous.
The digest is written «own:chain».

  own   = SHA-256 of salt followed by payload, both as UTF-8 text, in hexadecimal
  chain = SHA-256 of `previous` followed by own, in hexadecimal

`previous` is the digest of the row before; of the first row it is 64 zeros. A row whose payload is null was
erased: its own can't be computed any more, but its chain can, and must still hold.

wordings.jsonl has every form and script that was answered, in full. The digest of each is the SHA-256 of the
JSON of all its other fields with an empty `digest`, keys sorted, as UTF-8 (Python: json.dumps(body,
sort_keys=True, ensure_ascii=False)).

mails.jsonl has one line for each mail of the send ledger. One that left also stands in mails/, as it left: it was
made again from what the ledger keeps (the template's version, the values that it read, the instant, the key of its
links) and compared with the SHA-256 of the bytes that were handed to the mail server, which the ledger kept then.
"""


def write_pack(dossier: Dossier, venue: Venue, folder: Path, *, language: str, now: datetime) -> list[Path]:
    """Write `proof-ID.html` and `proof-ID.zip`; returns both. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    html, raw = folder / f"proof-{dossier.contact.id}.html", folder / f"proof-{dossier.contact.id}.zip"
    text = page(dossier, venue, language=language, now=now)
    html.write_text(text, encoding="utf-8")
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(html.name, text)
        for name, content in raw_entries(dossier).items():
            packed.writestr(name, content)
    return [html, raw]


def raw_entries(dossier: Dossier) -> Mapping[str, str | bytes]:
    """The files of the ZIP beside the page: what is kept, as it is kept, and each mail as it left."""
    mails = [_mail(sent) for sent in dossier.mails]
    left = {_file_of(sent): sent.mail for sent in dossier.mails if sent.mail is not None}
    refusals = [{"at": event.at, **event.data} for event in dossier.refusals]
    wordings = [
        {**kept.wording.body(), "added_at": kept.added_at, "revoked_at": kept.revoked_at}
        for kept in dossier.wordings
    ]
    return {
        "ledger.jsonl": _lines([asdict(row) for row in dossier.chain]),
        "wordings.jsonl": _lines(wordings),
        "mails.jsonl": _lines(mails),
        "refusals.jsonl": _lines(refusals),
        "VERIFY.txt": VERIFY,
        **left,
    }


def _file_of(sent: Sent) -> str:
    return f"mails/{sent.message.id}.eml"


def _mail(sent: Sent) -> dict[str, Any]:
    """One line of mails.jsonl: the ledger's row, and where the mail itself stands, or why it does not."""
    told = {**asdict(sent.message), "inputs": dict(sent.inputs)}
    if sent.mail is not None:
        told |= {"file": _file_of(sent), "sha256": hashlib.sha256(sent.mail).hexdigest()}
    return told | ({"not_made_again": sent.lost} if sent.lost is not None else {})


def _lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False, sort_keys=True, default=_plain) + "\n" for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else str(value)


def page(dossier: Dossier, venue: Venue, *, language: str, now: datetime) -> str:
    """The self-contained page, in French or English; instants in the entity's zone."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = catalogue(language, "proof")
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(
        day=lambda value: format_date(_local(value, venue), "long", locale=language),
        instant=lambda value: format_datetime(_local(value, venue), "d MMM y, HH:mm:ss", locale=language),
        reason=lambda code: words.gettext(in_words(code)),
        label=lambda name: _label(name, venue, language),
    )
    template = environment.get_template("proof.html")
    return template.render(dossier=dossier, venue=venue, language=language, now=now, version=__version__)


def _local(value: date | datetime, venue: Venue) -> date:
    if not isinstance(value, datetime):
        return value
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return aware.astimezone(venue.entity.clock)


def _label(name: str, venue: Venue, language: str) -> str:
    known = venue.purposes.get(name)
    return known.labels.get(language, name) if known is not None else name
