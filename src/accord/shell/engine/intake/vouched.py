"""Events of a system that may vouch for evidence, or may not: what mail may rest on takes a right of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accord.core.model.content import Catalogue
from accord.core.model.event import EVENTS
from accord.shell.engine.intake.lines import Line, take_event_lines
from accord.shell.engine.intake.people import Refusal, Taken
from accord.shell.engine.ports.store import Store

NOT_VOUCHED = "it stands as evidence, which this system has no right to tell"


def is_evidence(told: Mapping[str, Any]) -> bool:
    """Whether an event that is told says something of a person that mail may rest on, or that renews the clock."""
    name = told.get("event")
    kind = EVENTS.get(name) if isinstance(name, str) else None
    return kind is not None and kind.evidence


def take_lines_of(
    store: Store,
    catalogue: Catalogue,
    page: Sequence[Line],
    *,
    vouches: bool,
    source: str,
    now: datetime,
    history: bool = False,
) -> Taken:
    """Journal what is good of a page of events, and what this system may tell."""
    closed = [] if vouches else [number for number, told in page if is_evidence(told)]
    allowed = [line for line in page if line[0] not in closed]
    taken = take_event_lines(store, catalogue, allowed, source=source, now=now, history=history)
    taken.refusals += [Refusal(number, "event", NOT_VOUCHED) for number in closed]
    return taken
