"""Front matter, word for word, and the files that make up a template."""

from __future__ import annotations

import pytest

from accord.core.mail.parts import parts_of, read_part
from core.mail.mails import VENUE, compile_files, told


@pytest.mark.parametrize(
    "said",
    [
        "Votre commande : 24",
        "'entre guillemets'",
        '"entre guillemets", et après',
        "{{ contact.first_name }} : # bonjour",
        "- non, pas une liste",
        "10:30",
        "no",
        "[a, b] {c: d} & *e !f % @g `h",
        "L’été — « déjà » 🎭",
    ],
)
def test_front_matter_is_the_rest_of_the_line_and_not_yaml(said: str) -> None:
    part, faults = read_part("a/b.html", f"---\nsubject: {said}  \n---\nCorps")
    assert (part.head, part.body, faults) == ({"subject": said}, "Corps", [])


def test_the_body_knows_on_which_line_it_begins() -> None:
    part, _ = read_part("a/b.html", "---\nsubject: S\n\npreheader: P\n---\nligne 6\nligne 7\n")
    assert (part.offset, part.body, part.head_lines) == (
        5,
        "ligne 6\nligne 7\n",
        {"subject": 2, "preheader": 4},
    )


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("\ufeff---\r\nsubject: S\r\n---\r\nun\r\ndeux", "un\ndeux"),
        ("---\n---\nrien en tête", "rien en tête"),
        ("---\nsubject: S\n---", ""),
        ("sans tête\n---\npas une tête\n---\n", "sans tête\n---\npas une tête\n---\n"),
        ("---\nsubject: S\n---\nun\n---\ndeux", "un\n---\ndeux"),
    ],
)
def test_where_the_head_ends(text: str, body: str) -> None:
    part, faults = read_part("a/b.html", text)
    assert (part.body, faults) == (body, [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("---\nsubject: S\nCorps", (1, "front-matter-open")),
        ("---\nsubject: S\nto: moi\n---\n", (3, "front-matter-key")),
        ("---\nsubject: S\nsans deux-points\n---\n", (3, "front-matter-key")),
        ("---\nsubject: S\npreheader: P\nsubject: T\n---\n", (4, "front-matter-twice")),
    ],
)
def test_a_head_that_cannot_be_read_is_told_at_its_line(text: str, fault: tuple[int, str]) -> None:
    _, faults = read_part("a/b.html", text)
    assert told(faults) == [("a/b.html", *fault)]


def test_a_template_is_its_files_and_no_others() -> None:
    files = dict.fromkeys(
        ["a/b.html", "a/b.fr.html", "a/b.txt", "a/b.fra.html", "a/bc.html", "x/a/b.html"], ""
    )
    parts, _ = parts_of("a/b", files)
    assert [(part.file, part.language, part.is_text) for part in parts] == [
        ("a/b.fr.html", "fr", False),
        ("a/b.html", None, False),
        ("a/b.txt", None, True),
    ]


def test_a_dot_in_a_name_is_a_dot() -> None:
    assert parts_of("a.b", {"a.b.html": "", "axb.html": ""})[0][0].file == "a.b.html"


# -- languages ------------------------------------------------------------------------------------------


def page(subject: str) -> str:
    return f"---\nsubject: {subject}\n---\n<p>{subject}</p>"


def test_a_reader_gets_their_language_or_the_venues_own() -> None:
    made, faults = compile_files({"a/b.fr.html": page("Bonjour"), "a/b.en.html": page("Hello")})
    assert made is not None and faults == []
    assert [made.edition(language).language for language in ("en", "fr", "de", "")] == [
        "en",
        "fr",
        "fr",
        "fr",
    ]


def test_a_file_without_a_language_is_in_the_venues_own() -> None:
    made, _ = compile_files({"a/b.html": page("Bonjour"), "a/b.en.html": page("Hello")})
    assert made is not None
    assert (made.edition("fr").language, made.edition("de").language) == ("fr", "fr")


def test_where_there_is_no_edition_in_the_venues_own_language_the_first_one_serves() -> None:
    made, _ = compile_files({"a/b.en.html": page("Hello")})
    assert made is not None
    assert made.edition("fr").language == "en"


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"a/b.html": page("S"), "a/b.fr.html": page("S")}, ("a/b.html", 1, "language-twice")),
        ({"a/b.fr.html": page("S"), "a/b.de.html": page("S")}, ("a/b.de.html", 1, "language-unknown")),
        ({"a/b.fr.html": page("S"), "a/b.en.txt": "text"}, ("a/b.en.txt", 1, "text-alone")),
        ({"a/b.fr.html": "<p>sans sujet</p>"}, ("a/b.fr.html", 1, "subject-missing")),
        ({"a/b.fr.html": "---\nsubject:\n---\nx"}, ("a/b.fr.html", 2, "subject-missing")),
        ({"a/b.html": "---\nsubject: S\nfrom: moi\n---\nx"}, ("a/b.html", 3, "sender-unknown")),
        ({"a/b.html": "---\nsubject: {{ x\n---\nx"}, ("a/b.html", 2, "template-broken")),
        ({"a/b.txt": "seul"}, ("a/b.html", 1, "template-missing")),
        ({}, ("a/b.html", 1, "template-missing")),
    ],
)
def test_what_is_wrong_with_the_files_of_a_template(
    files: dict[str, str], fault: tuple[str, int, str]
) -> None:
    _, faults = compile_files(files)
    assert told(faults) == [fault]
    assert VENUE.entity.languages == ("fr", "en")
