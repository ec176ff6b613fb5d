"""What may only defer: pauses, frequency caps, brakes; they hold a mail, they never deny it (R-70)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.core.consent.restrictions import Case, places
from accord.core.model.message import PastMail
from accord.core.model.venue import FrequencyCap

PROSPECTING, ALL = "prospecting", "all"
BRAKE_LOOKS_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Until:
    """One thing that stands in the way until an instant; `against` names the mails that fill a cap."""

    until: datetime
    reason: str
    rule: str
    against: tuple[str, ...] = ()


def held_until(case: Case) -> Until | None:
    """Whatever stands in the way longest, or None. Service mail is held by brakes alone."""
    return max(_in_the_way(case), key=lambda hold: hold.until, default=None)


def _in_the_way(case: Case) -> Iterator[Until]:
    braked = {ALL, case.scenario.name} | ({PROSPECTING} if case.is_prospecting else set())
    if braked & case.situation.held:
        yield Until(case.now + BRAKE_LOOKS_AGAIN, "HELD", "R-02")
    if not case.is_prospecting:
        return
    paused = case.situation.contact.preferences.paused_until
    if paused is not None and paused > case.now:
        yield Until(paused, "PAUSED", "R-34")
    rests = case.situation.contact.rests_until
    if rests is not None and rests > case.now:
        yield Until(rests, "ADDRESS_RESTS", "R-60")
    for name, cap in case.catalogue.venue.frequency.items():
        if name in (PROSPECTING, case.send.purpose):
            full = _full_until(name, cap, case)
            if full is not None:
                yield full


def _full_until(name: str, cap: FrequencyCap, case: Case) -> Until | None:
    """When enough of the mails that count have left the rolling window; None when there is room now.

    What is queued counts from when it will leave: its planned instant, or now where that has passed.
    """
    window = timedelta(days=cap.days)

    def leaves(mail: PastMail) -> datetime:
        return mail.at if mail.left else max(mail.at, case.now)

    counted = [mail for mail in case.prospecting_mails if name in (PROSPECTING, mail.purpose)]
    recent = sorted((mail for mail in counted if leaves(mail) + window > case.now), key=leaves)
    if len(recent) < cap.count:
        return None
    filling = recent[len(recent) - cap.count :]
    frees = leaves(filling[0]) + window if filling else case.now + window
    return Until(frees, "FREQUENCY_CAP", "R-70", places(filling))
