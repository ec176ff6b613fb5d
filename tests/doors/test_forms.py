"""Collection forms: nothing ticked beforehand, the same answer to everybody, a consent by the second press only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from accord.core.model.consent import Act, ConsentEntry
from accord.shell.engine.care.nightly import nightly
from accord.shell.engine.record import record_consents
from accord.shell.web.app import create_app
from accord.shell.web.floods import FORMS, Buckets, Hours
from accord.shell.web.house_forms import HouseForms
from accord.shell.web.people import HousePeople
from doors.houses import Venue
from doors.visitors import Visitor

FIELD = re.compile(r'name="stamp" value="([^"]+)"')


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    made = Venue(tmp_path)
    made.activate("inscription", "bienvenue")
    yield made
    made.house.store.close()


@pytest.fixture
def visitor(venue: Venue) -> Visitor:
    return Visitor(create_app(HousePeople(venue.house), HouseForms(venue.house)))


def stamp(venue: Venue, visitor: Visitor, form: str = "inscription") -> str:
    """The stamp of a page, as a person would send it a little later."""
    found = FIELD.search(visitor.get(f"/f/{form}").text)
    assert found is not None
    venue.now += timedelta(seconds=20)
    return found[1]


def fill_in(venue: Venue, visitor: Visitor, address: str, *, form: str = "inscription", **more: str):  # type: ignore[no-untyped-def]
    fields = {"email": address, "stamp": stamp(venue, visitor, form), "lang": "fr", **more}
    return visitor.post(f"/f/{form}", data=fields)


def link(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    found = re.search(r'href="https://theatre\.example\.org(/c/[^"]+)"', body.get_content())
    assert found is not None
    return found[1]


def test_a_form_shows_its_words_and_ticks_nothing(venue: Venue, visitor: Visitor) -> None:
    page = visitor.get("/f/inscription", headers={"accept-language": "fr"}).text
    assert "Je souhaite recevoir la lettre du théâtre" in page
    assert "Vous pouvez arrêter à tout moment" in page
    assert "checked" not in page
    assert "I would like to receive" in visitor.get("/f/inscription?lang=en").text
    assert visitor.get("/f/guichet").status_code == 404, "a script is said, not shown"
    assert visitor.get("/f/nothing").status_code == 404


def test_two_steps_from_the_form_to_the_welcome(venue: Venue, visitor: Visitor) -> None:
    taken = fill_in(venue, visitor, "ada@example.org", answer="ticked")
    assert taken.status_code == 200
    assert "Plus qu’un geste" in taken.text
    ada = venue.contact("ada@example.org")
    assert ada is not None
    assert venue.state(ada) == "optin_unproven"
    (asked,) = venue.turn()
    assert asked["subject"] == "Confirmez votre inscription"
    assert asked["list-unsubscribe"] is None, "a service mail"
    address = link(asked)
    for method in ("GET", "HEAD"):
        assert visitor.request(method, address).status_code == 200
    assert venue.state(ada) == "optin_unproven", "fetching agrees to nothing"
    confirmed = visitor.post(address)
    assert "Bienvenue" in confirmed.text
    assert venue.state(ada) == venue.state(ada, "promotional") == "optin_proven"
    assert "Bienvenue" in visitor.post(address).text, "twice is once"
    with venue.house.store.read() as unit:
        ledger = unit.entries([ada])[ada]
    assert [entry.act for entry in ledger] == [Act.OPTIN_PENDING] * 2 + [Act.CONFIRM_POST] * 2
    assert ledger[-1].details["answer"] == "double_optin_post"
    assert ledger[-1].details["url"] == "https://theatre.example.org/f/inscription"
    assert ledger[-1].wording == ledger[0].wording is not None
    venue.now += timedelta(days=1)
    assert [mail["subject"] for mail in venue.turn()] != []


def test_a_sign_up_can_be_confirmed_for_seven_days(venue: Venue, visitor: Visitor) -> None:
    fill_in(venue, visitor, "ada@example.org", answer="ticked")
    (asked,) = venue.turn()
    venue.now += timedelta(days=7, minutes=1)
    assert "Plus rien n’attend" in visitor.post(link(asked), headers={"accept-language": "fr"}).text
    ada = venue.contact("ada@example.org")
    assert ada is not None
    assert venue.state(ada) == "optin_unproven"


def test_the_answer_is_the_same_whether_or_not_the_address_is_known(venue: Venue, visitor: Visitor) -> None:
    fill_in(venue, visitor, "ada@example.org", answer="ticked")
    visitor.post(link(venue.turn()[0]))
    known = fill_in(venue, visitor, "ada@example.org", answer="ticked")
    new = fill_in(venue, visitor, "grace@example.org", answer="ticked")
    assert (known.status_code, known.text) == (new.status_code, new.text)


def test_nobody_can_flood_a_strangers_mailbox(venue: Venue, visitor: Visitor) -> None:
    for _ in range(3):
        fill_in(venue, visitor, "ada@example.org", answer="ticked")
    confirmations = [mail for mail in venue.turn() if mail["subject"] == "Confirmez votre inscription"]
    assert len(confirmations) == 1


def test_leaving_the_box_alone_is_no_consent_and_no_objection(venue: Venue, visitor: Visitor) -> None:
    fill_in(venue, visitor, "ada@example.org")
    ada = venue.contact("ada@example.org")
    assert ada is not None
    assert venue.state(ada) == "passive_optout"
    assert venue.turn() == []


def test_a_ticked_refusal_is_an_objection(venue: Venue, visitor: Visitor) -> None:
    fill_in(venue, visitor, "ada@example.org", form="billetterie", answer="ticked")
    ada = venue.contact("ada@example.org")
    assert ada is not None
    assert venue.state(ada) == "active_optout"


def test_who_is_on_the_objection_list_comes_back_as_an_objector(venue: Venue, visitor: Visitor) -> None:
    fill_in(venue, visitor, "ada@example.org")
    ada = venue.contact("ada@example.org")
    assert ada is not None
    objection = ConsentEntry(ada, venue.now, "*", "*", Act.OBJECTION)
    record_consents(venue.house.store, venue.house.catalogue, [objection], now=venue.now)
    from accord.shell.engine.care.rights import erase_person

    erase_person(venue.house.store, venue.house.catalogue, ada, by="test", now=venue.now)
    fill_in(venue, visitor, "ada@example.org")
    again = venue.contact("ada@example.org")
    assert again not in (None, ada)
    assert venue.state(again or 0) == "active_optout"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "not an address"}, "Ce n’est pas une adresse"),
        ({"email": ""}, "Ce n’est pas une adresse"),
        ({"stamp": "forged"}, "avait trop attendu"),
        ({"stamp": ""}, "avait trop attendu"),
    ],
)
def test_what_can_not_be_taken_is_shown_again(
    venue: Venue, visitor: Visitor, fields: dict[str, str], said: str
) -> None:
    sent = {"email": "ada@example.org", "answer": "ticked", "stamp": stamp(venue, visitor), **fields}
    answer = visitor.post("/f/inscription", data=sent, headers={"accept-language": "fr"})
    assert answer.status_code == 422
    assert said in answer.text
    assert venue.contact("ada@example.org") is None


def test_a_robot_that_fills_in_everything_is_thanked_and_forgotten(venue: Venue, visitor: Visitor) -> None:
    taken = fill_in(venue, visitor, "ada@example.org", answer="ticked", website="https://spam.example.org")
    assert taken.status_code == 200
    assert venue.contact("ada@example.org") is None


def test_one_caller_sends_so_many_forms_and_no_more(venue: Venue, visitor: Visitor) -> None:
    answers = [fill_in(venue, visitor, f"p{n}@example.org") for n in range(FORMS + 1)]
    assert [answer.status_code for answer in answers] == [200] * FORMS + [429]
    assert answers[-1].headers["retry-after"] == "600"


def test_callers_are_networks_and_are_forgotten(venue: Venue) -> None:
    buckets = Buckets()
    assert not any(buckets.is_full("192.0.2.1", venue.now) for _ in range(FORMS))
    assert buckets.is_full("192.0.2.77", venue.now), "the same network"
    assert not buckets.is_full("192.0.3.1", venue.now)
    assert not buckets.is_full("192.0.2.1", venue.now + timedelta(minutes=11))


def test_a_stamp_serves_one_form_and_one_day(venue: Venue) -> None:
    hours, now = Hours((b"k" * 32,)), venue.now
    made = hours.stamp("digest", now)
    assert hours.is_fresh(made, "digest", now + timedelta(minutes=1))
    assert not hours.is_fresh(made, "other", now + timedelta(minutes=1))
    assert not hours.is_fresh(made, "digest", now + timedelta(seconds=1))
    assert not hours.is_fresh(made, "digest", now + timedelta(days=2))
    assert not hours.is_fresh(made, "digest", now - timedelta(minutes=1))
    assert not Hours((b"x" * 32,)).is_fresh(made, "digest", now + timedelta(minutes=1))


def test_only_the_venues_own_sites_may_show_a_form_inside_theirs(venue: Venue, visitor: Visitor) -> None:
    policy = visitor.get("/f/inscription").headers["content-security-policy"]
    assert "frame-ancestors 'self' https://theatre.example.org" in policy


def test_a_form_stands_in_a_page_of_the_venues_and_so_does_its_answer(venue: Venue, visitor: Visitor) -> None:
    bare = visitor.get("/f/inscription?embed=1")
    assert "<header>" not in bare.text
    assert "<footer>" not in bare.text
    assert "<header>" in visitor.get("/f/inscription").text
    sent = {"email": "ada@example.org", "answer": "ticked", "stamp": stamp(venue, visitor), "lang": "fr"}
    taken = visitor.post("/f/inscription?embed=1", data=sent)
    for answer in (bare, taken):
        assert (
            "frame-ancestors 'self' https://theatre.example.org" in answer.headers["content-security-policy"]
        )
        assert "x-frame-options" not in answer.headers


def test_a_field_on_another_site_only_brings_the_address(venue: Venue, visitor: Visitor) -> None:
    """What stood beside it there is no proof, and its tick is none: the question is asked on our own page."""
    page = visitor.post("/f/inscription", data={"email": "ada@example.org", "answer": "ticked"})
    assert page.status_code == 200
    assert 'value="ada@example.org"' in page.text
    assert "checked" not in page.text
    assert 'role="alert"' not in page.text
    assert venue.contact("ada@example.org") is None


def test_a_mandatory_question_has_to_be_answered_and_either_answer_will_do(
    venue: Venue, visitor: Visitor
) -> None:
    (venue.root / "forms" / "oui-non.yaml").write_text(
        "form: oui-non\nversion: '1'\ncontrol: radio_yes_no\nmandatory: true\nrefusal_offered: true\n"
        "asks: {newsletter: [editorial]}\ntext: {fr: Voulez-vous la lettre ?, en: The letter?}\n"
        "notice: {version: '1', fr: Nous vous écrirons., en: We will write.}\n",
        encoding="utf-8",
    )
    venue.house.refresh()
    page = visitor.get("/f/oui-non", headers={"accept-language": "fr"}).text
    assert page.count('type="radio"') == page.count(" required>") - 1 == 2
    assert "checked" not in page
    assert "Nous vous écrirons." in page
    unanswered = fill_in(venue, visitor, "ada@example.org", form="oui-non")
    assert unanswered.status_code == 422
    assert "les deux" in unanswered.text
    fill_in(venue, visitor, "ada@example.org", form="oui-non", answer="no")
    fill_in(venue, visitor, "bob@example.org", form="oui-non", answer="yes")
    states = [venue.state(venue.contact(each) or 0) for each in ("ada@example.org", "bob@example.org")]
    assert states == ["active_optout", "optin_proven"]


def test_who_never_confirms_is_deleted_after_seven_days(venue: Venue, visitor: Visitor) -> None:
    fill_in(venue, visitor, "ada@example.org", answer="ticked")
    number = venue.contact("ada@example.org")
    venue.turn()
    venue.now += timedelta(days=6)
    nightly(venue.house.store, venue.house.catalogue, now=venue.now)
    assert venue.contact("ada@example.org") == number
    venue.now += timedelta(days=2)
    nightly(venue.house.store, venue.house.catalogue, now=venue.now)
    assert venue.contact("ada@example.org") is None


def test_a_file_changed_under_a_version_that_was_answered_is_not_served(
    venue: Venue, visitor: Visitor
) -> None:
    fill_in(venue, visitor, "ada@example.org")
    file = venue.root / "forms" / "inscription.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("ses rencontres", "ses bars"), encoding="utf-8")
    venue.house.refresh()
    assert visitor.get("/f/inscription").status_code == 404
