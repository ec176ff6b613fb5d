"""What grows old in the database: ledgers by their age, a page of numbers at a time, and clocks that run out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime
from itertools import takewhile

from sqlalchemy import Connection, and_, delete, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from accord.core.model.coding import loads
from accord.core.model.consent import ConsentEntry
from accord.core.model.contact import GONE
from accord.core.model.event import ADDRESS_ASKED
from accord.core.model.message import MessageState
from accord.shell.engine.ports.keeping import Page, ThirdParties
from accord.shell.store.dialect import among
from accord.shell.store.journal import EVENT, KEPT_OF_THE_GONE
from accord.shell.store.mail import MESSAGE
from accord.shell.store.orders import ARCHIVE
from accord.shell.store.people import CONTACT, ENTRY, entry_of
from accord.shell.store.runs import OPEN, RUN

UNSETTLED = tuple(
    state.value
    for state in (MessageState.QUEUED, MessageState.CLAIMED, MessageState.SENDING, MessageState.DEFERRED)
)

# A contract that began may be in progress still, and what concerns the house is nobody's data.
KEPT_HOWEVER_OLD = (
    *KEPT_OF_THE_GONE,
    "contract.started",
    "contract.ended",
    "policy.changed",
    "prospecting.held",
    "prospecting.released",
    "throttle.changed",
)

# What a sign-up and our own mails leave in the journal; anything else is a person whom we know otherwise.
_SIGN_UP = ("contact.created", "form.submitted", "consent.pending")


def is_kept() -> ColumnElement[bool]:
    """Whether a contact is a person whom we keep."""
    return CONTACT.c.address_state.not_in([state.value for state in GONE])


def past_cut_off(connection: Connection, today: date, after_id: int, limit: int) -> list[int]:
    """Contacts whose clock has run out by a day, in order of id."""
    wanted = select(CONTACT.c.id).where(CONTACT.c.expires_on <= today, is_kept(), CONTACT.c.id > after_id)
    return list(connection.execute(wanted.order_by(CONTACT.c.id).limit(limit)).scalars())


def cut_offs(connection: Connection, since: date, until: date) -> list[tuple[str, int]]:
    """(month, how many reach their cut-off in it), from one day to another that is left out.

    Those who are gone have no cut-off any more. So the index on it knows all, and no contact is looked at.
    """
    day = CONTACT.c.expires_on
    wanted = select(day, func.count()).where(day >= since, day < until)
    found = Counter[str]()
    for when, count in connection.execute(wanted.group_by(day).order_by(day)):
        found[f"{when:%Y-%m}"] += count
    return list(found.items())


def headcount(connection: Connection) -> int:
    """How many people are kept."""
    return connection.execute(select(func.count()).select_from(CONTACT).where(is_kept())).scalar_one()


def third_parties(connection: Connection) -> ThirdParties:
    """Whose address came from somebody else, and to whom no mail has left yet."""
    written = select(MESSAGE.c.id).where(MESSAGE.c.contact_id == CONTACT.c.id, MESSAGE.c.sent_at.is_not(None))
    wanted = select(func.count(), func.min(CONTACT.c.collected_at)).where(
        CONTACT.c.from_third_party, is_kept(), ~written.exists()
    )
    row = connection.execute(wanted).one()
    return ThirdParties(row[0], row[1])


# -- sign-ups -------------------------------------------------------------------------------------------------


def written(
    connection: Connection, before: datetime, after_row: int, limit: int
) -> tuple[list[ConsentEntry], int | None]:
    """Acts of the ledger as they were written, until one that is too new; and the last row that was looked at."""
    wanted = select(ENTRY).where(ENTRY.c.id > after_row).order_by(ENTRY.c.id).limit(limit)
    found, last = [], None
    for row in connection.execute(wanted):
        if row.written_at >= before:
            break
        last = row.id
        if row.payload is not None:
            found.append(entry_of(row.contact_id, row.seq, loads(row.payload)))
    return found, last


def otherwise_known(connection: Connection, ids: Collection[int]) -> frozenset[int]:
    """Of whom the journal tells more than a sign-up and what we sent."""
    ours = or_(
        EVENT.c.name.in_(_SIGN_UP),
        EVENT.c.name.like("mail.%"),
        EVENT.c.name.like("scenario.%"),
        EVENT.c.name.like("call.%"),
    )
    wanted = select(EVENT.c.contact_id).where(among(connection, EVENT.c.contact_id, sorted(ids)), ~ours)
    return frozenset(connection.execute(wanted.distinct()).scalars())


# -- new addresses --------------------------------------------------------------------------------------------


def addresses_asked(connection: Connection, before: datetime, after_row: int, limit: int) -> Page:
    """Askings for another address among rows of the journal, until one that is too new; and the last row seen."""
    wanted = (
        select(EVENT.c.id, EVENT.c.received_at, EVENT.c.name)
        .where(EVENT.c.id > after_row)
        .order_by(EVENT.c.id)
        .limit(limit)
    )
    rows = list(takewhile(lambda row: row.received_at < before, connection.execute(wanted)))
    asked = tuple(row.id for row in rows if row.name == ADDRESS_ASKED)
    return Page(asked, rows[-1].id if rows else None)


def forget_addresses(connection: Connection, event_ids: Sequence[int]) -> None:
    """That it was asked for stays known; servers like to repeat in their answers where a mail was to go."""
    if not event_ids:
        return
    asked = among(connection, EVENT.c.id, event_ids)
    theirs = RUN.c.contact_id.in_(select(EVENT.c.contact_id).where(asked))
    begun = select(RUN.c.id).where(theirs, among(connection, RUN.c.event_id, event_ids))
    connection.execute(update(EVENT).where(asked).values(data={}))
    connection.execute(update(MESSAGE).where(MESSAGE.c.enrolment_id.in_(begun)).values(reply=None))


# -- the ledgers of those who stay ----------------------------------------------------------------------------
#
# Numbers rise with the instant of writing. So the oldest pages are looked at, and the first that is new ends
# it: no index on instants, and no walk through a whole table while others wait to write.


def old_archive(connection: Connection, today: date, after_id: int, limit: int) -> Page:
    """Archived orders whose ten years are over."""
    wanted = select(ARCHIVE.c.id).where(ARCHIVE.c.keep_until <= today, ARCHIVE.c.id > after_id)
    ids = tuple(connection.execute(wanted.order_by(ARCHIVE.c.id).limit(limit)).scalars())
    return Page(ids, ids[-1] if len(ids) == limit else None)


def drop_archive(connection: Connection, ids: Sequence[int]) -> None:
    """Delete these orders from the archive."""
    connection.execute(delete(ARCHIVE).where(among(connection, ARCHIVE.c.id, ids)))


def old_messages(connection: Connection, before: datetime, after_id: int, limit: int) -> Page:
    """Mails that were queued before an instant and are settled."""
    wanted = (
        select(MESSAGE.c.id, MESSAGE.c.queued_at, MESSAGE.c.state)
        .where(MESSAGE.c.id > after_id)
        .order_by(MESSAGE.c.id)
        .limit(limit)
    )
    rows = connection.execute(wanted).all()
    old = tuple(row.id for row in rows if row.queued_at < before and row.state not in UNSETTLED)
    ends = len(rows) < limit or rows[-1].queued_at >= before
    return Page(old, None if ends else rows[-1].id)


def drop_messages(connection: Connection, ids: Sequence[int]) -> None:
    """Delete these mails from the send ledger."""
    connection.execute(delete(MESSAGE).where(among(connection, MESSAGE.c.id, ids)))


def old_events(connection: Connection, before: datetime, after_id: int, limit: int) -> Page:
    """Journal rows that came before an instant, which no open run and no scenario waits for any more."""
    wanted = (
        select(EVENT.c.id, EVENT.c.received_at, EVENT.c.name, EVENT.c.answered, EVENT.c.contact_id)
        .where(EVENT.c.id > after_id)
        .order_by(EVENT.c.id)
        .limit(limit)
    )
    rows = connection.execute(wanted).all()
    old = [row for row in rows if row.received_at < before and row.answered]
    busy = _in_long_runs(connection, before, {row.contact_id for row in old})
    entered = _entered_by(connection, {row.contact_id for row in old})
    ids = [
        row.id
        for row in old
        if row.name not in KEPT_HOWEVER_OLD and row.contact_id not in busy and row.id not in entered
    ]
    ends = len(rows) < limit or rows[-1].received_at >= before
    return Page(tuple(ids), None if ends else rows[-1].id)


def _in_long_runs(connection: Connection, before: datetime, ids: Collection[int]) -> frozenset[int]:
    """Who is in a run that began before an instant: it may still look at what happened since."""
    wanted = select(RUN.c.contact_id).where(
        and_(OPEN, among(connection, RUN.c.contact_id, sorted(ids)), RUN.c.entered_at < before)
    )
    return frozenset(connection.execute(wanted.distinct()).scalars())


def _entered_by(connection: Connection, ids: Collection[int]) -> frozenset[int]:
    """The events by which open runs of these people began: what a service mail is about stands in them."""
    wanted = select(RUN.c.event_id).where(
        and_(OPEN, among(connection, RUN.c.contact_id, sorted(ids)), RUN.c.event_id.is_not(None))
    )
    return frozenset(connection.execute(wanted.distinct()).scalars())


def drop_events(connection: Connection, ids: Sequence[int]) -> None:
    """Delete these rows of the journal."""
    connection.execute(delete(EVENT).where(among(connection, EVENT.c.id, ids)))
