"""The daemon is killed in the middle of a post: the receiver gets it once more, under the id that it knows."""

from __future__ import annotations

import json

from accord.core.model.posting import PostingState
from accord.core.webhooks import verify
from crash.processes import until
from crash.venue import order
from doors.receiver import Receiver, receiving

WEBHOOK = """
[webhooks.caisse]
url = "{url}"
fields = ["event.order_id"]
events = ["order.placed"]
"""


def states(house) -> dict[str, int]:  # type: ignore[no-untyped-def]
    with house.store.read() as unit:
        return {state.value: count for _, state, count, _ in unit.postings.counts()}


def test_a_kill_in_the_middle_of_a_post_repeats_it_under_its_id(open_at, start) -> None:  # type: ignore[no-untyped-def]
    house = open_at()
    with receiving(Receiver(stalls=0.4)) as receiver:
        config = house.config.read_text(encoding="utf-8") + WEBHOOK.format(url=receiver.url)
        house.config.write_text(config, encoding="utf-8")
        house.reload("test")
        order(house, 3)
        assert states(house) == {"waiting": 3}
        life = start(house)
        until(lambda: len(receiver.heard) == 3, "all of them being posted")
        life.kill()
        assert states(house) == {"posting": 3}
        # What was left is anybody's once the lease is over: nobody waits two minutes for that here.
        with house.store.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE posting SET lease_until = '2020-01-01 00:00:00.000000'")
        start(house)
        until(lambda: states(house) == {"posted": 3}, "posted once more")
        ids = [heard.headers["webhook-id"] for heard in receiver.heard]
        assert (len(ids), sorted(ids[:3])) == (6, sorted(ids[3:]))
        told = {json.loads(heard.body)["data"]["event.order_id"] for heard in receiver.heard}
        assert len(told) == 3
    with house.store.read() as unit:
        posted = unit.postings.listed(state=PostingState.POSTED, webhook=None, limit=9)
    assert {each.attempts for each in posted} == {2}
    keys = house.keys.webhook_keys("caisse")
    for heard in receiver.heard:
        now = house.clock()
        assert verify(keys, heard.headers, heard.body, now=now) is None
