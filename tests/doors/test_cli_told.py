"""What systems tell at the command line: every fault at once, with its row and field; what is good comes in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy import event as sql

from accord.shell.wiring import open_house
from cli_driver import Terminal, a_small_venue

PAST = "2026-11-01T10:00:00+01:00"


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = a_small_venue(tmp_path / "venue", monkeypatch)
    terminal.write("people.csv", "email,city\nada@example.org,Lyon\nbob@example.org,Brest\n")
    terminal("contacts", "import", str(terminal.folder / "people.csv")).ok()
    return terminal


def wish(scenario: Terminal) -> object:
    return scenario("contacts", "show", "ada@example.org", "--json").ok().json["newsletters_per_month"]


# -- one event -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("ticket.scaned",),
            "«ticket.scaned» is not an event that the journal knows; did you mean ticket.scanned?\n",
        ),
        (("consent.given",), "«consent.given» is evidence that no event can claim.\n"),
        (
            ("ticket.scanned", "--data", '{"newsletters_per_month": 1}'),
            "newsletters_per_month: ticket.scanned has no such field; it has: order_id, title.\n",
        ),
        (
            ("preferences.updated", "--data", '{"newsletters_per_month": "abc"}'),
            "newsletters_per_month: «abc» is not a whole number.\n",
        ),
        (
            ("preferences.updated", "--data", '{"newsletters_per_month": 2000}', "--at", "tomorrow"),
            (
                "newsletters_per_month: 2000 is not between 0 and 1000.\n"
                "at: «tomorrow» is no instant; write 2026-09-01T10:00+02:00.\n"
            ),
        ),
        (
            (
                "contact.updated",
                "--data",
                '{"language": "de", "zone": "Mars/Base", "visits": "3", "city": 4}',
            ),
            (
                "visits: «3» is not a whole number.\ncity: «4» is not text.\n"
                "language: «de» is none of fr, en.\nzone: «Mars/Base» is no time zone.\n"
            ),
        ),
        (("ticket.scanned", "--data", "{order"), "--data is not JSON: {order\n"),
        (("ticket.scanned", "--data", "[1]"), "data: «[1]» is not a map of fields.\n"),
        (("ticket.scanned", "--at", "2999-01-01"), "at: «2999-01-01» lies in the future.\n"),
        (
            ("ticket.scanned", "--at", "0001-01-01"),
            "at: «0001-01-01» lies outside of the years 1900 to 9000.\n",
        ),
    ],
)
def test_an_event_that_is_wrong_is_not_journalled(
    scenario: Terminal, words: tuple[str, ...], told: str
) -> None:
    refused = scenario("event", "ada@example.org", *words)
    assert (refused.code, refused.out, refused.err) == (1, "", told)


def test_a_wish_is_kept_when_a_wrong_one_is_refused(scenario: Terminal) -> None:
    def wishes(data: str) -> int:
        return scenario("event", "ada@example.org", "preferences.updated", "--data", data).code

    assert wishes('{"newsletters_per_month": 2}') == 0
    assert wishes('{"newsletters_per_month": "abc"}') == 1
    assert wishes('{"newsletters_per_month": true}') == 1
    assert wish(scenario) == 2
    assert wishes('{"newsletters_per_month": null}') == 0
    assert wish(scenario) is None


@pytest.mark.parametrize(
    ("email", "told"),
    [("eve@example.org", "eve@example.org is not a contact.\n"), ("\udcff@x", "That is not an address.\n")],
)
def test_an_event_is_somebodys(scenario: Terminal, email: str, told: str) -> None:
    refused = scenario("event", email, "ticket.scanned")
    assert (refused.code, refused.err) == (1, told)


def test_told_twice_it_is_one_event(scenario: Terminal) -> None:
    words = ("event", "ada@example.org", "ticket.scanned", "--id", "scan-17")
    assert scenario(*words, "--json").ok().json == {"new": True}
    assert scenario(*words).ok().out == "Known already.\n"


# -- events from a file ----------------------------------------------------------------------------------------


def test_every_bad_line_is_told_and_the_good_ones_are_in(scenario: Terminal) -> None:
    good = {"email": "ada@example.org", "event": "ticket.scanned", "at": PAST}
    file = scenario.lines(
        "events.jsonl",
        {**good, "id": 1},
        '{"email": ',
        "[]",
        {**good, "email": "eve@example.org"},
        {**good, "event": "ticket.scaned", "at": "soon"},
        {**good, "data": {"order_id": 3, "seat": "A1"}},
        {**good, "evnt": "x"},
        {"event": "ticket.scanned", "at": PAST},
        "",
        {**good, "id": "2", "data": None},
        {**good, "id": 1},
    )
    ran = scenario("events", "import", file, "--json")
    assert ran.code == 1
    assert (ran.json["new"], ran.json["known"]) == (2, 1)
    assert [(each["row"], each["field"], each["reason"]) for each in ran.json["refused"]] == [
        (2, "line", "it is not JSON: Expecting value at column 11"),
        (3, "line", "it is not a JSON object"),
        (4, "email", "«eve@example.org» is not a contact"),
        (5, "event", "«ticket.scaned» is not an event that the journal knows; did you mean ticket.scanned?"),
        (5, "at", "«soon» is no instant; write 2026-09-01T10:00+02:00"),
        (6, "order_id", "«3» is not text"),
        (6, "seat", "ticket.scanned has no such field; it has: order_id, title"),
        (7, "evnt", "nobody reads this key; did you mean event?"),
        (8, "email", "it is missing"),
    ]


def test_bytes_of_any_kind_end_in_a_sentence(scenario: Terminal) -> None:
    file = scenario.folder / "bytes.jsonl"
    good = b'{"email": "ada@example.org", "event": "ticket.scanned", "at": "2026-11-03", "id": "%s"}'
    file.write_bytes(
        b"\xef\xbb\xbf"
        + b"\r\n".join(
            (
                good % b"bom",
                b"\xff\xfe",
                good % b"\\ud800",
                b"[" * 100_000,
                b'"' + b"x" * (1 << 20) + b'"',
                b'{"a": ' + b"1" * 5000 + b"}",
                good % "u2028-\u2028".encode(),
            )
        )
    )
    ran = scenario("events", "import", str(file), "--json")
    assert (ran.code, ran.json["new"]) == (1, 2)
    assert [(each["row"], each["reason"]) for each in ran.json["refused"]] == [
        (2, "it is not UTF-8"),
        (3, "it holds a character that no text can hold"),
        (4, "it is not JSON that can be read"),
        (5, "it is longer than 1048576 bytes"),
        (6, "it is not JSON that can be read"),
    ]


def test_a_file_of_events_takes_as_many_queries_as_it_has_pages(scenario: Terminal) -> None:
    told = [
        {"email": f"{who}@example.org", "event": "ticket.scanned", "at": PAST, "id": f"{who}{number}"}
        for number in range(1500)
        for who in ("ada", "bob")
    ]
    file = scenario.lines("many.jsonl", *told)
    seen: list[str] = []

    def hear(*heard: Any) -> None:
        seen.append(heard[2])

    sql.listen(Engine, "before_cursor_execute", hear)
    try:
        assert scenario("events", "import", file, "--json").ok().json["new"] == 3000
    finally:
        sql.remove(Engine, "before_cursor_execute", hear)
    assert len(seen) < 200


# -- orders ------------------------------------------------------------------------------------------------------


def an_order(number: str, **told: object) -> dict[str, object]:
    lines = [{"family": "theatre", "amount_cents": 2400, "currency": "EUR"}]
    return {"email": "ada@example.org", "order_id": number, "lines": lines, "placed_at": PAST, **told}


def test_every_fault_of_an_order_is_told_and_the_good_ones_are_in(scenario: Terminal) -> None:
    file = scenario.lines(
        "orders.jsonl",
        an_order("o1"),
        an_order("o2", lines=[{"family": "theatre", "amount_cents": True}]),
        an_order("o3", lines={"family": "x"}, placed_at="yesterday", entity="Caffè", paid_at="2999-01-01"),
        {"email": "ada@example.org", "lines": [], "placed_at": None},
        an_order("o4", lines=["x", {"amount_cents": 1.5, "currency": "euro"}, {"family": "theatre"}]),
        an_order("o1", email="bob@example.org"),
        an_order("c1", entity="Café"),
        an_order("o5", tilte="Phèdre"),
        an_order("o1", cancelled_at="2026-11-02"),
    )
    ran = scenario("orders", "import", file, "--json")
    assert ran.code == 1
    assert (ran.json["new"], ran.json["known"]) == (3, 0)
    assert [(each["row"], each["field"], each["reason"]) for each in ran.json["refused"]] == [
        (2, "lines[1].amount_cents", "«true» is not a whole number"),
        (3, "placed_at", "«yesterday» is no instant; write 2026-09-01T10:00+02:00"),
        (3, "paid_at", "«2999-01-01» lies in the future"),
        (3, "entity", "«Caffè» is not in [others]"),
        (3, "lines", "a list of at least one line is needed"),
        (4, "order_id", "it is missing"),
        (4, "placed_at", "it is missing"),
        (4, "lines", "a list of at least one line is needed"),
        (5, "lines[1]", "it is not a map of family, amount_cents and currency"),
        (5, "lines[2].amount_cents", "«1.5» is not a whole number"),
        (5, "lines[2].currency", "«euro» is no currency; write EUR"),
        (5, "lines[3].amount_cents", "it is missing"),
        (6, "order_id", "another contact has this order"),
        (8, "tilte", "nobody reads this key; did you mean title?"),
    ]
    shown = scenario("contacts", "show", "ada@example.org", "--json").ok().json
    assert shown["orders"] == 2


def test_an_order_told_again_stands_as_it_was_told_last(scenario: Terminal) -> None:
    scenario("orders", "import", scenario.lines("a.jsonl", an_order("o1"), an_order("o2"))).ok()
    again = scenario("orders", "import", scenario.lines("a.jsonl", an_order("o1", paid_at=PAST)), "--json")
    assert again.ok().json == {"new": 1, "known": 0, "refused": []}
    same = scenario("orders", "import", scenario.lines("a.jsonl", an_order("o1", paid_at=PAST)), "--json")
    assert same.ok().json["known"] == 1
    house = open_house(scenario.folder / "config.toml")
    with house.store.read() as unit:
        lines = unit.situations([1])[1].lines
        names = [each.name for each in unit.events_of(1) if each.name.startswith("order.")]
    house.store.close()
    assert sorted((line.order_id, line.paid_at is not None) for line in lines) == [
        ("o1", True),
        ("o2", False),
    ]
    assert sorted(names) == ["order.paid", "order.placed", "order.placed"]


def test_what_a_sister_company_sold_is_kept_and_is_no_sale_of_ours(scenario: Terminal) -> None:
    file = scenario.lines("c.jsonl", an_order("c1", entity="Café"))
    assert scenario("orders", "import", file, "--json").ok().json["new"] == 1
    assert scenario("orders", "import", file, "--json").ok().json["known"] == 1
    house = open_house(scenario.folder / "config.toml")
    with house.store.read() as unit:
        assert [line.entity for line in unit.situations([1])[1].lines] == ["Café"]
        assert not [each for each in unit.events_of(1) if each.name.startswith("order.")]
    house.store.close()


def test_the_report_for_people_is_a_table(scenario: Terminal) -> None:
    file = scenario.lines("o.jsonl", an_order("o1"), {**an_order("o2"), "placed_at": 3}, json.dumps({}))
    ran = scenario("orders", "import", file)
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[0] == "1 new orders, 0 known already."
    assert any(
        line.split()
        == ["2", "placed_at", *["«3»", "is", "no", "instant;", "write", "2026-09-01T10:00+02:00"]]
        for line in lines
    )
