"""kill -9, at each point of a mail's way and at any moment: sent once, or explained."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime

import pytest

from crash.accounts import settle_accounts
from crash.processes import Mailbox, daemon, drain, until
from crash.venue import order, sign_up, states

CONNECTIONS = 3

# 40 moments in the suite, 20 on each database; 1,000 by `make soak`.
LIVES = 500 if os.environ.get("ACCORD_SOAK") else 20


@pytest.mark.parametrize("point", ["MAIL", "RCPT", "DATA", "ANSWERED"])
def test_killed_at_a_point_of_the_conversation(open_at, box: Mailbox, database_url: str, point: str) -> None:
    house = open_at(database_url, connections=CONNECTIONS)
    sign_up(house, 30)
    order(house, 5)
    house.think(datetime.now(UTC))
    life = daemon(house.config)
    box.order(kill=life.pid, at=point, after=4, delay=0.002)
    assert life.ended() == -9
    assert states(house).get("sending", 0) <= CONNECTIONS
    box.order()
    drain(house.config)
    settle_accounts(house, box, unknown_at_most=CONNECTIONS)


@pytest.mark.timeout(3600 if os.environ.get("ACCORD_SOAK") else 300)
def test_killed_at_any_moment_again_and_again(open_at, box: Mailbox, database_url: str) -> None:
    seed = int(os.environ.get("ACCORD_SEED", time.time_ns() % 1_000_000))
    print(f"ACCORD_SEED={seed}")
    chance = random.Random(seed)
    house = open_at(database_url, connections=CONNECTIONS)
    open_ends = 0
    for life_number in range(LIVES):
        sign_up(house, 12, f"reader{life_number}x")
        order(house, 2, f"buyer{life_number}x")
        box.order(delay=chance.choice([0, 0, 0.002, 0.02]))
        life = daemon(house.config)
        time.sleep(chance.uniform(0, 0.5))
        life.kill()
        sending = states(house).get("sending", 0)
        assert sending - open_ends <= CONNECTIONS
        open_ends = sending
    box.order()
    drain(house.config, patience=60 + 5 * LIVES)
    settle_accounts(house, box, unknown_at_most=LIVES * CONNECTIONS)
    twice = sum(1 for often in box.by_message_id().values() if often == 2)
    print(f"{LIVES} kills: {states(house)}, {twice} service mails arrived twice")
    assert box.count() >= 14 * LIVES - LIVES * CONNECTIONS
    assert LIVES < 100 or (twice and states(house)["unknown"]), "some hit a mail on its way"


def test_killed_while_it_stops(open_at, box: Mailbox) -> None:
    house = open_at(connections=CONNECTIONS)
    sign_up(house, 40)
    box.order(delay=0.01)
    life = daemon(house.config)
    until(lambda: box.count() > 3, "some sent")
    os.kill(life.pid, 15)
    time.sleep(0.02)
    life.kill()
    box.order()
    drain(house.config)
    settle_accounts(house, box, unknown_at_most=CONNECTIONS)
