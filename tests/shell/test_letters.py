"""The writer: a queued message and its reader become one mail, by nature, basis and language."""

from __future__ import annotations

import email
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from functools import cache
from typing import Any

import pytest

from accord.core.mail.compile import Cast, Compiled, compile_template
from accord.core.mail.compose import Head
from accord.core.mail.links import LinkKind, Links
from accord.core.mail.recipe import NotTheSame, rebuilt, unpacked
from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.decision import Situation
from accord.core.model.event import ADDRESS_ASKED
from accord.core.model.message import Message, MessageState, PastMail
from accord.core.model.scenario import Scenario
from accord.shell.engine.ports.mailing import Letter, Unwritable
from accord.shell.engine.sending.letters import LetterWriter
from accord.shell.wordings import wordings
from builders import NOW, a_catalogue, a_contact, a_scenario, a_situation, a_venue, an_event

VENUE = a_venue()
WORDS = wordings(("fr", "en"))
LINKS = Links(VENUE.base_url, (b"a key for tests",))
LETTER = a_scenario(
    """
scenario: lettre
purpose: newsletter
why:
  consent: {fr: Vous y êtes inscrit., en: You signed up.}
  customer: Vous êtes venu chez nous.
enter: {when: consent.given}
steps:
  un: {send: a/b, nature: editorial}
"""
)
SERVICE = a_scenario(
    """
scenario: service
purpose: service
enter: {when: order.placed}
steps:
  un: {send: a/b, nature: service, about: order, invite: newsletter}
"""
)
FILES = {
    "a/b.fr.html": (
        "---\nsubject: Bonjour {{ contact.first_name }}\n---\n<p>Bonjour, {{ today | day }}</p>"
        '<p><a href="https://theatre.example.org/x">Lire</a> <a href="{{ event.title }}">Lien</a></p>'
    ),
    "a/b.en.html": "---\nsubject: Hello\n---\n<p>Hello, {{ today | day }}</p>",
    "a/val.fr.html": "---\nsubject: Bonjour\n---\n<p>{{ event.title }}</p>",
    "a/val.en.html": "---\nsubject: Hello\npreheader: {{ event.title }}\n---\n<p>Hello</p>",
    "a/val.en.txt": "Hello",
    "a/fr.fr.html": "---\nsubject: Bonjour\n---\n<p>{{ today | day }}</p>",
}


@cache
def compiled() -> Mapping[str, Compiled]:
    made = {}
    for name in ("a/b", "a/fr", "a/val"):
        template, faults = compile_template(name, FILES, VENUE, WORDS)
        assert template is not None, faults
        made[name] = template
    return made


def a_writer(*scenarios: Scenario, **overrides: Any) -> LetterWriter:
    catalogue = a_catalogue(*(scenarios or (LETTER, SERVICE)), venue=VENUE)
    return replace(LetterWriter(catalogue, compiled(), WORDS, LINKS), **overrides)


def a_message(scenario: Scenario = LETTER, **overrides: Any) -> Message:
    service = scenario is SERVICE
    made = Message(
        id=7,
        enrolment_id=1,
        contact_id=1,
        scenario=scenario.name,
        digest=scenario.digest,
        step="un",
        edition="main",
        template="a/b",
        nature=Nature.SERVICE if service else Nature.EDITORIAL,
        purpose=scenario.purpose,
        state=MessageState.CLAIMED,
        planned_at=NOW,
        queued_at=NOW,
        basis=LegalBasis.SERVICE if service else LegalBasis.CONSENT,
        reason="OPTIN_PROVEN",
        rule="R-04",
    )
    return replace(made, **overrides)


def somebody(language: str = "fr", **overrides: Any) -> Situation:
    contact = a_contact(language=language, attributes={"first_name": "Ada"})
    return a_situation(contact=contact, **overrides)


def mail_of(message: Message, situation: Situation | None = None, **writer: Any) -> EmailMessage:
    letter = a_writer(**writer).write(message, situation or somebody(), now=NOW)
    read = email.message_from_bytes(letter.envelope.content, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def a_past_mail(nature: Nature = Nature.EDITORIAL, **overrides: Any) -> PastMail:
    made = PastMail(
        "lettre", "zéro", "newsletter", nature, LegalBasis.CONSENT, NOW - timedelta(days=30), "a/a"
    )
    return replace(made, **overrides)


# -- languages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", ("Bonjour, lundi 23 novembre 2026", "Vous y êtes inscrit.", "Me désabonner")),
        ("en", ("Hello, Monday, November 23, 2026", "You signed up.", "Unsubscribe")),
        ("de", ("Bonjour, lundi 23 novembre 2026", "Vous y êtes inscrit.", "Me désabonner")),
    ],
)
def test_a_mail_is_in_one_language_from_top_to_bottom(language: str, said: tuple[str, ...]) -> None:
    mail = mail_of(a_message(), somebody(language))
    assert [each for each in said if each not in text_of(mail)] == []
    assert mail["content-language"] == ("en" if language == "en" else "fr")


def test_a_reader_of_another_language_gets_all_of_it_in_the_one_that_there_is() -> None:
    text = text_of(mail_of(a_message(template="a/fr"), somebody("en")))
    assert "lundi 23 novembre 2026" in text and "Vous y êtes inscrit." in text and "Me désabonner" in text
    assert "Monday" not in text and "You signed up" not in text


# -- why, by what the mail rests on -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("basis", "language", "why"),
    [
        (LegalBasis.CONSENT, "en", "You signed up."),
        (LegalBasis.SOFT_OPTIN, "fr", "Vous êtes venu chez nous."),
        (LegalBasis.LEGITIMATE_INTEREST, "fr", "Vous êtes venu chez nous."),
        (LegalBasis.B2B, "fr", "à votre adresse professionnelle"),
        (LegalBasis.B2B, "en", "at work"),
    ],
)
def test_the_footer_says_why(basis: LegalBasis, language: str, why: str) -> None:
    assert why in text_of(mail_of(a_message(basis=basis), somebody(language)))


def test_a_service_mail_says_that_it_is_one() -> None:
    mail = mail_of(a_message(SERVICE))
    assert "concerne une demande que vous nous avez faite" in text_of(mail)
    assert mail["list-unsubscribe"] is None and mail["list-id"] is None
    assert "/u/" not in text_of(mail) and "/p/" in text_of(mail)


def test_a_prospecting_mail_names_its_list_and_its_one_address() -> None:
    mail = mail_of(a_message())
    token = mail["list-unsubscribe"].strip("<>").rpartition("/")[2]
    claim = LINKS.read(LinkKind.UNSUBSCRIBE, token)
    assert claim is not None
    assert (claim.contact_id, claim.purpose, claim.basis, claim.message_id) == (1, "newsletter", "consent", 7)
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert mail["list-id"] == '"La lettre" <newsletter.theatre.example.org>'
    assert token in text_of(mail)


# -- the first mail ---------------------------------------------------------------------------------------

RIGHT = "Vous pouvez vous opposer à ces messages"


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ((), True),
        ((a_past_mail(Nature.SERVICE),), True),
        ((a_past_mail(left=False),), True),
        ((a_past_mail(message_id=7),), True),
        ((a_past_mail(),), False),
        ((a_past_mail(Nature.SERVICE), a_past_mail(Nature.REVIEW_REQUEST)), False),
    ],
)
def test_the_first_prospecting_mail_says_the_right_to_object(
    before: tuple[PastMail, ...], told: bool
) -> None:
    assert (RIGHT in text_of(mail_of(a_message(), somebody(mails=before)))) is told


def test_a_service_mail_does_not_even_when_it_is_the_first() -> None:
    assert RIGHT not in text_of(mail_of(a_message(SERVICE)))


# -- the invitation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "there"),
    [
        (a_message(SERVICE, with_invitation=True), True),
        (a_message(SERVICE), False),
        (a_message(with_invitation=True), False),
    ],
)
def test_the_invitation_is_there_when_the_gate_lets_it(message: Message, there: bool) -> None:
    text = text_of(mail_of(message))
    assert text.count("Souhaitez-vous aussi recevoir de nos nouvelles ?") == there
    assert ("\r\nLa lettre\r\n" in text) is there


# -- links ------------------------------------------------------------------------------------------------


def targets(mail: EmailMessage) -> list[str | None]:
    found = []
    for word in text_of(mail).replace("(", " ").replace(")", " ").split():
        if "/l/" in word:
            claim = LINKS.read(LinkKind.CLICK, word.rpartition("/l/")[2])
            found.append(claim.target if claim is not None else None)
    return found


def going_to(title: str) -> Situation:
    return somebody(entered_by=an_event("order.placed", data={"title": title}))


def test_links_are_signed_and_lead_where_they_led() -> None:
    mail = mail_of(a_message(), going_to("https://theatre.example.org/é?a=1&b=2"))
    assert targets(mail) == ["https://theatre.example.org/x", "https://theatre.example.org/é?a=1&b=2"]


def test_links_are_left_alone_where_clicks_are_not_counted() -> None:
    text = text_of(mail_of(a_message(), going_to("https://theatre.example.org/y"), count_clicks=False))
    assert "/l/" not in text and "[Lire](https://theatre.example.org/x)" in text
    assert "[Lien](https://theatre.example.org/y)" in text


@pytest.mark.parametrize("count_clicks", [True, False])
@pytest.mark.parametrize("target", ["https://evil.example/", "javascript:alert(1)", "/x"])
def test_a_value_leads_nowhere_strange(target: str, count_clicks: bool) -> None:
    with pytest.raises(Unwritable, match="a link leads"):
        mail_of(a_message(), going_to(target), count_clicks=count_clicks)


def test_whoever_has_yet_to_confirm_gets_a_link_for_that() -> None:
    pending = an_event("consent.pending", data={"purpose": "newsletter"})
    files = {"a/b.html": '---\nsubject: S\n---\n<p><a href="{{ links.confirm }}">Oui</a></p>'}
    made, _ = compile_template("a/b", files, VENUE, WORDS)
    assert made is not None
    mail = mail_of(a_message(SERVICE), somebody(entered_by=pending), compiled={"a/b": made})
    token = text_of(mail).partition("/c/")[2].partition(")")[0]
    claim = LINKS.read(LinkKind.CONFIRM, token)
    assert claim is not None and claim.purpose == "newsletter"


def test_no_mail_leaves_for_a_new_address_that_has_been_forgotten() -> None:
    asked = an_event(ADDRESS_ASKED, data={"address": "new@example.org"})
    assert mail_of(a_message(SERVICE), somebody(entered_by=asked))["to"] == "new@example.org"
    with pytest.raises(Unwritable, match="seven days are over"):
        mail_of(a_message(SERVICE), somebody(entered_by=an_event(ADDRESS_ASKED, data={})))


# -- what is kept, and what can't be written --------------------------------------------------------------


def test_the_same_message_is_the_same_mail_at_each_attempt_but_for_its_date() -> None:
    first = mail_of(a_message(attempts=1))
    later = a_writer().write(a_message(attempts=2), somebody(), now=NOW + timedelta(hours=1)).envelope.content
    again = email.message_from_bytes(later, policy=policy.default)
    assert first["message-id"] == again["message-id"]
    assert first["date"].datetime == NOW and again["date"].datetime == NOW + timedelta(hours=1)


def test_what_the_template_reads_is_kept_and_nothing_else_without_its_links() -> None:
    letter = a_writer().write(a_message(), somebody(), now=NOW)
    kept = letter.context.decode()
    names = json.loads(kept)["recipe"]["names"]
    assert names == {"contact": {"first_name": "Ada"}, "event": {}, "today": {"$day": "2026-11-23"}}
    assert LINKS.base_url + "/" not in kept, "no signed link"
    assert letter.template_digest == a_writer().compiled["a/b"].digest


def again(letter: Letter, context: bytes) -> bytes:
    assert letter.template is not None
    return rebuilt(unpacked(context), letter.template, LINKS, WORDS["fr"])


@pytest.mark.parametrize(
    "title", ["https://theatre.example.org/x", "https://theatre.example.org/" + "x" * 2_000]
)
def test_what_is_kept_makes_the_mail_again_and_is_compressed_where_it_is_long(title: str) -> None:
    letter = a_writer().write(a_message(), going_to(title), now=NOW)
    assert again(letter, letter.context) == letter.envelope.content
    assert len(letter.context) < 700
    with pytest.raises(NotTheSame, match="another version"):
        unpacked(letter.context[:-1])


def test_what_was_kept_before_there_were_moulds_makes_the_mail_again() -> None:
    letter = a_writer().write(a_message(), somebody(), now=NOW)
    assert isinstance(letter.template, Cast)
    kept = json.loads(letter.context)
    told = {**asdict(letter.template.mould), **kept["recipe"], "unsubscribe": None}
    told["head"] = {each.name: told.pop(each.name, None) for each in fields(Head)}
    before = zlib.compress(json.dumps({**kept, "recipe": told}).encode())
    plain = replace(letter, template=compiled()["a/b"])
    assert again(plain, before) == letter.envelope.content
    with pytest.raises(NotTheSame, match="another version"):
        again(plain, letter.context)


def test_mails_of_one_step_basis_and_language_have_one_mould_in_which_nobody_is() -> None:
    writer = a_writer()

    def template(message: Message, reader: Situation) -> Cast:
        made = writer.write(message, reader, now=NOW).template
        assert isinstance(made, Cast)
        return made

    bob = a_situation(contact=a_contact(id=2, email="bob@example.org", attributes={"first_name": "Bob"}))
    one = template(a_message(), somebody())
    assert template(a_message(id=8, contact_id=2), bob) is one
    others = [
        template(a_message(), somebody("en")),
        template(a_message(basis=LegalBasis.SOFT_OPTIN), somebody()),
        template(a_message(template="a/fr"), somebody()),
        template(a_message(SERVICE), somebody()),
        template(a_message(SERVICE, with_invitation=True), somebody()),
    ]
    assert len({each.imprint for each in (one, *others)}) == 6
    told = str([asdict(each.mould) for each in (one, *others)])
    assert "ada@" not in told and "Ada" not in told and "Bob" not in told


@pytest.mark.parametrize(
    ("message", "situation", "why"),
    [
        (a_message(template="no/where"), somebody(), "no good version"),
        (a_message(), a_situation(contact=a_contact(email="a b@example.org")), "To"),
        (a_message(), going_to("La Mouette −20 %"), "."),
    ],
)
def test_a_mail_that_cannot_be_written_is_told_as_such(
    message: Message, situation: Situation, why: str
) -> None:
    with pytest.raises(Unwritable, match=why):
        a_writer().write(message, situation, now=NOW)


def test_a_preview_is_what_leaves() -> None:
    writer = a_writer()
    seen = writer.preview(a_message(), somebody(), now=NOW)
    sent = mail_of(a_message())
    assert seen.subject == sent["subject"]
    assert seen.text.strip() == text_of(sent).replace("\r\n", "\n").strip()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "title", ["La Mouette à 12 €", "Dernière chance", "Last chance", "Save 20% on seats"]
)
def test_what_a_value_brings_is_read_once_more_in_the_mail_that_leaves(language: str, title: str) -> None:
    message = a_message(template="a/val")
    calm = somebody(language, entered_by=an_event("order.placed", data={"title": "La Mouette"}))
    assert a_writer().write(message, calm, now=NOW).envelope.content
    loud = somebody(language, entered_by=an_event("order.placed", data={"title": title}))
    with pytest.raises(
        Unwritable, match="a value of event promotes, and this is sent as editorial"
    ) as caught:
        a_writer().write(message, loud, now=NOW)
    assert title not in str(caught.value)
