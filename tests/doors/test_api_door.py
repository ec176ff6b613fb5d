"""The door of the API: who is let in, how often, with what; and each request done once."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from accord.shell.engine import access
from accord.shell.engine.access import SCOPES
from accord.shell.engine.ports.access import Given
from accord.shell.engine.ports.store import Store
from accord.shell.web.api.routes import OPERATIONS
from accord.shell.web.bodies import whole_body
from accord.shell.web.guard import LARGEST_BULK, LARGEST_REQUEST
from accord.shell.web.once import Answer, Once, done_once
from accord.shell.web.problems import PROBLEMS, Problem
from doors.houses import Venue
from doors.systems import LINES, Quiet, System, a_key, app_of, errors, problem
from doors.visitors import Visitor

ADA = {"email": "ada@example.org"}


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    made = Quiet(tmp_path)
    yield made
    made.house.store.close()


@pytest.fixture
def shop(venue: Venue) -> System:
    return System(app_of(venue.house), a_key(venue.house))


# -- keys and scopes -----------------------------------------------------------------------------------------


def test_whatever_opens_nothing_gets_the_same_answer(venue: Venue) -> None:
    app, token = app_of(venue.house), a_key(venue.house)
    old = a_key(venue.house, name="old")
    access.revoke(venue.house.store, "old", by="test", now=venue.now)
    ended = a_key(venue.house, name="ended")
    access.rotate(
        venue.house.store,
        "ended",
        overlap=timedelta(),
        by="test",
        now=venue.now,
        dice=venue.house.store.dice,
    )
    unknown = f"accord_{'0' * 12}_{token[-43:]}"
    wrong = f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}"
    answers = [
        System(app, key).get("/key")
        for key in (None, "", "x", unknown, wrong, old, ended, "a\tb", "*" * 5000)
    ]
    answers.append(Visitor(app).get("/api/v1/key", headers={"authorization": f"Basic {token}"}))
    assert {(each.status_code, each.content, each.headers["www-authenticate"]) for each in answers} == {
        (401, answers[0].content, 'Bearer realm="accord"')
    }
    assert System(app, token).get("/key").status_code == 200


def test_each_operation_takes_its_own_scope_and_no_other(venue: Venue) -> None:
    app = app_of(venue.house)
    systems = {
        scope: System(app, a_key(venue.house, scope, name=scope.replace(":", "-"))) for scope in SCOPES
    }
    asked = [operation for operation in OPERATIONS if operation.scope is not None]
    assert {operation.scope for operation in asked} == set(SCOPES) - {"evidence:write"}
    for operation in asked:
        path = operation.path.removeprefix("/api/v1").replace("{id}", "1").replace("{name}", "x")
        let_in = {
            scope
            for scope, system in systems.items()
            if system.ask(operation.method, path, "" if operation.bulk else {}).status_code not in (401, 403)
        }
        assert let_in == {operation.scope}, operation.name
        assert System(app, None).ask(operation.method, path).status_code == 401


def test_evidence_takes_a_scope_of_its_own(venue: Venue) -> None:
    app = app_of(venue.house)
    crm = System(app, a_key(venue.house, "events:write", "people:write", name="crm"))
    gates = System(app, a_key(venue.house, "events:write", "evidence:write", name="gates"))
    crm.post("/contacts", ADA)
    cart = {**ADA, "event": "cart.abandoned", "at": venue.now.isoformat(), "data": {"families": ["theatre"]}}
    scan = {**ADA, "event": "ticket.scanned", "at": venue.now.isoformat()}
    assert [crm.post("/events", cart).status_code, gates.post("/events", scan).status_code] == [201, 201]
    refused = crm.post("/events", scan)
    assert (problem(refused), refused.json()["scope"]) == ("forbidden", "evidence:write")
    lines = "\n".join(httpx.Response(200, json=each).text for each in (scan, cart, scan))
    told = crm.post("/events/bulk", lines).json()
    assert [(each["row"], each["field"]) for each in told["refused"]] == [(1, "event"), (3, "event")]
    assert told["new"] == 1


def test_a_key_has_a_rate_of_its_own(venue: Venue) -> None:
    app = app_of(venue.house)
    slow = System(app, a_key(venue.house, name="slow", rate=2))
    other = System(app, a_key(venue.house, name="other", rate=2))
    assert [slow.get("/key").status_code for _ in range(2)] == [200, 200]
    full = slow.get("/key")
    assert (problem(full), full.headers["retry-after"]) == ("too-many-requests", "30")
    assert other.get("/key").status_code == 200
    venue.now += timedelta(seconds=30)
    assert [slow.get("/key").status_code for _ in range(2)] == [200, 429]
    with venue.house.store.read() as unit:
        assert {key.name: key.used_at is not None for key in unit.access.all_keys()} == {
            "slow": True,
            "other": True,
        }


# -- bodies --------------------------------------------------------------------------------------------------


def test_what_is_too_large_is_refused_whatever_it_claims(shop: System) -> None:
    lines = b"x" * (LARGEST_BULK + 1)
    claimed = shop.ask("POST", "/events/bulk", lines)
    assert (problem(claimed), claimed.json()["limit"]) == ("too-large", LARGEST_BULK)
    assert problem(shop.ask("POST", "/events/bulk", lines, content_length="10")) == "too-large"
    body = b"{" + b" " * LARGEST_REQUEST + b"}"
    found = shop.ask("POST", "/events", body, content_type="application/json")
    assert (problem(found), found.json()["limit"]) == ("too-large", LARGEST_REQUEST)


def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    from starlette.requests import Request

    async def never() -> Any:
        await asyncio.sleep(30)

    slow = Request({"type": "http", "path": "/api/v1/events", "headers": []}, never)
    with pytest.raises(Problem) as fault:
        asyncio.run(whole_body(slow, patience=0.01))
    assert PROBLEMS[fault.value.slug].status == 408


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/plain"},
        {"content_type": "application/json; charset=latin-1"},
        {"content_encoding": "gzip"},
        {"content_type": LINES},
        {"content_type": ""},
    ],
)
def test_other_content_types_are_not_guessed_at(shop: System, headers: dict[str, str]) -> None:
    assert problem(shop.post("/contacts", ADA, **headers)) == "unsupported-media-type"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff{}", b"null", b'{"a":' * 5000, b'{"a": 1' + b"1" * 5000 + b"}"]
)
def test_what_is_no_json_object_is_told_so(shop: System, body: bytes) -> None:
    assert problem(shop.ask("POST", "/contacts", body, content_type="application/json")) == "unreadable-body"


def test_faults_are_short_however_much_is_told(shop: System) -> None:
    event = {**ADA, "event": "x" * 20_000, "at": "y" * 20_000, **{f"k{number}": 1 for number in range(500)}}
    told = shop.post("/events", event)
    assert problem(told) == "invalid-fields"
    assert (len(told.json()["errors"]), max(map(len, errors(told).values())) < 300) == (200, True)


def test_a_content_type_with_utf_8_is_fine(shop: System) -> None:
    assert shop.post("/contacts", ADA, content_type='application/json; charset="UTF-8"').status_code == 201


def test_other_methods_are_named_and_no_path_is_redirected(shop: System) -> None:
    refused = shop.ask("PUT", "/contacts/1")
    assert problem(refused) == "method-not-allowed"
    assert {each.strip() for each in refused.headers["allow"].split(",")} >= {"GET", "PATCH", "DELETE"}
    assert problem(shop.get("/contacts/")) == problem(shop.get("/nothing")) == "not-found"
    assert problem(shop.get("/contacts/1%0A2")) == problem(shop.get("/a%0D%0Ab/c")) == "not-found"
    for number in ("0", "-1", "1e3", "١", "9" * 30):
        assert problem(shop.get(f"/contacts/{number}")) == "not-found"


def test_nothing_that_is_told_comes_back_as_a_header(shop: System) -> None:
    bad = "a\r\nset-cookie: x=1"
    for answer in (
        shop.post("/contacts", {"email": f"ada{bad}@example.org"}),
        shop.get("/contacts?limit=1%0d%0aset-cookie:x"),
        shop.get("/scenarios%0d%0aset-cookie:x"),
        shop.post("/contacts", {**ADA, "external_id": bad}),
    ):
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "no-store"


# -- once ----------------------------------------------------------------------------------------------------


def test_the_same_key_and_request_get_the_same_answer_for_a_day(venue: Venue, shop: System) -> None:
    first = shop.post("/contacts", ADA, idempotency_key='"8e03978e"')
    again = shop.post("/contacts", ADA, idempotency_key="8e03978e")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.headers["location"] == again.headers["location"]
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    other = shop.post("/contacts", {"email": "grace@example.org"}, idempotency_key="8e03978e")
    assert (other.status_code, problem(other)) == (422, "other-request")
    gates = System(shop.app, a_key(venue.house, name="gates"))
    assert gates.post("/contacts", ADA, idempotency_key="8e03978e").json()["new"] is False, (
        "keys are each system's own"
    )
    venue.now += timedelta(days=1)
    assert shop.post("/contacts", ADA, idempotency_key="8e03978e").status_code == 200, "a day is over"


def test_a_refused_request_leaves_its_key_free_for_the_mended_one(shop: System) -> None:
    assert shop.post("/contacts", {"email": "x"}, idempotency_key="k").status_code == 422
    assert shop.post("/contacts", ADA, idempotency_key="k").status_code == 201
    assert problem(shop.post("/contacts", ADA, idempotency_key="k" * 256)) == "invalid-parameters"


def test_bulk_with_a_key_is_told_once(shop: System) -> None:
    shop.post("/contacts", ADA)
    line = '{"email": "ada@example.org", "event": "account.created", "at": "2026-11-23T08:00:00Z"}\n'
    first, again = (shop.post("/events/bulk", 3 * line, idempotency_key="night-1") for _ in range(2))
    assert first.json() == again.json() == {"new": 3, "known": 0, "refused": []}
    assert problem(shop.post("/events/bulk", 2 * line, idempotency_key="night-1")) == "other-request"


def test_while_a_request_is_worked_on_the_same_is_told_to_wait(store: Any) -> None:
    from builders import NOW

    once, begun, go_on = Once("shop", "k", "digest"), threading.Event(), threading.Event()
    answers: list[Given] = []

    def slowly(_: Store) -> Answer:
        begun.set()
        assert go_on.wait(20)
        return Answer({"done": 1}, 201)

    first = threading.Thread(target=lambda: answers.append(done_once(store, once, slowly, now=NOW)[0]))
    first.start()
    try:
        assert begun.wait(20)
        with pytest.raises(Problem) as fault:
            done_once(store, once, slowly, now=NOW)
    finally:
        go_on.set()
        first.join()
    assert fault.value.slug == "in-progress"
    replayed, again = done_once(store, once, slowly, now=NOW)
    assert (replayed, again) == (answers[0], True)


def test_of_many_requests_at_once_one_is_carried_out(store: Any) -> None:
    from builders import NOW

    once, start = Once("shop", "k", "digest"), threading.Barrier(6)
    deeds: list[int] = []
    came: list[Given | str] = []

    def deed(within: Store) -> Answer:
        with within.begin() as unit:
            deeds.append(1)
            unit.tell_anew("fact", str(len(deeds)), NOW)
        return Answer({"deed": len(deeds)}, 201)

    def ask() -> None:
        start.wait(20)
        try:
            came.append(done_once(store, once, deed, now=NOW)[0])
        except Problem as fault:
            came.append(fault.slug)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert deeds == [1]
    assert set(came) <= {Given(201, '{"deed": 1}'), "in-progress"}
    assert Given(201, '{"deed": 1}') in came


def test_two_requests_at_once_over_http_do_one_thing(venue: Venue, shop: System) -> None:
    start, came = threading.Barrier(2), list[httpx.Response]()

    def ask() -> None:
        start.wait(20)
        came.append(shop.post("/contacts", ADA, idempotency_key="k"))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(each.status_code for each in came)
    assert statuses in ([201, 201], [201, 409]), [each.text for each in came]
    with venue.house.store.read() as unit:
        assert len(unit.listing.contacts(0, 10)) == 1
    assert shop.post("/contacts", ADA, idempotency_key="k").json()["new"] is True


def test_a_deed_and_its_answer_are_one(store: Any) -> None:
    from builders import NOW

    once = Once("shop", "k", "digest")

    def fails(within: Store) -> Answer:
        with within.begin() as unit:
            unit.tell_anew("fact", "written", NOW)
        raise Problem("conflict")

    with pytest.raises(Problem):
        done_once(store, once, fails, now=NOW)
    with store.read() as unit:
        assert unit.fact("fact") is None, "nothing of it stays"
    assert done_once(store, once, lambda _: Answer({}), now=NOW) == (Given(200, "{}"), False)


# -- the page ------------------------------------------------------------------------------------------------


def test_the_page_tells_of_everything_and_asks_nobody_for_anything(shop: System) -> None:
    page = Visitor(shop.app).get("/api/docs")
    assert page.status_code == 200
    document = Visitor(shop.app).get("/api/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page.text
        assert document["paths"][operation.path][operation.method.lower()]["operationId"] == operation.name
    for slug in PROBLEMS:
        assert f'id="problem-{slug}"' in page.text
    assert "<script" not in page.text
    assert set(re.findall(r'(?:src|href)="([^"#][^"]*)"', page.text)) <= {
        *re.findall(r'"(/static/[^"]+)"', page.text),
        "/api/openapi.json",
    }
    for sheet in re.findall(r'"(/static/[^"]+)"', page.text):
        assert Visitor(shop.app).get(sheet).status_code == 200


def test_every_example_fits_its_own_schema(shop: System) -> None:
    from jsonschema import Draft202012Validator

    document = Visitor(shop.app).get("/api/openapi.json").json()
    found = 0
    for methods in document["paths"].values():
        for operation in methods.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                for content in body.get("content", {}).values():
                    if "example" in content:
                        found += 1
                        schema = {**content["schema"], "components": document["components"]}
                        Draft202012Validator(schema).validate(content["example"])
    assert found > 25


def test_the_commands_help_names_every_scope() -> None:
    from accord.shell.cli.access import add_key

    for scope, does in SCOPES.items():
        assert re.search(rf"{scope} +{re.escape(does[:20])}", add_key.help or ""), scope


def test_errors_are_told_at_once(shop: System) -> None:
    assert errors(shop.get("/messages?limit=x&state=y")).keys() == {"limit", "state"}
