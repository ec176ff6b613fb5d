"""What people do about a mail, by stated assumptions: a keyed hash says who, and there are no dice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.core.consent.collection import scope_of_unsubscribe
from accord.core.model.consent import Act, ConsentEntry, Nature
from accord.core.model.decision import QueueMail, Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.model.forecast import Assumptions
from accord.core.model.venue import Venue
from accord.core.world import Answers, Happening

# Each thing that people may do has a place in the hash of its own, so that none hangs on another.
_PLACES = 1 << 24


@dataclass(frozen=True, slots=True)
class Answering:
    """What people do about each mail; make it with `answering`. Values alone, so that processes can be told."""

    limits: tuple[int, ...]
    key: bytes
    within_hours: int
    venue: Venue

    def __call__(
        self, situation: Situation, run: Enrolment, mail: QueueMail, now: datetime
    ) -> Sequence[Happening]:
        """What one person does about one mail that leaves now, and when."""
        about = f"{situation.contact.id}/{run.scenario}/{mail.step}/{run.entered_at.date()}"
        drawn = hashlib.blake2b(about.encode(), key=self.key, digest_size=18).digest()
        *places, delay = (int.from_bytes(drawn[at : at + 3], "big") for at in range(0, 18, 3))
        does = [place < limit for place, limit in zip(places, self.limits, strict=True)]
        if not any(does):
            return ()
        at = now + timedelta(seconds=self.within_hours * 3600 * delay // _PLACES)
        return _done(does, situation, mail, self.venue, at)


def answering(assumed: Assumptions, venue: Venue) -> Answers | None:
    """What people do about each mail under these assumptions; None where they do nothing."""
    rates = (
        assumed.clicks_per_100_mails,
        assumed.preferences_per_100_mails,
        assumed.unsubscribes_per_100_mails,
        assumed.complaints_per_100_mails,
        assumed.bounces_per_100_mails,
    )
    if not any(rates):
        return None
    limits = tuple(int(rate / 100 * _PLACES) for rate in rates)
    key = hashlib.sha256(assumed.seed.encode()).digest()
    return Answering(limits, key, assumed.answers_within_hours, venue)


def _done(
    does: Sequence[bool], situation: Situation, mail: QueueMail, venue: Venue, at: datetime
) -> list[Happening]:
    clicks, prefers, leaves, complains, bounces = does
    who = situation.contact.id
    if bounces:
        return [Happening(at, Event(who, "mail.bounced", at, {"reason": "HARD_BOUNCE"}))]
    found = []
    if clicks:
        data: dict[str, Value] = {
            "message_id": str(situation.mails[-1].message_id),
            "verdict": "human",
            "nature": mail.nature.value,
        }
        found.append(Happening(at, Event(who, "mail.clicked", at, data)))
    if prefers:
        found.append(Happening(at, Event(who, "preferences.updated", at)))
    if complains:
        found.append(Happening(at, Event(who, "mail.complained", at)))
    if leaves and mail.nature is not Nature.SERVICE:
        found.append(Happening(at, entries=_unsubscribing(who, mail, venue, at)))
    return found


def _unsubscribing(who: int, mail: QueueMail, venue: Venue, at: datetime) -> tuple[ConsentEntry, ...]:
    """What one press of the button covers: it hangs on what the mail rested on (R-10)."""
    purpose = venue.purposes[mail.purpose]
    scope = scope_of_unsubscribe(mail.verdict.basis, purpose, venue.policy)
    return tuple(ConsentEntry(who, at, name, kind, Act.UNSUBSCRIBE) for name, kind in scope)
