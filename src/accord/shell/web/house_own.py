"""A person's own data over the house: read, mailed to, moved, erased by the same use cases as the officer's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.core.consent.history import CONFIRM_WITHIN
from accord.core.mail.links import Claim
from accord.core.model.contact import email_key
from accord.core.model.event import ADDRESS_ASKED, LINK_ASKED, Event
from accord.core.model.expression import Value
from accord.core.model.scenario import OnEvent
from accord.shell.engine.care.rights import Unfit, change_address, erase_person
from accord.shell.engine.ports.store import Duplicate, Unit
from accord.shell.engine.record import events_in
from accord.shell.proof.access import all_known, document
from accord.shell.web.own import Moved, Own
from accord.shell.wiring import House

BY = "the person"

# Mails that are asked for on a page: so often at most, so that nobody's mailbox can be flooded.
ONCE_IN = timedelta(minutes=10)
A_DAY, MOST_A_DAY = timedelta(days=1), {LINK_ASKED: 5, ADDRESS_ASKED: 3}


@dataclass(frozen=True, slots=True)
class HouseOwn:
    """The port `OwnData`."""

    house: House

    def known(self, claim: Claim, now: datetime) -> Own | None:
        """All of it, as `scenario contacts export` writes it."""
        house = self.house
        with house.store.read() as unit:
            number = _living(unit, claim)
            if number is None:
                return None
            known = all_known(unit, number, house.venue)
        text = document(known, house.venue, house.recipients, now)
        return Own(known.tables, text, known.forgotten_on)

    def can_ask_for_link(self) -> bool:
        """Whether a scenario is live that mails it."""
        return self._listens(LINK_ASKED)

    def can_ask_for_address(self) -> bool:
        """Whether a scenario is live that asks the new address."""
        return self._listens(ADDRESS_ASKED)

    def _listens(self, name: str) -> bool:
        triggers = (each.entry.trigger for each in self.house.catalogue.live.values())
        return any(isinstance(trigger, OnEvent) and name in trigger.events for trigger in triggers)

    def ask_for_link(self, claim: Claim, now: datetime) -> None:
        """Journal it; a scenario answers."""
        self._ask(claim, LINK_ASKED, {}, now, rests=ONCE_IN)

    def ask_for_address(self, claim: Claim, address: str, now: datetime) -> None:
        """Journal it with the address; a scenario writes there."""
        self._ask(claim, ADDRESS_ASKED, {"address": address}, now, rests=timedelta(0))

    def _ask(
        self, claim: Claim, name: str, data: dict[str, Value], now: datetime, *, rests: timedelta
    ) -> None:
        with self.house.store.begin() as unit:
            number = _living(unit, claim)
            if number is None:
                return
            lately = [
                each.at for each in unit.events_of(number) if each.name == name and now - each.at < A_DAY
            ]
            if len(lately) < MOST_A_DAY[name] and all(now - at >= rests for at in lately):
                asked = Event(number, name, now, data, "web")
                events_in(unit, self.house.catalogue, [asked], now=now)

    def move(self, claim: Claim, now: datetime) -> Moved:
        """Write to the person at the address that the link was sent to, if it was asked for lately."""
        house = self.house
        with house.store.read() as unit:
            number = _living(unit, claim)
            asked = _asked(unit, number, claim.message_id) if number is not None else None
            email = unit.contacts([number])[number].email if number is not None else ""
        if number is None or asked is None or now - asked.at > CONFIRM_WITHIN:
            return Moved.LATE
        address = str(asked.data.get("address"))
        if email_key(address) == email_key(email):
            return Moved.DONE
        try:
            change_address(house.store, house.catalogue, number, address, by=BY, now=now)
        except Duplicate:
            return Moved.TAKEN
        except Unfit:
            return Moved.LATE
        return Moved.DONE

    def erase(self, claim: Claim, now: datetime) -> None:
        """Erase the person; twice is once."""
        house = self.house
        with house.store.read() as unit:
            number = _living(unit, claim)
        if number is not None:
            try:
                erase_person(house.store, house.catalogue, number, by=BY, now=now)
            except Unfit:
                return  # the same link, pressed at the same time


def _living(unit: Unit, claim: Claim) -> int | None:
    """Whose link it is today; None for who is gone."""
    number = unit.keeping.living([claim.contact_id]).get(claim.contact_id)
    return number if number is not None and unit.contacts([number]) else None


def _asked(unit: Unit, number: int, event_id: int) -> Event | None:
    """The asking that a link answers."""
    own = (event for event in unit.events_of(number) if event.name == ADDRESS_ASKED)
    return next((event for event in own if event.id == event_id), None)
