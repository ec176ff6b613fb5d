"""What promotes and what does not: a corpus of each, one snippet a line, in French and in English."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.core.mail.inspect import findings
from accord.core.mail.pieces import pieces_of
from accord.core.mail.promotion import promotes, promotion
from accord.core.mail.visible import visible
from core.mail.mails import HEAD, VENUE, compile_files

CORPUS = Path(__file__).parent / "corpus"
PROMOTES = (CORPUS / "promotes.html").read_text(encoding="utf-8").splitlines()
NEUTRAL = (CORPUS / "neutral.html").read_text(encoding="utf-8").splitlines()


def kinds(snippet: str, *, is_html: bool = True) -> set[str]:
    pieces = pieces_of(snippet, "a/b.html")
    seen = [visible(pieces, is_html=is_html, apart=apart) for apart in (False, True)]
    return {kind for each in seen for kind, _, _ in promotion(each)}


def test_the_corpora_are_large_enough() -> None:
    assert len(PROMOTES) >= 60 and len(NEUTRAL) >= 60


@pytest.mark.parametrize("snippet", PROMOTES)
def test_this_promotes(snippet: str) -> None:
    assert kinds(snippet) - {"own-price"}


@pytest.mark.parametrize("snippet", NEUTRAL)
def test_this_does_not(snippet: str) -> None:
    assert kinds(snippet) <= {"own-price"}


@pytest.mark.parametrize(
    ("snippet", "kind"),
    [
        ("{{ event.amount_cents | money }}", "own-price"),
        ("{{ event.amount_cents | money(event.currency) }}", "own-price"),
        ("Total : {{ event.amount }} €", "own-price"),
        ("Votre billet : 24 €", "own-price"),
        ("Nous vous avons remboursé 24 €.", "own-price"),
        ("Votre place à 24 €", "price"),
        ("Montant : dès 24 €", "price"),
        ("{{ contact.visits | money }}", "price"),
        ("{{ this | money }}", "price"),
        ("{{ contact.visits }} €", "price"),
    ],
)
def test_a_sum_of_the_persons_own_order_is_told_apart(snippet: str, kind: str) -> None:
    assert kinds(snippet) == {kind}


@pytest.mark.parametrize(
    "promising",
    [
        {"a/b.html": "---\nsubject: Dès 12 €\n---\nx"},
        {"a/b.html": "---\nsubject: S\npreheader: Une remise vous attend\n---\nx"},
        {"a/b.html": HEAD + "<p>\n\n−20 %\n</p>"},
        {"a/b.html": HEAD + "x", "a/b.en.html": HEAD + "<p>Last chance</p>"},
        {"a/b.html": HEAD + "x", "a/b.txt": "Profitez de nos\noffres"},
        {"a/b.html": HEAD + "{% include 'partials/p.html' %}", "partials/p.html": "<p>Soldes</p>"},
        {
            "a/b.html": HEAD + "x",
            "layout.html": "<html><body>{{ content }}<p>Code promo : A</p>{{ footer }}</body></html>",
        },
        {
            "a/b.html": HEAD + "{% extends 'base.html' %}",
            "base.html": "<html><body><p>Vente flash</p></body></html>",
        },
        {"a/b.html": HEAD + '<img src="https://theatre.example.org/a.png" alt="Tout à moitié prix">'},
    ],
)
def test_every_part_language_branch_and_layout_is_read(promising: dict[str, str]) -> None:
    found = {each.kind for each in findings("a/b", promising, VENUE)}
    assert found & {"price", "discount", "wording"}
    assert compile_files(promising)[0] is not None


BRANCHES = {
    "if": "{{% if contact.city %}}<p>Bonjour.</p>{{% else %}}<p>{}</p>{{% endif %}}",
    "elif": "{{% if contact.city %}}a{{% elif orders.count > 3 %}}<p>{}</p>{{% endif %}}",
    "inline if": "<p>{{{{ '{}' if contact.city else 'Bonjour.' }}}}</p>",
    "loop": "{{% for each in event.families %}}<p>{}</p>{{% else %}}<p>rien</p>{{% endfor %}}",
    "empty loop": "{{% for each in event.families %}}x{{% else %}}<p>{}</p>{{% endfor %}}",
    "macro": "{{% macro m() %}}<p>{}</p>{{% endmacro %}}{{{{ m() }}}}",
    "variable": "{{% set x = '{}' %}}<p>{{{{ x }}}}</p>",
    "block": "{{% block main %}}<p>{}</p>{{% endblock %}}",
    "outlook": "<!--[if mso]><p>{}</p><![endif]-->",
}
SAID = (
    "12 €",
    "−20 %",
    "Dernière chance",
    "Last chance",
    "save 20%",
    "only 12 EUR",
    "Profitez de nos offres",
    "Buy now",
)


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("file", ["a/b.fr.html", "a/b.en.html", "a/b.fr.txt", "a/b.en.txt"])
def test_no_branch_of_no_part_in_no_language_hides_it(file: str, said: str) -> None:
    calm = {"a/b.fr.html": HEAD + "<p>Bonjour.</p>", "a/b.en.html": HEAD + "<p>Hello.</p>"}
    for name, branch in BRANCHES.items():
        if name == "outlook" and file.endswith(".txt"):
            continue
        told = branch.format(said)
        files = {**calm, file: f"{HEAD}{told}" if file.endswith(".html") else told}
        found = {(each.kind, each.span.file) for each in findings("a/b", files, VENUE)}
        assert found & {(kind, f"templates/{file}") for kind in ("price", "discount", "wording")}, name


def test_what_is_found_is_told_in_the_authors_words_at_its_line() -> None:
    files = {"a/b.html": f"{HEAD}<p>un</p>\n<p>Profitez de nos\n<b>Offres</b> d’été</p>\n<p>12&nbsp;€</p>"}
    found = {(each.kind, each.words, each.span.line) for each in findings("a/b", files, VENUE)}
    assert found == {("wording", "Profitez de nos Offres", 5), ("price", "12 €", 7)}


@pytest.mark.parametrize(
    ("value", "wording", "found"),
    [
        ("Danser le fleuve", True, False),
        ("la mouette -20 %", False, True),
        ("soldes", False, False),
        ("soldes", True, True),
        ("12 €", False, True),
    ],
)
def test_a_value_is_read_alone(value: str, wording: bool, found: bool) -> None:
    assert promotes(value, wording=wording) is found


def test_reading_a_long_text_takes_no_time_to_speak_of() -> None:
    for filler in (
        "1 " * 20_000,
        "offre " * 20_000,
        "1.1,1'" * 5_000,
        "un achete " * 5_000,
        "montant " * 5_000,
    ):
        assert isinstance(kinds(filler), set)
