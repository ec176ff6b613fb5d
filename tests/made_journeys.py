"""Journeys made up from a seed: scenarios with every verb and modifier, a person, and a year in which things happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from accord.core.model.consent import Act
from accord.core.model.contact import Preferences
from accord.core.model.time import add_months
from accord.core.model.venue import FrequencyCap, Venue, Webhook
from accord.core.simulate import Happening
from builders import a_venue, acts, an_act, an_event

ZONES = ("Europe/Paris", "America/New_York", "Australia/Sydney", "Pacific/Apia")

# Clocks change in each zone within these weeks, and the second of them has a 29 February.
CHANGES = (
    datetime(2027, 9, 24, tzinfo=UTC),
    datetime(2027, 10, 29, tzinfo=UTC),
    datetime(2028, 2, 26, tzinfo=UTC),
    datetime(2028, 3, 10, tzinfo=UTC),
    datetime(2028, 3, 24, tzinfo=UTC),
    datetime(2028, 3, 31, tzinfo=UTC),
)

WHY = "why: {consent: Parce que., customer: Parce que client., b2b: Parce que métier.}"
AFTER = (
    "3 days",
    "36 hours",
    "1 week",
    "2 weeks",
    "1 month",
    "3 months",
    "5 hours",
    "25 hours",
    "11 days",
)
HOURS = ("mon-fri 09:00-19:00", "sat-sun 01:30-03:30", "02:00-03:00", "tue-thu 10:00-18:00", "20:00-23:30")
AT = ("10:00", "02:30", "00:00", "23:45", "03:00", "11:30")
HEARD = (
    "preferences.updated",
    "order.placed",
    "ticket.scanned",
    "mail.clicked",
    "contact.updated",
    "own.welcomed",
)
SUBJECTS = ["subjects: {a: Un, b: Deux, c: Trois}", 'test: "40% for 30 hours, then best by clicks"']
GOALS = (
    "{when: order.paid, within: 30 days}",
    "{when: [mail.clicked, ticket.scanned], within: 2 months}",
    "{when: contact.updated, if: 'contact.city == \"Lyon\"', within: 2 weeks}",
)
CONDITIONS = (
    'contact.city == "Lyon"',
    "contact.visits >= 2",
    "contact.visits is none or contact.visits < 3",
    "orders.count >= 1",
    'consent("newsletter") == "optin_proven"',
    'last_action.age >= "2 months"',
    'last_action.age < "40 days"',
    "preferences.newsletters_per_month is none",
    'orders.last.family == "theatre"',
    "contact.member",
    "contact.joined is none",
    'today >= "2028-02-29"',
    'not (contact.city == "Lyon") and orders.count == 0',
    "contact.expires_on >= today",
)


@dataclass(frozen=True, slots=True)
class Journey:
    """Scenarios by their texts, the venue that they stand in, a person, and what happens."""

    venue: Venue
    scenarios: tuple[str, ...]
    zone: str
    wishes: Preferences | None
    script: tuple[Happening, ...]
    start: datetime
    until: datetime

    def is_near(self, instant: datetime) -> bool:
        """Whether a day that the person told, as it is or shifted as our files shift it, is about then."""
        told = [thing.event.data for thing in self.script if thing.event is not None]
        joined = [data["joined"] for data in told if "joined" in data]
        birthdays = [data["birthday"] for data in told if "birthday" in data]
        days = [shifted for day in joined for shifted in (day + timedelta(14), add_months(day, 1))]
        for year in (2027, 2028):
            own = [add_months(day, (year - day.year) * 12) for day in birthdays]
            days += [day - timedelta(before) for day in own for before in (0, 3)]
        return any(abs(instant.date() - day) <= timedelta(1) for day in days)


def a_journey(seed: int, *, days: int | None = None) -> Journey:
    """The journey of a seed: over a year from September 2027; or so many `days` round a change of clocks."""
    dice = Random(seed)
    if days is not None:
        start = dice.choice(CHANGES) + timedelta(hours=dice.randrange(24), minutes=dice.choice((0, 17)))
        until = start + timedelta(days=days)
    else:
        start, until = datetime(2027, 9, 1, 6, 0, tzinfo=UTC), datetime(2028, 9, 1, 6, 0, tzinfo=UTC)
    caps = {"prospecting": FrequencyCap(dice.choice((1, 2, 4)), dice.choice((7, 28)))}
    if dice.random() < 0.4:
        caps["newsletter"] = FrequencyCap(dice.choice((1, 2)), dice.choice((10, 14)))
    ways_in = ("event", "event", "event", "schedule", "date", *(("segment",) * 4 if days is not None else ()))
    texts = [_scenario(dice, number, dice.choice(ways_in)) for number in range(dice.choice((2, 3)))]
    wishes = Preferences(dice.choice((None, 1, 3))) if dice.random() < 0.3 else None
    script = _script(dice, start, until, dice.choice((5, 8, 11)))
    zone = dice.choice(ZONES)
    venue = a_venue(frequency=caps, webhooks={"crm": Webhook("crm", "https://crm.example.org/")})
    return Journey(venue, tuple(texts), zone, wishes, script, start, until)


# -- scenarios ------------------------------------------------------------------------------------------------


def _scenario(dice: Random, number: int, way_in: str) -> str:
    service = way_in == "event" and dice.random() < 0.2
    name = f"s{number}"
    lines = [f"scenario: {name}", f"purpose: {'service' if service else 'newsletter'}"]
    if not service:
        lines.append(WHY)
    enter, event = _enter(dice, way_in, service=service)
    lines.append(f"enter: {{{enter}}}")
    if not service:
        lines.append(f"priority: {dice.randrange(1, 101)}")
    if dice.random() < 0.15 and not service:
        lines.append(f"holdout: {dice.choice((5, 40))}%")
    if dice.random() < 0.5 and not service:
        lines.append(f"hours: {dice.choice(HOURS)}")
    if dice.random() < 0.4:
        cue = dice.choice(
            (
                "{when: order.cancelled}",
                '{if: contact.city == "Nice"}',
                "{when: [ticket.scanned, consent.withdrawn]}",
            )
        )
        lines.append(f"leave: [{cue}]")
    if dice.random() < 0.6:
        lines.append(f"goal: {dice.choice(GOALS)}")
    lines.append("steps:")
    lines += _steps(dice, dice.randrange(2, 8), event, service=service)
    return "\n".join(lines) + "\n"


def _enter(dice: Random, way_in: str, *, service: bool) -> tuple[str, str | None]:
    """The `enter` block, and the event that one enters by."""
    again = dice.choice(
        ("", ", again: each", ", again: after 40 days", ", again: after 1 month", ", again: never")
    )
    asked = f", if: {_quoted(dice.choice(CONDITIONS))}" if dice.random() < 0.3 else ""
    opened = ', from: "2027-09-15", until: "2028-07-31"' if dice.random() < 0.2 else ""
    if way_in == "event":
        event = (
            "order.placed"
            if service
            else dice.choice(("consent.given", "order.placed", "contact.updated", "own.welcomed"))
        )
        per = (
            dice.choice((", per: event.order_id", ", per: event.families", ""))
            if event == "order.placed"
            else ""
        )
        # Who enters by what a step emits enters once: a circle would never end.
        again = "" if event == "own.welcomed" else again
        return f"when: {event}{per}{again}{asked}{opened}", event
    if way_in == "schedule":
        every = dice.choice(
            (
                "1st tue 10:00",
                "last fri 18:00",
                "last sun 02:30",
                "last sat 23:30",
                "0 10 29 2 *",
                "1st mon 00:00",
            )
        )
        return f"every: {every}{again}{asked}{opened}", None
    if way_in == "date":
        day = dice.choice(
            (
                "contact.birthday - 3 days",
                "contact.joined + 1 month",
                "contact.birthday",
                "contact.joined + 2 weeks",
            )
        )
        return f"date: {day}{again}{asked}", None
    held = dice.choice(CONDITIONS[:12])
    return f"segment: {_quoted(held)}, existing: {dice.choice(('true', 'false'))}{again}{opened}", None


def _quoted(condition: str) -> str:
    return "'" + condition + "'"


def _steps(dice: Random, many: int, event: str | None, *, service: bool) -> list[str]:
    names = [f"e{place}" for place in range(many)]
    made = []
    for place, name in enumerate(names):
        ahead = names[place + 1 :]
        parts = [*_modifiers(dice, ahead, event), *_verb(dice, place, ahead, service=service)]
        if (
            not any(part.startswith(("wait_until", "branch", "split")) for part in parts)
            and ahead
            and dice.random() < 0.15
        ):
            parts.append(f"then: {dice.choice([*ahead, 'end'])}")
        made.append(f"  {name}: {{{', '.join(parts)}}}")
    return made


def _modifiers(dice: Random, ahead: Sequence[str], event: str | None) -> list[str]:
    parts = []
    chance = dice.random()
    if chance < 0.45:
        parts.append(f"after: {dice.choice(AFTER)}")
    elif chance < 0.65:
        days = ["contact.joined + 10 days", "contact.birthday - 1 day", "contact.expires_on - 2 months"]
        days += (
            ["event.starts_at - 2 days", "event.starts_at - 36 hours"] * 2 if event == "order.placed" else []
        )
        parts.append(f"date: {dice.choice([day for day in days if 'birthday' not in day])}")
    if dice.random() < 0.35:
        parts.append(f'at: "{dice.choice(AT)}"')
    if dice.random() < 0.2:
        parts.append(f"if: {_quoted(dice.choice(CONDITIONS))}")
    return parts


def _verb(dice: Random, place: int, ahead: Sequence[str], *, service: bool) -> list[str]:
    kinds = ["send"] * 4 + ["set", "emit", "call"] + (["wait", "wait", "branch", "split"] if ahead else [])
    kind = dice.choice(kinds)
    there = [*ahead, "end"]
    if kind == "send":
        return _send(dice, place, service=service)
    if kind == "wait":
        cue = dice.choice(
            (
                *HEARD,
                f"{{if: {_quoted(dice.choice(CONDITIONS))}}}",
                "{when: contact.updated, if: 'contact.city == \"Lyon\"'}",
            )
        )
        return [
            f"wait_until: {cue}",
            f"at_most: {dice.choice(AFTER)}",
            f"then: {dice.choice(there)}",
            f"otherwise: {dice.choice(there)}",
        ]
    if kind == "branch":
        arms = [
            f"{{if: {_quoted(dice.choice(CONDITIONS))}, then: {dice.choice(there)}}}"
            for _ in range(dice.choice((1, 2)))
        ]
        return [f"branch: [{', '.join(arms)}]", f"otherwise: {dice.choice(there)}"]
    if kind == "split":
        one, other = (dice.choice(ahead) for _ in range(2))
        return [f"split: {{{one}: 50%, {other}: 50%}}"] if one != other else ["emit: own.welcomed"]
    if kind == "call":
        return (
            ["call: crm", "nature: service", "about: order"]
            if service
            else ["call: crm", "nature: editorial"]
        )
    if kind == "set":
        return [dice.choice(("set: {visits: 3}", "set: {member: true}", "set: {visits: 1}"))]
    return ["emit: own.welcomed"]


def _send(dice: Random, place: int, *, service: bool) -> list[str]:
    if service:
        invited = ["invite: newsletter"] if dice.random() < 0.5 else []
        return [f"send: c/{place}", "nature: service", "about: order", *invited]
    late = dice.choice(([], ["if_late: send"], ["if_late: skip after 2 days"], ["if_late: skip"]))
    template = dice.choice((f"b/{place}", "b/shared"))
    if dice.random() < 0.5:
        return [
            f"send: {template}",
            f"nature: {dice.choice(('editorial', 'editorial', 'reactivation'))}",
            *late,
            *dice.choice(([], [], SUBJECTS[:1], SUBJECTS)),
        ]
    families = dice.choice(("[theatre]", "[danse]", "[bar]"))
    otherwise = dice.choice(
        ([], ["if_not_allowed: leave"], ["if_not_allowed: {send: b/else, nature: editorial}"])
    )
    return [f"send: {template}", "nature: promotional", f"promotes: {families}", *late, *otherwise]


# -- what happens ---------------------------------------------------------------------------------------------


def _script(dice: Random, start: datetime, until: datetime, many: int) -> tuple[Happening, ...]:
    """Things at instants of their own: near the changes of clocks more than elsewhere, some on the full hour."""
    span = int((until - start).total_seconds())
    instants: set[datetime] = set()
    while len(instants) < many:
        at = start + timedelta(seconds=dice.randrange(60, span))
        if dice.random() < 0.5:
            near = dice.choice(CHANGES) + timedelta(seconds=dice.randrange(3 * 86_400))
            at = near if start < near < until else at
        if dice.random() < 0.25:
            at = at.replace(minute=0, second=0)
        if start < at < until:
            instants.add(at)
    first, *rest = sorted(instants)
    begins = [_agrees(dice, first)] if dice.random() < 0.7 else [_happening(dice, first, 0)]
    return tuple(begins + [_happening(dice, at, number) for number, at in enumerate(rest, start=1)])


def _agrees(dice: Random, at: datetime) -> Happening:
    return Happening(
        at, entries=tuple(acts(dice.choice((Act.OPTIN_PROVEN, Act.OPTIN_PROVEN, Act.SILENCE)), at=at))
    )


def _happening(dice: Random, at: datetime, number: int) -> Happening:
    def event(name: str, **data: object) -> Happening:
        return Happening(at, event=an_event(name, at=at, key=f"{name} {number}", data=data))

    order = f"R-{dice.randrange(1, 4)}"
    kind = dice.randrange(12)
    if kind < 2:
        return _agrees(dice, at)
    if kind == 2:
        return Happening(at, entries=tuple(acts(Act.UNSUBSCRIBE, at=at)))
    if kind == 3 and dice.random() < 0.3:
        return Happening(at, entries=(an_act(Act.OBJECTION, at=at, purpose="*", kind="*"),))
    if kind < 6:
        starts = at + timedelta(days=dice.randrange(1, 60), hours=dice.randrange(24))
        families = dice.choice((("theatre",), ("theatre", "danse"), ("bar",)))
        return event("order.placed", order_id=order, families=families, amount_cents=2400, starts_at=starts)
    if kind == 6 and dice.random() < 0.5:
        starts = at + timedelta(days=dice.randrange(-2, 60), hours=dice.randrange(24))
        return event("order.updated", order_id=order, starts_at=dice.choice((starts, starts, None)))
    if kind == 6:
        return event("order.paid", order_id=order)
    if kind == 7:
        return event(dice.choice(("order.cancelled", "order.delivered")), order_id=order)
    if kind == 8:
        paused = {"paused_until": at + timedelta(days=dice.randrange(1, 40))} if dice.random() < 0.4 else {}
        return event("preferences.updated", newsletters_per_month=dice.choice((1, 2, 4)), **paused)
    if kind == 9:
        return event("ticket.scanned", order_id=order)
    day = dice.choice((date(2000, 2, 29), date(1990, at.month, min(at.day + 3, 28)), date(1985, 3, 31)))
    told: dict[str, object] = {"city": dice.choice(("Lyon", "Nice", "Paris")), "birthday": day}
    if dice.random() < 0.5:
        told["joined"] = (at + timedelta(days=dice.randrange(-5, 30))).date()
    if dice.random() < 0.3:
        told["zone"] = dice.choice(ZONES)
    if dice.random() < 0.3:
        told["visits"] = dice.randrange(5)
    return event("contact.updated", **told)
