"""Many daemons on one PostgreSQL, each with its part of the work: they join, and die, while the others go on."""

from __future__ import annotations

import httpx

from crash.accounts import settle_accounts
from crash.processes import Mailbox, drain, free_port, scenario, until
from crash.venue import open_venue, order, sign_up, states

CONNECTIONS = 2


def test_of_three_daemons_one_joins_midway_and_one_is_cut_off(
    open_at, start, box: Mailbox, postgres_url: str
) -> None:
    port = free_port()
    house = open_at(postgres_url, connections=CONNECTIONS, web_port=port)
    sign_up(house, 160)
    box.order(delay=0.01)
    thinks, sends = start(house), start(house, "sender")
    until(lambda: box.count() > 30, "some sent")
    joins = start(house, "all")
    details = httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=10).json()["details"]
    assert [details[f"daemons, {role}"] for role in ("all", "engine", "sender")] == ["1", "1", "1"]
    until(lambda: box.count() > 60, "more sent")
    thinks.kill()
    order(house, 10, "later")
    until(lambda: box.by_recipient()["later9@example.org"] == 1, "who joined thinks instead")
    until(lambda: set(states(house)) <= {"accepted", "claimed", "sending"}, "nothing waits")
    for life in (sends, joins):
        life.signal(15)
        assert life.ended() == 0, life.said
    assert states(house).get("sending", 0) <= CONNECTIONS, "no more than the dead one had under way"
    with house.store.read() as unit:
        assert [each.name.rpartition(":")[2] for each in unit.daemons.known()] == [str(thinks.pid)]
    drain(house.config)
    settle_accounts(house, box, unknown_at_most=CONNECTIONS)
    assert len(box.by_recipient()) >= 170 - CONNECTIONS


def test_a_daemon_goes_on_from_a_copy_and_sends_nothing_twice(
    open_at, start, box: Mailbox, postgres_url: str
) -> None:
    house = open_at(connections=CONNECTIONS)
    life = start(house)
    refused = scenario(house.config, "db", "copy", postgres_url)
    assert (refused.ended(), "another daemon works on" in refused.said) == (1, True)
    box.order(delay=0.01)
    sign_up(house, 60)
    order(house, 5)
    until(lambda: box.count() > 20, "some sent")
    life.kill()
    copied = scenario(house.config, "db", "copy", postgres_url)
    assert copied.ended() == 0, copied.said
    assert box.count() < 65
    old = house.settings.database_url
    house.config.write_text(
        house.config.read_text(encoding="utf-8").replace(old, postgres_url), encoding="utf-8"
    )
    moved = open_venue(house.config)
    life = start(moved)
    until(lambda: set(states(moved)) <= {"accepted", "claimed", "sending"}, "nothing waits")
    life.signal(15)
    assert life.ended() == 0, life.said
    drain(moved.config)
    settle_accounts(moved, box, unknown_at_most=CONNECTIONS)
    moved.store.close()
