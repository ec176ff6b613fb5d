"""What the watch over returned mails has read last, for those who show it, and since when it counts anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime

from accord.core.model.reputation import Bearable, Reading
from accord.shell.engine.ports.store import Unit

# The subject of the team's task.
REPUTATION = "reputation"

# Under these names stand in the database what was read last, and when somebody released the brake.
READ, RELEASED = "reputation", "reputation released"


def read_last(unit: Unit) -> Sequence[Reading]:
    """The figures as they were read last; none where they never were."""
    return [
        Reading(what, count, mails, Bearable(*bearable), sample)
        for what, count, mails, bearable, sample in json.loads(unit.progress(READ) or "[]")
    ]


def as_kept(found: Sequence[Reading]) -> str:
    """The figures as `read_last` reads them."""
    return json.dumps([astuple(each) for each in found])


def count_anew(unit: Unit, brake: str, now: datetime) -> None:
    """Somebody has looked, and lets prospecting go on: what left before counts no more."""
    unit.note_progress(RELEASED, now.isoformat(), now)
    unit.keeping.close_task(REPUTATION, brake, now)
