"""Clicks of people and of machines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accord.core.robots import ClickVerdict, Fetch, click_verdict

SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
HUMAN, ROBOT, UNSURE = ClickVerdict.HUMAN, ClickVerdict.ROBOT, ClickVerdict.UNSURE


def fetch(seconds: float = 3600, link: str = "a", **given) -> Fetch:
    return Fetch(SENT + timedelta(seconds=seconds), link, address=given.pop("address", "192.0.2.1"), **given)


def test_a_calm_click_is_a_persons():
    assert click_verdict(fetch(), delivered_at=SENT) is HUMAN


def test_head_and_honeypot_are_decisive_whatever_comes_later():
    assert click_verdict(fetch(method="head"), confirmed=True) is ROBOT
    assert click_verdict(fetch(honeypot=True), confirmed=True) is ROBOT


def test_the_honeypot_tells_on_its_address_and_on_its_minute():
    trap = fetch(0, "trap", honeypot=True)
    assert click_verdict(fetch(7200), [trap]) is ROBOT
    assert click_verdict(fetch(59, address="198.51.100.7"), [trap]) is ROBOT
    assert click_verdict(fetch(61, address="198.51.100.7"), [trap]) is HUMAN


@pytest.mark.parametrize(
    ("seconds", "others", "agent", "networks", "verdict"),
    [
        (5, [], "", [], UNSURE),
        (10, [], "", [], HUMAN),
        (3600, [1, 2], "", [], UNSURE),
        (5, [1, 2], "", [], ROBOT),
        (3600, [], "Mozilla/5.0 Barracuda", [], UNSURE),
        (3600, [], "", ["192.0.2.0/24"], UNSURE),
        (3600, [], "curl/8", ["192.0.2.0/24"], ROBOT),
        (5, [], "", ["2001:db8::/32"], UNSURE),
    ],
)
def test_one_sign_is_unsure_two_are_a_robot(seconds, others, agent, networks, verdict):
    burst = [fetch(seconds + n, f"link{n}") for n in others]
    got = click_verdict(fetch(seconds, agent=agent), burst, delivered_at=SENT, networks=networks)
    assert got is verdict


def test_three_links_within_five_seconds_need_three_different_ones():
    same = [fetch(3601, "a"), fetch(3602, "a")]
    slow = [fetch(3604, "b"), fetch(3607, "c")]
    assert click_verdict(fetch(), same) is HUMAN
    assert click_verdict(fetch(), slow) is HUMAN


def test_the_last_of_a_burst_is_one_of_it():
    assert click_verdict(fetch(3604, "c"), [fetch(3600, "a"), fetch(3602, "b")]) is UNSURE


def test_what_only_people_do_later_makes_it_a_persons_click():
    assert click_verdict(fetch(5, agent="curl/8"), delivered_at=SENT, confirmed=True) is HUMAN


def test_an_address_that_is_no_ip_is_in_no_network():
    assert click_verdict(fetch(address="unknown"), networks=["0.0.0.0/0"]) is HUMAN
    assert click_verdict(fetch(address="::ffff:198.51.100.7"), networks=["198.51.100.0/24"]) is not HUMAN
