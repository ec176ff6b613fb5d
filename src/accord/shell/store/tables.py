"""The tables, and what makes each row unique; everything hot carries `contact_id`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from accord.shell.store.access_tables import AccessKeyRow as AccessKeyRow
from accord.shell.store.access_tables import GivenAnswerRow as GivenAnswerRow
from accord.shell.store.daemon_tables import DaemonRow as DaemonRow
from accord.shell.store.kept_tables import OrderArchiveRow as OrderArchiveRow
from accord.shell.store.kept_tables import SuppressionRow as SuppressionRow
from accord.shell.store.posting_tables import PostingRow as PostingRow
from accord.shell.store.posting_tables import SubjectTrialRow as SubjectTrialRow
from accord.shell.store.running_tables import ActivationRow as ActivationRow
from accord.shell.store.running_tables import PauseRow as PauseRow
from accord.shell.store.switch_tables import AuditRow as AuditRow
from accord.shell.store.switch_tables import BrakeRow as BrakeRow
from accord.shell.store.switch_tables import InstanceRow as InstanceRow
from accord.shell.store.switch_tables import PolicyChangeRow as PolicyChangeRow
from accord.shell.store.switch_tables import ProgressRow as ProgressRow
from accord.shell.store.switch_tables import TaskRow as TaskRow
from accord.shell.store.table_base import (
    Row,
    at_column,
    bytes_column,
    id_column,
    json_column,
    number_column,
)
from accord.shell.store.tally_tables import DailyCountRow as DailyCountRow
from accord.shell.store.team_tables import TeamMemberRow as TeamMemberRow
from accord.shell.store.team_tables import TeamSessionRow as TeamSessionRow
from accord.shell.store.throttle_tables import EntrantRow as EntrantRow
from accord.shell.store.throttle_tables import ThrottleStateRow as ThrottleStateRow
from accord.shell.store.wayback_tables import MailboxRow as MailboxRow
from accord.shell.store.wayback_tables import ReturnedRow as ReturnedRow

# Whoever takes it from here finds every table in it: they register themselves as this file is read.
metadata = Row.metadata

# What the journal tells of mails that left, for statistics; queries must say it in the same words.
OUTCOMES = text(
    "name IN ('consent.objected', 'consent.withdrawn', 'mail.bounced', 'mail.clicked', 'mail.complained',"
    " 'mail.refused')"
)

# Mails that wait, likewise.
HELD = text("name = 'mail.held'")

# Mails that did not simply arrive, likewise.
TROUBLED = text(
    "state IN ('bounced', 'cancelled', 'complained', 'expired', 'refused', 'rejected', 'unknown')"
)

# -- people --------------------------------------------------------------------------------------------------


class ContactRow(Row, table=True):
    """One contact, one live address. `expires_on` is derived, for segments and the sweep.

    A record that was merged away points to its survivor, and its address stands for the survivor. `sealed` is
    a keyed digest of an erased person's address, while a proof of theirs must still be found (R-19).
    """

    __tablename__ = "contact"
    id: int | None = id_column()
    email_key: str = Field(unique=True)
    email: str
    external_id: str | None = Field(default=None, unique=True)
    language: str
    zone: str
    address_state: str = "ok"
    address_kind: str = "personal"
    from_third_party: bool = False
    collected_at: datetime = at_column()
    last_action_at: datetime | None = at_column(nullable=True)
    expires_on: date | None = Field(default=None, index=True)
    newsletters_per_month: int | None = None
    paused_until: datetime | None = at_column(nullable=True)
    rests_until: datetime | None = at_column(nullable=True)
    attributes: Any = json_column()
    revision: int = 0
    merged_into: int | None = number_column(index=True, nullable=True)
    sealed: str | None = Field(default=None, index=True)


class ConsentEntryRow(Row, table=True):
    """One act in the ledger. Erasing nulls `payload` and `salt`; digest and chain stay.

    `wording` repeats the payload's, so that those who answered one wording are found.
    """

    __tablename__ = "consent_entry"
    __table_args__ = (UniqueConstraint("contact_id", "seq"),)
    id: int | None = id_column()
    contact_id: int = number_column(index=True)
    seq: int
    payload: str | None = None
    salt: str | None = None
    wording: str | None = Field(default=None, index=True)
    digest: str
    previous: str
    written_at: datetime = at_column()


class ConsentStateRow(Row, table=True):
    """What the ledger comes to, for segments; derived, and made anew with each entry."""

    __tablename__ = "consent_state"
    __table_args__ = (UniqueConstraint("contact_id", "purpose", "kind"),)
    id: int | None = id_column()
    contact_id: int = number_column(index=True)
    purpose: str
    kind: str
    status: str
    informed: bool = False
    since: datetime | None = at_column(nullable=True)
    wording: str | None = None


class WordingVersionRow(Row, table=True):
    """A form as it was shown, or an oral script as it was said, kept for ever."""

    __tablename__ = "wording_version"
    __table_args__ = (UniqueConstraint("kind", "name", "version"),)
    digest: str = Field(primary_key=True)
    kind: str
    name: str
    version: str
    body: Any = json_column()
    added_at: datetime = at_column()
    added_by: str
    revoked_at: datetime | None = at_column(nullable=True)
    revoked_by: str | None = None
    revoked_because: str | None = None


class OrderRow(Row, table=True):
    """An order, unique in the entity that sold it."""

    __tablename__ = "order"
    __table_args__ = (UniqueConstraint("entity", "external_id"),)
    id: int | None = id_column()
    contact_id: int = number_column(index=True)
    entity: str
    external_id: str
    placed_at: datetime = at_column()


class OrderLineRow(Row, table=True):
    """A line of an order, in cents of its currency."""

    __tablename__ = "order_line"
    id: int | None = id_column()
    order_id: int = number_column(index=True)
    contact_id: int = number_column(index=True)
    entity: str
    external_id: str
    family: str
    amount_cents: int = number_column()
    currency: str
    placed_at: datetime = at_column()
    paid_at: datetime | None = at_column(nullable=True)
    delivered_at: datetime | None = at_column(nullable=True)
    cancelled_at: datetime | None = at_column(nullable=True)


# -- the journal and the runs --------------------------------------------------------------------------------


class EventRow(Row, table=True):
    """One row of the journal; `answered` is false while scenarios are still to be asked."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("source", "key"),
        Index(
            "ix_event_unanswered",
            "contact_id",
            "id",
            sqlite_where=text("answered = 0"),
            postgresql_where=text("answered = 0"),
        ),
        Index("ix_event_contact_at", "contact_id", "at"),
        Index("ix_event_outcome", "name", "at", sqlite_where=OUTCOMES, postgresql_where=OUTCOMES),
        Index("ix_event_held", "at", sqlite_where=HELD, postgresql_where=HELD),
    )
    id: int | None = id_column()
    contact_id: int = number_column()
    name: str
    at: datetime = at_column()
    data: Any = json_column()
    source: str
    key: str | None = None
    received_at: datetime = at_column()
    answered: int = 1
    lease_until: datetime | None = at_column(nullable=True)


class ScenarioVersionRow(Row, table=True):
    """A scenario's text as it was activated, by digest, kept while anybody is in flight by it, and longer."""

    __tablename__ = "scenario_version"
    digest: str = Field(primary_key=True)
    name: str = Field(index=True)
    source: str
    activated_at: datetime = at_column()
    activated_by: str


class ScenarioRow(Row, table=True):
    """A scenario that takes part: its live version and whether it runs."""

    __tablename__ = "scenario"
    name: str = Field(primary_key=True)
    digest: str
    state: str
    changed_at: datetime = at_column()
    changed_by: str


class TemplateVersionRow(Row, table=True):
    """A template as it was sent, compiled, so that a mail can be made again; `digest` is that of its files."""

    __tablename__ = "template_version"
    imprint: str = Field(primary_key=True)
    name: str = Field(index=True)
    digest: str
    sheets: bytes = bytes_column()
    last_used_at: datetime = at_column()


class EnrolmentRow(Row, table=True):
    """A run; one a (scenario, contact, entry key)."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("scenario", "contact_id", "entry_key"),
        Index(
            "ix_enrolment_due",
            *("due_at", "id"),  # in the order of the claim: thousands may be due at one instant
            sqlite_where=text("open = 1"),
            postgresql_where=text("open = 1"),
        ),
        Index(
            "ix_enrolment_service_due",
            *("due_at", "id"),
            sqlite_where=text("open = 1 AND priority > 100"),
            postgresql_where=text("open = 1 AND priority > 100"),
        ),
        Index("ix_enrolment_contact", "contact_id"),
        Index("ix_enrolment_entered", "entered_at"),
        Index(
            "ix_enrolment_in_flight",
            *("scenario", "digest", "step", "open"),  # all that it is counted by, and asked for
            sqlite_where=text("open = 1"),
            postgresql_where=text("open = 1"),
        ),
        Index(
            "ix_enrolment_staying",
            *("scenario", "contact_id"),
            sqlite_where=text("stays = 1"),
            postgresql_where=text("stays = 1"),
        ),
    )
    id: int | None = id_column()
    contact_id: int = number_column()
    scenario: str
    digest: str
    entry_key: str
    entered_at: datetime = at_column()
    state: str
    open: int = 1
    step: str
    due_at: datetime = at_column()
    planned_at: datetime = at_column()
    decided_at: datetime = at_column()
    event_id: int | None = number_column(nullable=True)
    this: Any = json_column()
    last_send_at: datetime | None = at_column(nullable=True)
    ended_because: str | None = None
    lease_until: datetime | None = at_column(nullable=True)
    priority: int = 50
    held_out: bool = False
    goal_at: datetime | None = at_column(nullable=True)
    stays: int = 0


class MessageRow(Row, table=True):
    """One e-mail of the send ledger; one a (enrolment, step)."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "step"),
        Index(
            "ix_message_waiting",
            "lane",
            "due_at",
            "id",
            sqlite_where=text("state IN ('queued','deferred')"),
            postgresql_where=text("state IN ('queued','deferred')"),
        ),
        Index(
            "ix_message_leased",
            "lease_until",
            sqlite_where=text("state IN ('claimed','sending')"),
            postgresql_where=text("state IN ('claimed','sending')"),
        ),
        Index(
            "ix_message_unknown",
            "id",
            sqlite_where=text("state = 'unknown'"),
            postgresql_where=text("state = 'unknown'"),
        ),
        Index(
            "ix_message_troubled",
            *("id", "state"),  # in the order of the ledger, with all that they are counted by
            sqlite_where=TROUBLED,
            postgresql_where=TROUBLED,
        ),
        Index("ix_message_scenario", "scenario", "id"),
        Index("ix_message_contact", "contact_id"),
        Index(
            "ix_message_sent",
            "sent_at",
            sqlite_where=text("sent_at IS NOT NULL"),
            postgresql_where=text("sent_at IS NOT NULL"),
        ),
    )
    id: int | None = id_column()
    enrolment_id: int = number_column()
    contact_id: int = number_column()
    scenario: str
    digest: str
    step: str
    edition: str
    template: str
    nature: str
    purpose: str
    lane: int
    state: str
    planned_at: datetime = at_column()
    queued_at: datetime = at_column()
    due_at: datetime = at_column()
    basis: str
    reason: str
    rule: str
    inputs: Any = json_column()
    with_invitation: bool = False
    judged_revision: int = 0
    attempts: int = 0
    repeated: int = 0
    lease_until: datetime | None = at_column(nullable=True)
    sent_at: datetime | None = at_column(nullable=True)
    settled_at: datetime | None = at_column(nullable=True)
    reply: str | None = None
    template_digest: str | None = None
    subject: str | None = None
    context: bytes | None = bytes_column()
