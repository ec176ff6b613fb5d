"""Webhooks out to a receiver that refuses, stalls, is down, redirects, and takes them in the end."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accord.core.webhooks import Doubt, read_secret, verify
from accord.shell.delivery.webhook import HttpPoster
from accord.shell.engine.ports.posting import Answer, Parcel
from cli_driver import SMALL, Terminal, a_small_venue
from doors.receiver import Receiver, receiving

CONFIG = """
[webhooks.crm]
url = "{url}"
fields = ["contact.email", "event.order_id"]
{events}
recipient = "Exemple CRM"
country = "France"
"""


def posted(url: str, patience: float = 5.0) -> Answer:
    async def once() -> Answer:
        poster = HttpPoster(patience)
        try:
            return await poster.post(Parcel(url, {"webhook-id": "a"}, b'{"a":1}'))
        finally:
            await poster.close()

    return asyncio.run(once())


def test_two_hundred_is_taken_however_long_the_answer() -> None:
    with receiving(Receiver([200])) as receiver:
        assert posted(receiver.url) == Answer(taken=True, words="HTTP 200")
    [heard] = receiver.heard
    assert (heard.body, heard.headers["content-type"]) == (b'{"a":1}', "application/json")


@pytest.mark.parametrize(("status", "gone"), [(400, False), (410, True), (429, False), (500, False)])
def test_other_answers_are_not(status: int, gone: bool) -> None:
    with receiving(Receiver([status])) as receiver:
        assert posted(receiver.url) == Answer(taken=False, words=f"HTTP {status}", gone=gone)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with receiving(Receiver([status])) as receiver:
        answer = posted(receiver.url)
    assert (answer.taken, "not followed" in answer.words) == (False, True)
    assert [heard.path for heard in receiver.heard] == ["/hook"]


def test_whoever_stalls_is_not_waited_for_long() -> None:
    with receiving(Receiver(stalls=3.0)) as receiver:
        began = time.monotonic()
        answer = posted(receiver.url, patience=0.3)
    assert not answer.taken and "0.3 seconds" in answer.words
    assert time.monotonic() - began < 2.5


def test_whoever_is_down_is_told_of_in_words() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert posted(f"http://127.0.0.1:{port}/").words == "it can't be reached, or its certificate is not good"


@pytest.mark.parametrize(
    "url", ["http://example.org/", "ftp://localhost/", "https://ada:secret@example.org/", "no"]
)
def test_nothing_is_posted_in_clear_or_with_a_password_in_the_address(url: str) -> None:
    assert "nothing was posted" in posted(url).words


# -- the whole house -------------------------------------------------------------------------------------------

ATELIER = """scenario: atelier
purpose: service
enter: {when: order.placed, per: event.order_id}
steps:
  dire: {call: crm, nature: service, about: order}
"""


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return a_small_venue(tmp_path, monkeypatch)


def listening(scenario: Terminal, receiver: Receiver, events: str = "") -> None:
    """The venue knows of the receiver, has one contact, and one order is placed."""
    scenario.write("config.toml", SMALL + CONFIG.format(url=receiver.url, events=events))
    scenario("contacts", "import", str(scenario.write("people.csv", "email\nada@example.org\n"))).ok()
    told = '{"order_id": "A-1", "title": "Secret"}'
    if not events:
        scenario.write("scenarios/atelier.yaml", ATELIER)
        scenario("activate", "atelier", "--yes").ok()
    scenario("event", "ada@example.org", "order.placed", "--data", told, "--id", "1").ok()


@pytest.mark.parametrize("events", ["", 'events = ["order.placed"]'])
def test_another_system_is_told_signed_and_again_until_it_takes_it(scenario: Terminal, events: str) -> None:
    with receiving(Receiver([500, 204])) as receiver:
        listening(scenario, receiver, events)
        secret = read_secret(scenario("webhooks", "secret", "crm").ok().out)
        assert "1 webhooks posted to" in scenario("tick").ok().out
        [listed] = scenario("webhooks", "list", "--json").json
        assert (listed["webhook"], listed["postings"]) == ("crm", {"waiting": 1})
        in_an_hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        scenario("tick", "--now", in_an_hour).ok()
        [listed] = scenario("webhooks", "list", "--json").json
        assert listed["postings"] == {"posted": 1}
    first, second = receiver.heard
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert json.loads(first.body)["data"] == {"contact.email": "ada@example.org", "event.order_id": "A-1"}
    now = datetime.fromtimestamp(int(first.headers["webhook-timestamp"]), UTC)
    assert verify([secret], first.headers, first.body, now=now) is None
    assert verify([secret], first.headers, first.body + b" ", now=now) is Doubt.FORGED


def test_failures_are_listed_and_tried_again_by_hand(scenario: Terminal) -> None:
    with receiving(Receiver([410, 204])) as receiver:
        listening(scenario, receiver)
        scenario("tick").ok()
        [failed] = scenario("webhooks", "failed", "--json").json
        assert (failed["what"], failed["reply"], failed["reason"]) == (
            "call of atelier/dire",
            "HTTP 410",
            "WEBHOOK_GONE",
        )
        assert "HTTP 410" in scenario("webhooks", "failed").ok().out
        assert scenario("webhooks", "retry", "999").code == 1
        assert "1 posting again" in scenario("webhooks", "retry", str(failed["id"]), "--by", "marie").ok().out
        scenario("tick").ok()
    assert scenario("webhooks", "failed").ok().out == "Nothing failed.\n"
    assert [heard.headers["webhook-id"] for heard in receiver.heard] == [failed["webhook_id"]] * 2
    assert "webhooks retry" in scenario("audit").ok().out
    told = [row["event"] for row in scenario("explain", "ada@example.org", "--json").json]
    assert [name for name in told if name.startswith("call.")] == [
        "call.queued",
        "call.failed",
        "call.posted",
    ]


def test_a_dry_run_shows_what_would_be_told(scenario: Terminal) -> None:
    with receiving(Receiver()) as receiver:
        listening(scenario, receiver)
        matrix = scenario("dry-run", "atelier").ok().out
        days = scenario("dry-run", "atelier", "--contact", "ada@example.org").ok().out
    assert "dire: tells Exemple CRM in France: contact.email, event.order_id." in matrix
    assert '"contact.email": "ada@example.org"' in days
    assert receiver.heard == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('url = "http://crm.example.org"', "https://"),
        ('url = "https://a:b@crm.example.org"', "no password"),
        ('url = "https://crm.example.org"\nevents = ["consent.witdrawn"]', "Did you mean consent.withdrawn?"),
        (
            'url = "https://crm.example.org"\nevents = ["order.placed"]\nfields = ["contact.emial"]',
            "contact.email",
        ),
    ],
)
def test_a_webhook_with_a_fault_is_told_at_its_line(scenario: Terminal, line: str, said: str) -> None:
    scenario.write("config.toml", f"{SMALL}\n[webhooks.crm]\n{line}\n")
    ran = scenario("check")
    assert ran.code == 1 and said in ran.out + ran.err and "config.toml:" in ran.out + ran.err


def test_nothing_personal_is_logged_when_a_receiver_fails(
    scenario: Terminal, capfd: pytest.CaptureFixture[str]
) -> None:
    with receiving(Receiver([500])) as receiver:
        listening(scenario, receiver)
        scenario("tick").ok()
    said = "".join(ran.out + ran.err for ran in scenario.ran[-1:]) + "".join(capfd.readouterr())
    assert "ada@" not in said
