"""What every way of letting people go has in common: what is still under way, what is told, what is forgotten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from accord.core.model.consent import SERVICE_PURPOSE, Nature
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.shell.engine.ports.store import Store, Unit

# Rows that one transaction writes at most, so that others get to write in between; one person is never split.
ROWS = 4000


def still_under_way(situation: Situation, runs: Sequence[Enrolment], catalogue: Catalogue) -> str | None:
    """Why somebody can't be erased by the calendar alone: something that they were promised is not over.

    A run by a version that nobody can read any more counts as a service run.
    """
    if situation.contract_in_progress:
        return "contract"
    if any(is_service_run(run, catalogue) for run in runs):
        return "service_run"
    waits = any(not mail.left and mail.nature is Nature.SERVICE for mail in situation.mails)
    return "service_mail" if waits else None


def is_service_run(run: Enrolment, catalogue: Catalogue) -> bool:
    """Whether a run serves an order, a contract or an account."""
    scenario = catalogue.versions.get(run.digest)
    return scenario is None or scenario.purpose == SERVICE_PURPOSE


def tell_erased(unit: Unit, ids: Collection[int], reason: str, by: str, now: datetime) -> None:
    """Journal that they were erased, and why: all that the journal keeps of them."""
    told = [Event(number, "contact.erased", now, {"reason": reason, "by": by}) for number in sorted(ids)]
    unit.append(told, received_at=now, reacts=False)


def forget_all(store: Store, ids: Collection[int]) -> None:
    """Delete what is journalled of erased people, a bounded transaction at a time."""
    while True:
        with store.begin() as unit:
            if not unit.keeping.forget(ids, ROWS):
                return


def gather_all(store: Store) -> None:
    """Give what is journalled of merged records to their survivors, a bounded transaction at a time."""
    while True:
        with store.begin() as unit:
            if not unit.keeping.gather(ROWS):
                return
