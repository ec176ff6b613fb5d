"""The written follow-up to an oral consent: once it has left the house, the consent is proven (R-18)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accord.core.model.consent import Act, ConsentEntry, Nature
from accord.core.model.content import Catalogue
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.record import consents_in
from accord.shell.engine.sending.door import Passed

SPOKEN = "consent.spoken"


def is_followup(passed: Passed) -> bool:
    """Whether a mail is the service mail of a run that an oral consent began."""
    entered_by = passed.situation.entered_by
    return entered_by is not None and entered_by.name == SPOKEN and passed.message.nature is Nature.SERVICE


def record_followups(unit: Unit, catalogue: Catalogue, sent: Sequence[Passed], *, now: datetime) -> None:
    """Write, for each follow-up that was accepted, that it was sent: it completes what was said then."""
    ledgers = unit.entries([passed.message.contact_id for passed in sent])
    entries = [
        ConsentEntry(
            said.contact_id,
            now,
            said.purpose,
            said.kind,
            Act.FOLLOWUP,
            said.informed,
            {**said.details, "followup": f"message {passed.message.id}"},
            wording=said.wording,
        )
        for passed in sent
        for said in _said(ledgers.get(passed.message.contact_id, ()), passed)
    ]
    if entries:
        consents_in(unit, catalogue, entries, now=now, history=False, source="followup")


def _said(ledger: Sequence[ConsentEntry], passed: Passed) -> list[ConsentEntry]:
    """What was said at the instant that the run entered by, for its purpose."""
    event = passed.situation.entered_by
    if event is None:
        return []
    return [
        entry
        for entry in ledger
        if entry.act is Act.SPOKEN and entry.at == event.at and entry.purpose == event.data.get("purpose")
    ]
