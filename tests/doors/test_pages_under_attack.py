"""The public pages under attack, over the running server: one test for each way in."""

from __future__ import annotations

import asyncio
import inspect
import re
import socket
from collections.abc import Iterator, MutableMapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from accord.core.mail import links as signed_links
from accord.core.mail.links import LinkKind, Links
from accord.core.model.event import Event
from accord.shell.engine.record import record_events
from accord.shell.web.app import create_app
from accord.shell.web.guard import LARGEST_BODY, Guard
from doors.houses import Venue
from doors.served import Served, served
from doors.systems import Quiet
from doors.visitors import InMemory

ROOMS = {
    "u": LinkKind.UNSUBSCRIBE,
    "p": LinkKind.PREFERENCES,
    "l": LinkKind.CLICK,
    "c": LinkKind.CONFIRM,
    "a": LinkKind.ADDRESS,
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    venue = Venue(tmp_path_factory.mktemp("attack"))
    venue.activate("mes-donnees", "nouvelle-adresse")
    with served(venue) as running:
        yield running
    venue.house.store.close()


@pytest.fixture(scope="module")
def ada(house: Served) -> int:
    return house.somebody("ada@example.org", agreed=True, bought=True)


def every_page(house: Served, ada: int) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(method, path, fields) of every kind of answer that people see."""
    preferences = house.token(ada, LinkKind.PREFERENCES)
    yield "GET", f"/u/{house.token(ada)}", {}
    yield "GET", f"/p/{preferences}", {}
    yield "POST", f"/p/{preferences}", {"action": "pause"}
    yield "POST", f"/p/{preferences}/data", {}
    yield "POST", f"/p/{preferences}/erase", {}
    yield "POST", f"/p/{preferences}/address", {"email": "x"}
    yield "POST", f"/p/{house.token(ada, LinkKind.PREFERENCES, on=None)}/data", {}
    yield "POST", f"/p/{preferences}/link", {}
    yield "GET", f"/c/{house.token(ada, LinkKind.CONFIRM)}", {}
    yield "GET", f"/a/{house.token(ada, LinkKind.ADDRESS)}", {}
    yield "GET", "/f/inscription", {}
    yield "GET", "/f/inscription?embed=1", {}
    yield "GET", "/nowhere", {}
    yield "POST", "/f/inscription", {"stamp": "x"}


def test_every_answer_wears_its_headers(house: Served, ada: int) -> None:
    for method, path, fields in every_page(house, ada):
        answer = house.web.request(method, path, data=fields or None)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith(
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'"
        ), path
        assert "unsafe" not in policy
        assert "script-src" not in policy
        framed = "frame-ancestors 'self' https://theatre.example.org" in policy
        assert framed is path.startswith("/f/"), path
        assert framed or "frame-ancestors 'none'" in policy
        assert ("x-frame-options" in answer.headers) is not framed
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert "set-cookie" not in answer.headers
        assert not re.search(r"<script|\sstyle=|\son\w+=", answer.text), path


def test_hsts_is_said_behind_tls_and_never_on_plain_loopback(house: Served, ada: int, tmp_path: Path) -> None:
    """The venue's own address is https: the proxy ends TLS, and browsers are told to stay with it."""
    assert house.web.get("/nowhere").headers["strict-transport-security"] == "max-age=31536000"
    plain = Quiet(tmp_path)
    plain.stock()
    config = tmp_path / "config.toml"
    said = config.read_text(encoding="utf-8")
    config.write_text(said.replace("https://theatre.example.org", "http://127.0.0.1:8025"), encoding="utf-8")
    plain.house.reload("test")
    with served(plain) as local:
        assert "strict-transport-security" not in local.web.get("/nowhere").headers
    plain.house.store.close()


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.net/",
        "//evil.example.net",
        "javascript:alert(1)",
        "https://theatre.example.org@evil.example.net/",
    ],
)
def test_no_redirect_goes_where_we_did_not_sign(house: Served, ada: int, target: str) -> None:
    token = house.token(ada, LinkKind.CLICK, on=None)
    mine = house.venue.house.links.click(token, "https://theatre.example.org/a")
    theirs = Links("https://theatre.example.org", (b"another key",)).click(token, target)
    spliced = f"{token}~{theirs.split('~', 1)[1]}"
    swapped = f"{token}~{theirs.split('~')[1]}~{mine.split('~')[2]}"
    for path in (spliced, swapped):
        assert house.web.get(f"/l/{path}", follow_redirects=False).status_code == 404
    for query in ("next", "url", "redirect", "to"):
        answer = house.web.get(f"/u/{house.token(ada)}", params={query: target}, follow_redirects=False)
        assert answer.status_code == 200


def test_a_signed_target_can_not_bring_headers(house: Served, ada: int) -> None:
    token = house.token(ada, LinkKind.CLICK, on=None)
    wild = "https://theatre.example.org/a\r\nset-cookie: a=b\r\n\r\n<script>"
    path = house.venue.house.links.click(token, wild).removeprefix("https://theatre.example.org")
    answer = house.web.get(path, follow_redirects=False)
    assert "set-cookie" not in answer.headers
    assert "\n" not in answer.headers.get("location", "")


def test_an_address_can_not_bring_headers(house: Served, ada: int) -> None:
    path = f"/p/{house.token(ada, LinkKind.PREFERENCES)}/address"
    house.venue.turn()
    for wild in (
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org\nX: y",
        "a@example.org, b@example.org",
    ):
        assert house.web.post(path, data={"email": wild}).status_code == 422
    assert house.venue.turn() == []


HOSTILE = (
    "{{ 7 * 7 }}",
    "{% for x in () %}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "${7*7}",
    "%(x)s",
)


def test_a_name_is_only_ever_text(house: Served, ada: int) -> None:
    inner = house.venue.house
    for wild in HOSTILE:
        told = Event(ada, "contact.updated", house.venue.now, {"first_name": wild, "city": wild}, "test")
        record_events(inner.store, inner.catalogue, [told], now=house.venue.now)
        for method, path, fields in every_page(house, ada):
            answer = house.web.request(method, path, data=fields or None)
            assert answer.status_code < 500, (wild, path)
            assert "<script>alert" not in answer.text
            assert "<img src=x" not in answer.text
        shown = house.web.post(f"/p/{house.token(ada, LinkKind.PREFERENCES)}/data").text
        assert "<dd>49</dd>" not in shown


def test_what_is_typed_comes_back_as_text(house: Served) -> None:
    for wild in HOSTILE:
        page = house.web.post("/f/inscription", data={"email": wild, "stamp": "x"}).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'value="49"' not in page


def test_a_token_of_one_kind_opens_no_other_door(house: Served, ada: int) -> None:
    for (room, _), (name, kind) in product(ROOMS.items(), ROOMS.items()):
        token = house.token(ada, kind, on=None) if kind is not LinkKind.UNSUBSCRIBE else house.token(ada)
        if name == "l":
            token = house.venue.house.links.click(token, "https://theatre.example.org/a").rsplit("/l/", 1)[1]
        for method in ("GET", "POST"):
            status = house.web.request(method, f"/{room}/{token}", follow_redirects=False).status_code
            if room != name:
                assert status in (404, 405), (method, room, name)


def test_a_token_of_one_purpose_or_mail_can_not_be_made_anothers(house: Served, ada: int) -> None:
    """Payload of one, signature of the other: each signature holds for its own words alone."""
    links = house.venue.house.links
    said = [
        links.seal(LinkKind.UNSUBSCRIBE, ada, *each)
        for each in (
            ("newsletter", "consent", 1),
            ("avis", "consent", 1),
            ("newsletter", "soft_optin", 1),
            ("newsletter", "consent", 2),
        )
    ]
    said.append(links.seal(LinkKind.UNSUBSCRIBE, ada + 1, "newsletter", "consent", 1))
    parts = [token.rsplit(".", 1) for token in said]
    for (payload, mine), (_, other) in product(parts, parts):
        status = house.web.get(f"/u/{payload}.{other}").status_code
        assert status == (200 if mine == other else 404)


def test_signatures_are_compared_in_constant_time_and_refused_alike(house: Served, ada: int) -> None:
    """Never by `==`: itsdangerous and hmac compare all bytes, and no answer tells how much of it was right."""
    source = inspect.getsource(signed_links)
    assert "hmac.compare_digest" in source
    assert "Signer" in source
    assert not re.search(r"(?:mark|signature|digest)\w*\s*(?:==|!=)", source)
    real = house.token(ada)
    head, tail = real.rsplit(".", 1)
    near = [f"{head}.{tail[:size]}{'A' * (len(tail) - size)}" for size in range(0, len(tail) - 1, 7)]
    answers = {house.web.get(f"/u/{each}").text for each in near}
    assert len(answers) == 1


def test_a_body_is_never_larger_than_a_form(house: Served, ada: int) -> None:
    path = f"/p/{house.token(ada, LinkKind.PREFERENCES)}"
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
        answer = house.web.post(path, content=b"a=" + b"x" * LARGEST_BODY, headers={"content-type": kind})
        assert answer.status_code == 413
    assert house.web.post(path, data={f"f{n}": "1" for n in range(300)}).status_code == 400
    host, port = house.web.base_url.host, house.web.base_url.port
    with socket.create_connection((host, port), timeout=10) as line:
        line.sendall(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " not in line.recv(100)
    assert house.web.get("/health/live").status_code == 200


def test_a_body_that_never_ends_is_not_waited_for() -> None:
    """One byte a minute would hold a connection for a day."""
    guarded = Guard(create_app(InMemory()), https=True, patience=0.05)
    token = InMemory().token(LinkKind.PREFERENCES)
    said: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    async def drip() -> MutableMapping[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"a", "more_body": True}

    scope = {
        "type": "http", "method": "POST", "path": f"/p/{token}", "query_string": b"",
        "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
    }  # fmt: skip
    asyncio.run(guarded(scope, drip, send))
    assert said[0]["status"] == 408


def test_only_a_trusted_proxy_says_who_asks(tmp_path: Path) -> None:
    """A stranger who writes X-Forwarded-For himself stays who he is: his flood is his own."""
    for trusted, statuses in ((("127.0.0.1",), {200}), ((), {200, 429})):
        root = tmp_path / f"trusted-{len(trusted)}"
        root.mkdir()
        venue = Quiet(root)
        venue.stock()
        with served(venue, trusted_proxies=trusted) as house:
            got = {
                house.web.post(
                    "/f/inscription", data={"email": "x"}, headers={"x-forwarded-for": f"198.51.{n}.1"}
                ).status_code
                for n in range(15)
            }
            assert got == statuses
        venue.house.store.close()
