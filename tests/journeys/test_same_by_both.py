"""A journey decides alike, at the same planned instants, in imagined days and in the engine, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.core.model.consent import Act
from accord.shell.store.database import SqlStore
from both_ways import START, compare, happening, order
from builders import acts, an_act, an_event, an_order_line
from conftest import KEYS
from ready import embedded_at

SOON = START + timedelta(days=20)

WHY = "why: {consent: Parce que., customer: Parce que client.}\n"

WELCOME = (
    """
scenario: bienvenue
purpose: newsletter
"""
    + WHY
    + """
enter:
  when: consent.given
  if: event.purpose == "newsletter"
leave:
  - when: order.placed
hours: mon-fri 09:00-19:00
steps:
  merci: {send: b/merci, nature: editorial}
  preferences: {after: 3 days, send: b/preferences, nature: editorial}
  choix: {wait_until: preferences.updated, at_most: 7 days, then: offre, otherwise: rappel}
  rappel: {send: b/rappel, nature: editorial}
  offre:
    after: 4 days
    at: "10:00"
    send: b/offre
    nature: promotional
    promotes: [theatre]
    if_not_allowed: {send: b/magazine, nature: editorial}
"""
)

CONFIRM = """
scenario: confirmation
purpose: service
enter: {when: order.placed, per: event.order_id}
leave:
  - {when: order.cancelled, if: it.order_id == event.order_id}
steps:
  confirmation: {send: c/confirmation, nature: service, about: order, invite: newsletter}
  veille: {date: event.starts_at - 2 days, at: "10:00", send: c/infos, nature: service, about: order}
"""

LETTER = (
    """
scenario: lettre
purpose: newsletter
"""
    + WHY
    + """
enter: {every: 1st tue 10:00}
steps:
  moitie: {split: {a: 50%, b: 50%}}
  a: {send: l/a, nature: editorial, then: fin}
  b: {send: l/b, nature: editorial, then: fin}
  fin: {set: {visits: 3}}
"""
)

SEGMENT = (
    """
scenario: segment
purpose: newsletter
"""
    + WHY
    + """
enter: {segment: contact.visits >= 3, existing: true}
steps:
  voie:
    branch:
      - {if: contact.city == "Lyon", then: lyon}
    otherwise: end
  lyon: {if: orders.count >= 1, send: s/lyon, nature: editorial}
"""
)

BIRTHDAY = (
    """
scenario: anniversaire
purpose: newsletter
"""
    + WHY
    + """
enter: {date: contact.birthday - 3 days}
steps:
  bougies: {at: "11:30", send: a/bougies, nature: editorial}
  annonce: {after: 1 month, emit: own.welcomed}
"""
)

BY_EVENT = (WELCOME, CONFIRM)
BY_CALENDAR = (LETTER, SEGMENT, BIRTHDAY)


SCRIPTS = {
    "signs up and answers": [
        happening(0.4, entries=lambda at: acts(at=at)),
        happening(
            6.1, event=lambda at: an_event("preferences.updated", at=at, data={"newsletters_per_month": 4})
        ),
    ],
    "signs up and is silent": [happening(1.3, entries=lambda at: acts(at=at))],
    "signs up over the change of clocks": [happening(4.9, entries=lambda at: acts(at=at))],
    "signs up, then unsubscribes": [
        happening(0.4, entries=lambda at: acts(at=at)),
        happening(5.0, entries=lambda at: acts(Act.UNSUBSCRIBE, at=at)),
    ],
    "buys, then cancels": [
        order(2.2),
        happening(2.5, event=lambda at: an_event("order.paid", at=at, data={"order_id": "A-1"})),
        happening(3.0, event=lambda at: an_event("order.cancelled", at=at, data={"order_id": "A-1"})),
    ],
    "buys twice": [
        order(2.2),
        order(2.6, "A-2"),
        happening(2.7, event=lambda at: an_event("order.paid", at=at, data={"order_id": "A-2"})),
    ],
    "a customer who objects to everything": [
        order(1.0),
        happening(1.1, event=lambda at: an_event("order.paid", at=at, data={"order_id": "A-1"})),
        happening(9.0, entries=lambda at: [an_act(Act.OBJECTION, at=at, purpose="*", kind="*")]),
    ],
    "moves to another city": [
        order(1.0),
        happening(1.1, event=lambda at: an_event("order.paid", at=at, data={"order_id": "A-1"})),
        happening(1.2, entries=lambda at: acts(at=at)),
        happening(
            2.0,
            event=lambda at: an_event(
                "contact.updated",
                at=at,
                data={"city": "Lyon", "birthday": datetime(2000, 11, 20, tzinfo=UTC).date()},
            ),
        ),
    ],
    "nothing at all": [],
}


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name != "nothing at all"])
def test_the_engine_does_what_was_imagined(store: SqlStore, name: str) -> None:
    lines = compare(store, SCRIPTS[name], BY_EVENT)
    assert lines, "a comparison of nothing proves nothing"


@pytest.mark.parametrize("name", ["moves to another city", "nothing at all"])
def test_the_calendar_calls_both_at_the_same_hours(store: SqlStore, name: str) -> None:
    lines = compare(store, SCRIPTS[name], BY_CALENDAR, until=SOON)
    assert any("scenario.entered" in line for line in lines)


def test_in_another_zone_everything_is_on_the_persons_clock(store: SqlStore) -> None:
    lines = compare(store, SCRIPTS["signs up and is silent"], (WELCOME,), "America/Montreal")
    planned = [line for line in lines if "step=offre" in line and "mail.queued" in line]
    assert "15:00:00" in planned[0]  # 10:00 in Montreal after both continents have left summer time


days = st.floats(0.05, 50, allow_nan=False)
things = st.one_of(
    st.builds(lambda d: happening(d, entries=lambda at: acts(at=at)), days),
    st.builds(lambda d: happening(d, entries=lambda at: acts(Act.UNSUBSCRIBE, at=at)), days),
    st.builds(
        lambda d: happening(d, entries=lambda at: [an_act(Act.OBJECTION, at=at, purpose="*", kind="*")]), days
    ),
    st.builds(lambda d, n: order(d, f"R-{n}"), days, st.integers(1, 3)),
    st.builds(
        lambda d, n: happening(
            d, event=lambda at: an_event("order.paid", at=at, data={"order_id": f"R-{n}"})
        ),
        days,
        st.integers(1, 3),
    ),
    st.builds(
        lambda d, n: happening(
            d, event=lambda at: an_event("preferences.updated", at=at, data={"newsletters_per_month": n})
        ),
        days,
        st.integers(0, 4),
    ),
    st.builds(lambda d: happening(d, lines=(an_order_line(),)), days),
)


@given(script=st.lists(things, max_size=6))
@settings(max_examples=10)
def test_whatever_happens_both_agree(tmp_path_factory, script) -> None:
    import os

    from accord.shell.store.database import open_store

    store = open_store(
        embedded_at(tmp_path_factory.mktemp("j") / "accord.db"), dice=os.urandom, keys=lambda: KEYS
    )
    compare(store, script, BY_EVENT)
    store.close()
