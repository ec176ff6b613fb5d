"""A scenario as the checks leave it: how one enters and leaves, its steps, what every kind has in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import TypeAlias

from accord.core.model.consent import Nature
from accord.core.model.expression import Expression
from accord.core.model.place import Span
from accord.core.model.time import Duration

END = "end"


@dataclass(frozen=True, slots=True)
class Cue:
    """`{when: EVENT, if: EXPR}`: both must hold; no `when` means at any time, no `if` means always."""

    when: tuple[str, ...] = ()
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class DateRule:
    """`EXPR ± DURATION`: a day or an instant of the contact's, shifted (`event.starts_at - 2 days`)."""

    base: Expression
    shift: Duration = Duration()


@dataclass(frozen=True, slots=True)
class Hours:
    """A courtesy window in the contact's own zone: weekdays (0 is Monday) and an opening and closing time."""

    days: frozenset[int]
    opens: time
    closes: time


# -- ways in ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OnEvent:
    """`when:`, one of these events."""

    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnSegment:
    """`segment:`, becoming true of a contact; `existing`: those of whom it is true at activation enter too."""

    segment: Expression
    existing: bool


@dataclass(frozen=True, slots=True)
class OnSchedule:
    """`every:`, as five cron fields (minute, hour, day of month, month, weekday) in the entity's zone.

    `nth` narrows a weekday to its n-th occurrence in the month (1 to 5, -1 for the last).
    """

    source: str
    cron: str
    nth: int | None = None


@dataclass(frozen=True, slots=True)
class OnDate:
    """`date:`, a day of the contact's own, shifted."""

    rule: DateRule


Trigger: TypeAlias = OnEvent | OnSegment | OnSchedule | OnDate


@dataclass(frozen=True, slots=True)
class Again:
    """Whether one may enter a second time for the same `per` value: never, after a while, or each time."""

    each: bool = False
    after: Duration | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """`enter:`, the trigger and what narrows it; `opens` and `closes` are days, inclusive."""

    trigger: Trigger
    condition: Expression | None = None
    per: Expression | None = None
    opens: date | None = None
    closes: date | None = None
    again: Again = Again()


# -- verbs -----------------------------------------------------------------------------------------------


class LateChoice(StrEnum):
    """What becomes of a mail that the daemon itself delayed."""

    SEND = "send"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Lateness:
    """`if_late: send`, `skip`, or `skip after DURATION`; counted from the planned instant."""

    choice: LateChoice
    after: Duration = Duration()


class Refused(StrEnum):
    """`if_not_allowed:` without an edition to fall back on."""

    SKIP = "skip"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class SubjectTest:
    """`test:`, several subjects tried on a share of the readers (hundredths of a per cent) for a while.

    Whoever is not of that share waits until it is over, and gets the subject with the most human clicks.
    """

    share: int
    lasts: Duration


@dataclass(frozen=True, slots=True)
class Send:
    """`send:`, one e-mail through the gate.

    `purpose` is always filled in (the file's unless the step names one). `promotes`: families, or an
    expression that gives them. `if_not_allowed`: an editorial edition, or what to do without one.
    `subjects`: name to language to text, instead of the template's own; shared out evenly where `test` is None.
    """

    template: str
    nature: Nature
    purpose: str
    if_late: Lateness
    about: str | None = None
    invite: str | None = None
    promotes: tuple[str, ...] | Expression = ()
    if_not_allowed: Send | Refused = Refused.SKIP
    subjects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    test: SubjectTest | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """`call:`, the declared fields of a webhook posted to another system, through the gate like a mail.

    `purpose`, `promotes` and `if_late` are those of a mail; there is no edition to fall back on.
    """

    webhook: str
    nature: Nature
    purpose: str
    if_late: Lateness
    about: str | None = None
    promotes: tuple[str, ...] | Expression = ()
    if_not_allowed: Refused = Refused.SKIP

    @property
    def invite(self) -> None:
        """A call invites nobody."""
        return


# What passes the gate.
Outgoing: TypeAlias = Send | Call


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """`wait_until:`, a cue, an end to the waiting, and both ways on."""

    cue: Cue
    at_most: Duration
    then: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class Arm:
    """One `{if, then}` of a branch."""

    condition: Expression
    then: str


@dataclass(frozen=True, slots=True)
class Branch:
    """`branch:`, the first arm that holds, else `otherwise`."""

    arms: tuple[Arm, ...]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Split:
    """`split:`, shares in hundredths of a per cent that sum to 10,000; a hash of the contact chooses."""

    shares: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Set:
    """`set:`, writable attributes from expressions."""

    assignments: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Emit:
    """`emit:`, an event of the venue's own."""

    event: str


Verb: TypeAlias = Send | WaitUntil | Branch | Split | Set | Emit | Call


@dataclass(frozen=True, slots=True)
class Step:
    """One verb and its modifiers, in the order in which they apply: after or date, at, if, the verb, then."""

    name: str
    span: Span
    verb: Verb
    after: Duration | None = None
    date: DateRule | None = None
    at: time | None = None
    condition: Expression | None = None
    then: str | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """A cue counted as success when it comes within a while of entering."""

    cue: Cue
    within: Duration


@dataclass(frozen=True, slots=True)
class Scenario:
    """One checked file. `digest` is the SHA-256 of its text: those in flight keep the one they entered by.

    `why` maps basis ("consent", "customer", "b2b") to language to text. `holdout` is in hundredths of a
    per cent.
    """

    name: str
    purpose: str
    entry: Entry
    steps: Mapping[str, Step]
    digest: str
    source: str
    why: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    leave: tuple[Cue, ...] = ()
    goal: Goal | None = None
    hours: Hours | None = None
    priority: int = 50
    holdout: int = 0

    @property
    def first(self) -> str:
        """The name of the step that a run begins with."""
        return next(iter(self.steps))

    def after(self, name: str) -> str:
        """The step that follows `name` in the file's order unless it says `then:`; END after the last."""
        step = self.steps[name]
        if step.then is not None:
            return step.then
        names = list(self.steps)
        following = names.index(name) + 1
        return names[following] if following < len(names) else END
