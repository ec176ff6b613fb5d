"""The replay judges on what was known then; the census counts; the register says what the files do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from accord.core.model.consent import Act, ConsentEntry, LegalBasis
from accord.core.model.time import local_day
from accord.core.model.venue import Policy, Webhook
from accord.shell.engine.ports.rows import NewContact
from accord.shell.proof.census import census
from accord.shell.proof.register import Recipient, register
from accord.shell.proof.replay import Judged, replay
from accord.shell.store.database import SqlStore
from builders import NOW, a_catalogue, a_scenario, a_venue, acts, an_event, an_order_line
from engine_driver import Driver

VENUE = a_venue()
LETTER = """
scenario: lettre
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: [consent.given, order.paid], again: each}
steps:
  une: {send: l/une, nature: editorial, promotes: [theatre]}
"""


@pytest.fixture
def driver(store: SqlStore) -> Driver:
    with store.begin() as unit:
        unit.add_contacts([NewContact(f"p{n}@example.org", "fr", "Europe/Paris", NOW) for n in (1, 2, 3)])
    return Driver(store, a_catalogue(a_scenario(LETTER, VENUE), venue=VENUE), NOW)


def judged(driver: Driver, policy: Policy | None = None) -> list[Judged]:
    return list(replay(driver.store, driver.catalogue, since=NOW - timedelta(days=1), policy=policy))


def sign_up(driver: Driver, number: int) -> None:
    driver.consent(*acts(contact_id=number, at=driver.now))
    driver.turn()


def test_what_was_right_then_is_right_now(driver: Driver) -> None:
    sign_up(driver, 1)
    (one,) = judged(driver)
    assert not one.differs
    assert one.inputs == ()
    assert one.verdict.reason == "OPTIN_PROVEN"


def test_what_happened_since_changes_nothing(driver: Driver) -> None:
    sign_up(driver, 1)
    driver.now += timedelta(days=2)
    driver.consent(ConsentEntry(1, driver.now, "*", "*", Act.OBJECTION))
    driver.tell(an_event("mail.complained", at=driver.now))
    (one,) = judged(driver)
    assert not one.differs
    assert one.inputs == ()


def test_an_objection_that_was_told_late_was_not_known_then(driver: Driver) -> None:
    sign_up(driver, 1)
    letter_of = driver.now - timedelta(hours=1)
    driver.now += timedelta(days=2)
    driver.consent(ConsentEntry(1, letter_of, "*", "*", Act.OBJECTION))
    assert not judged(driver)[0].differs


def test_an_entry_that_was_tampered_with_comes_out(driver: Driver) -> None:
    sign_up(driver, 1)
    with driver.store.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE consent_entry SET payload = replace(payload, 'optin_proven', 'optin_import')"
        )
    (one,) = judged(driver)
    assert one.differs
    assert one.verdict.reason == "CONSENT_UNPROVEN"
    assert "consent: optin_proven → optin_unproven" in one.inputs


def test_a_stricter_switch_shows_what_it_would_have_refused(driver: Driver) -> None:
    old = NOW - timedelta(days=500)
    with driver.store.begin() as unit:
        unit.save_order_lines({2: [an_order_line(placed_at=old, paid_at=old)]})
    driver.consent(*(replace(entry, act=Act.SILENCE) for entry in acts(contact_id=2, at=NOW)))
    driver.tell(an_event("order.paid", contact_id=2, at=driver.now, data={"order_id": "A-1"}))
    driver.turn()
    (one,) = judged(driver)
    assert one.message.basis is LegalBasis.SOFT_OPTIN
    assert not one.differs
    (stricter,) = judged(driver, replace(VENUE.policy, soft_optin_max_purchase_age_months=12))
    assert stricter.differs
    assert not stricter.verdict.allowed


def test_the_census_counts_everybody_once(driver: Driver) -> None:
    driver.consent(*acts(contact_id=1, at=NOW))
    driver.consent(ConsentEntry(2, NOW, "*", "*", Act.OBJECTION, informed=True))
    with driver.store.read() as unit:
        found = census(unit, VENUE, local_day(NOW, VENUE.entity.clock))
    editorial = {each.state: each.people for each in found.standings if each.kind == "editorial"}
    assert editorial == {"optin_proven": 1, "active_optout": 1, "never_asked": 1}
    assert (found.people, found.never_informed, found.from_third_parties) == (3, 1, 0)
    assert dict(found.left) == {
        "past the cut-off": 0,
        "within 6 months": 0,
        "within 12 months": 0,
        "within 24 months": 0,
        "within 36 months": 3,
    }


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", ("The letter", "consent", "customers", "36 months", "address")),
        ("fr", ("La lettre", "consentement", "clients", "36 mois", "adresse")),
    ],
)
def test_the_register_says_what_the_files_do(language: str, says: tuple[str, ...]) -> None:
    purpose, consent, customers, months, address = says
    venue = replace(
        VENUE, webhooks={"crm": Webhook("crm", "https://crm.example.org/", ("email",), "The CRM", "France")}
    )
    text = (
        LETTER
        + "  deux: {call: crm, nature: editorial}\n  trois: {send: l/trois, nature: editorial, if: orders.count > 1}\n"
    )
    relay = Recipient("The relay", "address, mail", "Ireland")
    (line,) = register(
        {"lettre": a_scenario(text, venue)},
        lambda _: frozenset({"contact.first_name", "loop.index"}),
        venue,
        (relay,),
        language,
    )
    assert line.purpose == purpose
    assert line.basis[0].startswith(consent)
    assert line.basis[1].startswith(customers)
    assert line.data[0] == address
    assert {"contact.first_name", "orders.count"} <= set(line.data)
    assert "loop.index" not in line.data
    assert [each.name for each in line.recipients] == ["The relay", "The CRM"]
    assert line.retention.startswith(months)


def test_the_register_says_who_is_told_of_events() -> None:
    webhook = Webhook(
        "crm", "https://crm.example.org/", ("contact.email",), "The CRM", "France", ("order.placed",)
    )
    relay = Recipient("The relay", "address, mail", "Ireland")
    (line,) = register({}, lambda _: frozenset(), replace(VENUE, webhooks={"crm": webhook}), (relay,), "fr")
    assert line.recipients == (Recipient("The CRM", "contact.email", "France"),)
    assert "order.placed" in line.purpose
