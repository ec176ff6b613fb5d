"""The writer: a queued message and what is known of its reader become the bytes of one mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import parseaddr
from functools import lru_cache

from accord.core.consent.collection import state_of
from accord.core.mail.compile import Cast, Compiled, Edition
from accord.core.mail.compose import HeaderFault, feedback_id
from accord.core.mail.frame import WHY
from accord.core.mail.letter import Letter as Frame
from accord.core.mail.letter import Rendered, RenderFault
from accord.core.mail.links import LinkKind, Links
from accord.core.mail.mould import Mould
from accord.core.mail.names import names_for
from accord.core.mail.recipe import Recipe, Sealed, composed, packed, rendered
from accord.core.mail.reread import check_target, reread
from accord.core.mail.returns import Mark, Returns, echo_of, key_of
from accord.core.mail.rooms import Rooms, both, reads, subject_rooms
from accord.core.mail.words import Wording
from accord.core.model.consent import TOLD_AS, ConsentStatus, Kind, Nature
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.model.event import ADDRESS_ASKED
from accord.core.model.message import Message
from accord.core.model.scenario import Scenario, Send
from accord.shell.engine.ports.mailing import Envelope, Letter, Unwritable


@dataclass(frozen=True, slots=True)
class LetterWriter:
    """The port `Writer`, over compiled templates.

    `count_clicks`: of everybody; else only of those who agreed to the kind «tracking» of the purpose (R-57).
    `returns`: where bounces come back to; `echo`: the provider that tells of mails by a header of its own.
    `signed_by`: the marks of the keys that a mail is signed with once it leaves, for the ledger.
    """

    catalogue: Catalogue
    compiled: Mapping[str, Compiled]
    wordings: Mapping[str, Wording]
    links: Links
    count_clicks: bool = True
    returns: Returns = Returns(())
    echo: str | None = None
    signed_by: tuple[str, ...] = ()
    _cast: dict[tuple[object, ...], Cast] = field(default_factory=dict, init=False, repr=False)

    def write(self, message: Message, situation: Situation, *, now: datetime) -> Letter:
        """The mail as it leaves. Raises Unwritable for a fault that concerns this one mail."""
        template, mark = self.template(message, situation), self._mark(message)
        recipe = self.recipe(template, message, situation, mark, now)
        try:
            words, frame = self._rendered(template, recipe)
            reread(words, recipe.names, frame, message.nature)
            content = composed(words, frame, recipe)
        except (RenderFault, HeaderFault) as fault:
            raise Unwritable(str(fault)) from None
        sender = self.returns.sender(mark) or recipe.mould.sender_address
        envelope = Envelope(message.id, sender, recipe.recipient, content, str(mark))
        context = packed(recipe, template, self.links, content, self.signed_by)
        return Letter(envelope, context, template.digest, template)

    def preview(self, message: Message, situation: Situation, *, now: datetime) -> Rendered:
        """The mail as its reader would see it, for pictures and dry runs. Raises Unwritable."""
        template = self.template(message, situation)
        try:
            recipe = self.recipe(template, message, situation, self._mark(message), now)
            return self._rendered(template, recipe)[0]
        except RenderFault as fault:
            raise Unwritable(str(fault)) from None

    def template(self, message: Message, situation: Situation) -> Cast:
        """What a mail is rendered by, with all that it has in common with others of its step. Raises Unwritable."""
        template = self.compiled.get(message.template)
        if template is None:
            raise Unwritable(f"there is no good version of the template {message.template}")
        # Everything is in the edition's language, also for a reader of another one.
        edition = template.edition(situation.contact.language)
        alike = (
            message.template, message.digest, message.step, message.scenario, message.purpose, message.nature,
            message.basis, message.with_invitation, edition.language,
        )  # fmt: skip
        if alike not in self._cast:
            self._cast[alike] = template.cast(self._mould(message, edition))
        return self._cast[alike]

    def _rendered(self, template: Compiled, recipe: Recipe) -> tuple[Rendered, Frame]:
        """Rendered as by anybody who has the recipe; what a reader's values lead to is looked at besides."""
        wording = (
            self.wordings.get(recipe.mould.language) or self.wordings[self.catalogue.venue.entity.language]
        )

        def check(target: str) -> None:
            check_target(target, self.catalogue.venue)

        return rendered(template, recipe, self.links, wording, check)

    def recipe(
        self, template: Cast, message: Message, situation: Situation, mark: Mark, now: datetime
    ) -> Recipe:
        """All that this mail is made from, in the engine's own words and the names that the author's read."""
        mould = template.mould
        edition, subject = template.edition(mould.language), self._subject(message, mould.language)
        read = edition.reads if subject is None else both(edition.reads, subject_rooms(subject))
        prospecting = message.nature is not Nature.SERVICE
        return Recipe(
            mould=mould,
            recipient=recipient_of(situation),
            message_key=key_of(mark, int(message.queued_at.timestamp())),
            at=now.astimezone(UTC),
            zone=situation.contact.zone,
            names=names_for(situation, self.catalogue.venue, read, now=now),
            seals=_seals(message, situation, read, now.date()),
            unsubscribe_to=self.returns.sender(mark) if prospecting else None,
            echo=echo_of(self.echo, mark),
            counted=self.count_clicks or agreed_to_tracking(situation, message.purpose),
            first_contact=_is_first(message, situation),
            subject=subject,
        )

    def _mould(self, message: Message, edition: Edition) -> Mould:
        """What all mails of this step, on this basis and in this language, have in common."""
        venue, language = self.catalogue.venue, edition.language
        name, address = self._sender(edition)
        host = self.links.host or address.rpartition("@")[2]
        purpose = venue.purposes.get(message.purpose)
        wording = self.wordings.get(language) or self.wordings[venue.entity.language]
        return Mould(
            sender_name=name,
            sender_address=address,
            host=host,
            language=language,
            entity=venue.entity.name,
            address=venue.entity.address,
            why=self._why(message, language) or wording.say(WHY[message.basis]),
            base_url=self.links.base_url,
            list_name=purpose.labels.get(language, purpose.name) if purpose is not None else None,
            list_id=f"{message.purpose}.{host}" if message.nature is not Nature.SERVICE else None,
            feedback_id=feedback_id(message.scenario, message.purpose, message.nature.value, sender=address),
            invitation=self._invited(message, language) if message.with_invitation else None,
        )

    def _why(self, message: Message, language: str) -> str | None:
        """What the scenario says to those whom this basis lets it write to."""
        scenario: Scenario | None = self.catalogue.versions.get(message.digest)
        basis = TOLD_AS.get(message.basis)
        told = scenario.why.get(basis, {}) if scenario is not None and basis is not None else {}
        return told.get(language) or told.get(self.catalogue.venue.entity.language)

    def _invited(self, message: Message, language: str) -> str | None:
        """The label of the purpose that the step invites to, in the venue's words."""
        scenario = self.catalogue.versions.get(message.digest)
        step = scenario.steps.get(message.step) if scenario is not None else None
        verb = step.verb if step is not None else None
        if message.nature is not Nature.SERVICE or not isinstance(verb, Send) or verb.invite is None:
            return None
        purpose = self.catalogue.venue.purposes[verb.invite]
        return purpose.labels.get(language, purpose.name)

    def _subject(self, message: Message, language: str) -> str | None:
        """The subject that was chosen for this mail among its step's; None where the template has the only one."""
        scenario = self.catalogue.versions.get(message.digest)
        step = scenario.steps.get(message.step) if scenario is not None else None
        if message.subject is None or step is None or not isinstance(step.verb, Send):
            return None
        texts = step.verb.subjects.get(message.subject, {})
        return texts.get(language) or texts.get(self.catalogue.venue.entity.language)

    def _mark(self, message: Message) -> Mark:
        """By which the mail is known again when something comes back for it."""
        returns = self.returns if self.returns.keys else Returns(self.links.keys)
        return returns.mark(message.id)

    def _sender(self, edition: Edition) -> tuple[str, str]:
        entity = self.catalogue.venue.entity
        name, address = _parsed(
            entity.senders.get(edition.sender or "") or next(iter(entity.senders.values()))
        )
        return name or entity.name, address


def recipient_of(situation: Situation) -> str:
    """Where a mail goes: to the person's address; that which confirms a new one, to the new one. Raises Unwritable."""
    asked = situation.entered_by
    if asked is None or asked.name != ADDRESS_ASKED:
        return situation.contact.email
    if "address" not in asked.data:
        raise Unwritable("the new address that it was to confirm has been forgotten: its seven days are over")
    return str(asked.data["address"])


def agreed_to_tracking(situation: Situation, purpose: str) -> bool:
    """Whether somebody agreed, for this purpose, that their clicks are recorded one by one (R-57)."""
    state = state_of(situation.consents, purpose, Kind.TRACKING)
    return state.status is ConsentStatus.OPTIN_PROVEN


@lru_cache(maxsize=256)
def _parsed(sender: str) -> tuple[str, str]:
    return parseaddr(sender)


def _is_first(message: Message, situation: Situation) -> bool:
    """Whether nobody has told this person yet, clearly and apart, of the right to object (R-48)."""
    told = (
        mail.left and mail.nature is not Nature.SERVICE and mail.message_id != message.id
        for mail in situation.mails
    )
    return message.nature is not Nature.SERVICE and not any(told)


def _seals(message: Message, situation: Situation, read: Rooms, on: date) -> dict[LinkKind, Sealed]:
    """What the mail's own links say, by what they are for. Service mail can't be stopped."""
    contact_id, basis = situation.contact.id, message.basis.value

    def sealed(purpose: str = message.purpose, on: date | None = None, number: int = message.id) -> Sealed:
        return Sealed(contact_id, purpose, basis, number, on)

    seals = {LinkKind.CLICK: sealed(), LinkKind.PREFERENCES: sealed(on=on)}
    if reads(read, "links", "keep"):
        seals[LinkKind.KEEP] = sealed(on=on)
    if message.nature is not Nature.SERVICE:
        seals[LinkKind.UNSUBSCRIBE] = sealed()
    pending = situation.entered_by
    if pending is not None and pending.name == "consent.pending":
        seals[LinkKind.CONFIRM] = sealed(str(pending.data.get("purpose")), on)
    if pending is not None and pending.name == ADDRESS_ASKED:
        seals[LinkKind.ADDRESS] = sealed(number=pending.id)
    return seals
