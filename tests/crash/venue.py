"""A small venue in a folder, filled with people whom the daemon is to write to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from accord.core.model.event import Event
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.record import record_consents, record_events
from accord.shell.wiring import House, new_keys, open_house
from builders import acts

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
{rates}

[web]
base_url = "https://theatre.example.org"
port = {web_port}

[engine]
allow_time_travel = true

[purposes.newsletter]
kinds = ["editorial", "promotional"]
labels = {{ fr = "La lettre" }}
families = ["theatre"]
invite_form = "inscription"

[families.theatre]

[attributes.first_name]
type = "text"

[frequency]
prospecting = "100 per 28 days"
"""

LETTER = """
scenario: lettre
purpose: newsletter
why:
  consent: Vous avez demandé notre lettre.
  customer: Vous êtes client du théâtre.
enter: { when: consent.given, if: event.purpose == "newsletter" }
steps:
  premiere: { send: lettre/premiere, nature: editorial }
"""

CONFIRMATION = """
scenario: confirmation
purpose: service
enter: { when: order.placed, per: event.order_id }
steps:
  confirmation: { send: commande/confirmation, nature: service, about: order }
"""

FORM = """
form: inscription
version: "1"
control: double_optin
prechecked: false
mandatory: false
asks: {newsletter: [editorial, promotional]}
refusal_offered: true
text: {fr: "Je souhaite recevoir la lettre du théâtre."}
notice: {version: "1", fr: "Le théâtre vous écrira à cette adresse."}
"""

MAIL = """---
subject: {subject}
---
<p>{{% if contact.first_name %}}Bonjour {{{{ contact.first_name }}}},{{% else %}}Bonjour,{{% endif %}}</p>
<p>.Une ligne qui commence par un point, et une autre avec des é à è ç.</p>
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """What differs from one venue to the next."""

    database: str
    smtp_port: int
    web_port: int = 8025
    connections: int = 4
    per_second: float | None = None


def make_venue(root: Path, shape: Shape) -> Path:
    """Write the files of a venue; returns its config.toml."""
    root.mkdir(parents=True, exist_ok=True)
    rates = f"[smtp.rates]\nper_second = {shape.per_second}" if shape.per_second else ""
    config = root / "config.toml"
    config.write_text(
        CONFIG.format(
            database=shape.database,
            smtp_port=shape.smtp_port,
            web_port=shape.web_port,
            connections=shape.connections,
            rates=rates,
        ),
        encoding="utf-8",
    )
    files = {
        "forms/inscription.yaml": FORM,
        "scenarios/lettre.yaml": LETTER,
        "scenarios/confirmation.yaml": CONFIRMATION,
        "templates/lettre/premiere.fr.html": MAIL.format(subject="La lettre du mois"),
        "templates/commande/confirmation.fr.html": MAIL.format(subject="Votre commande"),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    if not (root / "accord.keys").exists():
        new_keys(root / "accord.keys")
    return config


def open_venue(config: Path) -> House:
    """The house behind it, with its tables and both scenarios live."""
    house = open_house(config)
    house.store.upgrade()
    house.refresh()
    wrong = [each for each in house.checked.diagnostics if each.severity.value == "error"]
    assert not wrong, wrong
    live = {row.name for row in _live(house)}
    with house.store.begin() as unit:
        for scenario in house.checked.by_name().values():
            if scenario.name not in live:
                at = datetime.now(UTC) - timedelta(minutes=1)
                unit.activate(scenario.name, scenario.digest, scenario.source, "a test", at)
    house.refresh()
    return house


def _live(house: House):  # type: ignore[no-untyped-def]
    with house.store.read() as unit:
        return unit.live_scenarios()


def sign_up(house: House, count: int, prefix: str = "reader", domain: str = "example.org") -> list[int]:
    """So many people who ask for the letter now: a mail of prospecting is due to each."""
    now = datetime.now(UTC)
    ids = _people(house, count, prefix, now, domain)
    entries = [entry for number in ids for entry in acts(contact_id=number, at=now)]
    record_consents(house.store, house.catalogue, entries, now=now)
    return ids


def order(house: House, count: int, prefix: str = "buyer") -> list[int]:
    """So many people who order now: a service mail is due to each."""
    now = datetime.now(UTC)
    ids = _people(house, count, prefix, now)
    told = [
        Event(number, "order.placed", now, {"order_id": f"{prefix}-{number}", "families": ("theatre",)})
        for number in ids
    ]
    record_events(house.store, house.catalogue, told, now=now)
    return ids


def _people(house: House, count: int, prefix: str, now: datetime, domain: str = "example.org") -> list[int]:
    new = [NewContact(f"{prefix}{n}@{domain}", "fr", "Europe/Paris", now) for n in range(count)]
    with house.store.begin() as unit:
        return list(unit.add_contacts(new))


def states(house: House) -> dict[str, int]:
    """How many messages are in each state."""
    with house.store.read() as unit:
        return dict(unit.message_counts())


def free_name(root: Path) -> str:
    """The address of a SQLite file in this folder."""
    return f"sqlite:///{root / 'accord.db'}"


def quiet() -> dict[str, str]:
    """The environment of a process that is measured or killed: ours, without surprises."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ACCORD_")}
