"""Ways back: webhooks of systems around. READERS is the list of what they may tell, one file a kind."""

from __future__ import annotations

from collections.abc import Mapping

from accord.shell.inbound import events, orders
from accord.shell.inbound.hook import Reader

READERS: Mapping[str, Reader] = {"events": events.take, "orders": orders.take}
