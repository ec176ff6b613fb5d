"""Webhooks in: signed, in time, once; whoever can't sign learns nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from accord.core.webhooks import show_secret, sign
from accord.shell.config_inbound import Hook
from accord.shell.settings import ConfigFault, load_settings
from accord.shell.web.guard import LARGEST_REQUEST
from doors.houses import Venue
from doors.systems import Quiet, a_key, app_of, errors, problem
from doors.visitors import Visitor

OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32
CART = {"email": "ada@example.org", "event": "cart.abandoned", "at": "2026-11-23T08:00:00Z"}
SCAN = {**CART, "event": "ticket.scanned"}
ORDER = {
    "email": "ada@example.org",
    "order_id": "O-1",
    "placed_at": "2026-11-22T12:00:00+01:00",
    "lines": [{"family": "theatre", "amount_cents": 4800}],
}


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    made = Quiet(tmp_path)
    hooks = {
        "carts": Hook("carts", "events", (OLD, NEW)),
        "gates": Hook("gates", "events", (NEW,), evidence=True),
        "shop": Hook("shop", "orders", (NEW,)),
    }
    made.house.settings = replace(made.house.settings, hooks=hooks)
    Visitor(app_of(made.house)).post(
        "/api/v1/contacts",
        json={"email": "ada@example.org"},
        headers={"authorization": f"Bearer {a_key(made.house)}"},
    )
    yield made
    made.house.store.close()


def push(
    venue: Venue,
    name: str,
    told: Any,
    *,
    key: bytes = NEW,
    name_of: str = "msg_1",
    ago: timedelta = timedelta(),
    **headers: str,
) -> httpx.Response:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    signed = sign([key], name=name_of, now=venue.now - ago, body=body)
    sent = {"content-type": "application/json", **signed, **headers}
    return Visitor(app_of(venue.house)).post(f"/hooks/{name}", content=body, headers=sent)


def test_a_webhook_is_taken_once_however_often_it_comes(venue: Venue) -> None:
    first, again = push(venue, "carts", CART), push(venue, "carts", CART)
    assert [each.json() for each in (first, again)] == [{"new": True}, {"new": True}], "the same answer"
    venue.now += timedelta(days=2)
    assert push(venue, "carts", CART).status_code == 200, "a sender tries for days, with a new timestamp"
    assert push(venue, "carts", CART, name_of="msg_2").json() == {"new": True}, "another id is another event"
    with venue.house.store.read() as unit:
        told = [event for event in unit.events_of(1) if event.name == "cart.abandoned"]
    assert [(event.source, event.key) for event in told] == [("hook/carts", "msg_1"), ("hook/carts", "msg_2")]
    assert problem(push(venue, "carts", {**CART, "at": "2026-11-23T09:00:00Z"})) == "other-request"


def test_while_a_secret_is_exchanged_both_are_good(venue: Venue) -> None:
    assert push(venue, "carts", CART, key=OLD, name_of="a").status_code == 200
    assert push(venue, "carts", CART, key=NEW, name_of="b").status_code == 200
    assert push(venue, "gates", CART, key=OLD, name_of="c").status_code == 401


def test_who_can_not_sign_learns_nothing(venue: Venue) -> None:
    answers = [
        push(venue, "carts", CART, key=FOREIGN),
        push(venue, "nowhere", CART),
        push(venue, "carts", CART, **{"webhook-signature": "v1,AAAA"}),
        push(venue, "carts", CART, **{"webhook-id": "another"}),
        push(venue, "carts", CART, **{"webhook-id": ""}),
        push(venue, "carts", CART, **{"webhook-timestamp": "soon"}),
        push(venue, "carts", CART, key=FOREIGN, ago=timedelta(hours=1)),
        push(venue, "carts", CART, key=FOREIGN, **{"content-type": "text/plain"}),
        push(venue, "carts", b"[", key=FOREIGN),
    ]
    assert {(each.status_code, each.content) for each in answers} == {(401, answers[0].content)}
    assert problem(answers[0]) == "unsigned"


@pytest.mark.parametrize("minutes", [6, -6])
def test_a_webhook_of_another_time_is_not_played_again(venue: Venue, minutes: int) -> None:
    assert push(venue, "carts", CART, ago=timedelta(minutes=minutes)).status_code == 401
    assert push(venue, "carts", CART, ago=timedelta(minutes=minutes / 2)).status_code == 200


def test_evidence_takes_a_right_of_its_own(venue: Venue) -> None:
    assert errors(push(venue, "carts", SCAN)).keys() == {"#/event"}
    assert push(venue, "gates", SCAN).json() == {"new": True}


def test_orders_come_by_webhook_too(venue: Venue) -> None:
    assert push(venue, "shop", ORDER).json() == {"new": True}
    wrong = {**ORDER, "lines": [], "colour": "red"}
    refused = push(venue, "shop", wrong, name_of="msg_2")
    assert errors(refused).keys() == {"#/lines", "#/colour"}
    assert push(venue, "shop", {**ORDER, "order_id": "O-2"}, name_of="msg_2").json() == {"new": True}, (
        "mended, sent again"
    )


def test_a_body_must_be_json_and_no_larger_than_it_may_be(venue: Venue) -> None:
    assert problem(push(venue, "carts", b"[]")) == "unreadable-body"
    assert problem(push(venue, "carts", CART, **{"content-type": "text/plain"})) == "unsupported-media-type"
    assert problem(push(venue, "carts", b" " * (LARGEST_REQUEST + 1))) == "too-large"
    assert problem(Visitor(app_of(venue.house)).get("/hooks/carts")) == "method-not-allowed"


# -- configuration -----------------------------------------------------------------------------------------


def faults(venue: Venue, text: str, **environ: str) -> list[str]:
    """What is wrong with the example's configuration and this at its end."""
    path = venue.root / "config.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    with pytest.raises(ConfigFault) as fault:
        load_settings(path, environ)
    return [each.code for each in fault.value.diagnostics]


def test_secrets_come_from_the_environment_or_a_file(venue: Venue) -> None:
    path = venue.root / "config.toml"
    text = path.read_text(encoding="utf-8")
    (venue.root / "hook.secret").write_text(f"{show_secret(NEW)}\n{show_secret(OLD)}\n", encoding="utf-8")
    path.write_text(
        text + '\n[inbound.shop]\nkind = "orders"\nsecret_file = "hook.secret"\n', encoding="utf-8"
    )
    hooks = load_settings(path, {"ACCORD_INBOUND__GATES__SECRET": f"{show_secret(OLD)}"}).hooks
    assert hooks["shop"] == Hook("shop", "orders", (NEW, OLD))
    assert hooks["gates"] == Hook("gates", "events", (OLD,))
    assert show_secret(NEW) not in repr(hooks)
    assert "n" * 32 not in repr(hooks)


def test_a_secret_in_the_file_or_none_at_all_is_refused(venue: Venue) -> None:
    assert "secret-in-file" in faults(venue, f'\n[inbound.a]\nsecret = "{show_secret(NEW)}"\n')
    assert "missing-key" in faults(venue, "\n[inbound.b]\n")
    assert "wrong-value" in faults(venue, "", ACCORD_INBOUND__B__SECRET="whsec_short")
    assert "wrong-value" in faults(venue, '\n[inbound.c]\nsecret_file = "nowhere"\n')
