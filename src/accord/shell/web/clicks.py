"""Fetches of links, over the house: journalled with what tells robots from people, beside those of the same mail."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.core.mail.links import Claim
from accord.core.model.contact import Contact
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.robots import ClickVerdict, Fetch, click_verdict
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.record import events_in
from accord.shell.engine.sending.letters import agreed_to_tracking
from accord.shell.web.visit import contact_behind
from accord.shell.wiring import House

# Fetches of one mail within this long are judged beside one another.
BURST = timedelta(minutes=5)
MOST_OTHERS = 200

# A verdict is only ever made graver by what comes after; a confirmed action alone makes it human.
SEVERITY = (ClickVerdict.HUMAN, ClickVerdict.UNSURE, ClickVerdict.ROBOT)


def record_click(house: House, claim: Claim, fetch: Fetch) -> None:
    """Journal a fetch with its verdict (R-59); nothing where clicks are recorded only of those who agreed.

    Scanners fetch side by side, so that one fetch is looked at after the other, and each tells more of those
    before it: what looked like a person's is called a robot's when the burst is seen.
    """
    caller = _sealed(house, fetch.address)
    with house.store.begin() as unit:
        contact = contact_behind(unit, claim, lock=True)
        if contact is None or not _is_counted(house, unit, contact, claim.purpose):
            return
        message = unit.message(claim.message_id)
        before = {
            event.id: (event, _fetch(event, caller, fetch.address))
            for event in unit.events_of(contact.id, limit=MOST_OTHERS)
            if event.name == "mail.clicked"
            and event.data.get("message_id") == str(claim.message_id)
            and fetch.at - event.at <= BURST
        }
        others = [each for _, each in before.values()]
        judged = _Judging(message.sent_at if message is not None else None, house.settings.scanners)
        last = contact.last_action_at
        data: dict[str, Value] = {
            "message_id": str(claim.message_id),
            "purpose": claim.purpose,
            "nature": message.nature.value if message is not None else None,
            "target": claim.target,
            "verdict": judged(fetch, others).value,
            "method": fetch.method,
            "caller": caller,
            "honeypot": fetch.honeypot,
            "clock_before": last.isoformat() if last is not None else None,
        }
        click = Event(claim.contact_id, "mail.clicked", fetch.at, data, "web")
        events_in(unit, house.catalogue, [click], now=fetch.at)
        anew = {
            number: verdict
            for number, (event, own) in before.items()
            if (verdict := judged(own, [*(each for each in others if each is not own), fetch]))
            and SEVERITY.index(verdict) > SEVERITY.index(ClickVerdict(str(event.data.get("verdict"))))
        }
        unit.keeping.take_back(anew)


def _is_counted(house: House, unit: Unit, contact: Contact, purpose: str) -> bool:
    """Whether this person's clicks are recorded one by one: everybody's, or of those who agreed (R-57)."""
    if house.settings.click_tracking == "individual":
        return True
    return agreed_to_tracking(unit.situations([contact.id])[contact.id], purpose)


@dataclass(frozen=True, slots=True)
class _Judging:
    """Judges fetches of one mail."""

    delivered_at: datetime | None
    networks: Sequence[str]

    def __call__(self, fetch: Fetch, others: Sequence[Fetch]) -> ClickVerdict:
        return click_verdict(fetch, others, delivered_at=self.delivered_at, networks=self.networks)


def _sealed(house: House, address: str) -> str:
    """What tells whether two fetches came from one caller; whose address it is nobody can tell from it."""
    return hmac.digest(house.keys.links[0], f"caller {address}".encode(), "sha256").hex()[:16]


def _fetch(event: Event, caller: str, address: str) -> Fetch:
    same = event.data.get("caller") == caller
    return Fetch(
        event.at,
        str(event.data.get("target")),
        str(event.data.get("method") or "GET"),
        address if same else "",
        honeypot=event.data.get("honeypot") is True,
    )
