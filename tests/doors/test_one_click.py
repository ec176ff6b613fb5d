"""RFC 8058 and R-50 to R-53, sentence by sentence, against the running server on a real database."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import httpx
import pytest

from accord.core.mail.links import LinkKind
from accord.core.model.event import Event
from accord.core.model.message import MessageState
from accord.shell.doctor.patient import Patient
from accord.shell.engine.record import record_events
from accord.shell.settings import ConfigFault, load_settings
from doors.served import Served, links_of, served
from doors.systems import Quiet

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
_numbers = count(1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    venue = Quiet(tmp_path_factory.mktemp("oneclick"))
    venue.stock("bienvenue", "lettre", "confirmation")
    with served(venue) as running:
        yield running
    venue.house.store.close()


@pytest.fixture
def ada(house: Served) -> int:
    return house.somebody(f"ada{next(_numbers)}@example.org", agreed=True)


def altered(token: str) -> str:
    at = len(token) - 5
    return token[:at] + ("a" if token[at] != "a" else "b") + token[at + 1 :]


def is_unsubscribed(house: Served, number: int) -> bool:
    return house.states(number)["newsletter", "editorial"] == "withdrawn"


# -- the request ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"data": ONE_CLICK}, id="H01 urlencoded"),
        pytest.param({"files": {"List-Unsubscribe": (None, "One-Click")}}, id="H04 multipart"),
        pytest.param({"data": {"confirm": "1"}}, id="H08 the button of the page"),
        pytest.param({}, id="no body"),
    ],
)
def test_a_post_without_cookie_or_login_unsubscribes(
    house: Served, ada: int, body: dict[str, object]
) -> None:
    answer = house.web.post(f"/u/{house.token(ada)}", **body)  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert answer.history == [], "H07: never by a redirect"
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert is_unsubscribed(house, ada)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_fetching_changes_nothing_and_shows_one_button(house: Served, ada: int, method: str) -> None:
    """H02, H03."""
    tables = ("contact", "consent_entry", "consent_state", "suppression", "event", "message")
    before = house.tables(*tables)
    answer = house.web.request(method, f"/u/{house.token(ada)}?List-Unsubscribe=One-Click")
    assert answer.status_code == 200
    assert house.tables(*tables) == before
    if method == "GET":
        assert answer.text.count("<button") == 1
        assert answer.text.count("<form") == answer.text.count('<form method="post">') == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_no_other_method_does_anything(house: Served, ada: int, method: str) -> None:
    assert house.web.request(method, f"/u/{house.token(ada)}", data=ONE_CLICK).status_code == 405
    assert not is_unsubscribed(house, ada)


def test_the_same_post_twice_is_one_entry(house: Served, ada: int) -> None:
    """H05: the ledger has it once, the journal has one entry, and the answer is the same."""
    told = len(house.journal(ada))
    first = house.web.post(f"/u/{house.token(ada)}", data=ONE_CLICK)
    with house.venue.house.store.read() as unit:
        once = unit.entries([ada])[ada]
    answers = [house.web.post(f"/u/{house.token(ada)}", data=ONE_CLICK) for _ in range(2)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, first.text)}
    with house.venue.house.store.read() as unit:
        assert unit.entries([ada])[ada] == once
    assert [event.name for event in house.journal(ada)[told:]] == ["consent.withdrawn"]


def test_people_who_leave_at_the_same_time_leave_one_by_one(house: Served) -> None:
    """Written in one transaction, each with an entry of their own, and once though they press twice."""
    numbers = [house.somebody(f"crowd{next(_numbers)}@example.org", agreed=True) for _ in range(8)]
    paths = [f"/u/{house.token(number)}" for number in numbers]
    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(lambda path: house.web.post(path, data=ONE_CLICK), paths * 2))
    assert {answer.status_code for answer in answers} == {200}
    for number in numbers:
        assert [event.name for event in house.journal(number, "consent.withdrawn")] == ["consent.withdrawn"]
        assert is_unsubscribed(house, number)
    log = (house.venue.root / "objections.log").read_text(encoding="utf-8").splitlines()
    assert len(set(log)) == len(log)


def test_a_forged_token_tells_nothing(house: Served, ada: int) -> None:
    """H06: whoever it speaks of, and whatever is wrong with it, the answer is the same to the byte."""
    real, nobody = house.token(ada), house.token(10**9)
    forged = [
        altered(real),
        altered(nobody),
        real[:-1],
        real + "A",
        "x",
        "~",
        "a.b",
        house.token(ada, LinkKind.CLICK),
    ]
    answers = [house.web.post(f"/u/{each}", data=ONE_CLICK) for each in forged]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    told = [{k: v for k, v in answer.headers.items() if k != "date"} for answer in answers]
    assert all(each == told[0] for each in told)
    assert not is_unsubscribed(house, ada)


def test_the_answer_does_not_say_whether_anybody_exists(house: Served) -> None:
    """A token that we signed for somebody who is not there is taken as calmly as any."""
    answer = house.web.post(f"/u/{house.token(10**9)}", data=ONE_CLICK)
    assert answer.status_code == 200
    assert "C’est fait" in answer.text


# -- what it stops (R-10) --------------------------------------------------------------------------------------

STOPPED = {
    ("consent", True): {"newsletter": "withdrawn", "avis": "never_asked"},
    ("soft_optin", False): {"newsletter": "active_optout", "avis": "active_optout"},
    ("b2b", False): {"newsletter": "active_optout", "avis": "active_optout"},
    ("legitimate_interest", False): {"newsletter": "active_optout", "avis": "active_optout"},
}


@pytest.mark.parametrize(("basis", "agreed"), STOPPED)
def test_it_stops_what_the_basis_of_the_mail_says(house: Served, basis: str, agreed: bool) -> None:
    number = house.somebody(f"scope{next(_numbers)}@example.org", agreed=agreed, bought=not agreed)
    house.web.post(f"/u/{house.token(number, basis=basis)}", data=ONE_CLICK)
    states = house.states(number)
    expected = STOPPED[basis, agreed]
    assert states["newsletter", "promotional"] == expected["newsletter"]
    assert states["avis", "review"] == expected["avis"]


def test_queued_mail_of_the_purpose_goes_and_service_mail_stays(house: Served, ada: int) -> None:
    order = {"order_id": f"Q-{ada}", "families": ("theatre",), "amount_cents": 100, "title": "Phèdre"}
    inner = house.venue.house
    record_events(
        inner.store,
        inner.catalogue,
        [Event(ada, "order.placed", house.venue.now, order, "t")],
        now=house.venue.now,
    )
    inner.think(house.venue.now)
    before = {mail.purpose: mail.state for mail in house.mails(ada)}
    assert before == {"newsletter": MessageState.QUEUED, "service": MessageState.QUEUED}
    house.web.post(f"/u/{house.token(ada)}", data=ONE_CLICK)
    after = {mail.purpose: (mail.state, mail.reason) for mail in house.mails(ada)}
    assert after["newsletter"] == (MessageState.CANCELLED, "CONSENT_WITHDRAWN")
    assert after["service"][0] is MessageState.QUEUED


def test_it_is_answered_before_anything_that_takes_long(house: Served, ada: int) -> None:
    """The runs that it ends are ended by the engine's next turn; the answer waits for no body, either."""
    house.venue.house.think(house.venue.now)
    with house.venue.house.store.read() as unit:
        (run,) = unit.open_runs([ada])
    host, port = house.web.base_url.host, house.web.base_url.port
    with socket.create_connection((host, port), timeout=10) as line:
        line.sendall(
            f"POST /u/{house.token(ada)} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            "Content-Length: 60000\r\n\r\n".encode()
        )
        assert line.recv(100).startswith(b"HTTP/1.1 200 ")
    with house.venue.house.store.read() as unit:
        assert [each.id for each in unit.open_runs([ada])] == [run.id]
    house.venue.house.think(house.venue.now)
    with house.venue.house.store.read() as unit:
        assert unit.open_runs([ada]) == []


# -- the objections log (R-44) -----------------------------------------------------------------------------------


def test_the_objection_is_in_the_log_when_the_answer_comes(house: Served, ada: int) -> None:
    log = house.venue.root / "objections.log"
    before = log.read_bytes() if log.exists() else b""
    house.web.post(f"/u/{house.token(ada)}", data=ONE_CLICK)
    assert log.read_bytes().startswith(before)
    assert b"newsletter" in log.read_bytes().removeprefix(before)
    assert b"@example.org" not in log.read_bytes()


def test_nobody_is_told_of_an_objection_that_the_log_could_not_take(tmp_path: Path) -> None:
    venue = Quiet(tmp_path)
    venue.stock()
    (tmp_path / "objections.log").mkdir()
    with served(venue) as house:
        ada = house.somebody("ada@example.org", agreed=True)
        answer = house.web.post(f"/u/{house.token(ada)}", data=ONE_CLICK)
        assert answer.status_code in (500, 503)
        assert "C’est fait" not in answer.text
        assert not is_unsubscribed(house, ada), "all of it, or nothing"
    venue.house.store.close()


# -- who is gone ---------------------------------------------------------------------------------------------------


def test_who_was_erased_stays_on_the_list_and_is_told_calmly(house: Served, ada: int) -> None:
    page = house.web.post(f"/p/{house.token(ada, LinkKind.PREFERENCES)}/erase", data={"sure": "yes"})
    assert "Tout est effacé" in page.text
    answer = house.web.post(f"/u/{house.token(ada)}", data=ONE_CLICK, headers={"accept-language": "fr"})
    assert answer.status_code == 200
    assert "n’avons plus d’adresse pour ce lien" in answer.text
    with house.venue.house.store.read() as unit:
        address = f"ada{next(_numbers) - 1}@example.org"
        assert list(unit.objections.against([address])[address]) == ["*"]


# -- the mail itself -------------------------------------------------------------------------------------------------


def test_a_link_scanner_that_fetches_everything_changes_nothing(house: Served) -> None:
    number = house.somebody("scanned@example.org", agreed=True)
    (mail,) = (each for each in house.venue.turn() if each["to"] == "scanned@example.org")
    kept = ("contact", "consent_entry", "consent_state", "suppression", "enrolment", "message")
    before = house.tables(*kept)
    paths = links_of(mail)
    assert {path[1] for path in paths} >= {"u", "p", "l"}
    for method in ("GET", "HEAD"):
        for path in paths:
            answer = house.web.request(method, path, follow_redirects=False)
            assert answer.status_code in (200, 302, 404), path
            assert answer.status_code != 404 or path.startswith("/l/"), path
    assert house.tables(*kept) == before, "not even the clock"
    verdicts = {event.data["verdict"] for event in house.journal(number, "mail.clicked")}
    assert verdicts == {"robot"}


def test_the_headers_of_a_mail(house: Served) -> None:
    """H10 and RFC 8058, 3.1: one https address, the one pair, in prospecting; none in service mail."""
    number = house.somebody("headers@example.org", agreed=True, bought=True)
    mails = {each["subject"]: each for each in house.venue.turn() if each["to"] == "headers@example.org"}
    kinds = {mail.template: mail for mail in house.mails(number)}
    assert {"bienvenue/merci", "commande/confirmation"} <= set(kinds)
    prospecting = [mail for mail in mails.values() if mail["list-unsubscribe"]]
    service = [mail for mail in mails.values() if not mail["list-unsubscribe"]]
    assert (len(prospecting), len(service)) == (1, 1)
    (mail,) = prospecting
    assert str(mail["list-unsubscribe"]).count("<https://") == 1
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert mail["list-id"] is not None
    (path,) = [path for path in links_of(mail) if path.startswith("/u/")]
    assert house.web.post(path, data=ONE_CLICK).status_code == 200
    assert is_unsubscribed(house, number)


def test_no_mail_measures_whether_it_is_opened(house: Served) -> None:
    """X01, X03: there is no pixel, whatever anybody agreed to; nothing is kept of an opening."""
    house.somebody("pixel@example.org", agreed=True)
    (mail,) = (each for each in house.venue.turn() if each["to"] == "pixel@example.org")
    page = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    for loading in ("<img", "<link", "src=", "background=", "url(", "@import", "@font-face"):
        assert loading not in page.lower(), loading
    for path in ("/o/x", "/open/x", "/pixel.gif"):
        assert house.web.get(path).status_code == 404


def test_no_switch_lets_openings_be_measured(house: Served) -> None:
    """X02: even the narrow exemption for deliverability is not there to be switched on."""
    with pytest.raises(ConfigFault) as fault:
        load_settings(house.venue.root / "config.toml", {"ACCORD_TRACKING__OPENS": "deliverability"})
    (wrong,) = fault.value.diagnostics
    assert "tracking.opens" in wrong.message or "ACCORD_TRACKING__OPENS" in wrong.message


def test_the_server_speaks_to_those_who_keep_the_line_open(house: Served, ada: int) -> None:
    with httpx.Client(base_url=house.web.base_url) as web:
        for _ in range(3):
            assert web.post(f"/u/{house.token(ada)}", data=ONE_CLICK).status_code == 200


# -- the cases of the rule book ------------------------------------------------------------------------------------

CASES = {
    "H01": test_a_post_without_cookie_or_login_unsubscribes,
    "H02": test_fetching_changes_nothing_and_shows_one_button,
    "H03": test_fetching_changes_nothing_and_shows_one_button,
    "H04": test_a_post_without_cookie_or_login_unsubscribes,
    "H05": test_the_same_post_twice_is_one_entry,
    "H06": test_a_forged_token_tells_nothing,
    "H07": test_a_post_without_cookie_or_login_unsubscribes,
    "H08": test_a_post_without_cookie_or_login_unsubscribes,
    "H10": test_the_headers_of_a_mail,
    "X01": test_no_mail_measures_whether_it_is_opened,
    "X02": test_no_switch_lets_openings_be_measured,
    "X03": test_no_mail_measures_whether_it_is_opened,
}
WITH_SIGNATURES = {"H09"}  # what a DKIM signature covers is tested where mails are signed


def test_every_case_about_requests_headers_and_pixels_is_tested_here() -> None:
    text = (Path(__file__).parents[1] / "policy" / "article.yaml").read_text(encoding="utf-8")
    kinds = "unsubscribe_http|headers|instrumentation"
    assert set(re.findall(rf"id: (\w+), kind: (?:{kinds}),", text)) == set(CASES) | WITH_SIGNATURES


def test_the_doctor_presses_for_nobody(house: Served) -> None:
    """What `scenario doctor` presses is answered as any other, and leaves nothing behind."""
    inner = house.venue.house
    patient = Patient(inner.settings, inner.store, inner.clock(), *(lambda *_: None,) * 4)  # type: ignore[arg-type]
    with inner.store.read() as unit:
        before = unit.checkup.newest_event()
    answer = house.web.post(f"/u/{patient.one_click.rpartition('/u/')[2]}", data=ONE_CLICK)
    assert answer.status_code == 200
    with inner.store.read() as unit:
        assert unit.checkup.newest_event() == before
