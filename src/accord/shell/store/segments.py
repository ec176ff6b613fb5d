"""Segments as SQL: the same typed tree that the walker evaluates in memory, for a whole base at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    collate,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from accord.core.model.consent import ConsentStatus
from accord.core.model.contact import GONE
from accord.core.model.expression import (
    Among,
    And,
    Comparator,
    Compare,
    Condition,
    Constant,
    DaysAgo,
    Expression,
    IsNone,
    Name,
    Not,
    Operand,
    Or,
    Question,
    Truth,
    Type,
)
from accord.core.model.time import add_months, local_day
from accord.shell.store.columns import UtcDateTime
from accord.shell.store.dialect import is_sqlite
from accord.shell.store.journal import EVENT
from accord.shell.store.mail import MESSAGE
from accord.shell.store.orders import LINE
from accord.shell.store.people import CONTACT, STATE, Law
from accord.shell.store.runs import ONE, RUN


def matching(
    connection: Connection,
    condition: Expression,
    clock: Law,
    *,
    now: datetime,
    not_in: str | None,
    not_since: datetime | None = None,
    staying: str | None = None,
    after_id: int,
    limit: int,
) -> list[int]:
    """Ids of contacts for whom a condition holds, in order of id, beyond `after_id`.

    Agrees with `expressions.evaluate.holds` for every contact. Who is gone is in no segment. `not_in`:
    leave out those who have a run of this scenario already, or have one since `not_since`. `staying`: leave out
    those who have been in the segment ever since they entered this scenario.
    """
    wanted = _in_segment(connection, condition, clock, now).where(CONTACT.c.id > after_id)
    if not_in is not None:
        runs = select(RUN.c.id).where(RUN.c.contact_id == CONTACT.c.id, RUN.c.scenario == not_in)
        if not_since is not None:
            runs = runs.where(RUN.c.entered_at > not_since)
        wanted = wanted.where(~runs.exists())
    if staying is not None:
        stays = select(RUN.c.id).where(
            RUN.c.contact_id == CONTACT.c.id, RUN.c.scenario == staying, RUN.c.stays == ONE
        )
        wanted = wanted.where(~stays.exists())
    return list(connection.execute(wanted.order_by(CONTACT.c.id).limit(limit)).scalars())


def let_go(connection: Connection, scenario: str, segment: Expression, clock: Law, *, now: datetime) -> None:
    """Who entered a scenario by its segment and is not in it any more has left it."""
    inside = _in_segment(connection, segment, clock, now).where(CONTACT.c.id == RUN.c.contact_id)
    gone = (RUN.c.scenario == scenario, RUN.c.stays == ONE, ~inside.exists())
    connection.execute(update(RUN).where(*gone).values(stays=0))


def _in_segment(connection: Connection, condition: Expression, clock: Law, now: datetime) -> Select[Any]:
    return select(CONTACT.c.id).where(
        CONTACT.c.address_state.not_in([state.value for state in GONE]),
        Asked(connection, clock, now).condition(condition.tree),
    )


class Asked:
    """One condition being asked of one database at one instant.

    Every operand becomes a value that both databases order alike: text by code point, days as ISO text,
    instants as UTC text of fixed width, days of the year as MM-DD, numbers as floats, truths as 0 and 1.
    """

    def __init__(self, connection: Connection, clock: Law, now: datetime) -> None:
        self.embedded = is_sqlite(connection)
        self.clock = clock
        self.today = local_day(now, clock.zone)

    # -- conditions -------------------------------------------------------------------------------------

    def condition(self, tree: Condition | Operand) -> ColumnElement[bool]:
        """True or false for each contact, never unknown: a comparison with a missing value is false."""
        match tree:
            case And(parts):
                return and_(true(), *(self.condition(part) for part in parts))
            case Or(parts):
                return or_(false(), *(self.condition(part) for part in parts))
            case Not(inner):
                return not_(self.condition(inner))
            case Compare(left, comparator, right):
                return self._compare(left, comparator, right)
            case Among(left, values, negated):
                return self._among(left, values, negated)
            case IsNone(left, negated):
                missing = self.operand(left)[0].is_(None)
                return not_(missing) if negated else missing
            case Truth(operand):
                return func.coalesce(self.operand(operand)[0], 0) == 1
        return func.coalesce(self.operand(tree)[0], 0) == 1

    def _compare(self, left: Operand, comparator: Comparator, right: Operand) -> ColumnElement[bool]:
        one, other = self._alike(left, right)
        return func.coalesce(_COMPARATORS[comparator](one, other), false())

    def _among(self, left: Operand, values: tuple[Operand, ...], negated: bool) -> ColumnElement[bool]:
        present = self.operand(left)[0].is_not(None)
        among = or_(false(), *(self._compare(left, Comparator.EQ, value) for value in values))
        return and_(present, not_(among)) if negated else among

    def _alike(self, left: Operand, right: Operand) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """Both sides as one type: an instant beside a day is the day that it falls on in the entity's zone."""
        (one, its), (other, others) = self.operand(left), self.operand(right)
        if its is Type.INSTANT and others is Type.DATE:
            one = self._day_of(one)
        if its is Type.DATE and others is Type.INSTANT:
            other = self._day_of(other)
        if Type.DAY_OF_YEAR in (its, others):
            one, other = _month_and_day(one), _month_and_day(other)
        return one, other

    def _day_of(self, instant: ColumnElement[Any]) -> ColumnElement[Any]:
        if self.embedded:
            return func.accord_day(instant, self.clock.zone.key)
        moment = cast(instant, UtcDateTime)
        return collate(func.to_char(func.timezone(self.clock.zone.key, moment), "YYYY-MM-DD"), "C")

    # -- operands ---------------------------------------------------------------------------------------

    def operand(self, tree: Any) -> tuple[ColumnElement[Any], Type]:
        """A side of a comparison, as SQL, and its type."""
        match tree:
            case Constant(value, kind):
                return self._constant(value), kind
            case DaysAgo(duration):
                day = add_months(self.today, -duration.months) - timedelta(days=duration.days)
                return self.text(day.isoformat()), Type.DATE
            case Question(function, argument):
                kind = Type.TEXT if function == "consent" else Type.BOOLEAN
                return _QUESTIONS[function](self, argument), kind
            case Name(path, kind):
                return self._name(path, kind), kind
        raise TypeError(f"{type(tree).__name__} has no place in a segment")

    def _constant(self, value: Any) -> ColumnElement[Any]:
        if isinstance(value, bool):
            return literal(int(value), Integer)
        if isinstance(value, int | float):
            return literal(float(value), Float)
        if isinstance(value, datetime):
            return self.instant(literal(value, UtcDateTime))
        if isinstance(value, date):
            return self.text(value.isoformat())
        return self.text(str(value)) if value is not None else null()

    def text(self, value: Any) -> ColumnElement[Any]:
        subject = literal(value, Text) if isinstance(value, str) else value
        return collate(subject, "BINARY" if self.embedded else "C")

    def instant(self, subject: Any) -> ColumnElement[Any]:
        if self.embedded:
            return cast(subject, Text)
        shape = 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'
        return collate(func.to_char(func.timezone("UTC", subject), shape), "C")

    def day(self, subject: Any) -> ColumnElement[Any]:
        return self.text(cast(subject, Text))

    def _name(self, path: str, kind: Type) -> ColumnElement[Any]:
        known = _NAMES.get(path)
        if known is not None:
            return known(self)
        room, _, name = path.partition(".")
        if room != "contact":
            raise TypeError(f"{path} is not known of a whole base")
        return self._attribute(name, kind)

    def _attribute(self, name: str, kind: Type) -> ColumnElement[Any]:
        """A declared attribute out of the JSON document, as the type that it is declared to be."""
        steps = [name, *_INSIDE.get(kind, ())]
        if self.embedded:
            path = "$" + "".join(f'."{step}"' for step in steps)
            found: ColumnElement[Any] = func.json_extract(CONTACT.c.attributes, path)
        else:
            found = func.jsonb_extract_path_text(cast(CONTACT.c.attributes, JSONB), *steps)
        if kind in (Type.INTEGER, Type.NUMBER):
            return cast(found, Float)
        if kind is Type.BOOLEAN:
            return found if self.embedded else case((found == "true", 1), (found == "false", 0))
        return self.text(cast(found, Text))

    # -- what is known of orders, mails and consents ------------------------------------------------------

    def order_count(self) -> ColumnElement[Any]:
        """How many orders were really bought; none is 0, not missing."""
        counted = select(func.count(LINE.c.order_id.distinct())).where(_bought())
        return cast(counted.scalar_subquery(), Float)

    def last_order(self, column: Any) -> ColumnElement[Any]:
        """A column of the newest line bought."""
        newest = select(column).where(_bought()).order_by(LINE.c.placed_at.desc(), LINE.c.id.desc())
        return newest.limit(1).scalar_subquery()

    def consent(self, purpose_and_kind: str) -> ColumnElement[Any]:
        """The state for a purpose (its first kind); what was said of everything where nothing named it."""
        purpose, _, kind = purpose_and_kind.partition("/")
        own = select(STATE.c.status).where(
            STATE.c.contact_id == CONTACT.c.id, STATE.c.purpose == purpose, STATE.c.kind == kind
        )
        overall = select(STATE.c.status).where(
            STATE.c.contact_id == CONTACT.c.id, STATE.c.purpose == "*", STATE.c.kind == "*"
        )
        return self.text(
            func.coalesce(own.scalar_subquery(), overall.scalar_subquery(), ConsentStatus.NEVER_ASKED.value)
        )

    def mailed(self, place: str, *, clicked: bool) -> ColumnElement[Any]:
        """Whether "scenario/step" was sent to, or clicked by, the contact."""
        scenario, _, step = place.partition("/")
        kept = ("queued", "claimed", "deferred", "sending", "accepted", "unknown", "bounced", "complained")
        mails = select(MESSAGE.c.id).where(
            MESSAGE.c.contact_id == CONTACT.c.id,
            MESSAGE.c.scenario == scenario,
            MESSAGE.c.step == step,
            MESSAGE.c.state.in_(kept),
        )
        if clicked:
            mails = mails.where(self._clicked_by_a_person())
        return case((mails.exists(), 1), else_=0)

    def _clicked_by_a_person(self) -> ColumnElement[bool]:
        clicks = select(EVENT.c.id).where(
            EVENT.c.contact_id == CONTACT.c.id,
            EVENT.c.name == "mail.clicked",
            self._datum("verdict") == "human",
            self._datum("message_id") == cast(MESSAGE.c.id, Text),
        )
        return clicks.exists()

    def _datum(self, name: str) -> ColumnElement[Any]:
        if self.embedded:
            return cast(func.json_extract(EVENT.c.data, f'$."{name}"'), Text)
        return func.jsonb_extract_path_text(cast(EVENT.c.data, JSONB), name)


_COMPARATORS: Mapping[Comparator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Comparator.EQ: lambda one, other: one == other,
    Comparator.NE: lambda one, other: one != other,
    Comparator.LT: lambda one, other: one < other,
    Comparator.LE: lambda one, other: one <= other,
    Comparator.GT: lambda one, other: one > other,
    Comparator.GE: lambda one, other: one >= other,
}

# Where in the JSON document of a value its own text stands: see columns.py.
_INSIDE: Mapping[Type, tuple[str, ...]] = {
    Type.DATE: ("$day",),
    Type.DAY_OF_YEAR: ("$day",),
    Type.INSTANT: ("$at",),
}

_NAMES: Mapping[str, Callable[[Asked], ColumnElement[Any]]] = {
    "contact.language": lambda asked: asked.text(CONTACT.c.language),
    "contact.zone": lambda asked: asked.text(CONTACT.c.zone),
    "contact.expires_on": lambda asked: asked.day(CONTACT.c.expires_on),
    "contact.from_third_party": lambda _: case((CONTACT.c.from_third_party, 1), else_=0),
    "orders.count": lambda asked: asked.order_count(),
    "orders.last.at": lambda asked: asked.instant(asked.last_order(LINE.c.placed_at)),
    "orders.last.family": lambda asked: asked.text(asked.last_order(LINE.c.family)),
    "last_action.at": lambda asked: asked.instant(CONTACT.c.last_action_at),
    "preferences.newsletters_per_month": lambda _: cast(CONTACT.c.newsletters_per_month, Float),
    "today": lambda asked: asked.text(asked.today.isoformat()),
}

_QUESTIONS: Mapping[str, Callable[[Asked, str], ColumnElement[Any]]] = {
    "consent": lambda asked, argument: asked.consent(argument),
    "sent": lambda asked, argument: asked.mailed(argument, clicked=False),
    "clicked": lambda asked, argument: asked.mailed(argument, clicked=True),
}


def _bought() -> ColumnElement[bool]:
    """A line that counts as a purchase, as `OrderLine.is_purchase` says."""
    return and_(
        LINE.c.contact_id == CONTACT.c.id,
        or_(LINE.c.paid_at.is_not(None), LINE.c.delivered_at.is_not(None)),
        LINE.c.amount_cents > 0,
        LINE.c.cancelled_at.is_(None),
    )


def _month_and_day(subject: ColumnElement[Any]) -> ColumnElement[Any]:
    """The MM-DD of a day or an instant's ISO text."""
    return func.substr(subject, 6, 5)


def day_in_zone(instant: str | None, zone: str) -> str | None:
    """SQLite's `accord_day`: the day, as ISO text, on which an instant falls in a zone."""
    if instant is None:
        return None
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)).date().isoformat()
