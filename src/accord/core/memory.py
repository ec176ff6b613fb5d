"""What a walk begins with and what it remembers: runs, entries and mails as they stand at its start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from accord.core.consent.collection import consents
from accord.core.consent.evidence import Learned, after
from accord.core.consent.retention import renews
from accord.core.decide import per_key
from accord.core.model.consent import ConsentEntry, LegalBasis
from accord.core.model.content import TemplateFacts
from accord.core.model.decision import Enrol, QueueMail, Situation
from accord.core.model.enrolment import Enrolment, RunState
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.model.message import PastMail
from accord.core.model.venue import Venue
from accord.core.world import Happening, Known


@dataclass(slots=True)
class Proven:
    """What proves an imagined event, laid over what is known of the person: before the runs that it let in alone.

    Runs of other scenarios see the person as they are: to them it has not happened.
    """

    thing: Happening
    runs: set[int] = field(default_factory=set)
    _of: tuple[Situation, Situation] | None = None

    def over(self, situation: Situation, ledger: Sequence[ConsentEntry], venue: Venue) -> Situation:
        """The person as they are, and with it."""
        if self._of is None or self._of[0] is not situation:
            self._of = (situation, self._laid_over(situation, ledger, venue))
        return self._of[1]

    def _laid_over(self, situation: Situation, ledger: Sequence[ConsentEntry], venue: Venue) -> Situation:
        thing, event = self.thing, self.thing.event
        acted_at = event.at if event is not None and renews(event, situation.mails) else None
        known = after(situation, Learned(acted_at=acted_at, lines=thing.lines))
        if not thing.entries:
            return known
        return replace(known, consents=consents([*ledger, *thing.entries], venue.policy))


def begun(enrol: Enrol, number: int, situation: Situation, now: datetime) -> Enrolment:
    """The run that the core asked for, under a number of the walk's own."""
    return Enrolment(
        id=number,
        contact_id=situation.contact.id,
        scenario=enrol.scenario,
        digest=enrol.digest,
        entry_key=enrol.entry_key,
        entered_at=now,
        state=RunState.DUE,
        step=enrol.step,
        due_at=enrol.due_at,
        planned_at=enrol.due_at,
        decided_at=now,
        event_id=enrol.event_id,
        this=enrol.this,
        priority=enrol.priority,
        held_out=enrol.held_out,
    )


def as_sent(
    run: Enrolment, mail: QueueMail, facts: TemplateFacts | None, number: int, now: datetime
) -> PastMail:
    """The mail that leaves, as it is remembered; `facts` are its template's."""
    return PastMail(
        scenario=run.scenario,
        step=mail.step,
        purpose=mail.purpose,
        nature=mail.nature,
        basis=mail.verdict.basis or LegalBasis.SERVICE,
        at=now,
        template=mail.template,
        template_digest=facts.digest if facts is not None else None,
        message_id=number,
        enrolment_id=run.id,
        with_invitation=mail.with_invitation,
    )


def about(run: Enrolment, mail: QueueMail) -> dict[str, Value]:
    """What the journal says of a mail that left."""
    return {
        "scenario": run.scenario,
        "step": mail.step,
        "nature": mail.nature.value,
        "purpose": mail.purpose,
    }


def first_number(known: Known) -> int:
    """Beyond every number that the person's runs, events and mails bear already."""
    numbers = [mail.message_id for mail in known.situation.mails]
    for run in known.runs:
        numbers += [event.id for event in run.events]
        if run.enrolment is not None:
            numbers += [run.enrolment.id, run.enrolment.event_id or 0]
    return max(numbers, default=0) + 1


def last_entries(entries: Mapping[tuple[str, str], datetime]) -> dict[str, dict[str, datetime]]:
    """When each scenario was last entered, by `per` value."""
    last: dict[str, dict[str, datetime]] = {}
    for (name, key), at in entries.items():
        by_value = last.setdefault(name, {})
        per = per_key(key)
        by_value[per] = max(at, by_value.get(per, at))
    return last


def queue_left(situation: Situation, start: datetime) -> Situation:
    """What waits in the queue leaves as the days begin."""
    if all(mail.left for mail in situation.mails):
        return situation
    mails = tuple(
        mail if mail.left else replace(mail, left=True, at=max(mail.at, start)) for mail in situation.mails
    )
    return replace(situation, mails=mails)


def clicked_in(mails: tuple[PastMail, ...], event: Event) -> tuple[PastMail, ...]:
    """The mails, once a person has clicked in one of them."""
    number = str(event.data.get("message_id"))
    return tuple(replace(mail, clicked=True) if str(mail.message_id) == number else mail for mail in mails)
