"""The account at the end: what arrived at the mail server against what the ledger says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from accord.core.model.consent import Nature
from accord.core.model.message import Message, MessageState
from accord.shell.wiring import House
from crash.processes import Mailbox

# What a mail that arrived, or may have, can be in the ledger.
_MAY_HAVE_ARRIVED = {MessageState.ACCEPTED, MessageState.UNKNOWN}


def ledger(house: House, states: Sequence[str] | None = None) -> list[Message]:
    """Every mail of the ledger, or those in these states."""
    with house.store.read() as unit:
        return [message for message, _, _ in unit.ledger(states=states, limit=1_000_000)]


def explained(house: House, number: int) -> list[str]:
    """The reasons in the journal of why mails of one person were held."""
    with house.store.read() as unit:
        return [str(row.data["reason"]) for row in unit.events_of(number) if row.name == "mail.held"]


def settle_accounts(house: House, box: Mailbox, *, unknown_at_most: int) -> None:
    """Fails unless every mail was sent once, or is explained.

    Prospecting arrived at most once. Service mail arrived at most twice, and then under the same Message-ID.
    What is accepted has arrived, what is unknown is listed and told in the journal, nothing is in between.
    """
    messages = {_key(message): message for message in ledger(house)}
    arrived = Counter({_number(name): count for name, count in box.by_message_id().items()})
    doubled = [key for key, count in arrived.items() if count > _allowed(messages[key])]
    assert doubled == [], "these came too often"
    unheard = [key for key, count in arrived.items() if messages[key].state not in _MAY_HAVE_ARRIVED]
    assert unheard == [], "these arrived, and the ledger does not know"
    lost = [key for key, each in messages.items() if each.state is MessageState.ACCEPTED and not arrived[key]]
    assert lost == [], "these are accepted, and never arrived"
    open_ends = {each.state for each in messages.values()} - _MAY_HAVE_ARRIVED
    assert open_ends == set(), "the queue is not drained"
    unknown = [each for each in messages.values() if each.state is MessageState.UNKNOWN]
    assert len(unknown) <= unknown_at_most
    for each in unknown:
        assert "SENDER_DIED" in explained(house, each.contact_id)


def _allowed(message: Message) -> int:
    return 2 if message.nature is Nature.SERVICE else 1


def _key(message: Message) -> int:
    return message.id


def _number(message_id: str) -> int:
    """The ledger's number of a mail: the first part of its Message-ID."""
    return int(message_id.strip("<>").partition(".")[0])
