"""The port of the roll-ups: what each day came to, counted anew and never added up, so that pages need not count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

# Clicks, bounces and the like answer a mail for so long; later ones are not told of its day any more.
ANSWERED_WITHIN = timedelta(days=28)

# The steps of a funnel, in their order, as `Subject.MAIL` and `scenario stats` name them.
COUNTED = ("sent", "delivered", "clicked", "left", "complained", "bounced", "unknown")


class Subject(StrEnum):
    """What is counted, and what the parts of its key are.

    What the journal's row does not say is an empty part: an edition of what was refused, a nature of what was
    held before it was a mail.
    """

    LEFT = "left"  # nature, basis, state of the mail: by the day on which it left
    REFUSED = "refused"  # reason, rule, nature: by the day of the refusal
    HELD = "held"  # reason, nature: by the day of the holding
    MAIL = "mail"  # scenario, step, edition, one of COUNTED or «refused»: by the day of the mail
    PEOPLE = "people"  # scenario, «entered», «under way», «finished» or «left: because»: by the day of entry
    GOAL = "goal"  # scenario, TOOK_PART or HELD_OUT, ENTERED or REACHED; runs: by the day of entry
    REACTIVATION = "reactivation"  # YYYY-MM, one of REACTIVATED; people: by the day of the mail
    IN_FLIGHT = "in_flight"  # scenario, digest, step: as it was when it was counted, under that day
    CUT_OFF = "cut_off"  # YYYY-MM, people who reach their cut-off in it: likewise


TOOK_PART, HELD_OUT, ENTERED, REACHED = "took part", "held out", "entered", "reached"
REACTIVATED = WRITTEN_TO, CAME_BACK, KEPT = "written to", "came back by click", "kept themselves"

# What the ledger and the journal tell of a day however late they are asked, and what only its own day knows.
OF_A_DAY = frozenset(
    {
        Subject.LEFT,
        Subject.REFUSED,
        Subject.HELD,
        Subject.MAIL,
        Subject.PEOPLE,
        Subject.GOAL,
        Subject.REACTIVATION,
    }
)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something happened on a day of the entity's."""

    day: date
    subject: str
    key: tuple[str, ...]
    count: int


class Tallies(Protocol):
    """Reading is cheap, whatever the size of the base; counting walks through one day's rows."""

    # for pages
    def counts(self, subject: str, since: date, until: date) -> Sequence[Tally]:
        """What was counted of these days, `until` left out, in order of day and key."""
        ...

    def totals(self, subject: str, since: date, until: date) -> Mapping[tuple[str, ...], int]:
        """The same of all these days together, by key: a few rows, however many days there are."""
        ...

    def counted_at(self) -> datetime | None:
        """When the newest count was written; None before the first."""
        ...

    # for the loop that counts
    def take_turn(self, now: datetime, every: timedelta) -> bool:
        """Whether it is this daemon's to count: nobody has begun a turn for as long as `every`."""
        ...

    def still_mine(self, now: datetime) -> bool:
        """Whether the turn that was taken at `now` is the newest; keeps others from writing until the end."""
        ...

    def counted_days(self) -> Mapping[date, int]:
        """Each day that was counted, and how many days it was over by then."""
        ...

    def of_day(self, day: date, since: datetime, until: datetime) -> Sequence[Tally]:
        """Count one day, which lasts from `since` until `until`: every subject of OF_A_DAY."""
        ...

    def in_flight(self, day: date) -> Sequence[Tally]: ...
    def cut_off(self, day: date) -> Sequence[Tally]: ...
    def replace(self, day: date, subjects: Collection[Subject], tallies: Sequence[Tally]) -> None:
        """Write these in place of all that was counted of these subjects on this day."""
        ...

    def note(self, day: date, age: int, now: datetime) -> None:
        """A day was counted, so many days after it."""
        ...

    def drop(self, before: date) -> None: ...
