"""A person's own page, over the running server: what it says, what its links open and for how long, what it changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from accord.core.mail.links import LinkKind
from doors.houses import Venue
from doors.served import Served, links_of, served
from doors.systems import Quiet

P, A = LinkKind.PREFERENCES, LinkKind.ADDRESS
_numbers = count(1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    venue = Venue(tmp_path_factory.mktemp("own"))
    venue.activate("mes-donnees", "nouvelle-adresse")
    with served(venue) as running:
        yield running
    venue.house.store.close()


@pytest.fixture
def ada(house: Served) -> int:
    return house.somebody(f"ada{next(_numbers)}@example.org", agreed=True)


def email_of(house: Served, number: int) -> str:
    with house.venue.house.store.read() as unit:
        return unit.contacts([number])[number].email


def page(house: Served, number: int, room: str = "", *, old: bool = False, **fields: str) -> str:
    on = house.venue.now.date() - timedelta(days=100 if old else 0)
    path = f"/p/{house.token(number, P, on=on)}{room}"
    answer = house.web.post(path, data=fields) if fields or room else house.web.get(path)
    return answer.text


# -- what it says ------------------------------------------------------------------------------------------------


def test_it_says_why_we_write_and_since_when(house: Served, ada: int) -> None:
    said = page(house, ada)
    assert "parce que vous vous êtes inscrit le 23\N{NO-BREAK SPACE}novembre\N{NO-BREAK SPACE}2026" in said
    assert "Nous avons votre adresse depuis le 23" in said
    buyer = house.somebody("buyer@example.org", bought=True)
    customer = house.web.get(f"/p/{house.token(buyer, P, basis='soft_optin')}").text
    assert "vous êtes client chez nous (dernière commande le 23" in customer
    page(house, buyer, action="everything_off")
    assert "ni lettres ni offres" in house.web.get(f"/p/{house.token(buyer, P, basis='soft_optin')}").text


def test_language_and_time_zone_are_chosen_and_the_page_follows(house: Served, ada: int) -> None:
    assert "What you hear from us" in page(house, ada, action="about", language="en", zone="Asia/Tokyo")
    with house.venue.house.store.read() as unit:
        contact = unit.contacts([ada])[ada]
    assert (contact.language, contact.zone) == ("en", "Asia/Tokyo")
    before = house.tables("contact")
    for wrong in ({"language": "de", "zone": "Asia/Tokyo"}, {"language": "fr", "zone": "Mars/Olympus"}, {}):
        page(house, ada, action="about", **wrong)
    assert house.tables("contact") == before


# -- how long links open what -------------------------------------------------------------------------------------


def test_an_old_link_chooses_and_unsubscribes_but_opens_no_data(house: Served, ada: int) -> None:
    for room in ("/data", "/erase", "/address"):
        said = page(house, ada, room, old=True, sure="yes", email="eve@example.org")
        assert "Ce lien est trop ancien" in said, room
    assert email_of(house, ada).startswith("ada")
    assert "C’est enregistré" in page(
        house, ada, old=True, action="save", newsletters="1", was_newsletter="on", on_newsletter="1"
    )
    with house.venue.house.store.read() as unit:
        assert unit.contacts([ada])[ada].preferences.newsletters_per_month == 1
    no_day = house.venue.house.links.seal(P, ada, "newsletter", "consent", 1)
    assert house.web.post(f"/p/{no_day}/data").status_code == 403, "a link from before links had a day"


def test_no_old_link_leads_to_a_fresh_one(house: Served, ada: int) -> None:
    """Pressing an old mail's confirmation, or its unsubscribe, again hands out no younger key than itself."""
    on = house.venue.now.date() - timedelta(days=100)
    for kind, path in ((LinkKind.CONFIRM, "c"), (LinkKind.UNSUBSCRIBE, "u")):
        given = house.venue.house.links.seal(kind, ada, "newsletter", "consent", 1, on)
        found = re.search(
            r'href="https://theatre\.example\.org(/p/[^"]+)"', house.web.post(f"/{path}/{given}").text
        )
        assert found is not None, kind
        assert house.web.post(f"{found[1]}/data").status_code == 403


def test_a_fresh_link_is_mailed_and_opens_the_data(house: Served, ada: int) -> None:
    assert "Envoyez-moi un nouveau lien" in page(house, ada, old=True)
    for _ in range(3):
        page(house, ada, "/link", old=True)
    (mail,) = house.venue.turn()
    assert mail["to"] == email_of(house, ada), "once, however often it is asked for"
    (path,) = {each for each in links_of(mail) if each.startswith("/p/")}
    assert "Ce que nous savons de vous" in house.web.post(f"{path}/data").text


def test_a_forwarded_mail_fills_nobody_s_mailbox_with_fresh_links(house: Served, ada: int) -> None:
    for _ in range(12):
        page(house, ada, "/link", old=True)
        house.venue.now += timedelta(minutes=11)
    assert len(house.journal(ada, "contact.link_asked")) == 5


def test_who_asks_for_a_fresh_link_learns_nothing(house: Served, ada: int) -> None:
    known = page(house, ada, "/link", old=True)
    gone = page(house, 10**9, "/link", old=True)
    assert known == gone


# -- what is known --------------------------------------------------------------------------------------------------


def test_everything_is_shown_and_handed_over(house: Served) -> None:
    number = house.somebody("eve@example.org", bought=True)
    said = page(house, number, "/data")
    for words in (
        "eve@example.org",
        f"T-{number}",
        "48,00\N{NO-BREAK SPACE}€",
        "vous n’avez pas répondu",
        "vous avez commandé",
    ):
        assert words in said
    token = house.token(number, P)
    answer = house.web.post(f"/p/{token}/data", data={"action": "download"})
    assert answer.headers["content-disposition"] == 'attachment; filename="personal-data.json"'
    told = json.loads(answer.text)
    assert told["person"][0]["email"] == "eve@example.org"
    assert told["orders"][0]["order_id"] == f"T-{number}"
    for method in ("GET", "HEAD"):
        assert house.web.request(method, f"/p/{token}/data").status_code == 405


# -- another address ------------------------------------------------------------------------------------------------


def asked_for(house: Served, number: int, address: str) -> str:
    """Ask for a new address; the path of the button in the mail that went there."""
    assert "Plus qu’un geste" in page(house, number, "/address", email=address)
    (mail,) = (each for each in house.venue.turn() if each["to"] == address)
    (path,) = [each for each in links_of(mail) if each.startswith("/a/")]
    return path


def test_a_new_address_is_theirs_once_its_button_is_pressed(house: Served, ada: int) -> None:
    old = email_of(house, ada)
    path = asked_for(house, ada, "new1@example.org")
    for method in ("GET", "HEAD"):
        assert house.web.request(method, path).status_code == 200
    assert email_of(house, ada) == old, "fetching changes nothing"
    for _ in range(2):
        assert "C’est fait" in house.web.post(path).text
    assert email_of(house, ada) == "new1@example.org"
    assert house.states(ada)["newsletter", "editorial"] == "optin_proven", "consents stay"
    assert [event.name for event in house.journal(ada, "contact.updated")] == ["contact.updated"]


def test_a_new_address_that_refused_us_stays_refused(house: Served, ada: int) -> None:
    bob = house.somebody("bob@example.org", agreed=True)
    house.web.post(f"/u/{house.token(bob)}")
    page(house, bob, "/erase", sure="yes")
    assert "C’est fait" in house.web.post(asked_for(house, ada, "bob@example.org")).text
    assert house.states(ada)["newsletter", "editorial"] in ("withdrawn", "active_optout")


def test_an_address_of_somebody_else_stays_theirs(house: Served, ada: int) -> None:
    house.somebody("taken@example.org")
    assert "connaissons déjà cette adresse" in house.web.post(asked_for(house, ada, "taken@example.org")).text
    assert email_of(house, ada) != "taken@example.org"


def test_a_new_address_waits_for_seven_days(house: Served, ada: int) -> None:
    path = asked_for(house, ada, "late@example.org")
    house.venue.now += timedelta(days=7, minutes=1)
    assert "Plus rien n’attend" in house.web.post(path).text
    assert email_of(house, ada) != "late@example.org"


def test_nobody_can_have_strangers_written_to(house: Served, ada: int) -> None:
    for number in range(6):
        page(house, ada, "/address", email=f"stranger{number}@example.org")
    assert len(house.venue.turn()) == 3
    assert "pas une adresse" in page(house, ada, "/address", email="nonsense")


# -- being forgotten -------------------------------------------------------------------------------------------------


def test_erasing_is_asked_twice_and_leaves_a_mark(house: Served, ada: int) -> None:
    address = email_of(house, ada)
    asked = page(house, ada, "/erase")
    assert "Tout effacer" in asked
    assert email_of(house, ada) == address, "asked once more"
    assert "Tout est effacé" in page(house, ada, "/erase", sure="yes")
    assert "Rien n’est conservé" in page(house, ada, "/erase", sure="yes")
    assert "Rien n’est conservé" in page(house, ada)
    with house.venue.house.store.read() as unit:
        assert unit.contacts_by_key([address]) == {}
        assert "*" in unit.objections.against([address])[address]
        assert [deed.by for deed in unit.deeds(limit=1)] == ["the person"]
    again = house.somebody(address)
    assert again != ada


# -- where it is served ------------------------------------------------------------------------------------------------


def test_old_links_work_under_former_addresses(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("former")
    venue = Quiet(root)
    venue.stock()
    config = root / "config.toml"
    said = config.read_text(encoding="utf-8").replace(
        'base_url = "https://theatre.example.org" ',
        'former_urls = ["https://old.example.org/courrier", "https://older.example.org"]\n'
        'base_url = "https://theatre.example.org/lettres" ',
    )
    config.write_text(said, encoding="utf-8")
    venue.house.reload("test")
    with served(venue) as house:
        ada = house.somebody("ada@example.org", agreed=True)
        token = house.token(ada)
        for prefix in ("", "/lettres", "/courrier"):
            answer = house.web.get(f"{prefix}/u/{token}", headers={"host": "old.example.org"})
            assert answer.status_code == 200, prefix
            assert house.web.get(f"{prefix}/nowhere").status_code == 404
        assert house.web.post(f"/courrier/u/{token}", headers={"host": "old.example.org"}).status_code == 200
        assert house.states(ada)["newsletter", "editorial"] == "withdrawn"
        assert house.web.get(f"/else/u/{token}").status_code == 404
    venue.house.store.close()
