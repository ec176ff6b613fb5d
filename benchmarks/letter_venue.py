"""The venue of the benchmarks that send: one long letter with eight signed links, and a base of people who asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mail import page

from accord.core.model.consent import Act, ConsentEntry
from accord.shell.engine.ports.rows import NewContact, NewRun
from accord.shell.wiring import House, new_keys, open_house

PAGE = 2_000

# How many stories make 28 KB of HTML, styles inlined.
STORIES = 42

CONFIG = """
[entity]
name = "Théâtre d’essai"
address = "1 rue du Test, 69000 Rivelune, France"
languages = ["fr"]
hosts = ["theatre.example.org"]

[entity.senders]
lettre = "Théâtre d’essai <lettre@theatre.example.org>"

[database]
url = "{database}"

[delivery]
kind = "smtp"

[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"
connections = {connections}

[web]
base_url = "https://theatre.example.org"
port = {web_port}

[purposes.newsletter]
kinds = ["editorial", "promotional"]
labels = {{ fr = "La lettre" }}
families = ["theatre"]

[families.theatre]

[attributes.first_name]
type = "text"

[frequency]
prospecting = "100 per 28 days"
"""

LETTER = """
scenario: lettre
purpose: newsletter
why: { consent: Vous recevez cette lettre parce que vous y êtes inscrit. }
enter: { when: consent.given, if: event.purpose == "newsletter" }
steps:
  un: { send: lettre/longue, nature: editorial }
"""

WAITING = """
scenario: attente
purpose: newsletter
why: { consent: Vous recevez cette lettre parce que vous y êtes inscrit. }
enter: { when: contract.started }
steps:
  un:
    branch:
      - if: contact.first_name == "Élodie"
        then: bientot
    otherwise: plus_tard
  bientot: { after: 1 day, send: lettre/longue, nature: editorial, then: end }
  plus_tard: { after: 2 days, send: lettre/longue, nature: editorial }
"""

WELCOME = """
scenario: compte
purpose: service
enter: { when: account.created }
steps:
  bienvenue: { send: compte/bienvenue, nature: service, about: account }
"""

SHORT = """---
subject: Votre compte
---
<p>Bonjour {{ contact.first_name }}, votre compte est ouvert.</p>
"""

NAMES = ("Élodie", "Bruno", "Chloé", "Denis", "Farid", "Gaëlle", "Hugo", "Inès")


def make_venue(
    root: Path, *, smtp_port: int, database: str | None = None, connections: int = 10, web_port: int = 8025
) -> House:
    """Write the files of a venue, open its house, and make its scenarios live. `database`: SQLite if None."""
    root.mkdir(parents=True)
    url = database or f"sqlite:///{root / 'accord.db'}"
    files = {
        "config.toml": CONFIG.format(
            database=url, smtp_port=smtp_port, connections=connections, web_port=web_port
        ),
        "scenarios/lettre.yaml": LETTER,
        "scenarios/attente.yaml": WAITING,
        "scenarios/compte.yaml": WELCOME,
        "templates/lettre/longue.fr.html": page(STORIES),
        "templates/compte/bienvenue.fr.html": SHORT,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    new_keys(root / "accord.keys")
    house = open_house(root / "config.toml")
    house.open_for_work("bench")
    house.refresh()
    wrong = [each for each in house.checked.diagnostics if each.severity.value == "error"]
    if wrong:
        raise SystemExit("\n".join(f"{each.span.file}:{each.span.line} {each.message}" for each in wrong))
    with house.store.begin() as unit:
        for scenario in house.checked.by_name().values():
            unit.activate(scenario.name, scenario.digest, scenario.source, "bench", house.clock())
    house.refresh()
    return house


def add_people(house: House, many: int, prefix: str = "reader", *, agreed: bool = True) -> list[int]:
    """So many people; they agreed to the letter, or to nothing."""
    now = datetime.now(UTC) - timedelta(days=1)
    everybody: list[int] = []
    for first in range(0, many, PAGE):
        numbers = range(first, min(many, first + PAGE))
        new = [
            NewContact(
                f"{prefix}{n}@example.org",
                "fr",
                "Europe/Paris",
                now,
                attributes={"first_name": NAMES[n % len(NAMES)]},
            )
            for n in numbers
        ]
        with house.store.begin(lazy=True) as unit:
            ids = unit.add_contacts(new)
            if agreed:
                unit.begin_ledgers({number: _acts(number, now) for number in ids}, now)
        everybody += ids
    return everybody


def _acts(contact_id: int, at: datetime) -> list[ConsentEntry]:
    kinds = ("editorial", "promotional")
    details = {"form": "essai"}
    return [
        ConsentEntry(contact_id, at, "newsletter", kind, Act.OPTIN_PROVEN, True, details) for kind in kinds
    ]


def begin_runs(
    house: House, scenario: str, people: Sequence[int], due: Sequence[datetime] | datetime, step: str = "un"
) -> None:
    """Begin a run for each, due at its instant at this step, as the ways in do."""
    digest = house.checked.by_name()[scenario].digest
    at = house.clock()
    for first in range(0, len(people), PAGE):
        runs = [
            NewRun(
                scenario=scenario,
                digest=digest,
                contact_id=number,
                entry_key="bench",
                entered_at=at,
                step=step,
                due_at=due if isinstance(due, datetime) else due[first + n],
            )
            for n, number in enumerate(people[first : first + PAGE])
        ]
        with house.store.begin(lazy=True) as unit:
            unit.add_runs(runs)
