"""The writer: a queued message and what is known of its reader become the bytes of one mail."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from accord.core.mail.compile import Compiled
from accord.core.mail.compose import Head, HeaderFault, compose
from accord.core.mail.letter import Letter as Frame
from accord.core.mail.letter import Rendered, RenderFault
from accord.core.mail.links import LinkKind, Links
from accord.core.mail.names import names_for
from accord.core.mail.render import render
from accord.core.mail.words import Wording
from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.model.message import Message
from accord.core.model.scenario import Scenario, Send
from accord.shell.engine.ports import Envelope, Letter, Unwritable

WHY_BY_BASIS: Mapping[LegalBasis, str] = {
    LegalBasis.CONSENT: "consent",
    LegalBasis.SOFT_OPTIN: "customer",
    LegalBasis.LEGITIMATE_INTEREST: "customer",
    LegalBasis.B2B: "b2b",
}


@dataclass(frozen=True, slots=True)
class LetterWriter:
    """The port `Writer`, over compiled templates."""

    catalogue: Catalogue
    compiled: Mapping[str, Compiled]
    wordings: Mapping[str, Wording]
    links: Links
    count_clicks: bool = True

    def write(self, message: Message, situation: Situation, *, now: datetime) -> Letter:
        """The mail as it leaves. Raises Unwritable for a fault that concerns this one mail."""
        template = self.compiled.get(message.template)
        if template is None:
            raise Unwritable(f"there is no good version of the template {message.template}")
        frame, links = self._frame(message, situation)
        names = names_for(situation, self.catalogue.venue, links, now=now)
        try:
            rendered = render(template, names, frame)
            content = compose(rendered, self._head(message, situation, rendered, frame, now))
        except (RenderFault, HeaderFault) as fault:
            raise Unwritable(str(fault)) from None
        return Letter(
            Envelope(message.id, self._sender(rendered)[1], situation.contact.email, content),
            _kept(names),
            template.digest,
        )

    def preview(self, message: Message, situation: Situation, *, now: datetime) -> Rendered:
        """The mail as its reader would see it, for pictures and dry runs. Raises Unwritable."""
        template = self.compiled.get(message.template)
        if template is None:
            raise Unwritable(f"there is no good version of the template {message.template}")
        frame, links = self._frame(message, situation)
        try:
            return render(template, names_for(situation, self.catalogue.venue, links, now=now), frame)
        except RenderFault as fault:
            raise Unwritable(str(fault)) from None

    def _frame(self, message: Message, situation: Situation) -> tuple[Frame, dict[str, str]]:
        """The engine's own words and links round the author's."""
        venue, contact = self.catalogue.venue, situation.contact
        language = contact.language if contact.language in self.wordings else venue.entity.language

        def signed(kind: LinkKind) -> str:
            token = self.links.seal(kind, contact.id, message.purpose, message.basis.value, message.id)
            return self.links.url(kind, token)

        prospecting = message.nature is not Nature.SERVICE
        seal = self.links.seal(LinkKind.CLICK, contact.id, message.purpose, message.basis.value, message.id)
        addresses = {"preferences": signed(LinkKind.PREFERENCES), "keep": signed(LinkKind.KEEP)}
        pending = situation.entered_by
        if pending is not None and pending.name == "consent.pending":
            asked = str(pending.data.get("purpose"))
            token = self.links.seal(LinkKind.CONFIRM, contact.id, asked, message.basis.value, message.id)
            addresses["confirm"] = self.links.url(LinkKind.CONFIRM, token)
        if prospecting:
            addresses["unsubscribe"] = signed(LinkKind.UNSUBSCRIBE)
        invited = self._invited(message, language) if message.with_invitation else None
        frame = Frame(
            language=language,
            zone=contact.zone,
            wording=self.wordings[language],
            entity=venue.entity.name,
            address=venue.entity.address,
            preferences=addresses["preferences"],
            click=(lambda target: self.links.click(seal, target)) if self.count_clicks else str,
            why=self._why(message, language) if prospecting else None,
            unsubscribe=addresses.get("unsubscribe"),
            invitation=addresses["preferences"] if invited is not None else None,
            invitation_label=invited or "",
            first_contact=prospecting and not any(mail.left for mail in situation.mails),
        )
        return frame, addresses

    def _why(self, message: Message, language: str) -> str | None:
        scenario: Scenario | None = self.catalogue.versions.get(message.digest)
        told = scenario.why.get(WHY_BY_BASIS.get(message.basis, "consent"), {}) if scenario else {}
        return told.get(language) or told.get(self.catalogue.venue.entity.language)

    def _invited(self, message: Message, language: str) -> str | None:
        """The label of the purpose that the step invites to, in the venue's words."""
        scenario = self.catalogue.versions.get(message.digest)
        step = scenario.steps.get(message.step) if scenario is not None else None
        verb = step.verb if step is not None else None
        if not isinstance(verb, Send) or verb.invite is None:
            return None
        purpose = self.catalogue.venue.purposes[verb.invite]
        return purpose.labels.get(language, purpose.name)

    def _head(
        self, message: Message, situation: Situation, rendered: Rendered, frame: Frame, now: datetime
    ) -> Head:
        venue = self.catalogue.venue
        name, address = self._sender(rendered)
        host = urlsplit(venue.base_url).hostname or address.rpartition("@")[2]
        purpose = venue.purposes.get(message.purpose)
        label = purpose.labels.get(frame.language, purpose.name) if purpose is not None else None
        return Head(
            sender_name=name,
            sender_address=address,
            recipient=situation.contact.email,
            message_key=f"{message.id}.{int(message.queued_at.timestamp())}",
            host=host,
            at=now,
            unsubscribe=frame.unsubscribe,
            list_name=label,
            list_id=f"{message.purpose}.{host}" if frame.unsubscribe is not None else None,
        )

    def _sender(self, rendered: Rendered) -> tuple[str, str]:
        senders = self.catalogue.venue.entity.senders
        chosen = senders.get(rendered.sender or "") or next(iter(senders.values()))
        name, address = parseaddr(chosen)
        return name or self.catalogue.venue.entity.name, address


def _kept(names: Mapping[str, Any]) -> bytes:
    """What the template could read, compressed, for the ledger; signed links are made again from their keys."""
    kept = {room: value for room, value in names.items() if room != "links"}
    return zlib.compress(json.dumps(kept, ensure_ascii=False, default=_plain).encode(), 6)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else str(value)
