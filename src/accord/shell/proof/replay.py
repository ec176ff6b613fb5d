"""The replay: every mail that left is judged again, on what was known when it left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accord.core.consent.collection import consents
from accord.core.consent.facts import gate_inputs
from accord.core.consent.gate import judge
from accord.core.consent.gate_input import GateInput, snapshot
from accord.core.consent.retention import renews
from accord.core.model.consent import ConsentEntry
from accord.core.model.contact import AddressState, Contact
from accord.core.model.content import Catalogue, Content, TemplateFacts
from accord.core.model.decision import Situation, Verdict
from accord.core.model.event import Event
from accord.core.model.message import Message
from accord.core.model.order import OrderLine
from accord.core.model.scenario import Send
from accord.core.model.venue import Policy
from accord.core.steps.passing import promoted
from accord.core.steps.send import edition_of
from accord.shell.engine.ports.store import Store, Unit

PAGE = 500


@dataclass(frozen=True, slots=True)
class Judged:
    """One mail as it was judged, and as it is judged now on the facts of its instant."""

    message: Message
    at: datetime
    then: Mapping[str, str]
    now: Mapping[str, str]
    verdict: Verdict

    @property
    def differs(self) -> bool:
        """Whether the mail would not have left, or for another reason."""
        return not self.verdict.allowed or self.verdict.basis is not self.message.basis

    @property
    def inputs(self) -> tuple[str, ...]:
        """Each input that reads otherwise now, as «name: then → now»."""
        return tuple(
            f"{name}: {self.then[name]} → {value}"
            for name, value in self.now.items()
            if name in self.then and self.then[name] != value
        )


def replay(
    store: Store, catalogue: Catalogue, *, since: datetime, policy: Policy | None = None
) -> Iterator[Judged]:
    """Judge again every mail that left since an instant, oldest first, a page at a time.

    `policy`: the switches to judge by, where they are not those in force. Only the law is asked: caps and
    statistics are courtesy, and of their day.
    """
    switches = policy or catalogue.venue.policy
    catalogue = replace(catalogue, venue=replace(catalogue.venue, policy=switches))
    after_id = 0
    while True:
        with store.read() as unit:
            page = unit.proving.left_since(since, after_id, PAGE)
            if not page:
                return
            yield from _page(unit, page, catalogue, switches)
        after_id = page[-1][0].id


def _page(
    unit: Unit, page: Sequence[tuple[Message, Mapping[str, str]]], catalogue: Catalogue, policy: Policy
) -> Iterator[Judged]:
    people = sorted({message.contact_id for message, _ in page})
    known = unit.situations(people)
    ledgers = unit.entries(people)
    runs = unit.runs(sorted({message.enrolment_id for message, _ in page}))
    acts = unit.proving.acts(people)
    situations = {
        each.enrolment.id: each for each in unit.with_runs(known, runs) if each.enrolment is not None
    }
    for message, recorded in page:
        situation = situations.get(message.enrolment_id)
        at = message.sent_at or message.planned_at
        if situation is None:
            continue  # erased since: what was known then is known no more
        own, did = ledgers.get(message.contact_id, ()), acts.get(message.contact_id, ())
        past = as_of(situation, own, did, at, policy)
        inputs = _inputs(message, past, recorded, catalogue, at)
        last = situation.contact.last_action_at
        if inputs.age_3y and last is not None and last > at:
            # A younger action than the journal knows may have come with an import: the record has it.
            inputs = replace(inputs, age_3y=recorded.get("age_3y") == "true")
        verdict = judge(inputs, policy)
        yield Judged(message, at, recorded, snapshot(inputs), verdict)


def as_of(
    situation: Situation, ledger: Sequence[ConsentEntry], acts: Sequence[Event], at: datetime, policy: Policy
) -> Situation:
    """What was known of a person at an instant: nothing that was told later, whenever it had happened."""
    told = [entry for entry in ledger if (entry.written_at or entry.at) <= at]
    lines = tuple(_line(line, at) for line in situation.lines if line.placed_at <= at)
    earlier = tuple(mail for mail in situation.mails if mail.left and mail.at < at)
    return replace(
        situation,
        contact=_contact(situation.contact, acts, at),
        consents=consents(told, policy),
        lines=lines,
        mails=earlier,
    )


def _line(line: OrderLine, at: datetime) -> OrderLine:
    def by_then(instant: datetime | None) -> datetime | None:
        return instant if instant is not None and instant <= at else None

    return replace(
        line,
        paid_at=by_then(line.paid_at),
        delivered_at=by_then(line.delivered_at),
        cancelled_at=by_then(line.cancelled_at),
    )


def _contact(contact: Contact, acts: Sequence[Event], at: datetime) -> Contact:
    """The last action and the state of the address, as of then."""
    last = contact.last_action_at
    if last is not None and last > at:
        last = max((event.at for event in acts if event.at <= at and renews(event)), default=None)
    state = contact.address_state
    fell = [event.at for event in acts if event.name in ("mail.bounced", "mail.complained")]
    if state in (AddressState.HARD_BOUNCED, AddressState.COMPLAINED) and fell and min(fell) > at:
        state = AddressState.OK
    return replace(contact, last_action_at=last, address_state=state)


def _inputs(
    message: Message, past: Situation, recorded: Mapping[str, str], catalogue: Catalogue, at: datetime
) -> GateInput:
    scenario = catalogue.versions.get(message.digest)
    step = scenario.steps.get(message.step) if scenario is not None else None
    if step is None or not isinstance(step.verb, Send):
        return GateInput()
    verb = edition_of(step.verb, message.edition)
    # As the record has it: the template may say something else today.
    content = Content(
        promo_block=recorded.get("promo_block") == "true",
        promotional_tone=recorded.get("promotional_tone") == "true",
        missing_unsubscribe=recorded.get("missing_unsubscribe") == "true",
        identity_hidden=recorded.get("identity_hidden") == "true",
        subject_misleading=recorded.get("subject_misleading") == "true",
    )
    facts = TemplateFacts(verb.template, message.template_digest or "", content)
    then = replace(catalogue, templates={verb.template: facts})
    families = promoted(verb, past, catalogue.venue, now=at)
    return gate_inputs(verb, families, past, then, now=at)
