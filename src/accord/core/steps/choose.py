"""`branch` and `split`: the verbs that only choose a way."""

from __future__ import annotations

import hashlib

from accord.core.expressions.evaluate import holds
from accord.core.model.decision import Note
from accord.core.model.scenario import Branch, Split
from accord.core.steps.asking import Asked, Done

WHOLE = 10_000


def branch(verb: Branch, asked: Asked) -> Done:
    """The first arm whose condition holds, else `otherwise`."""
    venue = asked.catalogue.venue
    for arm in verb.arms:
        if holds(arm.condition, asked.situation, venue, now=asked.now):
            return Done((Note(asked.step.name, "BRANCH", arm.then),), arm.then)
    return Done((Note(asked.step.name, "BRANCH", verb.otherwise),), verb.otherwise)


def split(verb: Split, asked: Asked) -> Done:
    """The same contact always takes the same way: a hash decides, no dice."""
    place = lot(asked.scenario.name, asked.step.name, asked.situation.contact.id)
    reached = 0
    for name, share in verb.shares:
        reached += share
        if place < reached:
            return Done((Note(asked.step.name, "SPLIT", name),), name)
    raise ValueError(f"the shares of {asked.step.name} sum to {reached}, not {WHOLE}")


def lot(scenario: str, step: str, contact_id: int) -> int:
    """A number from 0 to 9,999 that is the same for ever for one contact at one place."""
    digest = hashlib.sha256(f"{scenario}/{step}/{contact_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % WHOLE
