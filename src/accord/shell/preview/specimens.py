"""Each mail of a scenario as it will be: written by the engine's own writer, for somebody imagined who gets it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from html.parser import HTMLParser

from accord.core.expressions.evaluate import value_of
from accord.core.mail.letter import Rendered
from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.decision import Situation
from accord.core.model.event import Event
from accord.core.model.message import Message, MessageState
from accord.core.model.scenario import OnEvent, Scenario, Send
from accord.core.model.venue import Venue
from accord.shell.engine.ports.mailing import Unwritable
from accord.shell.engine.sending.letters import LetterWriter
from accord.shell.preview.everyone import entering
from accord.shell.preview.forecast import Timeline
from accord.shell.preview.personas import persona

# Nobody can press anything in a preview: no house knows this key, and its links open nothing.
NO_KEY = (b"a key that opens nothing: this is a preview",)


@dataclass(frozen=True, slots=True)
class Specimen:
    """One mail in one language, as an imagined person gets it.

    `allowed`: whether any of the imagined may have it; `who` is then the first of them. `fault`: why it could
    not leave as it is. `targets`: each link's words and where it leads. `subjects`: all that it may bear, by their
    names; the mail shown bears the first.
    """

    message: Message
    situation: Situation
    who: str
    allowed: bool
    language: str
    mail: Rendered | None
    headers: Sequence[tuple[str, str]] = ()
    targets: Sequence[tuple[str, str]] = ()
    subjects: Sequence[tuple[str, str]] = ()
    fault: str | None = None

    @property
    def sender(self) -> str:
        """The name in front of the address, as an inbox shows it."""
        told = dict(self.headers).get("From", "")
        return told.partition("<")[0].strip().strip('"') or told


def specimens(
    scenario: Scenario, timelines: Sequence[Timeline], writer: LetterWriter, start: datetime
) -> list[Specimen]:
    """Every mail of the scenario, editions to fall back on included, in every language that it is written in."""
    venue = writer.catalogue.venue
    made: list[Specimen] = []
    for step, edition, send in mails_of(scenario):
        row, who = _somebody(timelines, step, edition)
        compiled = writer.compiled.get(send.template)
        for language in compiled.editions if compiled is not None else (venue.entity.language,):
            situation = _reader(scenario, who, venue, start, language)
            message = _message(len(made) + 1, scenario, step, edition, send, row, start)
            specimen = _specimen(message, situation, who, language, writer, allowed=row is not None)
            made.append(replace(specimen, subjects=_subjects(specimen, send, writer)))
    return made


def mails_of(scenario: Scenario) -> Iterator[tuple[str, str, Send]]:
    """Each mail with its step and edition, in the file's order."""
    for step in scenario.steps.values():
        if isinstance(step.verb, Send):
            yield step.name, "main", step.verb
            if isinstance(step.verb.if_not_allowed, Send):
                yield step.name, "fallback", step.verb.if_not_allowed


def _somebody(timelines: Sequence[Timeline], step: str, edition: str) -> tuple[Event | None, str]:
    """The first who gets this mail and the row that says so; else the first of all."""
    for each in timelines:
        for row in each.of_step(step):
            if row.name == "mail.queued" and row.data.get("edition") == edition:
                return row, each.name
    return None, timelines[0].name


def _reader(scenario: Scenario, who: str, venue: Venue, start: datetime, language: str) -> Situation:
    """The imagined person behind the event that they entered by, reading this language."""
    imagined = persona(who, scenario, venue, start).situation
    event = next((each.event for each in entering(scenario, venue, start)), None)
    contact = replace(imagined.contact, language=language)
    known = replace(imagined, contact=contact, entered_by=event)
    if scenario.entry.per is None:
        return known
    it = event if isinstance(scenario.entry.trigger, OnEvent) else None
    value = value_of(scenario.entry.per, replace(known, it=it), venue, now=start)
    first = (value[0] if value else None) if isinstance(value, tuple) else value
    return replace(known, this=first)


def _message(
    number: int, scenario: Scenario, step: str, edition: str, send: Send, row: Event | None, start: datetime
) -> Message:
    told = row.data if row is not None else {}
    basis = LegalBasis.SERVICE if send.nature is Nature.SERVICE else LegalBasis.CONSENT
    at = row.at if row is not None else start
    return Message(
        id=number,
        enrolment_id=1,
        contact_id=1,
        scenario=scenario.name,
        digest=scenario.digest,
        step=step,
        edition=edition,
        template=send.template,
        nature=send.nature,
        purpose=send.purpose,
        state=MessageState.CLAIMED,
        planned_at=at,
        queued_at=at,
        basis=LegalBasis(str(told["basis"])) if told.get("basis") else basis,
        reason=str(told.get("reason") or ""),
        rule=str(told.get("rule") or ""),
        with_invitation=bool(told.get("with_invitation")),
        subject=next(iter(send.subjects), None),
    )


def _specimen(
    message: Message, situation: Situation, who: str, language: str, writer: LetterWriter, *, allowed: bool
) -> Specimen:
    blank = Specimen(message, situation, who, allowed, language, None)
    try:
        mail = writer.preview(message, situation, now=message.planned_at)
    except Unwritable as fault:
        return replace(blank, fault=str(fault))
    shown = replace(blank, mail=mail, targets=_targets(mail.html))
    try:
        letter = writer.write(message, situation, now=message.planned_at)
    except Unwritable as fault:
        return replace(shown, fault=str(fault))
    parsed = message_from_bytes(letter.envelope.content, policy=policy.default)
    return replace(shown, headers=[(name, str(value)) for name, value in parsed.items()])


def _subjects(specimen: Specimen, send: Send, writer: LetterWriter) -> list[tuple[str, str]]:
    """The subjects that are tried, as this reader would see them; the one that there is has no name."""
    if specimen.mail is None:
        return []
    found = [("", specimen.mail.subject)]
    for number, name in enumerate(send.subjects):
        message = replace(specimen.message, subject=name)
        mail = (
            writer.preview(message, specimen.situation, now=message.planned_at) if number else specimen.mail
        )
        found[number:] = [(name, mail.subject)]
    return found


# -- where links lead -------------------------------------------------------------------------------------


class _Links(HTMLParser):
    """Collects links: what stands in each, and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._target: str | None = None
        self._words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("a", "area") and given.get("href"):
            self._target, self._words = given["href"] or "", ""
        elif tag == "img" and self._target is not None:
            self._words += given.get("alt") or ""

    def handle_data(self, data: str) -> None:
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._target is not None:
            self.found.append((re.sub(r"\s+", " ", self._words).strip(), self._target))
            self._target = None


def _targets(html: str) -> list[tuple[str, str]]:
    reader = _Links()
    reader.feed(html)
    return list(dict.fromkeys(reader.found))
