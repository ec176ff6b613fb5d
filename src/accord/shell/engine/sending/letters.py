"""The writer: a queued message and what is known of its reader become the bytes of one mail."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from functools import lru_cache
from typing import Any

from accord.core.consent.collection import state_of
from accord.core.mail.compile import Compiled
from accord.core.mail.compose import Head, HeaderFault, compose
from accord.core.mail.frame import WHY
from accord.core.mail.letter import Letter as Frame
from accord.core.mail.letter import Rendered, RenderFault
from accord.core.mail.links import TRAP, LinkKind, Links
from accord.core.mail.names import names_for
from accord.core.mail.render import render
from accord.core.mail.reread import check_target, reread
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
    """

    catalogue: Catalogue
    compiled: Mapping[str, Compiled]
    wordings: Mapping[str, Wording]
    links: Links
    count_clicks: bool = True

    def write(self, message: Message, situation: Situation, *, now: datetime) -> Letter:
        """The mail as it leaves. Raises Unwritable for a fault that concerns this one mail."""
        template = self._template(message)
        frame, names = self._read(template, message, situation, now)
        try:
            rendered = render(template, names, frame, subject_text=self._subject(message, frame.language))
            reread(rendered, names, frame, message.nature)
            content = compose(rendered, self._head(message, situation, rendered, frame, now))
        except (RenderFault, HeaderFault) as fault:
            raise Unwritable(str(fault)) from None
        sender = self._sender(rendered)[1]
        envelope = Envelope(message.id, sender, recipient_of(situation), content)
        return Letter(envelope, _kept(names), template.digest)

    def preview(self, message: Message, situation: Situation, *, now: datetime) -> Rendered:
        """The mail as its reader would see it, for pictures and dry runs. Raises Unwritable."""
        template = self._template(message)
        frame, names = self._read(template, message, situation, now)
        try:
            return render(template, names, frame, subject_text=self._subject(message, frame.language))
        except RenderFault as fault:
            raise Unwritable(str(fault)) from None

    def _template(self, message: Message) -> Compiled:
        template = self.compiled.get(message.template)
        if template is None:
            raise Unwritable(f"there is no good version of the template {message.template}")
        return template

    def _read(
        self, template: Compiled, message: Message, situation: Situation, now: datetime
    ) -> tuple[Frame, dict[str, Any]]:
        """The engine's own words and links, and the names that the author's read."""
        venue, contact = self.catalogue.venue, situation.contact
        addresses, token = self._addresses(message, situation, now.date())
        counted = self.count_clicks or agreed_to_tracking(situation, message.purpose)
        # Everything is in the edition's language, also for a reader of another one.
        language = template.edition(contact.language).language
        wording = self.wordings.get(language) or self.wordings[venue.entity.language]
        invited = self._invited(message, language) if message.with_invitation else None
        frame = Frame(
            language=language,
            zone=contact.zone,
            wording=wording,
            entity=venue.entity.name,
            address=venue.entity.address,
            why=self._why(message, language) or wording.say(WHY[message.basis]),
            preferences=addresses["preferences"],
            click=lambda target: self.links.click(token, target) if counted else target,
            lead=lambda *pieces: self._lead(token if counted else None, "".join(map(str, pieces))),
            unsubscribe=addresses.get("unsubscribe"),
            invitation=addresses["preferences"] if invited is not None else None,
            invitation_label=invited or "",
            first_contact=_is_first(message, situation),
            trap=self.links.click(token, TRAP) if counted else None,
        )
        return frame, names_for(situation, venue, addresses, now=now)

    def _addresses(self, message: Message, situation: Situation, on: date) -> tuple[dict[str, str], str]:
        """The mail's own signed addresses, and the token of its clicks. Service mail can't be stopped."""

        def sealed(kind: LinkKind, purpose: str = message.purpose, on: date | None = None) -> str:
            contact_id, basis = situation.contact.id, message.basis.value
            return self.links.seal(kind, contact_id, purpose, basis, message.id, on)

        tokens = {
            LinkKind.PREFERENCES: sealed(LinkKind.PREFERENCES, on=on),
            LinkKind.KEEP: sealed(LinkKind.KEEP, on=on),
        }
        if message.nature is not Nature.SERVICE:
            tokens[LinkKind.UNSUBSCRIBE] = sealed(LinkKind.UNSUBSCRIBE)
        pending = situation.entered_by
        if pending is not None and pending.name == "consent.pending":
            tokens[LinkKind.CONFIRM] = sealed(LinkKind.CONFIRM, str(pending.data.get("purpose")), on)
        if pending is not None and pending.name == ADDRESS_ASKED:
            seal, own = self.links.seal, (message.purpose, message.basis.value)
            tokens[LinkKind.ADDRESS] = seal(LinkKind.ADDRESS, situation.contact.id, *own, pending.id)
        urls = {kind.name.lower(): self.links.url(kind, token) for kind, token in tokens.items()}
        return urls, sealed(LinkKind.CLICK)

    def _lead(self, token: str | None, target: str) -> str:
        """The address of a link whose target depends on the reader: looked at before it is signed."""
        check_target(target, self.catalogue.venue)
        of_the_web = target.startswith(("https://", "http://"))
        return self.links.click(token, target) if token is not None and of_the_web else target

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

    def _head(
        self, message: Message, situation: Situation, rendered: Rendered, frame: Frame, now: datetime
    ) -> Head:
        venue = self.catalogue.venue
        name, address = self._sender(rendered)
        host = self.links.host or address.rpartition("@")[2]
        purpose = venue.purposes.get(message.purpose)
        label = purpose.labels.get(frame.language, purpose.name) if purpose is not None else None
        return Head(
            sender_name=name,
            sender_address=address,
            recipient=recipient_of(situation),
            message_key=f"{message.id}.{int(message.queued_at.timestamp())}",
            host=host,
            at=now,
            unsubscribe=frame.unsubscribe,
            list_name=label,
            list_id=f"{message.purpose}.{host}" if frame.unsubscribe is not None else None,
        )

    def _sender(self, rendered: Rendered) -> tuple[str, str]:
        entity = self.catalogue.venue.entity
        name, address = _parsed(
            entity.senders.get(rendered.sender or "") or next(iter(entity.senders.values()))
        )
        return name or entity.name, address


def recipient_of(situation: Situation) -> str:
    """Where a mail goes: to the person's address; that which confirms a new one, to the new one."""
    asked = situation.entered_by
    if asked is not None and asked.name == ADDRESS_ASKED:
        return str(asked.data.get("address"))
    return situation.contact.email


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


def _kept(names: Mapping[str, Any]) -> bytes:
    """What the template could read, compressed, for the ledger; signed links are made again from their keys."""
    kept = {room: value for room, value in names.items() if room != "links"}
    return zlib.compress(json.dumps(kept, ensure_ascii=False, default=_plain).encode(), 6)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else str(value)
