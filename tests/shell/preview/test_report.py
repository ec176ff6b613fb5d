"""The report: one page that needs nothing beside itself, with the people, the days and the mails of a dry run in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import accord
from accord.core.mail.letter import Rendered
from accord.core.model.consent import Nature
from accord.shell.preview import calendar
from accord.shell.preview.by_mail import BEYOND, NOWHERE, preview_mails
from accord.shell.preview.cards import _TOLD, NATURES
from accord.shell.preview.matrix import NO, YES, matrix_of
from accord.shell.preview.numbers import BASES, CHANGES
from accord.shell.preview.personas import SKETCHES
from accord.shell.preview.report import framed, page, write_report
from shell.preview.imagined import START, UNTIL, days, golden, mails, preview, saying

# Heads of tables, handed on one by one.
HEADS = (
    "scenario",
    "in flight",
    "come in",
    "done",
    "leave",
    "under way in the end",
    "what",
    "of",
    "now",
    "then",
)
HEADS += ("difference",)

PREVIEW = Path(accord.__file__).parent / "shell" / "preview"


class Seen(HTMLParser):
    """Every element of a page with its attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def of(self, tag: str) -> list[dict[str, str]]:
        return [given for name, given in self.elements if name == tag]


@pytest.fixture(scope="module")
def english() -> str:
    return page(preview("bienvenue"), saying("en"), now=UNTIL)


def test_it_needs_nothing_beside_itself(english: str) -> None:
    seen = Seen(english)
    assert seen.of("script") + seen.of("link") + seen.of("img") + seen.of("form") == []
    outward = [given["href"] for given in seen.of("a") if not given["href"].startswith("#")]
    assert outward == []
    assert "@import" not in english and "url(" not in english
    (policy,) = (each["content"] for each in seen.of("meta") if "http-equiv" in each)
    assert policy.startswith("default-src 'none'")


def test_mails_stand_in_frames_that_can_do_nothing(english: str) -> None:
    frames = Seen(english).of("iframe")
    # Four mails and one edition, in one language; by day, by night, on a desk.
    assert len(frames) == 3 * len(mails("bienvenue")) == 15
    for frame in frames:
        assert frame["sandbox"] == ""
        assert frame["title"]
        assert '<base target="_blank">' in frame["srcdoc"]


def test_every_anchor_leads_somewhere_and_no_id_comes_twice(english: str) -> None:
    seen = Seen(english)
    ids = [given["id"] for _, given in seen.elements if "id" in given]
    assert len(ids) == len(set(ids))
    assert {given["href"][1:] for given in seen.of("a")} <= set(ids)
    named = " ".join(given.get("aria-labelledby", "") for _, given in seen.elements)
    assert set(named.split()) <= set(ids)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_all_of_it_is_in_its_language(language: str) -> None:
    text = page(preview("bienvenue"), saying(language), now=UNTIL)
    words = {
        "en": ("What is assumed", "signed up, with proof", "The person has objected."),
        "fr": ("Ce que l’on suppose", "inscrite, avec preuve", "La personne s’est opposée."),
    }
    assert f'<html lang="{language}">' in text
    for told, ours in ((words[language], True), (words["en" if language == "fr" else "fr"], False)):
        assert [each in text for each in told] == [ours] * 3


def test_what_is_assumed_stands_on_top(english: str) -> None:
    top = english[: english.index('id="journey"')]
    for words in (
        "13 imagined people",
        "consent.given comes on 1 Sep 2026, 09:30",
        "Europe/Paris",
        "they answer nothing",
    ):
        assert words in top


def test_people_by_mails_with_verdict_reason_and_rule() -> None:
    found = matrix_of(golden("offre"), days("offre"), saying())
    assert found.steps == ["offre"]
    rows = {row.name: row for row in found.rows}
    (first,) = rows["opt-in"].cells[0]
    assert (first.answer, first.ruling.reason, first.ruling.rule) == (YES, "OPTIN_PROVEN", "R-04")
    refused, edition = rows["passive-customer"].cells[0]
    assert (refused.answer, refused.ruling.reason) == (NO, "SEGMENT_EDITORIAL_ONLY")
    assert edition.answer == YES and edition.words.startswith("magazine, ")
    assert rows["said-no"].ruling is not None and rows["said-no"].ruling.reason == "OBJECTION"
    assert [ruling.number for ruling in found.rulings] == list(range(1, len(found.rulings) + 1))


def test_the_calendar_counts_each_day_s_mails() -> None:
    found = calendar.of_timelines(days("offre"), saying())
    assert found == {date(2026, 9, 8): {Nature.EDITORIAL: 1, Nature.PROMOTIONAL: 2}}
    (month,) = calendar.months_of(found, saying())
    assert month.name.replace("\N{NO-BREAK SPACE}", " ") == "September 2026"
    assert [len(week) for week in month.weeks] == [7] * 5
    assert month.weeks[0][0] is None and month.weeks[0][1] == date(2026, 9, 1)


def test_a_mail_is_shown_by_day_and_by_night_whatever_the_machine_prefers() -> None:
    mail = (
        '<html><head><meta name="color-scheme" content="light dark"><style>@media (prefers-color-scheme:dark) '
        "{ p { color: white } }</style></head><body><p>x</p></body></html>"
    )
    day, night = framed(mail, dark=False), framed(mail, dark=True)
    assert "prefers-color-scheme" not in day + night
    assert "@media (max-width: 0px)" in day and 'content="light"' in day
    assert "@media (min-width: 0px)" in night and 'content="dark"' in night


def test_a_mail_that_could_not_leave_says_why() -> None:
    from dataclasses import replace

    shown = preview("bienvenue")
    broken = [replace(shown.specimens[0], fault="a value of event promotes"), *shown.specimens[1:]]
    nothing = replace(broken[0], mail=None, headers=(), targets=())
    for each in (broken[0], nothing):
        text = page(replace(shown, specimens=[each]), saying(), now=UNTIL)
        assert "This mail would not leave as it is: a value of event promotes." in text


def test_every_subject_that_is_tried_is_shown() -> None:
    (mail,) = mails("essais")
    assert [name for name, _ in mail.subjects] == ["court", "long"]
    assert mail.mail is not None and mail.mail.subject == mail.subjects[0][1] == "Le mois"
    text = page(preview("essais"), saying(), now=UNTIL)
    assert "Tried under the name of «long»:" in text
    assert "Le mois, et ce qu’il vous réserve, semaine par semaine" in text
    assert "The subject has 54 letters. Telephones show about 38 of them." in text
    assert "Tried under" not in page(preview("offre"), saying(), now=UNTIL)


def test_a_call_has_its_column_too() -> None:
    found = matrix_of(golden("commande-a-la-caisse"), days("commande-a-la-caisse"), saying())
    assert found.steps == ["dire"]
    assert {row.cells[0][0].answer for row in found.rows} == {YES, NO}


def test_links_are_listed_with_their_targets_and_without_their_tokens(english: str) -> None:
    listed = english[english.index("Where its links lead") :]
    assert "https://theatre.example.org/u/…" in listed
    offer = next(each for each in mails("bienvenue") if each.message.step == "offre")
    assert all(words and target for words, target in offer.targets)


def test_it_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    file = write_report(preview("anniversaire"), tmp_path / "a" / "b", saying(), now=UNTIL)
    assert file == tmp_path / "a" / "b" / "anniversaire.html"
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")


# -- in one's own mailbox -----------------------------------------------------------------------------------


def test_previews_go_to_one_address_and_their_links_lead_nowhere() -> None:
    from email import message_from_bytes, policy

    found = preview_mails(
        mails("bienvenue", NOWHERE, clicks=True), "marie@theatre.example.org", saying(), now=START
    )
    assert len(found) == 5
    assert {each.recipient for each in found} == {"marie@theatre.example.org"}
    assert all(each.message_id > BEYOND for each in found)
    for each in found:
        mail = message_from_bytes(each.content, policy=policy.default)
        assert mail["To"] == "marie@theatre.example.org"
        assert mail["Subject"].startswith("[Preview] ")
        assert mail["List-Unsubscribe"] is None and mail["List-Id"] is None
        for kind in ("plain", "html"):
            body = mail.get_body((kind,))
            assert body is not None
            text = body.get_content()
            assert "This is a preview of «bienvenue»" in text
            links = re.findall(r"https?://[^\s\"<>)\]]+", text)
            assert links and all(link.startswith(f"{NOWHERE}/") for link in links)


# -- words --------------------------------------------------------------------------------------------------


def asked_for() -> Iterator[str]:
    """Every sentence that the sources ask the catalogue for."""
    for file in PREVIEW.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = getattr(
                getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", "")
            )
            if isinstance(node, ast.Call) and name in ("say", "several"):
                for each in node.args[: 1 if name == "say" else 2]:
                    yield from (
                        part.value
                        for part in ast.walk(each)
                        if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    )
    text = (PREVIEW / "templates" / "report.html").read_text(encoding="utf-8")
    for one, more in re.findall(r'\bsay(?:\.several)?\("([^"]+)"(?:, "([^"]+)")?', text):
        yield from filter(None, (one, more))
    yield from (each.words for each in SKETCHES.values())
    yield from (*NATURES.values(), *BASES.values(), *CHANGES.values(), *HEADS)
    yield from (words for pair in _TOLD.values() for words in pair)


def test_every_sentence_has_its_french_with_the_same_places_in_it() -> None:
    with (PREVIEW.parents[1] / "locale/fr/LC_MESSAGES/report.po").open("rb") as lines:
        known = read_po(lines, locale="fr")
    told: dict[str, tuple[str, ...]] = {}
    for message in known:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        told |= dict.fromkeys(filter(None, ids), strings)
    assert set(asked_for()) - set(told) == set()
    assert set(told) - set(asked_for()) == set()
    for said, strings in told.items():
        places = set(re.findall(r"{\w+}", said))
        assert all(each and set(re.findall(r"{\w+}", each)) == places for each in strings), said


def test_rendered_is_what_is_shown() -> None:
    assert all(isinstance(each.mail, Rendered) and each.fault is None for each in mails("bienvenue"))
