"""How mail fared of late: complaints and bounces, as far as anybody tells us of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from accord.shell.doctor.findings import Finding, fine, mend, note, unseen
from accord.shell.doctor.patient import Patient
from accord.shell.engine.ports.checkup import Fared
from accord.shell.engine.ports.store import StoreError

WINDOW = timedelta(days=28)

# Google: below 0.10 %, never 0.30 % (R-58). Zero of so many is needed before it proves the first (rules, C.2).
WANTED, NEVER = 0.001, 0.003
ENOUGH = 3838
FEW = 3
BOUNCES = 0.02

_JOIN = "Ask for feedback: Signal Spam (Orange, La Poste, SFR), Yahoo's and Microsoft's loops; Google tells Postmaster Tools."


def complaints(patient: Patient) -> Iterator[Finding]:
    """The rates of the last four weeks of prospecting; complaints only among those who report them."""
    file = patient.store.file
    if file is not None and not file.exists():
        yield unseen("spam-rate", "No mail has left yet.")
        return
    try:
        if not patient.store.is_current():
            return
        with patient.store.read() as unit:
            since = patient.now - WINDOW
            reporting = patient.settings.venue.complaints_reported_by
            fared, everybody = unit.checkup.fared(since, reporting), unit.checkup.fared(since)
    except StoreError:
        # The database's own examination says it.
        return
    yield _complaints(fared, told=bool(reporting) or everybody.complained > 0)
    yield from _bounces(everybody)


def _complaints(fared: Fared, *, told: bool) -> Finding:
    if not told:
        return unseen("spam-rate", "Nobody tells us of complaints, so their rate is not known.", _JOIN)
    rate = fared.complained / fared.left if fared.left else 0.0
    says = f"{fared.complained} complaints about {fared.left:,} mails in 28 days, {rate:.2%}"
    if fared.complained >= FEW and rate >= NEVER:
        return mend(
            "spam-rate",
            f"{says}: mailboxes block at 0.30 %.",
            "scenario hold prospecting --reason complaints; see which scenario in `scenario stats`, and mend it.",
        )
    if fared.complained >= FEW and rate >= WANTED:
        return note("spam-rate", f"{says}: 0.10 % is what mailboxes want.", "Write less often, or to fewer.")
    if fared.left < ENOUGH:
        return unseen("spam-rate", f"{says}: too few to prove a rate below 0.10 %.")
    return fine("spam-rate", says)


def _bounces(fared: Fared) -> Iterator[Finding]:
    rate = fared.bounced / fared.left if fared.left else 0.0
    says = f"{fared.bounced} of {fared.left:,} mails bounced in 28 days, {rate:.1%}"
    if fared.bounced >= FEW and rate > BOUNCES:
        yield note(
            "bounces", f"{says}: a clean list has below 2 %.", "Look at the newest imports: old addresses?"
        )
    elif fared.left:
        yield fine("bounces", says)
