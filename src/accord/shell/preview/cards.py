"""A scenario as cards: each step's wait, deed and way on, in words that its reader knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from accord.core.language.flow import arms_of, ways_on
from accord.core.model.consent import Nature
from accord.core.model.expression import Expression
from accord.core.model.scenario import (
    END,
    Branch,
    Call,
    Cue,
    DateRule,
    Emit,
    Entry,
    OnDate,
    OnEvent,
    OnSchedule,
    OnSegment,
    Refused,
    Scenario,
    Send,
    Set,
    Split,
    Step,
    WaitUntil,
)
from accord.core.model.time import Duration
from accord.shell.preview.footfall import EDITION, ENTRY, GOT, HERE, LEFT, REFUSED, TOLD, Footfall
from accord.shell.preview.saying import NO_BREAK, Saying

NATURES: Mapping[Nature, str] = {
    Nature.SERVICE: "service",
    Nature.EDITORIAL: "editorial",
    Nature.PROMOTIONAL: "promotional",
    Nature.ABANDONED_CART: "abandoned basket",
    Nature.REVIEW_REQUEST: "review request",
    Nature.REACTIVATION: "reactivation",
}

# What became of people at a step, in the order in which it is told.
_TOLD: Mapping[str, tuple[str, str]] = {
    GOT: ("{number} gets it", "{number} get it"),
    EDITION: ("{number} the other edition", "{number} the other edition"),
    TOLD: ("{number} is told of", "{number} are told of"),
    REFUSED: ("{number} does not", "{number} do not"),
    LEFT: ("{number} leaves", "{number} leave"),
    HERE: ("{number} still here", "{number} still here"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """One box of the picture.

    `tone`: a nature for a mail, else `choice`, `deed`, `entry` or `end`. `wait`: what is waited for before it.
    """

    name: str
    tone: str
    title: str
    badge: str = ""
    wait: str = ""
    lines: tuple[str, ...] = ()
    tally: str = ""


def cards_of(scenario: Scenario, footfall: Footfall | None, say: Saying) -> list[Card]:
    """The way in, every step in the file's order, and the end."""
    entered = (
        say.several("{number} comes in", "{number} come in", footfall.entered)
        if footfall and footfall.ways
        else ""
    )
    entry = Card(ENTRY, "entry", entry_in_words(scenario.entry, say), lines=_entry_lines(scenario, say))
    cards = [replace(entry, tally=entered)]
    for step in scenario.steps.values():
        befell = footfall.steps.get(step.name, {}) if footfall else {}
        pieces = [say.several(*_TOLD[what], befell[what]) for what in _TOLD if befell.get(what)]
        told = [piece.replace(" ", NO_BREAK) for piece in pieces]
        cards.append(replace(_card(step, say), tally=" · ".join(told)))
    return [*cards, Card(END, "end", say("end"))]


def entry_in_words(entry: Entry, say: Saying) -> str:
    """How people come in: «When order.placed»."""
    match entry.trigger:
        case OnEvent(events):
            return say("When {events}", events=say.listed(list(events), "or"))
        case OnSegment(_, existing):
            return say("When it becomes true, or is so already") if existing else say("When it becomes true")
        case OnSchedule(source):
            return say("By the calendar: {time}", time=source)
        case OnDate(rule):
            said = _date(rule, say)
            return f"{said[:1].upper()}{said[1:]}"


def _entry_lines(scenario: Scenario, say: Saying) -> tuple[str, ...]:
    entry = scenario.entry
    segment = entry.trigger.segment.source if isinstance(entry.trigger, OnSegment) else ""
    return tuple(
        filter(
            None,
            (
                segment,
                say("only if {condition}", condition=entry.condition.source) if entry.condition else "",
                say("one run for each {value}", value=entry.per.source) if entry.per else "",
                say("from {day}", day=say.day(entry.opens)) if entry.opens else "",
                say("until {day}", day=say.day(entry.closes)) if entry.closes else "",
            ),
        )
    )


def house_rules(scenario: Scenario, say: Saying) -> list[str]:
    """What holds for the scenario as a whole: leaving, hours, goal, holdout, priority."""
    told = [say("Leaves at any time when {cue}.", cue=cue_in_words(cue, say)) for cue in scenario.leave]
    if scenario.hours is not None:
        opens, closes = (f"{at:%H:%M}" for at in (scenario.hours.opens, scenario.hours.closes))
        days = _weekdays(sorted(scenario.hours.days), say)
        told.append(
            say("Courtesy hours: {days}, {opens} to {closes}.", days=days, opens=opens, closes=closes)
        )
    if scenario.goal is not None:
        cue, within = cue_in_words(scenario.goal.cue, say), say.length(scenario.goal.within)
        told.append(say("A success: {cue}, within {within}.", cue=cue, within=within))
    if scenario.holdout:
        told.append(say("{share} get nothing, to measure it against.", share=say.share(scenario.holdout)))
    return told


def _weekdays(days: Sequence[int], say: Saying) -> str:
    """«Monday to Friday», or the days one by one."""
    names = [say.day(date(2024, 1, 1 + day), "EEEE") for day in days]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return say("{first} to {last}", first=names[0], last=names[-1])
    return say.listed(names)


def cue_in_words(cue: Cue, say: Saying) -> str:
    """«order.placed, if …»."""
    events = say.listed(list(cue.when), "or") if cue.when else ""
    condition = say("if {condition}", condition=cue.condition.source) if cue.condition else ""
    return ", ".join(filter(None, (events, condition)))


# -- one step ---------------------------------------------------------------------------------------------


def _card(step: Step, say: Saying) -> Card:
    condition = [say("only if {condition}", condition=step.condition.source)] if step.condition else []
    wait = _wait(step, say)
    match step.verb:
        case Send() as send:
            badge = say(NATURES[send.nature])
            lines = (send.template, *condition, *_mail_lines(send, say))
            return Card(step.name, send.nature.value, step.name, badge, wait, lines)
        case Call() as call:
            lines = (say("calls {webhook}", webhook=call.webhook), *condition)
            return Card(step.name, call.nature.value, step.name, say("call"), wait, lines)
        case WaitUntil(cue, at_most):
            until = say("until {cue}", cue=cue_in_words(cue, say))
            lines = (until, say("for {length} at most", length=say.length(at_most)), *condition)
            return Card(step.name, "choice", step.name, say("wait"), wait, lines)
        case Branch(arms):
            ways = tuple(
                say("{number}: if {condition}", number=number, condition=arm.condition.source)
                for number, arm in enumerate(arms, 1)
            )
            return Card(step.name, "choice", step.name, say("branch"), wait, (*condition, *ways))
        case Split():
            return Card(step.name, "choice", step.name, say("split"), wait, tuple(condition))
        case Set(assignments):
            writes = tuple(f"{name}: {value.source}" for name, value in assignments)
            return Card(step.name, "deed", step.name, say("writes"), wait, (*condition, *writes))
        case Emit(event):
            return Card(step.name, "deed", step.name, say("tells"), wait, (event, *condition))


def _wait(step: Step, say: Saying) -> str:
    after = step.after if step.after not in (None, Duration()) else None
    return ", ".join(
        filter(
            None,
            (
                say("after {length}", length=say.length(after)) if after is not None else "",
                _date(step.date, say) if step.date is not None else "",
                say("at {hour}", hour=f"{step.at:%H:%M}") if step.at is not None else "",
            ),
        )
    )


def _date(rule: DateRule, say: Saying) -> str:
    shift = rule.shift
    if shift == Duration():
        return rule.base.source
    if min(shift.months, shift.days, shift.hours, shift.minutes) < 0:
        return say("{length} before {date}", length=say.length(shift), date=rule.base.source)
    return say("{length} after {date}", length=say.length(shift), date=rule.base.source)


def _mail_lines(send: Send, say: Saying) -> list[str]:
    lines = []
    if send.about:
        lines.append(say("about: {what}", what=send.about))
    if send.promotes:
        promoted = send.promotes.source if isinstance(send.promotes, Expression) else ", ".join(send.promotes)
        lines.append(say("promotes: {what}", what=promoted))
    if send.invite:
        lines.append(say("invites to: {purpose}", purpose=send.invite))
    if send.subjects:
        lines.append(say.several("{number} subject", "{number} subjects tried", len(send.subjects)))
    if isinstance(send.if_not_allowed, Send):
        lines.append(say("else: {template}", template=send.if_not_allowed.template))
    elif send.if_not_allowed is Refused.LEAVE:
        lines.append(say("if not allowed: leave"))
    return lines


# -- the ways between -------------------------------------------------------------------------------------


def ways_of(scenario: Scenario) -> list[tuple[str, str]]:
    """Every way, from ENTRY to END, each once."""
    ways = [(ENTRY, scenario.first)]
    for step in scenario.steps.values():
        ways += [(step.name, following) for following in dict.fromkeys(ways_on(scenario, step))]
    return ways


def way_in_words(scenario: Scenario, start: str, end: str, say: Saying) -> str:
    """What a way of a choice is called: «then», «otherwise», «2», «30 %»; nothing where there is no choice."""
    step = scenario.steps.get(start)
    if step is None or not arms_of(step):
        return ""
    labels = [label for target, label in _labels(step, say) if target == end]
    return ", ".join(labels) or say("skipped")


def _labels(step: Step, say: Saying) -> list[tuple[str, str]]:
    match step.verb:
        case WaitUntil(_, _, then, otherwise):
            return [(then, say("it came")), (otherwise, say("otherwise"))]
        case Branch(arms, otherwise):
            numbered = [(arm.then, say.number(number)) for number, arm in enumerate(arms, 1)]
            return [*numbered, (otherwise, say("otherwise"))]
        case Split(shares):
            return [(name, say.share(share)) for name, share in shares]
    return []


def in_words(scenario: Scenario, footfall: Footfall | None, say: Saying) -> list[tuple[str, list[str]]]:
    """The picture for whoever can't see it: each card's name, and its sentences with the ways on."""
    told = []
    for card in cards_of(scenario, footfall, say):
        said = [*filter(None, (card.badge, card.wait)), *card.lines, *filter(None, (card.tally,))]
        for start, end in ways_of(scenario):
            if start != card.name:
                continue
            target = say("end") if end == END else end
            way = way_in_words(scenario, start, end, say)
            people = footfall.ways.get((start, end), 0) if footfall else None
            counted = (
                say.several(" ({number} person)", " ({number} people)", people) if people is not None else ""
            )
            onward = (
                say("{way}: go on to {step}", way=way, step=target)
                if way
                else say("go on to {step}", step=target)
            )
            said.append(onward + counted)
        told.append((card.title, said))
    return told
