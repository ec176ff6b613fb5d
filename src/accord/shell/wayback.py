"""The way back at the house: its mailboxes read, its providers heard, and what people write handed on to its team."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from email.utils import parseaddr

from accord.shell.engine.wayback.collect import Collected, collect
from accord.shell.engine.wayback.forward import Team, hand_on
from accord.shell.engine.wayback.take import Desk
from accord.shell.inbound import MAILBOXES
from accord.shell.wiring import House, report_fault


def desk_of(house: House, name: str) -> Desk:
    """What is needed to take what comes in by one of `[inbound]`."""
    box = house.settings.mailboxes.get(name)
    return Desk(house.listening, house.returns, forwards=box is not None and box.forward_to is not None)


def read_mailbox(house: House, name: str, stopped: Callable[[], bool] = lambda: False) -> Collected:
    """Take what has come into one mailbox. Raises KeyError for a name that there is none of."""
    box = house.settings.mailboxes[name]
    return collect(
        house.store,
        desk_of(house, name),
        name,
        MAILBOXES[box.kind](box),
        clock=house.clock,
        on_fault=report_fault,
        stopped=stopped,
    )


def read_mailboxes(house: House, names: Sequence[str] | None = None) -> dict[str, Collected]:
    """Take what has come into each mailbox, or into those that are named, until there is nothing more to read."""
    forget_others(house)
    return {name: _read_whole(house, name) for name in (house.settings.mailboxes if names is None else names)}


def forget_others(house: House) -> None:
    """What is known of mailboxes that config.toml has no more, lest their silence be an alarm for ever."""
    known = house.settings.mailboxes
    with house.store.begin(lazy=True) as unit:
        if any(each.name not in known for each in unit.wayback.mailboxes()):
            unit.wayback.forget_mailboxes(known)


def _read_whole(house: House, name: str) -> Collected:
    done = read_mailbox(house, name)
    while done.more:
        before, done = done, read_mailbox(house, name)
        done = replace(done, new=before.new + done.new)
    return done


async def hand_on_to_team(house: House) -> int:
    """Hand on what people wrote; how many mails that were."""
    entity = house.venue.entity
    name, address = parseaddr(next(iter(entity.senders.values())))
    boxes = house.settings.mailboxes.values()
    team = Team(
        {box.name: box.forward_to for box in boxes if box.forward_to},
        house.venue.base_url,
        (name or entity.name, address),
        house.links.host or address.rpartition("@")[2],
        house.words[entity.language],
    )
    return await hand_on(house.store, team, house.ways().service, clock=house.clock)
