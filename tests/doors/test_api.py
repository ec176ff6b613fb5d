"""/api/v1 for the systems around: what each resource does, and says when it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accord.shell.engine.turn import think_until_idle
from accord.shell.wiring import report_fault
from doors.systems import Quiet, System, a_key, app_of, errors, problem


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Quiet]:
    made = Quiet(tmp_path)
    yield made
    made.house.store.close()


@pytest.fixture
def shop(venue: Quiet) -> System:
    return System(app_of(venue.house), a_key(venue.house))


def ada(shop: System, address: str = "ada@example.org", **more: Any) -> int:
    return int(shop.post("/contacts", {"email": address, "language": "fr", **more}).json()["id"])


SCAN = {"email": "ada@example.org", "event": "ticket.scanned", "at": "2026-11-23T08:00:00Z", "id": "scan-17"}
ORDER = {
    "email": "ada@example.org",
    "order_id": "O-1",
    "placed_at": "2026-11-22T12:00:00+01:00",
    "paid_at": "2026-11-22T12:01:00+01:00",
    "lines": [{"family": "theatre", "amount_cents": 4800, "currency": "EUR"}],
}


# -- contacts ----------------------------------------------------------------------------------------------


def test_a_person_is_taken_in_once_read_and_found(shop: System) -> None:
    told = {
        "email": "Ada@example.org",
        "language": "fr",
        "external_id": "C-1",
        "attributes": {"city": "Lyon"},
    }
    made = shop.post("/contacts", told)
    assert (made.status_code, made.json()["new"]) == (201, True)
    again = shop.post("/contacts", {"email": "ada@EXAMPLE.org", "language": "en"})
    assert (again.status_code, again.json()) == (200, {"id": made.json()["id"], "new": False})
    known = shop.get(made.headers["location"].removeprefix("/api/v1")).json()
    assert (known["language"], known["attributes"]) == ("fr", {"city": "Lyon"}), (
        "a known one is left as it is"
    )
    assert {state["state"] for state in known["consents"]} == {"never_asked"}
    assert shop.post("/contacts/find", {"email": "ada@example.org"}).json() == known
    assert problem(shop.post("/contacts/find", {"email": "nobody@example.org"})) == "not-found"
    taken = shop.post("/contacts", {"email": "grace@example.org", "external_id": "C-1"})
    assert errors(taken).keys() == {"#/external_id"}


def test_every_fault_of_a_person_is_told_at_once(shop: System) -> None:
    told = {
        "email": "nowhere",
        "language": "de",
        "zone": "Mars",
        "attributes": {"shoe/size": 1, "first_name": 3},
        "collected_at": "2030-01-01",
        "from_third_party": "yes",
        "address_kind": "work",
        "emial": "x",
    }
    found = shop.post("/contacts", told)
    assert problem(found) == "invalid-fields"
    assert errors(found).keys() == {
        *("#/email", "#/language", "#/zone", "#/attributes/shoe~1size", "#/attributes/first_name"),
        *("#/collected_at", "#/from_third_party", "#/address_kind", "#/emial"),
    }


def test_what_the_objection_list_has_holds_for_who_comes_in(venue: Quiet, shop: System) -> None:
    number = ada(shop)
    assert shop.ask("DELETE", f"/contacts/{number}").json()["contact"] == number
    back = ada(shop)
    states = {each["state"] for each in shop.get(f"/contacts/{back}").json()["consents"]}
    assert states == {"active_optout"}
    assert (
        problem(shop.get(f"/contacts/{number}"))
        == problem(shop.ask("DELETE", f"/contacts/{number}"))
        == "not-found"
    )
    with venue.house.store.read() as unit:
        deeds = [(deed.by, deed.action) for deed in unit.deeds()]
    assert ("api shop", "contacts erase") in deeds


def test_people_are_put_right_and_an_address_of_another_is_a_conflict(shop: System) -> None:
    number, other = ada(shop), ada(shop, "grace@example.org")
    put = {"language": "en", "attributes": {"first_name": "Ada"}, "email": "ada.l@example.org"}
    assert shop.ask("PATCH", f"/contacts/{number}", put).json() == {"id": number, "objections": []}
    known = shop.get(f"/contacts/{number}").json()
    assert (known["email"], known["language"], known["attributes"]) == (
        "ada.l@example.org",
        "en",
        {"first_name": "Ada"},
    )
    clash = shop.ask("PATCH", f"/contacts/{number}", {"language": "fr", "email": "grace@example.org"})
    assert problem(clash) == "conflict"
    assert shop.get(f"/contacts/{number}").json()["language"] == "en", "all of it, or nothing"
    assert problem(shop.ask("PATCH", f"/contacts/{other}", {})) == "invalid-fields"


def test_pages_of_people_hold_everybody_once_whoever_comes_in_meanwhile(shop: System) -> None:
    for name in "abcde":
        ada(shop, f"{name}@example.org")
    seen, path = [], "/contacts?limit=2"
    while path:
        page = shop.get(path).json()
        seen += [each["email"] for each in page["items"]]
        if len(seen) == 2:
            ada(shop, "aa@example.org")
        path = f"/contacts?limit=2&cursor={page['next']}" if page["next"] else ""
    assert seen == [f"{name}@example.org" for name in ("a", "b", "c", "d", "e", "aa")]
    for wrong in (
        "limit=0",
        "limit=501",
        "limit=x",
        "cursor=x",
        "cursor=bWVzc2FnZXM6MQ",
        "page=2",
        "limit=1&limit=2",
    ):
        found = shop.get(f"/contacts?{wrong}")
        assert (problem(found), found.status_code) == ("invalid-parameters", 400), wrong
    assert errors(shop.get("/contacts?limit=0&page=2")).keys() == {"limit", "page"}


# -- consents ----------------------------------------------------------------------------------------------


def test_an_act_is_recorded_with_its_proof_and_the_state_follows(venue: Quiet, shop: System) -> None:
    venue.stock()
    number = ada(shop)
    said = shop.post(
        f"/contacts/{number}/consents",
        {
            "form": "entreprises",
            "answer": "ticked",
            "at": "2026-11-20T10:00:00+01:00",
            "url": "https://shop.example.org/",
        },
    )
    assert said.status_code == 201, said.text
    known = shop.get(f"/contacts/{number}/consents").json()
    assert known["acts"][0]["details"]["url"] == "https://shop.example.org/"
    assert known["acts"][0]["at"] == "2026-11-20T09:00:00+00:00"
    refused = shop.post(f"/contacts/{number}/consents", {"refuse": True, "channel": "letter"})
    assert refused.json()["for"] == ["everything"]
    assert venue.state(number) == "active_optout"


NO_ACTS: tuple[tuple[dict[str, Any], set[str]], ...] = (
    ({"state": "optin_proven"}, {"#/state", "#/form"}),
    ({"form": "inscription", "answer": "ticked", "status": "subscribed"}, {"#/status"}),
    ({"form": "inscription", "script": "guichet", "answer": "yes"}, {"#/form"}),
    ({"form": "inscription"}, {"#/answer"}),
    ({"form": "inscription", "answer": "perhaps", "channel": "smoke"}, {"#/answer", "#/channel"}),
    ({"form": "nowhere", "answer": "ticked"}, {"#/form"}),
    ({"refuse": True, "purpose": "nothing"}, {"#/purpose"}),
    ({"refuse": True, "at": "2030-01-01"}, {"#/at"}),
    ({"refuse": "yes"}, {"#/refuse"}),
)


def test_a_state_is_no_act_and_no_half_act_is_one(venue: Quiet, shop: System) -> None:
    venue.stock()
    number = ada(shop)
    for told, at in NO_ACTS:
        found = shop.post(f"/contacts/{number}/consents", told)
        assert problem(found) == "invalid-fields"
        assert errors(found).keys() == at
    assert shop.get(f"/contacts/{number}/consents").json()["acts"] == []


# -- events and orders -----------------------------------------------------------------------------------------


def test_an_event_is_told_once_and_read_as_the_command_reads_it(shop: System) -> None:
    ada(shop)
    assert [shop.post("/events", SCAN).status_code for _ in range(2)] == [201, 200]
    wrong = {
        **SCAN,
        "at": "soon",
        "id": 1.5,
        "data": {"title": 3, "colour": "red"},
        "email": "no@example.org",
    }
    found = shop.post("/events", wrong)
    assert errors(found).keys() == {"#/at", "#/id", "#/data/title", "#/data/colour", "#/email"}
    assert errors(shop.post("/events", {**SCAN, "event": "consent.given"})).keys() == {"#/event"}


def test_good_lines_are_taken_and_broken_ones_told_with_their_number(shop: System) -> None:
    ada(shop)
    lines = [
        json.dumps(SCAN),
        "{broken",
        json.dumps({**SCAN, "id": "scan-18", "event": "ticket.scaned"}),
        "",
        "[1]",
        json.dumps({**SCAN, "id": "scan-19", "emial": "x"}),
        json.dumps({**SCAN, "id": "scan-20"}),
    ]
    told = shop.post("/events/bulk", "\n".join(lines))
    assert told.status_code == 200
    assert (told.json()["new"], told.json()["known"]) == (2, 0)
    refused = [(each["row"], each["field"]) for each in told.json()["refused"]]
    assert refused == [(2, "line"), (3, "event"), (5, "line"), (6, "emial")]
    assert shop.post("/events/bulk", "\n".join(lines)).json()["known"] == 2, "sent again, it is known"


def test_a_thousand_refusals_are_listed_and_the_others_counted(shop: System) -> None:
    told = shop.post("/events/bulk", "x\n" * 1003).json()
    assert (len(told["refused"]), told["refused_more"]) == (1000, 3)


def test_an_order_is_told_as_it_stands(shop: System) -> None:
    number = ada(shop)
    assert shop.post("/orders", ORDER).status_code == 201
    assert shop.post("/orders", ORDER).status_code == 200
    assert shop.get(f"/contacts/{number}").json()["orders"] == 1
    wrong = {
        **ORDER,
        "order_id": None,
        "lines": [{"amount_cents": 1}, {"amount_cents": "x", "currency": "eur"}],
    }
    assert errors(shop.post("/orders", wrong)).keys() == {
        "#/order_id",
        "#/lines/1/amount_cents",
        "#/lines/1/currency",
    }
    ada(shop, "grace@example.org")
    foreign = {**ORDER, "email": "grace@example.org"}
    assert errors(shop.post("/orders", foreign)).keys() == {"#/order_id"}
    bulk = "\n".join(json.dumps(each) for each in ({**ORDER, "order_id": "O-2"}, foreign, {"email": 3}))
    told = shop.post("/orders/bulk?history=true", bulk).json()
    assert (told["new"], {each["row"] for each in told["refused"]}) == (1, {2, 3})


def test_history_starts_nothing(venue: Quiet, shop: System) -> None:
    ada(shop)

    def waiting() -> int:
        with venue.house.store.read() as unit:
            return unit.backlog(venue.now)["events"][0]

    before = waiting()
    moved = {**SCAN, "event": "contact.updated", "data": {"city": "Lyon"}}
    assert shop.post("/events?history=true", moved).status_code == 201
    assert waiting() == before
    assert shop.post("/events", {**moved, "id": "scan-18"}).status_code == 201
    assert waiting() == before + 1
    assert problem(shop.post("/events?history=1", SCAN)) == "invalid-parameters"


# -- scenarios, messages, explanations ---------------------------------------------------------------------------


def test_a_system_enrols_and_takes_out_and_the_law_is_asked_all_the_same(venue: Quiet, shop: System) -> None:
    venue.stock("lettre", "bienvenue")
    number = ada(shop)
    who = {"email": "ada@example.org"}
    assert [each["name"] for each in shop.get("/scenarios").json()["items"]] == ["bienvenue", "lettre"]
    entered = shop.post("/scenarios/lettre/enrol", who)
    assert entered.status_code == 201
    assert len(entered.json()["runs"]) == 1
    assert venue.turn() == [], "nobody asked for this letter"
    venue.now += timedelta(days=1)
    explained = shop.get(f"/contacts/{number}/explanations?scenario=lettre").json()["items"]
    assert [row["event"] for row in explained][:2] == ["scenario.entered", "mail.refused"]
    assert explained[1]["reason"] == "NO_CONSENT"
    assert shop.get(f"/contacts/{number}/explanations?scenario=bienvenue").json()["items"] == []
    assert "consent.given" in shop.post("/scenarios/bienvenue/enrol", who).json()["detail"]
    assert problem(shop.post("/scenarios/nowhere/enrol", who)) == "not-found"
    assert problem(shop.post("/scenarios/lettre/enrol", {"email": "no@example.org"})) == "not-found"
    assert errors(shop.post("/scenarios/lettre/enrol", {"mail": 1})).keys() == {"#/mail", "#/email"}


def test_who_is_taken_out_leaves_once(venue: Quiet, shop: System) -> None:
    venue.stock("lettre")
    number, who = ada(shop), {"email": "ada@example.org"}
    shop.post("/scenarios/lettre/enrol", who)
    assert [shop.post("/scenarios/lettre/leave", who).json()["ended"] for _ in range(2)] == [1, 0]
    last = shop.get(f"/contacts/{number}/explanations").json()["items"][-1]
    assert (last["event"], last["reason"]) == ("scenario.left", "EJECTED")


def test_what_is_queued_for_them_does_not_leave(venue: Quiet, shop: System) -> None:
    venue.stock("confirmation")
    ada(shop)
    shop.post("/orders", {**ORDER, "placed_at": venue.now.isoformat()})
    think_until_idle(venue.house.store, venue.house.at_work(), now=venue.now, on_fault=report_fault)
    taken = shop.post("/scenarios/confirmation/leave", {"email": "ada@example.org"}).json()
    assert taken["mails_cancelled"] == 1
    assert venue.turn() == []


def test_the_ledger_comes_by_pages_newest_first(venue: Quiet, shop: System) -> None:
    venue.stock("confirmation")
    number = ada(shop)
    for count in range(3):
        told = {
            **ORDER,
            "order_id": f"O-{count}",
            "placed_at": venue.now.isoformat(),
            "paid_at": None,
            "title": "B",
        }
        assert shop.post("/orders", told).status_code == 201
    venue.turn()
    first = shop.get("/messages?limit=2").json()
    rest = shop.get(f"/messages?limit=2&cursor={first['next']}").json()
    numbers = [each["id"] for each in (*first["items"], *rest["items"])]
    assert (numbers, rest["next"]) == (sorted(numbers, reverse=True), None)
    assert len(numbers) == 3
    assert shop.get(f"/messages?contact={number}&purpose=service&state=accepted").json()["items"] != []
    assert shop.get("/messages?basis=consent").json()["items"] == []
    one = shop.get(f"/messages/{numbers[0]}").json()
    assert (one["to"], one["nature"]) == ("ada@example.org", "service")
    assert problem(shop.get("/messages/999")) == problem(shop.get("/messages/x")) == "not-found"
    wrong = errors(shop.get("/messages?state=lost&basis=hope&purpose=x&since=soon&contact=ada"))
    assert wrong.keys() == {"state", "basis", "purpose", "since", "contact"}


# -- both databases --------------------------------------------------------------------------------------------


def test_the_whole_way_on_each_database(tmp_path: Path, database_url: str) -> None:
    venue = Quiet(tmp_path, database=database_url)
    shop = System(app_of(venue.house), a_key(venue.house))
    venue.stock("lettre", "confirmation")
    assert ada(shop, external_id="C-1") == 1
    assert (
        problem(shop.post("/contacts", {"email": "x@example.org", "external_id": "C-1"})) == "invalid-fields"
    )
    placed = {**ORDER, "placed_at": venue.now.isoformat(), "paid_at": None, "title": "B"}
    lines = "\n".join(json.dumps({**placed, "order_id": f"O-{count}"}) for count in range(3))
    first, again = (shop.post("/orders/bulk", lines, idempotency_key="night") for _ in range(2))
    assert first.json() == again.json() == {"new": 3, "known": 0, "refused": []}
    assert shop.post("/events", SCAN, idempotency_key="scan").status_code == 201
    assert shop.post("/scenarios/lettre/enrol", {"email": "ada@example.org"}).status_code == 201
    assert len(venue.turn()) == 3
    page = shop.get("/messages?limit=2").json()
    assert len(shop.get(f"/messages?limit=2&cursor={page['next']}").json()["items"]) == 1
    assert shop.ask("PATCH", "/contacts/1", {"email": "ada.l@example.org"}).status_code == 200
    assert shop.post("/contacts/1/consents", {"refuse": True, "channel": "letter"}).status_code == 201
    assert len(shop.get("/contacts").json()["items"]) == 1
    erased = shop.ask("DELETE", "/contacts/1", idempotency_key="gone")
    assert shop.ask("DELETE", "/contacts/1", idempotency_key="gone").json() == erased.json()
    assert erased.json()["orders_archived"] == 3
    assert shop.get("/contacts").json()["items"] == []
    venue.house.store.close()
