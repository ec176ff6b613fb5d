"""A mail server that refuses, hangs up, stalls and talks nonsense, at each verb: nobody else's mail suffers, and none is lost."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from accord.shell.wiring import House
from crash.processes import Mailbox, drain, until
from crash.venue import sign_up, states

CODES = (421, 450, 452, 550, 552, 554)
PLAIN = 40

LATER, NEVER, DOUBT, TAKEN = "deferred", "rejected", "unknown", "accepted"

# What becomes of a mail that is answered so; and how often it stands at the server then.
REFUSED = {
    f"{verb}{code}": (LATER if code < 500 else NEVER, 0) for verb in ("rcpt", "data", "dot") for code in CODES
}
AWKWARD = {
    "rcptdrop": (LATER, 0),
    "rcptgarbage": (LATER, 0),
    "datadrop": (LATER, 0),
    "datagarbage": (LATER, 0),
    "dotdrop": (DOUBT, 1),
    "dotgarbage": (DOUBT, 1),
    "dotstall": (DOUBT, 1),
    "dotbye": (TAKEN, 1),
}


def test_whatever_the_server_answers_each_mail_arrives_once_or_is_explained(
    open_at, start, box: Mailbox
) -> None:
    house = open_at(connections=3)
    ends = REFUSED | AWKWARD
    for number in range(PLAIN):
        sign_up(house, 1, "reader", f"r{number}.example.org")
    for kind in ends:
        # Each at a domain of its own: one that says 421 is written to more slowly from then on.
        sign_up(house, 1, f"{kind}-", f"{kind}.example.org")
    house.think(datetime.now(UTC))
    box.order(refuse={"EHLO": [421, 554], "MAIL": [*CODES]})
    life = start(house)
    until(
        lambda: not {"queued", "claimed"} & set(states(house)) and states(house).get("sending", 0) == 1,
        "all tried",
    )
    life.signal(15)
    life.signal(15)
    assert life.ended() == 0, life.said
    first = accounts(house, box)
    assert {kind: first[kind] for kind in ends} == {kind: Counter([end]) for kind, end in ends.items()}
    unlucky = first["reader"][LATER, 0]
    assert unlucky in (len(CODES) - 2, len(CODES) - 1), (
        "a refusal at MAIL is about us; 421 is tried anew at once"
    )
    refused = {(LATER, 0): unlucky, (NEVER, 0): 1}  # 552 at MAIL is about the size of this mail
    assert first["reader"] == Counter({(TAKEN, 1): PLAIN - unlucky - 1, **refused})
    drain(house.config)
    later = accounts(house, box)
    assert later == first | {"reader": Counter({(TAKEN, 1): PLAIN - 1, (NEVER, 0): 1})}, (
        "they get it, and nobody a second one"
    )


def accounts(house: House, box: Mailbox) -> dict[str, Counter[tuple[str, int]]]:
    """Of each kind of reader: the state of the mail in the ledger, how often it stands at the server, and how many such."""
    arrived, found = box.by_recipient(), dict[str, Counter[tuple[str, int]]]()
    with house.store.read() as unit:
        for message, address, _ in unit.ledger(limit=1000):
            kind = "reader" if address.startswith("reader") else address.partition("-")[0]
            found.setdefault(kind, Counter())[message.state.value, arrived[address]] += 1
    return found
