"""What may only defer: pauses, frequency caps, brakes; they hold a mail, they never deny it (R-70)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.core.consent.restrictions import Case
from accord.core.model.venue import FrequencyCap

PROSPECTING, ALL = "prospecting", "all"
BRAKE_LOOKS_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Until:
    """One thing that stands in the way until an instant."""

    until: datetime
    reason: str
    rule: str


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
    for name, cap in case.catalogue.venue.frequency.items():
        if name in (PROSPECTING, case.send.purpose):
            frees = _frees_at(name, cap, case)
            if frees is not None:
                yield Until(frees, "FREQUENCY_CAP", "R-70")


def _frees_at(name: str, cap: FrequencyCap, case: Case) -> datetime | None:
    """When enough of the mails that count have left the rolling window; None when there is room now.

    What is queued counts from when it will leave: its planned instant, or now where that has passed.
    """
    window = timedelta(days=cap.days)
    counted = sorted(
        mail.at if mail.left else max(mail.at, case.now)
        for mail in case.prospecting_mails
        if name in (PROSPECTING, mail.purpose)
    )
    recent = [at for at in counted if at + window > case.now]
    if len(recent) < cap.count:
        return None
    if cap.count == 0:
        return case.now + window
    return recent[len(recent) - cap.count] + window
