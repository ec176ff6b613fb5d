"""Two scenarios of one venue, and all that a database holds, for the tests of those who leave."""

from __future__ import annotations

from datetime import datetime

from accord.core.model.time import Duration, later
from accord.shell.store.database import SqlStore
from accord.shell.store.tables import metadata
from builders import NOW, a_catalogue, a_scenario, a_venue
from engine_driver import Driver

VENUE = a_venue(legal_duties={"rectification": "GDPR, art. 16"})
PARIS = VENUE.entity.clock
LETTER = """
scenario: lettre
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: consent.given, if: event.purpose == "newsletter"}
steps:
  premiere: {send: l/premiere, nature: editorial}
  seconde: {after: 2 days, send: l/seconde, nature: editorial}
"""
CONFIRM = """
scenario: confirmation
purpose: service
enter: {when: order.placed, per: event.order_id}
steps:
  confirmation: {send: c/confirmation, nature: service, about: order}
  rappel: {after: 1500 days, send: c/rappel, nature: service, about: order}
"""

NEW_ADDRESS = """
scenario: nouvelle-adresse
purpose: service
enter: {when: contact.address_asked, again: each}
steps:
  confirmation: {send: a/confirmation, nature: service, about: legal_duty/rectification}
"""


def ago(**lengths: int) -> datetime:
    return later(NOW, -Duration(**lengths), PARIS)


def a_driver(store: SqlStore) -> Driver:
    """The venue at work over a store."""
    catalogue = a_catalogue(a_scenario(LETTER, VENUE), a_scenario(CONFIRM, VENUE), venue=VENUE)
    return Driver(store, catalogue, NOW)


def everything(store: SqlStore) -> str:
    """All that the database holds, as one text."""
    with store.engine.connect() as connection:
        rows = [
            f"{table.name}: {tuple(row)}"
            for table in metadata.sorted_tables
            for row in connection.execute(table.select())
        ]
    return "\n".join(rows)
