"""`kind = "events"`: the body is one event, as the API takes it; its id is the webhook's where it names none."""

from __future__ import annotations

from datetime import datetime

from accord.core.model.content import Catalogue
from accord.shell.engine.intake.people import Taken
from accord.shell.engine.intake.vouched import take_lines_of
from accord.shell.engine.ports.store import Store
from accord.shell.inbound.hook import Delivery


def take(store: Store, catalogue: Catalogue, delivery: Delivery, now: datetime) -> Taken:
    """Journal the event, or refuse it with everything that is wrong with it."""
    told = {"id": delivery.id, **delivery.told}
    return take_lines_of(
        store, catalogue, [(1, told)], vouches=delivery.vouches, source=delivery.source, now=now
    )
