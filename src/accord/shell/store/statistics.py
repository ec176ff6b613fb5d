"""The throttle's figures in the database: who enters them, what came of it, how it was judged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Table,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.decision import ThrottleMode, ThrottleState
from accord.core.model.message import MessageState
from accord.core.standing import Standing
from accord.core.throttle import Pair, Sample
from accord.shell.engine.ports.figures import (
    MAILINGS,
    Batch,
    Campaign,
    Delivery,
    Entrant,
    Funnel,
    Heads,
    Judgement,
    Mailing,
    Outcome,
)
from accord.shell.store import funnel, tables
from accord.shell.store.bulk import insert_absent
from accord.shell.store.dialect import among, field_of, is_sqlite, number_of
from accord.shell.store.journal import EVENT
from accord.shell.store.mail import MESSAGE
from accord.shell.store.people import CONTACT

ENTRANT = cast("Table", tables.EntrantRow.__table__)  # type: ignore[attr-defined]
THROTTLE = cast("Table", tables.ThrottleStateRow.__table__)  # type: ignore[attr-defined]

# A mail that was complained of was delivered; one that bounced was not.
DELIVERED = MESSAGE.c.state.in_((MessageState.ACCEPTED.value, MessageState.COMPLAINED.value))
COMPARED = MESSAGE.c.nature.in_([nature.value for nature in MAILINGS])
SOFT = MESSAGE.c.basis == LegalBasis.SOFT_OPTIN.value

_UNSUBSCRIBES = ("consent.objected", "consent.withdrawn")
_CAMPAIGN = (MESSAGE.c.scenario, MESSAGE.c.step, MESSAGE.c.edition, MESSAGE.c.template_digest)
_DELIVERY = (
    MESSAGE.c.id,
    MESSAGE.c.contact_id,
    MESSAGE.c.nature,
    MESSAGE.c.basis,
    MESSAGE.c.sent_at,
    *_CAMPAIGN,
)


@dataclass(frozen=True, slots=True)
class SqlFigures:
    """The port `Figures` over one connection."""

    connection: Connection

    # -- who enters ------------------------------------------------------------------------------------------

    def shared_campaigns(self, since: datetime, until: datetime) -> frozenset[Campaign]:
        """Campaigns whose mails reached both O and R between these instants."""
        soft = func.sum(case((SOFT, 1), else_=0))
        wanted = (
            select(*_CAMPAIGN)
            .where(MESSAGE.c.sent_at >= since, MESSAGE.c.sent_at < until, DELIVERED, COMPARED)
            .group_by(*_CAMPAIGN)
            .having(soft > 0, soft < func.count())
        )
        return frozenset(Campaign(*row) for row in self.connection.execute(wanted))

    def deliveries(
        self, since: datetime, until: datetime, *, after: tuple[datetime, int] | None, limit: int
    ) -> list[Delivery]:
        """A page of what was accepted, in order of (sent_at, message_id)."""
        wanted = (
            select(*_DELIVERY, CONTACT.c.email_key)
            .join(CONTACT, CONTACT.c.id == MESSAGE.c.contact_id)
            .where(MESSAGE.c.sent_at >= since, MESSAGE.c.sent_at < until, DELIVERED, COMPARED)
            .order_by(MESSAGE.c.sent_at, MESSAGE.c.id)
            .limit(limit)
        )
        if after is not None:
            wanted = wanted.where(
                MESSAGE.c.sent_at >= after[0],
                or_(MESSAGE.c.sent_at > after[0], MESSAGE.c.id > after[1]),
            )
        return [_delivery(row) for row in self.connection.execute(wanted)]

    def admit(self, entrants: Sequence[Entrant]) -> None:
        """Write them down, the first of each person, kind of mailing and cycle."""
        insert_absent(self.connection, ENTRANT, [_row(each) for each in entrants])

    # -- what came of it -------------------------------------------------------------------------------------

    def outcomes(self, outcome: Outcome, since: date, events_since: datetime) -> list[int]:
        """Entrants since a day of whom the journal tells this and the figures do not yet."""
        match outcome:
            case Outcome.CLICKED:
                told, key = self._mails_told("mail.clicked", events_since, human=True), ENTRANT.c.message_id
            case Outcome.BOUNCED:
                told, key = self._mails_told("mail.bounced", events_since), ENTRANT.c.message_id
            case _:
                told, key = self._last_mail_before(outcome, since, events_since), ENTRANT.c.id
        # Few are told of: they are looked up first and once, whatever the database would guess.
        found = told.distinct().cte("told").prefix_with("MATERIALIZED", dialect="postgresql")
        new = [ENTRANT.c[outcome.value] == 0] if outcome is not Outcome.BOUNCED else []
        wanted = select(ENTRANT.c.id).join(found, found.c.number == key).where(ENTRANT.c.day >= since, *new)
        return list(self.connection.execute(wanted.order_by(ENTRANT.c.id)).scalars())

    def _mails_told(self, name: str, since: datetime, *, human: bool = False) -> Select[Any]:
        """The numbers of mails that the journal tells this of."""
        conditions: list[ColumnElement[bool]] = [EVENT.c.name == name, EVENT.c.at >= since]
        if human:
            conditions.append(field_of(self.connection, EVENT.c.data, "verdict") == "human")
        number = number_of(self.connection, EVENT.c.data, "message_id")
        return select(number.label("number")).where(tables.OUTCOMES, *conditions)

    def _last_mail_before(self, outcome: Outcome, since: date, events_since: datetime) -> Select[Any]:
        """For each who left, or complained: the last mail that counts and came before it.

        Leaving one purpose is no answer to the mails of another.
        """
        names = _UNSUBSCRIBES if outcome is Outcome.LEFT else ("mail.complained",)
        last = (
            select(ENTRANT.c.id)
            .where(
                ENTRANT.c.contact_id == EVENT.c.contact_id,
                ENTRANT.c.sent_at <= EVENT.c.at,
                ENTRANT.c.day >= since,
            )
            .order_by(ENTRANT.c.sent_at.desc(), ENTRANT.c.id.desc())
            .limit(1)
        )
        if outcome is Outcome.LEFT:
            purpose = field_of(self.connection, EVENT.c.data, "purpose")
            last = last.join(MESSAGE, MESSAGE.c.id == ENTRANT.c.message_id).where(
                or_(purpose == "*", purpose == MESSAGE.c.purpose)
            )
        entrant: ScalarSelect[Any] = last.correlate(EVENT).scalar_subquery()
        number = entrant.label("number")
        return select(number).where(tables.OUTCOMES, EVENT.c.name.in_(names), EVENT.c.at >= events_since)

    def mark(self, outcome: Outcome, entrants: Sequence[int]) -> None:
        """Write the outcome down. What was not delivered after all does not count."""
        own = among(self.connection, ENTRANT.c.id, entrants)
        if outcome is Outcome.BOUNCED:
            self.connection.execute(delete(ENTRANT).where(own))
        else:
            self.connection.execute(update(ENTRANT).where(own).values({outcome.value: 1}))

    def forget(self, before: date, limit: int) -> int:
        """Drop entrants of before a day."""
        old = select(ENTRANT.c.id).where(ENTRANT.c.day < before).limit(limit)
        return self.connection.execute(delete(ENTRANT).where(ENTRANT.c.id.in_(old))).rowcount

    # -- as it is judged -------------------------------------------------------------------------------------

    def batches(self, since: date) -> list[Batch]:
        """What each campaign's mails of each day came to, in order of days."""
        key = (ENTRANT.c.day, ENTRANT.c.campaign, ENTRANT.c.mailing)
        counts = (func.count(), *(func.sum(each) for each in (*_OUTCOMES, _HEARD)))
        wanted = (
            select(*key, ENTRANT.c.soft, *counts)
            .where(ENTRANT.c.day >= since)
            .group_by(*key, ENTRANT.c.soft)
            .order_by(*key)
        )
        found: dict[tuple[date, str, str], dict[int, Sample]] = {}
        for day, campaign, mailing, soft, *numbers in self.connection.execute(wanted):
            found.setdefault((day, campaign, mailing), {})[soft] = Sample(*map(int, numbers))
        return [
            Batch(day, campaign, Mailing(mailing), _pair(sides))
            for (day, campaign, mailing), sides in found.items()
        ]

    def heads(self, since: date, mailings: Collection[Mailing]) -> tuple[Heads, Heads]:
        """How many different persons of O, and of R, the batches since a day hold."""
        each = (
            select(ENTRANT.c.soft, func.max(_HEARD).label("heard"))
            .where(ENTRANT.c.day >= since, ENTRANT.c.mailing.in_([mailing.value for mailing in mailings]))
            .group_by(ENTRANT.c.contact_id, ENTRANT.c.soft)
            .subquery()
        )
        wanted = select(each.c.soft, func.count(), func.sum(each.c.heard)).group_by(each.c.soft)
        found = {soft: Heads(persons, int(heard)) for soft, persons, heard in self.connection.execute(wanted)}
        return found.get(1, Heads()), found.get(0, Heads())

    # -- judgements ------------------------------------------------------------------------------------------

    def newest(self, *, lock: bool = False) -> Judgement | None:
        """The judgement in force; `lock` keeps others from judging (SQLite has one writer anyway)."""
        if lock and not is_sqlite(self.connection):
            self.connection.execute(text("LOCK TABLE throttle_state IN SHARE ROW EXCLUSIVE MODE"))
        row = self.connection.execute(select(THROTTLE).order_by(THROTTLE.c.id.desc()).limit(1)).one_or_none()
        return _judgement(row) if row is not None else None

    def keep(self, judgement: Judgement) -> bool:
        """Append to the history; False where that day has been judged by somebody else."""
        known = select(THROTTLE.c.id).where(THROTTLE.c.day == judgement.day)
        if judgement.day is not None and self.connection.execute(known).first() is not None:
            return False
        self.connection.execute(insert(THROTTLE), [_kept(judgement)])
        return True

    def history(self, *, every: bool, limit: int) -> list[Judgement]:
        """Newest first: changes and weekly judgements, or every day's."""
        wanted = select(THROTTLE).order_by(THROTTLE.c.id.desc()).limit(limit)
        if not every:
            wanted = wanted.where(or_(THROTTLE.c.move != "hold", THROTTLE.c.weekly))
        return [_judgement(row) for row in self.connection.execute(wanted)]

    def funnel(self, since: datetime, scenario: str | None) -> Funnel:
        """What became of people and mails since an instant."""
        return funnel.funnel(self.connection, funnel.Span(since), scenario)


_NAMES = ("clicked", "left", "complained")
_OUTCOMES = tuple(ENTRANT.c[name] for name in _NAMES)

# Who complained was heard of, wherever they have their mailbox.
_HEARD = case((or_(ENTRANT.c.reporting == 1, ENTRANT.c.complained == 1), 1), else_=0)


def _pair(sides: dict[int, Sample]) -> Pair:
    return Pair(o=sides.get(1, Sample()), r=sides.get(0, Sample()))


def _delivery(row: Any) -> Delivery:
    return Delivery(
        message_id=row.id,
        contact_id=row.contact_id,
        campaign=Campaign(row.scenario, row.step, row.edition, row.template_digest),
        mailing=MAILINGS[Nature(row.nature)],
        soft=LegalBasis(row.basis) is LegalBasis.SOFT_OPTIN,
        domain=row.email_key.rpartition("@")[2],
        sent_at=row.sent_at,
    )


def _row(entrant: Entrant) -> dict[str, Any]:
    delivery = entrant.delivery
    return {
        "contact_id": delivery.contact_id,
        "mailing": delivery.mailing.value,
        "cycle": entrant.cycle,
        "day": entrant.day,
        "campaign": str(delivery.campaign),
        "message_id": delivery.message_id,
        "sent_at": delivery.sent_at,
        "soft": int(delivery.soft),
        "reporting": int(entrant.reporting),
        **dict.fromkeys(_NAMES, 0),
    }


def _kept(judgement: Judgement) -> dict[str, Any]:
    standing = judgement.standing
    return {
        "day": judgement.day,
        "move": judgement.move,
        "weekly": judgement.weekly,
        "mode": standing.state.mode.value,
        "share_percent": standing.state.share_percent,
        "at_most": standing.at_most,
        "changed_on": standing.changed_on,
        "fallen_on": standing.fallen_on,
        "reason": judgement.reason,
        "by": judgement.by,
        "evidence": judgement.evidence,
        "at": judgement.at,
    }


def _judgement(row: Any) -> Judgement:
    state = ThrottleState(ThrottleMode(row.mode), row.share_percent)
    return Judgement(
        at=row.at,
        move=row.move,
        standing=Standing(state, row.changed_on, row.at_most, row.fallen_on),
        reason=row.reason,
        by=row.by,
        day=row.day,
        weekly=bool(row.weekly),
        evidence=row.evidence,
    )
