"""The proof pack: everything in one page and one ZIP, and the chain verified from the ZIP alone."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from accord.core.consent.asking import Asking
from accord.core.mail.links import Links
from accord.core.model.consent import Act
from accord.shell.engine.care.collect import keep, record_answer
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.sending.reprint import Press
from accord.shell.proof.dossier import Dossier, gather
from accord.shell.proof.pack import HERE, page, write_pack
from accord.shell.store.database import SqlStore
from accord.shell.wordings import catalogue
from builders import NOW, a_catalogue, a_scenario, a_venue, a_wording, acts, an_act
from engine_driver import Driver

VENUE = a_venue()
PRESS = Press(Links(VENUE.base_url, (b"a key for tests",)), {})
LETTER = a_scenario(
    "scenario: essai\npurpose: newsletter\nwhy: Parce que.\nenter: {when: consent.given}\n"
    "steps: {un: {send: a/b, nature: editorial}, deux: {after: 1 days, send: a/c, nature: editorial}}\n",
    VENUE,
)


@pytest.fixture
def dossier(store: SqlStore) -> Dossier:
    """Somebody who agreed, got a mail, withdrew, and was refused the next one."""
    driver = Driver(store, a_catalogue(LETTER, venue=VENUE), NOW)
    with store.begin() as unit:
        ada = unit.add_contacts([NewContact("ada@example.org", "fr", "Europe/Paris", NOW)])[0]
        keep(unit, a_wording(), by="lea", now=NOW)
    asking = Asking(ada, "Ada@Example.org", NOW, "ticked", "web", "fr")
    record_answer(store, driver.catalogue, asking, a_wording(), now=NOW)
    driver.turn()
    driver.now += timedelta(hours=3)
    driver.consent(
        *[
            replace(an_act(Act.UNSUBSCRIBE, kind=k), contact_id=ada, at=driver.now)
            for k in ("editorial", "promotional")
        ]
    )
    driver.turn()
    with store.read() as unit:
        return gather(unit, ada, VENUE, PRESS)


def test_it_says_what_was_shown_and_why_each_mail_went(dossier: Dossier) -> None:
    english = page(dossier, VENUE, language="en", now=NOW)
    assert "Je veux la lettre." in english  # as it was shown, whatever the language of the page
    assert "has withdrawn" in english
    assert "The person has agreed, and the proof is there." in english
    assert "the chain of 4 entries holds" in english
    french = page(dossier, VENUE, language="fr", now=NOW)
    assert "a retiré son consentement" in french
    assert "la chaîne de 4 inscriptions tient" in french


def test_it_needs_nothing_else(dossier: Dossier) -> None:
    made = page(dossier, VENUE, language="fr", now=NOW)
    assert not re.findall(r"""(?:src|href)=|url\(|@import|<script""", made)


def test_kinds_with_the_same_story_are_told_once(dossier: Dossier) -> None:
    assert [position.kinds for position in dossier.positions] == [("editorial", "promotional")]


def test_what_the_person_typed_is_text_and_never_markup(dossier: Dossier) -> None:
    hostile = replace(
        dossier, contact=replace(dossier.contact, email="<script>alert(1)</script>@example.org")
    )
    assert "<script>" not in page(hostile, VENUE, language="fr", now=NOW)


def test_the_zip_can_be_verified_without_accord(dossier: Dossier, tmp_path: Path) -> None:
    html, packed = write_pack(dossier, VENUE, tmp_path / "out", language="fr", now=NOW)
    with zipfile.ZipFile(packed) as raw:
        rows = [json.loads(line) for line in raw.read("ledger.jsonl").splitlines()]
        wordings = [json.loads(line) for line in raw.read("wordings.jsonl").splitlines()]
        assert raw.read(html.name) == html.read_bytes()
        assert "SHA-256" in raw.read("VERIFY.txt").decode()
    previous = "0" * 64
    for row in rows:
        own = hashlib.sha256((row["salt"] + row["payload"]).encode()).hexdigest()
        assert row["previous"] == previous
        assert row["digest"] == f"{own}:{hashlib.sha256((previous + own).encode()).hexdigest()}"
        previous = row["digest"]
    body = {key: value for key, value in wordings[0].items() if key not in ("added_at", "revoked_at")}
    digest = hashlib.sha256(json.dumps({**body, "digest": ""}, sort_keys=True, ensure_ascii=False).encode())
    assert digest.hexdigest() == body["digest"] == json.loads(rows[0]["payload"])["wording"]


def test_an_entry_that_was_changed_shows(store: SqlStore) -> None:
    with store.begin() as unit:
        ada = unit.add_contacts([NewContact("ada@example.org", "fr", "Europe/Paris", NOW)])[0]
        unit.add_entries(acts(contact_id=ada), NOW)
    with store.engine.begin() as connection:
        connection.execute(
            text("UPDATE consent_entry SET payload = replace(payload, 'proven', 'provem') WHERE seq = 1")
        )
    with store.read() as unit:
        rows = unit.proving.chain(ada)
        assert list(unit.broken_chains()) == [(ada, 1)]
    from accord.core.consent.chain import broken

    assert list(broken(rows)) == [1]


def test_an_entry_without_its_proof_says_what_is_missing(store: SqlStore) -> None:
    with store.begin() as unit:
        ada = unit.add_contacts([NewContact("ada@example.org", "fr", "Europe/Paris", NOW)])[0]
        unit.add_entries(acts(contact_id=ada), NOW)
        found = gather(unit, ada, VENUE, PRESS)
    assert "wording" in found.positions[0].steps[0].lacks
    assert "missing in the record: wording" in page(found, VENUE, language="en", now=NOW)


def test_every_sentence_of_the_page_is_there_in_french() -> None:
    source = (HERE / "templates" / "proof.html").read_text(encoding="utf-8")
    french = catalogue("fr", "proof")
    same_in_both = {"script", "nature", "notice"}
    wanted = set(re.findall(r'_\("([^"]+)"\)', source)) - same_in_both
    assert [words for words in wanted if french.gettext(words) == words] == []
