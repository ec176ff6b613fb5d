"""Clicks judged anew: who then does what robots do not was a person when they clicked (R-59)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from accord.core.consent.retention import renews
from accord.core.decide import listened_names
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.robots import CONFIRMED_WITHIN, ClickVerdict, confirms
from accord.shell.engine.ports.rows import ContactChange
from accord.shell.engine.ports.store import Unit

CONFIRMED = "mail.click_confirmed"


def confirm_clicks(unit: Unit, events: Sequence[Event], catalogue: Catalogue, now: datetime) -> None:
    """Call the unsure clicks of a little while before these events human; a robot's stays a robot's.

    The clock and the figures follow, as if it had been known at once. Each is journalled with what told it.
    """
    acts = [event for event in events if confirms(event)]
    if not acts:
        return
    since = min(act.at for act in acts) - CONFIRMED_WITHIN
    found = unit.keeping.unsure({act.contact_id for act in acts}, since)
    told = [(click, act) for click in found if (act := _told_by(click, acts)) is not None]
    if not told:
        return
    listened = listened_names(catalogue)
    unit.keeping.call_human(
        [click.id for click, _ in told], reacts=listened is None or "mail.clicked" in listened
    )
    human = [replace(click, data={**click.data, "verdict": ClickVerdict.HUMAN.value}) for click, _ in told]
    unit.change_contacts(
        [ContactChange(click.contact_id, acted_at=click.at) for click in human if renews(click)]
    )
    journalled = [
        Event(click.contact_id, CONFIRMED, now, {"message_id": click.data.get("message_id"), "by": act.name})
        for click, act in told
    ]
    unit.append(journalled, received_at=now, reacts=False)


def _told_by(click: Event, acts: Sequence[Event]) -> Event | None:
    """The act that tells whose click it was."""
    for act in acts:
        if act.contact_id == click.contact_id and timedelta(0) <= act.at - click.at <= CONFIRMED_WITHIN:
            return act
    return None
