"""Webhooks out, on both databases: declared fields alone, judged twice, the same id over every attempt."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accord.core.model.consent import Act
from accord.core.model.contact import AddressState
from accord.core.model.posting import PostingState
from accord.core.model.time import Duration
from accord.core.model.venue import FrequencyCap, Venue, Webhook
from accord.core.standstill import Late
from accord.core.webhooks import verify
from accord.shell.engine.care.rights import erase_person
from accord.shell.engine.journeys.pause import Resuming, resume
from accord.shell.engine.ports.posting import Answer, Parcel
from accord.shell.engine.ports.rows import ContactChange, NewContact
from accord.shell.engine.sending.told_out import MOST_ATTEMPTS
from accord.shell.store.database import SqlStore
from accord.shell.store.postings import Outbox
from builders import a_catalogue, a_scenario, a_venue, acts, an_act, an_event
from engine_driver import Driver, Receiver

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NO = Answer(taken=False, words="HTTP 500")
FIELDS = ("contact.email", "contact.id", "contact.city", "event.order_id", "orders.count", "today")

CALL = """
scenario: atelier
purpose: newsletter
why: {consent: Parce que., customer: Parce que.}
enter: {when: order.placed, again: each}
steps:
  dire: {call: crm, nature: editorial}
"""


def a_place(*, events: tuple[str, ...] = (), fields: tuple[str, ...] = FIELDS, **more: Any) -> Venue:
    webhook = Webhook("crm", "https://crm.example.org/x", fields, "CRM", "France", events)
    return a_venue(webhooks={"crm": webhook}, **more)


def at_work(store: SqlStore, text: str = CALL, venue: Venue | None = None, agreed: bool = True) -> Driver:
    venue = venue or a_place()
    store.outbox = Outbox(dict.fromkeys(venue.webhooks["crm"].events, ("crm",)), Duration(days=1))
    driver = Driver(store, a_catalogue(a_scenario(text, venue), venue=venue), START)
    with store.begin() as unit:
        city = {"city": "Lyon", "first_name": "Ada"}
        new = NewContact("ada@example.org", "fr", "Europe/Paris", START - timedelta(days=9), attributes=city)
        [number] = unit.add_contacts([new])
        unit.change_contacts([ContactChange(number, acted_at=START - timedelta(days=9))])
    if agreed:
        driver.consent(*acts(at=START - timedelta(hours=1)))
    return driver


def ordered(driver: Driver, number: str = "A-1") -> None:
    data = {"order_id": number, "families": ("theatre",), "amount_cents": 2400, "title": "Secret"}
    driver.tell(an_event("order.placed", at=driver.now, key=number, data=data))


def only(driver: Driver) -> tuple[PostingState, str | None]:
    [posting] = listed(driver)
    return posting.state, posting.reason


def listed(driver: Driver) -> list[Any]:
    with driver.store.read() as unit:
        return list(unit.postings.listed(state=None, webhook=None, limit=100))


def journalled(driver: Driver, prefix: str = "call.") -> list[str]:
    return [row.name for row in driver.journal() if row.name.startswith(prefix)]


# -- what is told ----------------------------------------------------------------------------------------------


def test_the_declared_fields_are_told_and_nothing_else(store: SqlStore) -> None:
    driver = at_work(store)
    ordered(driver)
    driver.turn()
    [parcel] = driver.receiver.taken
    assert json.loads(parcel.body) == {
        "type": "atelier.dire",
        "timestamp": START.isoformat(),
        "data": {
            "contact.email": "ada@example.org",
            "contact.id": 1,
            "contact.city": "Lyon",
            "event.order_id": "A-1",
            "orders.count": 0,
            "today": "2026-11-23",
        },
    }
    assert parcel.url == "https://crm.example.org/x"
    assert verify([b"crm" * 8], parcel.headers, parcel.body, now=START) is None
    assert only(driver)[0] is PostingState.POSTED
    assert journalled(driver) == ["call.queued", "call.posted"]


def test_a_webhook_that_declares_nothing_is_told_nothing(store: SqlStore) -> None:
    driver = at_work(store, venue=a_place(fields=()))
    ordered(driver)
    driver.turn()
    assert json.loads(driver.receiver.taken[0].body)["data"] == {}


def test_a_run_and_step_are_told_once(store: SqlStore) -> None:
    driver = at_work(store)
    ordered(driver)
    for _ in range(3):
        driver.turn()
    assert len(driver.receiver.taken) == 1


# -- the gate --------------------------------------------------------------------------------------------------


def test_the_gate_is_asked_at_the_step(store: SqlStore) -> None:
    driver = at_work(store, agreed=False)
    ordered(driver)
    driver.turn()
    assert driver.receiver.asked == []
    assert journalled(driver) == ["call.refused"]


@pytest.mark.parametrize("act", [Act.UNSUBSCRIBE, Act.OBJECTION])
def test_whoever_objects_meanwhile_is_not_told_of(store: SqlStore, act: Act) -> None:
    driver = at_work(store)
    ordered(driver)
    driver.think()
    driver.consent(*acts(act, at=driver.now))
    driver.turn()
    assert driver.receiver.asked == []
    assert only(driver)[0] is PostingState.CANCELLED


def test_the_door_asks_again_whatever_cancelled_nothing(store: SqlStore) -> None:
    """Who can't be written to any more is found out at the door alone: nothing calls the posting back."""
    driver = at_work(store)
    ordered(driver)
    driver.think()
    driver.tell(
        an_event("mail.bounced", at=driver.now, data={"reason": "HARD", "rule": "R-60", "status": "5.1.1"})
    )
    with store.begin() as unit:
        unit.change_contacts([ContactChange(1, address_state=AddressState.HARD_BOUNCED)])
    driver.post()
    assert driver.receiver.asked == []
    assert only(driver) == (PostingState.REFUSED, "ADDR_HARD_BOUNCED")
    assert journalled(driver)[-1] == "call.refused"


def test_who_objects_between_two_attempts_is_not_told_of_again(store: SqlStore) -> None:
    driver = at_work(store)
    driver.receiver.answers = [NO]
    ordered(driver)
    driver.turn()
    driver.consent(an_act(Act.OBJECTION, at=driver.now, purpose="*", kind="*"))
    driver.now += timedelta(hours=1)
    driver.turn()
    assert len(driver.receiver.asked) == 1
    assert only(driver)[0] is PostingState.CANCELLED


def test_who_is_erased_is_not_told_of_but_that_they_are_gone(store: SqlStore) -> None:
    venue = a_place(events=("contact.erased", "order.placed"))
    driver = at_work(store, venue=venue)
    ordered(driver)
    driver.think()
    erase_person(store, driver.catalogue, 1, by="test", now=driver.now)
    driver.turn()
    [parcel] = driver.receiver.taken
    told = json.loads(parcel.body)
    assert told["type"] == "contact.erased"
    assert {name: value for name, value in told["data"].items() if value not in (None, 0)} == {
        "contact.id": 1,
        "today": "2026-11-23",
    }
    assert b"ada" not in parcel.body and b"A-1" not in parcel.body
    assert sorted(each.state for each in listed(driver)) == ["cancelled", "cancelled", "posted"]


def test_brakes_hold_what_waits_and_make_nothing_late(store: SqlStore) -> None:
    driver = at_work(store)
    ordered(driver)
    driver.think()
    with store.begin() as unit:
        unit.hold("prospecting", "wrong date", "test", driver.now)
    driver.turn()
    driver.now += timedelta(days=4)
    driver.turn()
    assert driver.receiver.asked == []
    with store.begin() as unit:
        unit.release("prospecting", driver.now)
    driver.turn()
    assert only(driver)[0] is PostingState.POSTED


def test_a_paused_scenario_posts_nothing_and_is_not_late_when_it_goes_on(store: SqlStore) -> None:
    driver = at_work(store)
    ordered(driver)
    driver.think()
    with store.begin() as unit:
        unit.running.pause("atelier", "test", driver.now)
    driver.now += timedelta(days=4)
    driver.post()
    assert driver.receiver.asked == []
    resume(store, "atelier", Resuming(driver.catalogue, Late.SEND, None, driver.now, driver.fault), by="test")
    driver.post()
    assert only(driver)[0] is PostingState.POSTED


@pytest.mark.parametrize("stop", ["hold", "pause"])
def test_what_is_stopped_between_claim_and_post_is_not_posted(store: SqlStore, stop: str) -> None:
    driver = at_work(store)
    ordered(driver)
    driver.think()
    lease = START + timedelta(minutes=2)
    with store.begin() as unit:
        claimed = unit.postings.claim(START, {"crm": 4}, lease)
    with store.begin() as unit:
        if stop == "hold":
            unit.hold("prospecting", "wrong", "test", START)
        else:
            unit.running.pause("atelier", "test", START)
    with store.begin() as unit:
        assert (len(claimed), unit.postings.mark(claimed, lease)) == (1, frozenset())


def test_a_full_cap_holds_a_call_as_it_holds_a_mail(store: SqlStore) -> None:
    text = CALL + "  mail: {send: a/mail, nature: editorial}\n"
    text = text.replace("steps:\n  dire: {call: crm, nature: editorial}\n", "steps:\n").replace(
        "  mail: {send: a/mail, nature: editorial}\n",
        "  mail: {send: a/mail, nature: editorial}\n  dire: {call: crm, nature: editorial}\n",
    )
    driver = at_work(store, text, a_place(frequency={"prospecting": FrequencyCap(1, 7)}))
    ordered(driver)
    driver.turn()
    assert driver.receiver.asked == []
    driver.now += timedelta(days=7)
    driver.turn()
    assert len(driver.receiver.taken) == 1


def test_an_author_may_rather_not_call_late(store: SqlStore) -> None:
    driver = at_work(
        store, CALL.replace("nature: editorial", "nature: editorial, if_late: skip after 2 hours")
    )
    driver.receiver.answers = [NO] * 20
    ordered(driver)
    driver.turn()
    driver.now += timedelta(hours=3)
    driver.turn()
    assert only(driver) == (PostingState.EXPIRED, "LATE")


# -- attempts --------------------------------------------------------------------------------------------------


def test_every_attempt_bears_the_same_id_and_a_time_of_its_own(store: SqlStore) -> None:
    driver = at_work(store)
    driver.receiver.answers = [NO, NO]
    ordered(driver)
    for _ in range(3):
        driver.turn()
        driver.now += timedelta(hours=1)
    ids = {parcel.headers["webhook-id"] for parcel in driver.receiver.asked}
    times = {parcel.headers["webhook-timestamp"] for parcel in driver.receiver.asked}
    assert (len(driver.receiver.asked), len(ids), len(times)) == (3, 1, 3)
    assert only(driver)[0] is PostingState.POSTED


def test_after_days_it_is_listed_as_failed_and_tried_again_by_hand(store: SqlStore) -> None:
    driver = at_work(
        store, venue=a_place(events=("order.placed",)), text=CALL.replace("order.placed", "order.paid")
    )
    driver.receiver.answers = [NO] * MOST_ATTEMPTS
    ordered(driver)
    for _ in range(MOST_ATTEMPTS):
        driver.turn()
        driver.now += timedelta(hours=6, minutes=1)
    assert only(driver) == (PostingState.FAILED, "RECEIVER_SILENT")
    driver.turn()
    assert len(driver.receiver.asked) == MOST_ATTEMPTS
    with store.begin() as unit:
        [failed] = unit.postings.listed(state=PostingState.FAILED, webhook="crm", limit=10)
        assert (failed.reply, unit.postings.try_again([failed.id], driver.now)) == ("HTTP 500", 1)
    driver.turn()
    assert driver.receiver.taken[0].headers["webhook-id"] == failed.key
    assert only(driver)[0] is PostingState.POSTED


def test_who_says_that_nobody_listens_is_believed(store: SqlStore) -> None:
    driver = at_work(store)
    driver.receiver.answers = [Answer(taken=False, words="HTTP 410", gone=True)]
    ordered(driver)
    driver.turn()
    assert only(driver) == (PostingState.FAILED, "WEBHOOK_GONE")


def test_whose_poster_died_is_posted_once_more_under_its_id(store: SqlStore) -> None:
    driver = at_work(store)
    ordered(driver)
    driver.think()
    postman = driver.postman()
    _, [written], _ = postman._claim({"crm": 4})  # claimed and marked, and then the power goes
    driver.turn()
    assert driver.receiver.asked == []
    driver.now += timedelta(minutes=3)
    driver.turn()
    assert [parcel.headers["webhook-id"] for parcel in driver.receiver.taken] == [written.posting.key]


def test_two_daemons_never_claim_the_same(store: SqlStore) -> None:
    driver = at_work(store)
    for number in range(6):
        ordered(driver, f"A-{number}")
    driver.think()
    one, other = driver.postman(), driver.postman()
    first, second = one._claim({"crm": 4})[1], other._claim({"crm": 4})[1]
    ids = [each.posting.id for each in (*first, *second)]
    assert (len(first), len(second), len(set(ids))) == (4, 2, 6)


# -- events ----------------------------------------------------------------------------------------------------


def test_an_event_is_told_as_it_is_journalled_whoever_objects(store: SqlStore) -> None:
    venue = a_place(
        events=("consent.withdrawn", "consent.objected"), fields=("contact.email", "event.purpose")
    )
    driver = at_work(store, venue=venue)
    driver.consent(*acts(Act.UNSUBSCRIBE, at=driver.now))
    driver.turn()
    told = [json.loads(parcel.body) for parcel in driver.receiver.taken]
    assert {each["type"] for each in told} <= {"consent.withdrawn", "consent.objected"}
    assert told[0]["data"] == {"contact.email": "ada@example.org", "event.purpose": "newsletter"}
    assert journalled(driver) == []


def test_history_is_not_told(store: SqlStore) -> None:
    driver = at_work(store, venue=a_place(events=("ticket.scanned",)))
    driver.tell(an_event("ticket.scanned", at=START - timedelta(days=3), key="old"))
    driver.tell(an_event("ticket.scanned", at=START, key="new"))
    driver.tell(an_event("ticket.scanned", at=START, key="new"))
    driver.turn()
    assert [json.loads(parcel.body)["timestamp"] for parcel in driver.receiver.taken] == [START.isoformat()]


def test_what_concerns_the_whole_house_is_told_of_nobody(store: SqlStore) -> None:
    driver = at_work(
        store, venue=a_place(events=("policy.changed",), fields=("contact.email", "event.switch"))
    )
    with store.begin() as unit:
        event = an_event(
            "policy.changed", contact_id=0, at=START, data={"switch": "x", "old": "a", "new": "b"}
        )
        unit.append([event], received_at=START, reacts=False)
    driver.turn()
    assert json.loads(driver.receiver.taken[0].body)["data"] == {"contact.email": None, "event.switch": "x"}


def test_the_brake_on_everything_holds_events_too(store: SqlStore) -> None:
    driver = at_work(store, venue=a_place(events=("ticket.scanned",)))
    with store.begin() as unit:
        unit.hold("all", "restored", "test", START)
    driver.tell(an_event("ticket.scanned", at=START, key="new"))
    driver.turn()
    assert driver.receiver.asked == []
    with store.begin() as unit:
        unit.release("all", START)
    driver.turn()
    assert len(driver.receiver.taken) == 1


def test_nothing_of_a_person_stands_in_the_queue(store: SqlStore) -> None:
    driver = at_work(store, venue=a_place(events=("order.placed",)))
    ordered(driver)
    driver.turn()
    said = repr(listed(driver))
    assert "ada" not in said and "Lyon" not in said and "A-1" not in said


def test_what_is_too_large_fails_at_once(store: SqlStore) -> None:
    driver = at_work(store)
    with store.begin() as unit:
        unit.change_contacts([ContactChange(1, attributes={"city": "L" * 70_000})])
    ordered(driver)
    driver.turn()
    assert (driver.receiver.asked, only(driver)) == ([], (PostingState.FAILED, "TOO_LARGE"))


def test_a_receiver_that_stalls_delays_nobody_else(store: SqlStore) -> None:
    """Twelve postings to each: one never answers, and the other has all of its own meanwhile."""
    slow = Webhook("slow", "https://slow.example.org/", (), events=("ticket.scanned",))
    fast = Webhook("fast", "https://fast.example.org/", (), events=("ticket.scanned",))
    venue = a_venue(webhooks={"crm": slow, "slow": slow, "fast": fast})
    driver = at_work(store, CALL, venue)
    store.outbox = Outbox({"ticket.scanned": ("slow", "fast")})
    driver.tell(*(an_event("ticket.scanned", at=START, key=str(n)) for n in range(12)))

    class Stalling(Receiver):
        async def post(self, parcel: Parcel) -> Answer:
            if "slow" in parcel.url:
                await asyncio.sleep(60)
            return await super().post(parcel)

    async def some_turns() -> None:
        postman = driver.postman()
        for _ in range(20):
            await postman.turn()
            if len(driver.receiver.taken) == 12 and "fast" not in postman.round.flights.values():
                break
        assert list(postman.round.flights.values()) == ["slow"] * 4
        await postman.finish(0.0)

    driver.receiver = Stalling()
    asyncio.run(some_turns())
    assert len(driver.receiver.taken) == 12
    with store.read() as unit:
        counts = {(name, state.value): count for name, state, count, _ in unit.postings.counts()}
    assert counts == {("fast", "posted"): 12, ("slow", "posting"): 4, ("slow", "waiting"): 8}


def test_a_merged_records_calls_are_cancelled_and_its_events_told_of_the_survivor(store: SqlStore) -> None:
    driver = at_work(store, venue=a_place(events=("ticket.scanned",), fields=("contact.email",)))
    ordered(driver)
    driver.tell(an_event("ticket.scanned", at=START, key="s"))
    driver.think()
    with store.begin() as unit:
        [survivor] = unit.add_contacts([NewContact("bea@example.org", "fr", "Europe/Paris", START)])
        unit.keeping.merge(survivor, 1, [], START)
    driver.turn()
    assert [json.loads(parcel.body)["data"] for parcel in driver.receiver.taken] == [
        {"contact.email": "bea@example.org"}
    ]
    assert sorted((each.state, each.contact_id) for each in listed(driver)) == [
        ("cancelled", survivor),
        ("posted", survivor),
    ]
