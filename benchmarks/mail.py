"""What one mail costs: a page of 28 KB with eight signed links, from names to bytes. `python benchmarks/mail.py`.

CPU time of one process, the best of several rounds, in microseconds a mail. What is the same in every mail is
quoted-printable since its template was compiled; the rows in brackets are what encoding it for each reader would
add, and what signing adds where [dkim] names keys.
"""

from __future__ import annotations

import binascii
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from accord.core.language.parse import parse_scenario
from accord.core.mail.compile import compile_template
from accord.core.mail.dkim import ED25519, RSA, SigningKey, signed
from accord.core.mail.links import Links
from accord.core.mail.recipe import composed, packed, rendered
from accord.core.mail.reread import reread
from accord.core.mail.returns import Returns
from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.contact import Contact
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation
from accord.core.model.message import Message, MessageState
from accord.core.model.venue import Entity, Purpose, Venue
from accord.shell.engine.sending.letters import LetterWriter
from accord.shell.signing_keys import dkim_key, make_key
from accord.shell.wordings import wordings

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LINKS, STORIES, ROUNDS, MAILS = 8, 36, 9, 200
SENTENCE = "Un entretien avec la chorégraphe de la saison, entre deux filages, où l’on parle de silence. "

VENUE = Venue(
    Entity(
        "Théâtre d’essai",
        "1 rue du Test, 69000 Rivelune",
        "Europe/Paris",
        ("fr",),
        {"lettre": "Théâtre d’essai <lettre@theatre.example.org>"},
        ("theatre.example.org",),
    ),
    "https://theatre.example.org",
    purposes={"newsletter": Purpose("newsletter", ("editorial",), {"fr": "La lettre"})},
)
SCENARIO = """
scenario: lettre
purpose: newsletter
why: {consent: Vous recevez cette lettre parce que vous y êtes inscrit.}
enter: {when: consent.given}
steps:
  un: {send: lettre/longue, nature: editorial}
"""


def page(stories: int = STORIES) -> str:
    """A long letter: stories with links, names, a condition and a loop."""
    told = "".join(
        f"<h2>Histoire {number}</h2><p>{SENTENCE * 5}</p>"
        + (
            f'<p class="go"><a href="https://theatre.example.org/magazine/{number}">Lire</a></p>'
            if number < LINKS
            else ""
        )
        + (
            "<p>{% if contact.first_name %}Bonjour {{ contact.first_name }}{% else %}Bonjour{% endif %}</p>"
            if number % 6 == 0
            else ""
        )
        for number in range(stories)
    )
    loop = "<table>{% for each in event.families %}<tr><td>{{ loop.index }}</td><td>{{ each }}</td></tr>{% endfor %}</table>"
    style = "<style>h2 { color: #7a2e2a; margin: 26px 0 6px } p { margin: 0 0 16px } .go { margin: 8px 0 } a { color: #7a2e2a }</style>"
    return f"---\nsubject: La lettre du mois, {{{{ contact.first_name }}}}\npreheader: Un entretien\n---\n{style}{told}{loop}"


def best(work: Callable[[], object]) -> float:
    """Microseconds of CPU for one call, in the best round."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(MAILS):
            work()
        rounds.append((time.process_time() - began) / MAILS)
    return min(rounds) * 1e6


def main() -> None:
    """Measure, and print the table."""
    words = wordings(("fr",))
    began = time.process_time()
    made, faults = compile_template("lettre/longue", {"lettre/longue.html": page()}, VENUE, words)
    compiled_in = time.process_time() - began
    scenario = parse_scenario(SCENARIO, "lettre.yaml", VENUE).scenario
    if made is None or scenario is None:
        raise SystemExit(f"the benchmark's own mail is broken: {faults}")
    catalogue = Catalogue(VENUE, {scenario.name: scenario}, {scenario.digest: scenario})
    links = Links(VENUE.base_url, (b"k" * 32,))
    writer = LetterWriter(catalogue, {made.name: made}, words, links, returns=Returns(links.keys))
    contact = Contact(
        1, "elodie@example.org", "fr", "Europe/Paris", NOW, NOW, attributes={"first_name": "Élodie"}
    )
    message = Message(
        7, 1, 1, scenario.name, scenario.digest, "un", "main", made.name, Nature.EDITORIAL, "newsletter",
        MessageState.CLAIMED, NOW, NOW, LegalBasis.CONSENT, "OPTIN_PROVEN", "R-04",
    )  # fmt: skip
    situation, mark = Situation(contact), writer.returns.mark(message.id)
    cast = writer.template(message, situation)
    recipe = writer.recipe(cast, message, situation, mark, NOW)
    wording = words[recipe.mould.language]
    mail, frame = rendered(made, recipe, links, wording)
    bodies = [mail.html.encode(), mail.text.encode()]
    content = writer.write(message, situation, now=NOW).envelope.content
    size = len(content)
    rsa, ed25519 = signer(RSA), signer(ED25519)
    print(
        f"page {len(bodies[0]):,} bytes, text {len(bodies[1]):,}, {LINKS} signed links; mail {size:,} bytes"
    )
    print(f"compiled once in {compiled_in * 1e3:.0f} ms\n")
    for what, work in {
        "recipe: names, links, headers": lambda: writer.recipe(cast, message, situation, mark, NOW),
        "render (already encoded)": lambda: rendered(made, recipe, links, wording),
        "read again what leaves": lambda: reread(mail, recipe.names, frame, Nature.EDITORIAL),
        "compose": lambda: composed(mail, frame, recipe),
        "pack for the ledger": lambda: packed(recipe, cast, links, content),
        "in all, as the engine writes it": lambda: writer.write(message, situation, now=NOW),
        "(encoding for each reader)": lambda: [_encoded(body) for body in bodies],
        "(signing, Ed25519)": lambda: signed(content, (ed25519,)),
        "(signing, RSA-2048)": lambda: signed(content, (rsa,)),
        "(signing, both)": lambda: signed(content, (rsa, ed25519)),
    }.items():
        print(f"{what:34}{best(work):8.0f} µs")


def signer(algorithm: str) -> SigningKey:
    """A new key, as a venue's daemon holds it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "key.pem"
        make_key(file, algorithm)
        return dkim_key("theatre.example.org", "bench", file).signer


def _encoded(body: bytes) -> bytes:
    return binascii.b2a_qp(body, istext=True).replace(b"\n", b"\r\n")


if __name__ == "__main__":
    main()
