"""Foresight: many people walked, and counted; what is kept of them is the same size whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from zoneinfo import ZoneInfo

from accord.core.consent.retention import cut_off
from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.contact import GONE
from accord.core.model.decision import (
    Decision,
    Finish,
    Hold,
    Leave,
    Move,
    Note,
    QueueCall,
    QueueMail,
    Refuse,
    ThrottleState,
)
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.model.forecast import (
    CALL,
    AnswerCount,
    Assumptions,
    CutOffCount,
    ExitCount,
    Forecast,
    HoldCount,
    Hour,
    MailCount,
    NoteCount,
    RefusalCount,
    RunCount,
    WayCount,
)
from accord.core.model.scenario import END
from accord.core.model.time import local_day
from accord.core.simulate import Happening, Known, World
from accord.core.telling import TOLD
from accord.core.walk import Walk
from accord.core.world import IMAGINED


@dataclass(slots=True)
class Tally:
    """Counts by key; two of them add up to one, so that several processes can count."""

    people: int = 0
    expired: int = 0
    left_out: int = 0
    apart: list[int] = field(default_factory=list)
    mails: Counter[tuple[date, str, str, str, str, str, str, str, str, str]] = field(default_factory=Counter)
    hours: Counter[datetime] = field(default_factory=Counter)
    refusals: Counter[tuple[str, str, str, str, str, str]] = field(default_factory=Counter)
    holds: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    hold_times: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    ways: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    exits: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    notes: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    runs: Counter[tuple[str, str]] = field(default_factory=Counter)
    cut_off: Counter[date] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Count what another one has counted."""
        for each in fields(self):
            mine, its = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, Counter):
                mine.update(its)
            else:
                setattr(self, each.name, mine + its)


class Counting:
    """The witness of a walk that counts what comes from `begins` on."""

    def __init__(self, tally: Tally, begins: datetime, zone: ZoneInfo) -> None:
        self.tally, self.begins, self.zone = tally, begins, zone
        self.waiting: set[tuple[int, str, str]] = set()

    def entered(self, run: Enrolment) -> None:
        """A run began: of those before `begins` it is one that is in flight then."""
        early = run.entered_at < self.begins
        self.tally.runs[run.scenario, "in_flight" if early else "entered"] += 1
        if not early:
            self.tally.ways[run.scenario, "", run.step] += 1

    def happened(self, event: Event, now: datetime) -> None:
        """Somebody answered as is assumed; what lets people in is counted as their entering."""
        if now >= self.begins and event.source != IMAGINED and event.name not in TOLD:
            self.tally.answers[event.name] += 1

    def reached(self, run: Enrolment, event: Event, now: datetime) -> None:
        """Whether a goal is reached hangs on what people do, which is assumed: it is not foretold."""

    def decided(self, run: Enrolment, decision: Decision, now: datetime) -> None:
        """Count the effects of one decision."""
        early = now < self.begins
        for effect in decision.effects:
            if isinstance(effect, Finish | Leave):
                self._ended(run, effect, early=early)
            elif not early:
                self._count(run, effect, now)

    def _ended(self, run: Enrolment, effect: Finish | Leave, *, early: bool) -> None:
        if early:
            self.tally.runs[run.scenario, "in_flight"] -= 1
        elif isinstance(effect, Finish):
            self.tally.runs[run.scenario, "finished"] += 1
            self.tally.ways[run.scenario, run.step, END] += 1
        else:
            self.tally.runs[run.scenario, "left"] += 1
            self.tally.exits[run.scenario, run.step, effect.reason, effect.rule or ""] += 1

    def _count(self, run: Enrolment, effect: object, now: datetime) -> None:
        tally, name = self.tally, run.scenario
        match effect:
            case QueueMail():
                self._mail(run, effect, now)
            case Refuse(step, template, nature, verdict):
                words = (template or "", nature.value if nature is not None else "")
                tally.refusals[name, step, *words, verdict.reason, verdict.rule] += 1
            case Hold(step, _, reason, rule):
                key = (name, step, reason, rule)
                tally.hold_times[key] += 1
                if (run.id, step, reason) not in self.waiting:
                    self.waiting.add((run.id, step, reason))
                    tally.holds[key] += 1
            case Move(step) if step != run.step:
                tally.ways[name, run.step, step] += 1
            case QueueCall(step, webhook):
                tally.notes[name, step, CALL, webhook] += 1
            case Note(step, code, detail):
                tally.notes[name, step, code, detail] += 1

    def _mail(self, run: Enrolment, mail: QueueMail, now: datetime) -> None:
        local = now.astimezone(self.zone)
        verdict = mail.verdict
        basis = (verdict.basis or LegalBasis.SERVICE).value
        place = (run.scenario, mail.step, mail.edition, mail.template)
        why = (mail.nature.value, mail.purpose, basis, verdict.reason, verdict.rule)
        self.tally.mails[local.date(), *place, *why] += 1
        self.tally.hours[local.replace(minute=0, second=0, microsecond=0)] += 1


def count_person(
    tally: Tally, world: World, known: Known, script: tuple[Happening, ...], begins: datetime
) -> None:
    """Walk one person through a world's days, and count what is decided from `begins` on."""
    venue = world.catalogue.venue
    witness = Counting(tally, begins, venue.entity.clock)
    tally.people += 1
    for run in known.runs:
        if run.enrolment is None or run.enrolment.digest not in world.catalogue.versions:
            tally.left_out += 1
        else:
            tally.runs[run.enrolment.scenario, "in_flight"] += 1
    walked = Walk(world, known, script, witness)
    walked.go()
    contact = walked.situation.contact
    if contact.address_state in GONE:
        return
    ends = cut_off(contact, venue)
    if ends <= local_day(begins, venue.entity.clock):
        tally.expired += 1
    elif ends <= local_day(world.until, venue.entity.clock):
        tally.cut_off[ends] += 1


@dataclass(frozen=True, slots=True)
class Frame:
    """What a forecast is of, besides its counts; see Forecast."""

    scenario: str
    begins: datetime
    until: datetime
    zone: str
    throttle: ThrottleState
    held: tuple[str, ...]
    assumptions: Assumptions
    standing_still: int = 0
    imagined: str | None = None


def forecast_of(tally: Tally, frame: Frame) -> Forecast:
    """The forecast that counts come to: rows in the order of days and names."""
    busiest = min(tally.hours.items(), key=lambda each: (-each[1], each[0]), default=None)
    return Forecast(
        scenario=frame.scenario,
        begins=frame.begins,
        until=frame.until,
        zone=frame.zone,
        people=tally.people,
        throttle=frame.throttle,
        held=frame.held,
        assumptions=frame.assumptions,
        runs=_runs(tally.runs),
        mails=tuple(_mail_count(key, count) for key, count in sorted(tally.mails.items())),
        refusals=tuple(RefusalCount(*key, count) for key, count in sorted(tally.refusals.items())),
        holds=tuple(
            HoldCount(*key, mails, tally.hold_times[key]) for key, mails in sorted(tally.holds.items())
        ),
        ways=tuple(WayCount(*key, count) for key, count in sorted(tally.ways.items())),
        exits=tuple(ExitCount(*key, count) for key, count in sorted(tally.exits.items())),
        notes=tuple(NoteCount(*key, count) for key, count in sorted(tally.notes.items())),
        answers=tuple(AnswerCount(name, count) for name, count in sorted(tally.answers.items())),
        busiest=Hour(*busiest) if busiest is not None else None,
        cut_off=tuple(CutOffCount(day, people) for day, people in sorted(tally.cut_off.items())),
        expired=tally.expired,
        left_out=tally.left_out,
        apart=tuple(sorted(tally.apart)),
        standing_still=frame.standing_still,
        imagined=frame.imagined,
    )


def _runs(counts: Mapping[tuple[str, str], int]) -> tuple[RunCount, ...]:
    names = sorted({name for name, _ in counts})
    kinds = ("in_flight", "entered", "finished", "left")
    return tuple(RunCount(name, *(counts.get((name, kind), 0) for kind in kinds)) for name in names)


def _mail_count(key: tuple[date, str, str, str, str, str, str, str, str, str], count: int) -> MailCount:
    day, scenario, step, edition, template, nature, purpose, basis, reason, rule = key
    return MailCount(
        day,
        scenario,
        step,
        edition,
        template,
        Nature(nature),
        purpose,
        LegalBasis(basis),
        reason,
        rule,
        count,
    )
