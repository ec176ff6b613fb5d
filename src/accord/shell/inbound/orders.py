"""`kind = "orders"`: the body is one order as it stands, as the API takes it."""

from __future__ import annotations

from datetime import datetime

from accord.core.model.content import Catalogue
from accord.shell.engine.intake.lines import take_order_lines
from accord.shell.engine.intake.people import Taken
from accord.shell.engine.ports.store import Store
from accord.shell.inbound.hook import Delivery


def take(store: Store, catalogue: Catalogue, delivery: Delivery, now: datetime) -> Taken:
    """Take the order, or refuse it with everything that is wrong with it."""
    return take_order_lines(store, catalogue, [(1, delivery.told)], now=now)
