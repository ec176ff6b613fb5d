"""Every answer of the web: its headers, limits and faults, its language, and the server that gives it."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from accord.core.mail.links import LinkKind
from accord.shell.engine.ports.store import Busy
from accord.shell.web.app import create_app
from accord.shell.web.guard import LARGEST_BODY
from accord.shell.web.pages import HERE, KINDS
from accord.shell.web.ports import Health
from accord.shell.web.server import WebServer
from accord.shell.web.words import catalogue, choose
from doors.visitors import InMemory, Visitor

U, P, L = LinkKind.UNSUBSCRIBE, LinkKind.PREFERENCES, LinkKind.CLICK
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def client(people: InMemory) -> Visitor:
    return Visitor(create_app(people))


def test_a_busy_database_asks_to_come_back_and_a_fault_tells_nothing() -> None:
    people = InMemory(fault=Busy("the file accord.db is locked"))
    answer = client(people).post(f"/u/{people.token(U)}", data=ONE_CLICK)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "accord.db" not in answer.text
    people.fault = RuntimeError("secret")
    answer = client(people).post(f"/u/{people.token(U)}", data=ONE_CLICK)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Réessayez" in answer.text


def test_every_answer_wears_the_headers() -> None:
    people = InMemory()
    web = client(people)
    click = people.links.click(people.token(L), "https://oliviers.example.org/")
    paths = [
        f"/u/{people.token(U)}",
        f"/p/{people.token(P)}",
        click.removeprefix(people.venue.base_url),
        "/nowhere",
        "/health/live",
    ]
    for answer in (web.get(path) for path in paths):
        headers = answer.headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "script-src" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["strict-transport-security"]
        assert "set-cookie" not in headers
        assert "<script" not in answer.text
        assert "style=" not in answer.text


def test_the_stylesheet_is_served_and_pages_name_it() -> None:
    people = InMemory()
    web = client(people)
    link = re.search(r'href="(/static/[^"]+)"', web.get(f"/u/{people.token(U)}").text)
    assert link is not None
    sheet = web.get(link[1])
    assert sheet.status_code == 200
    assert "text/css" in sheet.headers["content-type"]
    assert sheet.headers["cache-control"].endswith("immutable")
    assert web.get("/static/missing.css").headers["cache-control"] == "no-store"


def test_a_body_too_large_is_refused_whatever_it_claims() -> None:
    people = InMemory()
    web = client(people)
    large = {"action": "save", "x": "y" * LARGEST_BODY}
    assert web.post(f"/p/{people.token(P)}", data=large).status_code == 413

    async def pieces() -> AsyncIterator[bytes]:
        yield b"action=save&x="
        for _ in range(80):
            yield b"y" * 1024

    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = web.post(f"/p/{people.token(P)}", content=pieces(), headers=form)
    assert answer.status_code == 413
    many = {f"field{n}": "1" for n in range(300)}
    assert web.post(f"/p/{people.token(P)}", data=many).status_code == 400
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert web.post(f"/p/{people.token(P)}", content=b"--y", headers=broken).status_code in (400, 422)
    assert people.journal == []


def test_no_path_is_redirected_to_another() -> None:
    people = InMemory()
    assert client(people).post(f"/u/{people.token(U)}/", data=ONE_CLICK).status_code == 404
    assert client(people).delete(f"/u/{people.token(U)}").status_code == 405
    assert client(people).get("/docs").status_code == 404


def test_health_tells_whether_the_house_can_serve() -> None:
    people = InMemory()
    assert client(people).get("/health/live").json() == {"status": "ok"}
    assert client(people).get("/health/ready").status_code == 200
    people.state = Health(ready=False, details={"database": "locked"})
    answer = client(people).get("/health/ready")
    assert (answer.status_code, answer.json()["details"]) == (503, {"database": "locked"})
    assert client(people).head("/health/live").status_code == 200


# -- words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "accepted", "language"),
    [
        ("fr", "en", "fr"),
        ("fr-CA", None, "fr"),
        ("de", "en-GB,fr;q=0.5", "en"),
        (None, "de, fr;q=0.4, en;q=0.8", "en"),
        (None, "fr;q=nonsense, en;q=0.1", "en"),
        (None, None, "fr"),
    ],
)
def test_a_page_speaks_the_person_s_language_then_the_browser_s(
    known: str | None, accepted: str | None, language: str
) -> None:
    assert choose(known, accepted, ("it", "fr")) == language
    assert choose(None, None, ()) == "en"


def test_every_english_text_has_its_french_one() -> None:
    texts = [message for _, _, message, _, _ in extract_from_dir(HERE, method_map=[("**.html", "jinja2")])]
    french = catalogue("fr")
    assert len(texts) > 30
    for text in [*texts, *KINDS.values()]:
        singular = text if isinstance(text, str) else text[0]
        if isinstance(text, tuple):
            assert french.ngettext(text[0], text[1], 2) != text[1]
        assert french.gettext(singular) != singular, singular


# -- the server --------------------------------------------------------------------------------------------


def test_the_server_answers_from_its_own_thread_until_it_is_stopped() -> None:
    people = InMemory()
    with WebServer(create_app(people), port=0) as server:
        url = f"http://127.0.0.1:{server.port}"
        request = urllib.request.Request(f"{url}/u/{people.token(U)}", data=b"List-Unsubscribe=One-Click")
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200
        assert people.unsubscribed == {1}
        taken = WebServer(create_app(people), port=server.port)
        with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
            taken.start()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{url}/health/live", timeout=5)


def test_a_large_unread_body_does_not_keep_anybody_from_unsubscribing(tmp_path: Path) -> None:
    people = InMemory()
    with WebServer(create_app(people), port=0) as server:
        url = f"http://127.0.0.1:{server.port}/u/{people.token(U)}"
        with urllib.request.urlopen(urllib.request.Request(url, data=b"x" * 60_000), timeout=5) as answer:
            assert answer.status == 200
    assert people.unsubscribed == {1}
