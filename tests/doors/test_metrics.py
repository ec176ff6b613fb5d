"""`/metrics`: what it tells, whom, and that it asks for nothing that takes long."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, text
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from accord import __version__
from accord.core.model.message import MessageState
from accord.core.model.time import Duration
from accord.core.pacing import Rates
from accord.shell.engine.care.roll_up import roll_up
from accord.shell.engine.care.vitals import alarms, vitals
from accord.shell.engine.ports.daemons import DaemonRole, Presence
from accord.shell.engine.ports.mailing import Receipt
from accord.shell.engine.sending.pacer import Pacer
from accord.shell.engine.target.reputation import guard
from accord.shell.engine.target.watch import watch
from accord.shell.store.postings import POSTING
from accord.shell.web.app import create_app
from accord.shell.web.house_forms import HouseForms
from accord.shell.web.meters import HouseMeters
from accord.shell.web.people import HousePeople
from doors.houses import Venue
from explained import steps
from planted import a_mail, put, told

ALERTS = Path(__file__).parents[2] / "docs" / "deploy" / "alerts.yml"

Numbers = dict[tuple[str, ...], float]


@pytest.fixture
def venue(tmp_path: Path) -> Venue:
    """A venue in which something left today, something was refused, and a mail got lost."""
    made = Venue(tmp_path)
    now = made.now
    people = made.house.store
    mails = [
        a_mail(1, 1, now - timedelta(hours=2)),
        a_mail(2, 2, now - timedelta(hours=2), basis="soft_optin", state="bounced"),
        a_mail(3, 3, now - timedelta(hours=1), state="unknown"),
    ]
    refused = told(4, "mail.refused", now, reason="OBJECTION", rule="R-10", nature="editorial", scenario="s")
    put(people, mails, [refused])
    count(made)
    return made


def count(venue: Venue) -> None:
    watch(venue.house.store, venue.house.venue, now=venue.now)
    roll_up(venue.house.store, venue.house.venue, now=venue.now)
    guard(venue.house.store, venue.house.venue, now=venue.now)


def ask(
    venue: Venue,
    *,
    client: tuple[str, int] | None = ("127.0.0.1", 40000),
    proxies: tuple[str, ...] = (),
    turned: Callable[[], dict[str, datetime]] = dict,
    method: str = "GET",
    **headers: str,
) -> httpx.Response:
    """One request, as it reaches the application behind the server's own handling of proxies."""
    house = venue.house
    app = create_app(HousePeople(house), HouseForms(house), HouseMeters(house, turned))
    served = ProxyHeadersMiddleware(app, list(proxies)) if proxies else app  # type: ignore[arg-type]

    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app=served, client=client)  # type: ignore[arg-type]
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as http:
            return await http.request(method, "/metrics", headers=named)

    return asyncio.run(go())


def read(answer: httpx.Response) -> dict[str, Numbers]:
    """Every family, by the values of its labels in the order of their names."""
    assert answer.status_code == 200
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(answer.text)
    }


# -- what it tells -------------------------------------------------------------------------------------------


def test_it_tells_what_left_what_was_refused_and_what_got_lost(venue: Venue) -> None:
    said = read(ask(venue))
    assert said["accord_build_info"] == {(__version__,): 1}
    assert said["accord_database_up"] == {(): 1}
    assert said["accord_mails_today"] == {
        ("consent", "editorial", "accepted"): 1,
        ("soft_optin", "editorial", "bounced"): 1,
        ("consent", "editorial", "unknown"): 1,
    }
    assert said["accord_refusals_today"] == {("editorial", "OBJECTION", "R-10"): 1}
    assert said["accord_mails_unknown"] == {(): 1}
    assert said["accord_stuck_rows"] == {("run",): 0, ("event",): 0, ("message",): 0}
    assert said["accord_throttle_share_ratio"] == {(): 0}
    assert said["accord_throttle_pin_ratio"] == {(): 0.5}
    assert said["accord_counted_timestamp_seconds"] == {(): venue.now.timestamp()}
    assert "process_resident_memory_bytes" in said


def test_it_tells_how_long_what_is_due_has_waited(venue: Venue) -> None:
    assert read(ask(venue))["accord_lag_seconds"] == {(): 0}
    with venue.house.store.engine.begin() as connection:
        late = "UPDATE message SET state = 'queued', due_at = :at WHERE id = 3"
        connection.execute(
            text(late), {"at": f"{venue.now - timedelta(minutes=20):%Y-%m-%dT%H:%M:%S.%f+00:00}"}
        )
    said = read(ask(venue))
    assert said["accord_lag_seconds"] == {(): 1200}
    assert said["accord_alarm_lag_seconds"] == {(): 900}
    assert said["accord_queue_length"] == {("events",): 0, ("runs",): 0, ("messages",): 1}
    assert said["accord_queue_oldest_seconds"]["messages",] == 1200


def test_it_tells_brakes_also_while_they_are_off(venue: Venue) -> None:
    assert read(ask(venue))["accord_brake_on"] == {("all",): 0, ("prospecting",): 0}
    with venue.house.store.begin() as unit:
        unit.hold("lettre", "why", "ada", venue.now)
    assert read(ask(venue))["accord_brake_on"]["lettre",] == 1


def test_it_tells_which_domains_go_slowly_but_for_those_of_a_few(venue: Venue) -> None:
    """A domain of the venue's pace, and one that is perhaps somebody's own: each of them asked for less."""
    pacer = venue.house.pacer
    refused = Receipt(MessageState.DEFERRED, "421 4.7.0 less", slower=True)
    for domain, people in (("crowd.example.org", 25), ("ada.example.org", 3)):
        for number in range(people):
            left_at = pacer.leaves(domain)
            pacer.heard(domain, left_at, refused)
            pacer.wait(f"p{number}@{domain}")
    said = read(ask(venue))
    crowd = said["accord_domain_mails_per_second"]["crowd.example.org",]
    assert 0 < crowd < said["accord_domain_whole_mails_per_second"]["crowd.example.org",]
    assert said["accord_domain_slowed_count"]["crowd.example.org",] >= 1
    assert said["accord_domain_held_back_count"].keys() == {("crowd.example.org",)}


def test_a_pacer_remembers_no_domain_that_is_well_and_long_ago() -> None:
    now = [0.0]
    pacer = Pacer(Rates(per_domain=5.0), lambda: now[0])
    for number in range(100):
        pacer.wait(f"ada@d{number}.example.org")
    assert len(pacer._paces) == len(pacer._people) == 100
    now[0] = 60.0
    pacer.leaves("d1.example.org")
    assert not pacer._paces and not pacer._people


def test_it_tells_how_much_came_back_and_from_where_on_prospecting_stops(venue: Venue) -> None:
    said = read(ask(venue))
    assert said["accord_returned_ratio"] == {("bounces",): 0, ("complaints",): 0}
    assert said["accord_returned_limit_ratio"] == {("bounces",): 0.05, ("complaints",): 0.003}
    assert said["accord_returned_of_mails"]["bounces",] == 3


def test_it_tells_when_each_loop_last_turned(venue: Venue) -> None:
    at = datetime(2026, 11, 23, 8, 59, tzinfo=UTC)
    said = read(ask(venue, turned=lambda: {"think": at}))
    assert said["accord_loop_last_turn_timestamp_seconds"] == {("think",): at.timestamp()}


def test_it_tells_of_each_daemon_when_it_was_last_heard_of(venue: Venue) -> None:
    with venue.house.store.begin() as unit:
        for name, role in (("north:1", DaemonRole.WEB), ("south:1", DaemonRole.SENDER)):
            unit.daemons.beat(Presence(name, name, role, __version__, venue.now, venue.now))
    beats = read(ask(venue))["accord_daemon_last_beat_timestamp_seconds"]
    assert beats == {
        ("north:1", "web"): venue.now.timestamp(),
        ("south:1", "sender"): venue.now.timestamp(),
    }
    health = HousePeople(venue.house).health()
    assert {"daemons, web": "1", "daemons, sender": "1"}.items() <= health.details.items()
    venue.now += timedelta(minutes=2)
    assert HousePeople(venue.house).health().details["daemons, silent"] == "2"


def test_it_tells_what_webhooks_were_told_in_vain(venue: Venue) -> None:
    row = {
        "contact_id": 1,
        "planned_at": venue.now,
        "queued_at": venue.now,
        "due_at": venue.now,
        "attempts": 9,
    }
    rows = [
        {**row, "key": "a", "webhook": "crm", "state": "failed"},
        {**row, "key": "b", "webhook": "crm", "state": "waiting"},
        {**row, "key": "c", "webhook": "crm", "state": "posted"},
    ]
    with venue.house.store.engine.begin() as connection:
        connection.execute(insert(POSTING), rows)
    said = read(ask(venue))
    assert said["accord_webhook_failed"] == {("crm",): 1}
    assert said["accord_webhook_waiting"] == {("crm",): 1}
    with venue.house.store.read() as unit:
        told_of = alarms(vitals(unit, venue.now), Duration(minutes=15))
    assert told_of == [
        "nobody knows whether 1 mail arrived: scenario messages --unknown",
        "1 posting to webhooks failed for good: scenario webhooks failed",
    ]


def test_a_database_that_does_not_answer_is_a_reading(venue: Venue) -> None:
    venue.house.store.close()
    (venue.root / "accord.db").write_bytes(b"no database at all, " * 400)
    for name in ("accord.db-wal", "accord.db-shm"):
        (venue.root / name).unlink(missing_ok=True)
    said = read(ask(venue))
    assert said["accord_database_up"] == {(): 0}
    assert "accord_lag_seconds" not in said


def test_no_name_and_no_address_is_told(venue: Venue) -> None:
    assert "@" not in ask(venue).text


# -- whom it tells -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", [("127.0.0.1", 4000), ("::1", 4000), ("::ffff:127.0.0.1", 4000)])
def test_this_machine_may_read(venue: Venue, client: tuple[str, int]) -> None:
    assert ask(venue, client=client).status_code == 200
    assert ask(venue, client=client, method="HEAD").status_code == 200
    assert ask(venue, client=client, method="POST").status_code == 405


@pytest.mark.parametrize(
    "client", [("203.0.113.7", 4000), ("10.1.2.3", 4000), ("2001:db8::1", 1), ("", 1), None]
)
def test_for_anybody_else_there_is_no_such_page(venue: Venue, client: tuple[str, int] | None) -> None:
    answer = ask(venue, client=client)
    assert answer.status_code == 404
    assert "accord_" not in answer.text


def test_other_networks_are_named(venue: Venue) -> None:
    settings = venue.house.settings
    venue.house.settings = replace(settings, metrics_from=(ip_network("10.1.0.0/16"),))
    assert ask(venue, client=("10.1.2.3", 4000)).status_code == 200
    assert ask(venue, client=("10.2.2.3", 4000)).status_code == 404
    assert ask(venue).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Proto"])
def test_what_came_through_a_proxy_that_nobody_trusts_is_told_nothing(venue: Venue, header: str) -> None:
    """nginx on this machine, and trusted_proxies forgotten: the whole world would be 127.0.0.1."""
    assert ask(venue, **{header: "127.0.0.1"}).status_code == 404
    trusting_another = ask(venue, proxies=("10.0.0.9",), **{header: "127.0.0.1"})
    assert trusting_another.status_code == 404


def test_a_trusted_proxy_says_who_asks(venue: Venue) -> None:
    trusted = ("127.0.0.1",)
    assert ask(venue, proxies=trusted, X_Forwarded_For="203.0.113.7").status_code == 404
    assert ask(venue, proxies=trusted, X_Forwarded_For="::1").status_code == 200
    assert ask(venue, proxies=trusted, X_Forwarded_Proto="https").status_code == 404, (
        "it does not say who asks"
    )
    assert ask(venue, proxies=trusted).status_code == 200, "asked directly, on this machine"


# -- what it costs -------------------------------------------------------------------------------------------


def test_it_walks_through_no_ledger(venue: Venue) -> None:
    found = steps(venue.house.store, lambda: read(ask(venue)))
    assert any("ix_message_unknown" in step for step in found)
    partial = (
        "ix_event_unanswered",
        "ix_enrolment_due",
        "ix_message_waiting",
        "ix_message_unknown",
        "ix_posting_failed",
        "ix_posting_due",
    )
    walked = [
        step
        for step in found
        if re.match(r"SCAN (message|event|contact|enrolment|daily_count|posting)\b", step)
    ]
    assert [step for step in walked if not step.endswith(partial)] == []


# -- the alerts ----------------------------------------------------------------------------------------------


def rules() -> list[dict]:
    document = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    assert set(document) == {"groups"}
    for group in document["groups"]:
        assert set(group) <= {"name", "interval", "limit", "rules"}
    return [rule for group in document["groups"] for rule in group["rules"]]


def test_every_metric_that_an_alert_names_is_told(venue: Venue) -> None:
    text = ask(venue, turned=lambda: {"think": venue.now}).text
    families = list(text_string_to_metric_families(text))
    labels = {family.name: {name for each in family.samples for name in each.labels} for family in families}
    for rule in rules():
        named = set(re.findall(r"\baccord_\w+", rule["expr"]))
        assert named <= set(labels), rule["alert"]
        for metric, selected in re.findall(r"\b(accord_\w+)\{(\w+)=", rule["expr"]):
            assert selected in labels[metric], rule["alert"]
        assert named or rule["alert"] == "AccordDown"


def test_the_alerts_are_written_as_promtool_wants_them() -> None:
    seen = set()
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
        assert re.fullmatch(r"[A-Za-z_]\w*", rule["alert"])
        assert rule["expr"].strip()
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert re.fullmatch(r"(\d+[smhdw])+", rule.get("for", "0s"))
        assert all(
            isinstance(value, str) for part in ("labels", "annotations") for value in rule[part].values()
        )
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert {"summary", "description"} == set(rule["annotations"])
        seen.add(rule["alert"])
    assert len(seen) == len(rules())


def test_operators_are_told_what_to_do_about_each() -> None:
    told_of = (ALERTS.parents[1] / "operators.md").read_text(encoding="utf-8")
    assert [rule["alert"] for rule in rules() if rule["alert"] not in told_of] == []
