"""The public pages over HTTP: what one click does, what no fetch ever does, what never leaks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from accord.core.mail.links import LinkKind
from accord.core.model.contact import Preferences
from accord.shell.engine.ports.store import Busy
from accord.shell.web.app import create_app
from accord.shell.web.ports import Answer, PreferenceChanges
from doors.visitors import NOW, InMemory, Visitor, about_to_be_forgotten

U, P, L, K = LinkKind.UNSUBSCRIBE, LinkKind.PREFERENCES, LinkKind.CLICK, LinkKind.KEEP
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def client(people: InMemory) -> Visitor:
    return Visitor(create_app(people))


def altered(token: str) -> str:
    """The token with one character of its signature changed."""
    at = len(token) - 5
    return token[:at] + ("a" if token[at] != "a" else "b") + token[at + 1 :]


# -- one click (R-50, R-51) --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_of",
    [
        pytest.param({"data": ONE_CLICK}, id="H01 urlencoded"),
        pytest.param({"files": {"List-Unsubscribe": (None, "One-Click")}}, id="H04 multipart"),
        pytest.param({"data": {"confirm": "1"}}, id="H08 the page's button"),
        pytest.param(
            {"content": b"\xff\x00", "headers": {"content-type": "multipart/form-data"}}, id="broken"
        ),
        pytest.param({}, id="empty"),
    ],
)
def test_a_post_unsubscribes_at_once(request_of: dict[str, object]) -> None:
    people = InMemory()
    answer = client(people).post(f"/u/{people.token(U)}", **request_of)
    assert answer.status_code == 200, "H07: never a redirect"
    assert "set-cookie" not in answer.headers
    assert people.unsubscribed == {1}
    assert "C’est fait" in answer.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_h02_h03_a_fetch_of_the_same_address_changes_nothing(method: str) -> None:
    people = InMemory()
    answer = client(people).request(method, f"/u/{people.token(U)}")
    assert answer.status_code == 200
    assert (people.unsubscribed, people.journal) == (set(), [])
    if method == "GET":
        assert answer.text.count("<button") == 1
        assert '<form method="post">' in answer.text
        assert "La lettre de la saison" in answer.text


def test_h05_the_same_post_twice_is_one_journal_entry() -> None:
    people = InMemory()
    web = client(people)
    answers = [web.post(f"/u/{people.token(U)}", data=ONE_CLICK) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert people.journal == [("unsubscribe", 1, "season")]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_h06_a_forged_token_is_not_found_whoever_it_speaks_of(method: str) -> None:
    people = InMemory()
    web = client(people)
    answers = [
        web.request(method, f"/{kind.value}/{token}")
        for kind in (U, P)
        for token in (altered(people.token(kind, 1)), altered(people.token(kind, 999)), "x", "é~ü~ö")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert people.journal == []


def test_a_token_of_one_kind_opens_no_other_door() -> None:
    people = InMemory()
    web = client(people)
    assert web.post(f"/u/{people.token(P)}").status_code == 404
    assert web.get(f"/p/{people.token(U)}").status_code == 404
    assert web.get(f"/l/{people.token(U)}").status_code == 404
    assert people.unsubscribed == set()


def test_a_person_no_longer_known_gets_the_same_answer() -> None:
    people = InMemory()
    web = client(people)
    answer = web.post(f"/u/{people.token(U, 999)}", data=ONE_CLICK)
    assert answer.status_code == 200
    assert "C’est fait" in answer.text
    assert people.unsubscribed == {999}, "the house hears of it all the same"
    assert "Rien n’est conservé" in web.get(f"/p/{people.token(P, 999)}").text
    assert web.post(f"/p/{people.token(P, 999)}", data={"action": "save"}).status_code == 200


def test_a_link_that_stops_everything_says_so() -> None:
    people = InMemory()
    people.known[1] = replace(people.known[1], language="en")
    people.stops = None
    assert "no longer get newsletters or offers" in client(people).get(f"/u/{people.token(U)}").text


# -- preferences -------------------------------------------------------------------------------------------

AS_SHOWN = {"on_season": "1", "on_young": "1", "was_season": "on", "was_young": "on", "was_friends": "off"}


def saved(people: InMemory, **fields: str) -> PreferenceChanges:
    answer = client(people).post(f"/p/{people.token(P)}", data=fields)
    assert answer.status_code == 200
    (_, _, changes) = people.journal[-1]
    assert isinstance(changes, PreferenceChanges)
    return changes


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("kind", [P, K])
def test_looking_at_the_page_changes_nothing(method: str, kind: LinkKind) -> None:
    people = InMemory()
    answer = client(people).request(method, f"/p/{people.token(kind)}?action=everything_off")
    assert answer.status_code == 200
    assert people.journal == []


def test_the_page_shows_how_things_stand_and_not_the_address() -> None:
    people = InMemory()
    page = client(people).get(f"/p/{people.token(P)}").text
    assert "a•••@example.org" in page
    assert "ada@" not in page
    boxes = re.findall(r'name="on_(\w+)" value="1"( checked)?', page)
    assert boxes == [("season", " checked"), ("young", " checked"), ("friends", "")]
    assert re.findall(r'value="(\d*)" selected', page) == ["2"]
    assert "articles et actualités, offres et invitations à acheter" in page


def test_only_a_box_that_was_turned_is_an_answer_and_it_keeps_the_words() -> None:
    changes = saved(
        InMemory(),
        action="save",
        newsletters="2",
        on_season="1",
        was_season="on",
        was_young="on",
        was_friends="off",
        on_friends="1",
    )
    assert changes.answers == {
        "young": Answer(False, "Le théâtre en famille: articles et actualités", "fr"),
        "friends": Answer(True, "Nos maisons amies: offres de nos partenaires", "fr"),
    }
    assert changes.preferences is None


def test_a_form_sent_back_as_it_was_asks_for_nothing() -> None:
    assert saved(InMemory(), action="save", newsletters="2", **AS_SHOWN) == PreferenceChanges()


def test_a_box_that_the_page_did_not_show_is_not_touched() -> None:
    assert saved(InMemory(), action="save", newsletters="2", on_friends="1").answers == {}


@pytest.mark.parametrize(("typed", "cap"), [("", None), ("0", 0), ("5", 5)])
def test_how_many_newsletters_a_month(typed: str, cap: int | None) -> None:
    changes = saved(InMemory(), action="save", newsletters=typed, **AS_SHOWN)
    assert changes.preferences == Preferences(newsletters_per_month=cap)
    people = InMemory()
    people.known[1] = replace(people.known[1], preferences=Preferences(cap))
    assert f'value="{typed}" selected' in client(people).get(f"/p/{people.token(P)}").text


def test_a_month_s_pause_keeps_the_cap_and_can_be_ended() -> None:
    people = InMemory()
    until = datetime(2026, 4, 2, 8, 0, tzinfo=UTC)  # the clocks change meanwhile: the same hour in Paris
    assert saved(people, action="pause").preferences == Preferences(2, until)
    page = client(people).get(f"/p/{people.token(P)}").text
    assert "2\N{NO-BREAK SPACE}avril\N{NO-BREAK SPACE}2026" in page
    assert 'value="pause"' not in page
    assert saved(people, action="resume").preferences == Preferences(2, None)


def test_everything_off_is_one_button() -> None:
    people = InMemory()
    assert saved(people, action="everything_off") == PreferenceChanges(everything_off=True)
    assert " checked" not in client(people).get(f"/p/{people.token(P)}").text


def test_keep_me_is_a_post_and_offered_when_the_end_is_near() -> None:
    people = about_to_be_forgotten()
    page = client(people).get(f"/p/{people.token(P)}").text
    assert "14\N{NO-BREAK SPACE}mai\N{NO-BREAK SPACE}2026" in page
    assert 'value="keep"' in page
    assert 'value="keep"' not in client(InMemory()).get(f"/p/{people.token(P)}").text
    answer = client(people).post(f"/p/{people.token(K)}", data={"action": "keep"})
    assert "Merci" in answer.text
    assert people.journal == [("keep", 1, NOW)]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "explode"},
        {"action": "save", "newsletters": "many"},
        {"action": "save", "newsletters": "-1"},
        {"action": "save", "newsletters": "32"},
        {"action": "save", "newsletters": "²"},
        {"action": "save", "newsletters": "9" * 5000},
    ],
    ids=str,
)
def test_a_form_that_no_page_sends_changes_nothing(fields: dict[str, str]) -> None:
    people = InMemory()
    answer = client(people).post(f"/p/{people.token(P)}", data=fields)
    assert answer.status_code == 422
    assert "rien n’a été modifié" in answer.text
    assert people.journal == []


# -- clicks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_click_leads_to_the_signed_target_and_is_recorded_as_it_was(method: str) -> None:
    people = InMemory()
    target = "https://oliviers.example.org/saison?piece=Phèdre&a=1"
    path = people.links.click(people.token(L), target).removeprefix(people.venue.base_url)
    answer = client(people).request(method, path, headers={"user-agent": "Mozilla/5.0"})
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://oliviers.example.org/saison?piece=Ph%C3%A8dre")
    (fetch,) = people.clicks
    assert (fetch.method, fetch.link, fetch.at, fetch.agent) == (method, target, NOW, "Mozilla/5.0")
    assert people.journal == []


@pytest.mark.parametrize("target", ["javascript:alert(1)", "//evil.example.org", "data:text/html,x", ""])
def test_a_click_leads_nowhere_but_to_a_web_page(target: str) -> None:
    people = InMemory()
    path = people.links.click(people.token(L), target).removeprefix(people.venue.base_url)
    assert client(people).get(path).status_code == 404
    assert people.clicks == []


def test_a_target_that_we_did_not_sign_is_not_followed() -> None:
    people = InMemory()
    mine = people.links.click(people.token(L), "https://oliviers.example.org/a")
    other = people.links.click(people.token(L, 2), "https://evil.example.org/")
    stolen = mine.rsplit("~", 2)[0] + "~" + "~".join(other.rsplit("~", 2)[1:])
    for address in (stolen, mine + "é", mine + "~", mine.rsplit("~", 1)[0], mine[:-1]):
        path = address.removeprefix(people.venue.base_url)
        assert client(people).get(path).status_code == 404, address
    assert people.clicks == []


def test_a_busy_database_never_keeps_a_person_from_the_page_they_want() -> None:
    people = InMemory(fault=Busy("locked"))
    path = people.links.click(people.token(L), "https://oliviers.example.org/").removeprefix(
        people.venue.base_url
    )
    assert client(people).get(path).status_code == 302
