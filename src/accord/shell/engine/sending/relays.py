"""What each mail server did with our mail: counted for figures, and noted for those who ask in another process."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from accord.shell.engine.ports.mailing import Carrier, CarrierAround, Envelope, Receipt, Unreachable
from accord.shell.engine.ports.store import Unit

# Under which name it stands in the database what was noted.
RELAYS = "relays"

NOT_TAKEN = "not_taken"


@dataclass(slots=True)
class RelayBook:
    """One a process. `outcomes`: by the relay's name, how many mails it accepted, refused, did not take …

    `silent`: why it can't be reached; None while it can.
    """

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    silent: dict[str, str | None] = field(default_factory=dict)
    _noted: str | None = None

    def note(self, unit: Unit, *, now: datetime) -> None:
        """Write it down, where it has changed since."""
        told = json.dumps({name: [dict(counts), self.silent[name]] for name, counts in self.outcomes.items()})
        if told != self._noted and self.outcomes:
            unit.note_progress(RELAYS, told, now)
            self._noted = told


def noted_relays(unit: Unit) -> Mapping[str, tuple[Mapping[str, int], str | None]]:
    """What the sender that told last had noted: by relay, its outcomes, and why it is silent."""
    return {name: (told[0], told[1]) for name, told in json.loads(unit.progress(RELAYS) or "{}").items()}


class CountedCarrier(CarrierAround):
    """A Carrier that writes down in a book what becomes of each mail."""

    def __init__(self, carrier: Carrier, name: str, book: RelayBook) -> None:
        super().__init__(carrier)
        self._name = name
        self._book = book
        self._counts = book.outcomes.setdefault(name, Counter())
        book.silent.setdefault(name, None)

    async def ready(self) -> int:
        """As ready as what carries. Raises Unreachable."""
        try:
            ready = await self._carrier.ready()
        except Unreachable as silence:
            self._book.silent[self._name] = str(silence)
            raise
        self._book.silent[self._name] = None
        return ready

    async def carry(self, envelope: Envelope) -> Receipt:
        """Hand on one mail, and write down what became of it."""
        receipt = await self._carrier.carry(envelope)
        self._counts[NOT_TAKEN if receipt.not_taken else receipt.outcome.value] += 1
        return receipt
