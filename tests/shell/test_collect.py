"""Consent in: wordings kept for ever, answers with their proof, follow-ups, and revoking."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accord.core.consent.asking import Asking, missing_proof
from accord.core.language.wordings import parse_wording
from accord.core.model.consent import Act, ConsentStatus, LegalBasis
from accord.core.model.decision import Situation
from accord.core.model.message import MessageState
from accord.core.model.wording import WordingKind
from accord.shell.engine.care import collect
from accord.shell.engine.care.collect import (
    WordingFault,
    keep,
    record_answer,
    revoke,
    revoke_page,
    wording_called,
)
from accord.shell.engine.ports.rows import NewContact
from accord.shell.store.database import SqlStore
from builders import FORM, NOW, a_catalogue, a_scenario, a_venue, a_wording
from engine_driver import Driver

VENUE = a_venue()
SCRIPT = """
script: guichet
version: "1"
given: displayed
asks: {newsletter: [editorial, promotional]}
text: {fr: Voulez-vous la lettre ?, en: Would you like the letter?}
notice: {version: "2026-01", fr: Qui écrit., en: Who writes.}
"""


def somebody(store: SqlStore, email: str = "ada@example.org") -> int:
    with store.begin() as unit:
        return unit.add_contacts([NewContact(email, "fr", "Europe/Paris", NOW)])[0]


def known(store: SqlStore, contact_id: int) -> Situation:
    with store.read() as unit:
        return unit.situations([contact_id])[contact_id]


def state(store: SqlStore, contact_id: int) -> ConsentStatus:
    return known(store, contact_id).consents.of("newsletter", "editorial").status


def asking(contact_id: int, answer: str | None, **overrides: object) -> Asking:
    made = Asking(contact_id, "Ada@example.org", NOW, answer, "web", "fr")
    return replace(made, **overrides)  # type: ignore[arg-type]


def test_a_wording_is_read_with_every_fault_at_its_place() -> None:
    text = (
        FORM.replace("newsletter", "newletter")
        .replace("optin_box", "optin_bx")
        .replace("en: I want", "de: I want")
    )
    found = [
        (fault.code, fault.span.line) for fault in parse_wording(text, "forms/f.yaml", VENUE).diagnostics
    ]
    assert ("wrong-value", 4) in found


def test_a_digest_is_of_what_is_said_and_not_of_the_layout() -> None:
    assert a_wording(FORM).digest == a_wording(f"# a comment\n{FORM}").digest
    assert a_wording(FORM).digest != a_wording(FORM.replace("I want", "I would like")).digest


def test_a_version_is_kept_from_its_first_use_and_never_changes(store: SqlStore) -> None:
    files = {"forms/f.yaml": a_wording(FORM)}
    with store.begin() as unit:
        first = wording_called(unit, WordingKind.FORM, "inscription", files, by="lea", now=NOW)
    with store.begin() as unit:
        again = wording_called(unit, WordingKind.FORM, "inscription@3", {}, by="lea", now=NOW)
        assert again == first == unit.wordings([first.digest])[first.digest].wording
        assert [deed.action for deed in unit.deeds()] == ["forms add"]
    changed = a_wording(FORM.replace("I want", "Indeed I want"))
    with store.begin() as unit, pytest.raises(WordingFault, match="Give the new text a new version"):
        keep(unit, changed, by="lea", now=NOW)
    with store.begin() as unit, pytest.raises(WordingFault, match="there are: inscription@3"):
        wording_called(unit, WordingKind.FORM, "abonnement", files, by="lea", now=NOW)


def test_an_answer_is_written_with_its_whole_proof(store: SqlStore) -> None:
    ada = somebody(store)
    catalogue = a_catalogue(venue=VENUE)
    record_answer(store, catalogue, asking(ada, "ticked"), a_wording(FORM), now=NOW)
    with store.read() as unit:
        entries = unit.entries([ada])[ada]
    assert [(e.kind, e.act) for e in entries] == [
        ("editorial", Act.OPTIN_PROVEN),
        ("promotional", Act.OPTIN_PROVEN),
    ]
    assert entries[0].wording == a_wording(FORM).digest
    assert entries[0].details["address"] == "Ada@example.org"
    assert entries[0].details["form"] == "inscription@3"
    assert [missing_proof(entry) for entry in entries] == [(), ()]
    assert known(store, ada).consents.of("newsletter", "editorial").informed


SUIVI = """
scenario: guichet
purpose: service
enter: {when: consent.spoken, again: each}
steps:
  suivi: {send: guichet/suivi, nature: service, about: legal_duty/oral_followup}
"""
SPOKEN = {"channel": "oral", "agent": "lea", "place": "guichet"}


def test_an_oral_yes_becomes_proven_once_its_followup_has_left(store: SqlStore) -> None:
    venue = replace(VENUE, legal_duties={"oral_followup": "RGPD"})
    driver = Driver(store, a_catalogue(a_scenario(SUIVI, venue), venue=venue), NOW)
    ada = somebody(store)
    record_answer(store, driver.catalogue, asking(ada, "yes", **SPOKEN), a_wording(SCRIPT), now=NOW)
    driver.think()
    assert state(store, ada) is ConsentStatus.OPTIN_UNPROVEN
    driver.send()
    assert state(store, ada) is ConsentStatus.OPTIN_PROVEN
    with store.read() as unit:
        names = [event.name for event in unit.events_of(ada)]
        followup = unit.entries([ada])[ada][-1]
    assert names.index("mail.sent") < names.index("consent.given")
    assert followup.act is Act.FOLLOWUP
    assert str(followup.details["followup"]).startswith("message ")


def test_without_its_agent_an_oral_yes_is_never_proven(store: SqlStore) -> None:
    ada = somebody(store)
    found, _ = record_answer(
        store,
        a_catalogue(venue=VENUE),
        asking(ada, "yes", channel="oral", place="guichet"),
        a_wording(SCRIPT),
        now=NOW,
    )
    assert found.act is Act.OPTIN_UNPROVEN


def test_revoking_a_wording_unproves_what_rests_on_it_and_cancels_its_queue(store: SqlStore) -> None:
    letter = a_scenario(
        "scenario: essai\npurpose: newsletter\nwhy: Parce que.\nenter: {when: consent.given}\n"
        "steps: {un: {send: a/b, nature: editorial}}\n",
        VENUE,
    )
    driver = Driver(store, a_catalogue(letter, venue=VENUE), NOW)
    ada, other = somebody(store), somebody(store, "grace@example.org")
    asked = a_wording(FORM)
    with store.begin() as unit:
        keep(unit, asked, by="lea", now=driver.now)
    for person in (ada, other):
        record_answer(store, driver.catalogue, asking(person, "ticked"), asked, now=NOW)
    driver.think()
    assert revoke(store, asked.digest, because="ticked beforehand", by="dpo", now=driver.now)
    assert not revoke(store, asked.digest, because="again", by="dpo", now=driver.now)
    assert revoke_page(store, driver.catalogue, asked.digest, now=NOW, limit=1) == 1
    assert state(store, other) is ConsentStatus.OPTIN_PROVEN  # broken off: the next page takes it up
    assert collect.go_on_revoking(store, driver.catalogue, now=driver.now) == 1
    assert collect.go_on_revoking(store, driver.catalogue, now=driver.now) == 0
    assert {state(store, person) for person in (ada, other)} == {ConsentStatus.OPTIN_UNPROVEN}
    with store.read() as unit:
        mails = [*unit.messages_of(ada), *unit.messages_of(other)]
        told = [event.name for event in unit.events_of(ada)]
        assert not list(unit.broken_chains())
    assert {(m.basis, m.state, m.reason) for m in mails} == {
        (LegalBasis.CONSENT, MessageState.CANCELLED, "CONSENT_UNPROVEN")
    }
    assert told.count("consent.invalidated") == 1
