"""Consent in: which wording was answered, what the answer comes to, and what follows when one is revoked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from accord.core.consent.answers import Collected
from accord.core.consent.asking import Asking, answered
from accord.core.expressions.fields import shown
from accord.core.model.consent import Act, ConsentEntry
from accord.core.model.content import Catalogue
from accord.core.model.wording import Wording, WordingKind
from accord.shell.engine.care.versions import Versions
from accord.shell.engine.ports.rows import Deed, KeptWording
from accord.shell.engine.ports.store import Store, Unit
from accord.shell.engine.record import consents_in

PAGE = 500
DONE = "done"


class WordingFault(Exception):
    """There is no such wording, or it can't be used; the text says why."""


def wording_called(
    unit: Unit, kind: WordingKind, ref: str, files: Mapping[str, Wording], *, by: str, now: datetime
) -> Wording:
    """The wording called `name` or `name@version`, kept from its first use on.

    Without a version: the one that stands in the files now, else the newest that was kept. Raises
    WordingFault where there is none, where it is revoked, or where the file has been changed under a version
    that was used already.
    """
    versions = Versions(kind, unit.kept_wordings(kind), files)
    found = versions.find(ref)
    if found.written is not None:
        return keep(unit, found.written, by=by, now=now)
    if found.kept is None:
        raise WordingFault(f"There is no {kind} {shown(ref)}; there are: {versions.labels}.")
    return _usable(found.kept)


def keep(unit: Unit, wording: Wording, *, by: str, now: datetime) -> Wording:
    """Keep a version for ever; nothing happens where it is kept already. Raises WordingFault."""
    for kept in unit.kept_wordings(wording.kind, wording.name):
        if kept.wording.digest == wording.digest:
            return _usable(kept)
        if kept.wording.version == wording.version:
            raise WordingFault(
                f"{wording.label} says something else than the version of that name kept since "
                f"{kept.added_at:%Y-%m-%d}: people have answered that one. Give the new text a new version."
            )
    unit.keep_wording(wording, by, now)
    unit.note_deed(Deed(now, by, f"{wording.kind}s add", wording.label, {"digest": wording.digest}))
    return wording


def _usable(kept: KeptWording) -> Wording:
    if kept.revoked_at is not None:
        raise WordingFault(
            f"{kept.wording.label} was revoked on {kept.revoked_at:%Y-%m-%d} by {kept.revoked_by}: "
            f"{kept.revoked_because}. No consent can rest on it."
        )
    return kept.wording


def record_answer(
    store: Store,
    catalogue: Catalogue,
    asking: Asking,
    wording: Wording,
    *,
    now: datetime,
    history: bool = False,
) -> tuple[Collected, Sequence[ConsentEntry]]:
    """Write one person's answer to the ledger, with its proof; what it forbids is cancelled."""
    found, entries = answered(asking, wording, catalogue.venue)
    if entries:
        with store.begin() as unit:
            consents_in(unit, catalogue, entries, now=now, history=history, source=asking.channel)
    return found, entries


# -- revoking ---------------------------------------------------------------------------------------------


def revoke(store: Store, digest: str, *, because: str, by: str, now: datetime) -> bool:
    """Say that a wording proves nothing; whether it did until now. `revoke_page` then goes through the people."""
    with store.begin() as unit:
        if not unit.revoke_wording(digest, because, by, now):
            return False
        wording = unit.wordings([digest])[digest].wording
        told = {"digest": digest, "because": because}
        unit.note_deed(Deed(now, by, f"{wording.kind}s revoke", wording.label, told))
        return True


def revoke_page(
    store: Store,
    catalogue: Catalogue,
    digest: str,
    *,
    now: datetime,
    limit: int = PAGE,
) -> int | None:
    """Take one page of those who answered a revoked wording; how many there were, None when all are done.

    Each page and the mark behind it are one transaction: broken off anywhere, it goes on where it was.
    """
    loop = f"revoke/{digest}"
    with store.begin() as unit:
        mark = unit.progress(loop) or "0"
        kept = unit.wordings([digest]).get(digest)
        if mark == DONE or kept is None or kept.revoked_at is None:
            return None
        people = unit.who_answered(digest, int(mark), limit)
        entries = _revoked(unit, people, kept, now)
        if entries:
            consents_in(unit, catalogue, entries, now=now, history=False, source="revoke")
        unit.note_progress(loop, str(people[-1]) if people else DONE, now)
        return len(people) if people else None


def _revoked(unit: Unit, people: Sequence[int], kept: KeptWording, now: datetime) -> list[ConsentEntry]:
    """One entry for each purpose and kind that somebody answered by this wording."""
    digest = kept.wording.digest
    details = {"because": kept.revoked_because, "by": kept.revoked_by}
    return [
        ConsentEntry(contact_id, now, purpose, kind, Act.WORDING_REVOKED, details=details, wording=digest)
        for contact_id, ledger in unit.entries(people).items()
        for purpose, kind in dict.fromkeys((e.purpose, e.kind) for e in ledger if e.wording == digest)
    ]


def go_on_revoking(store: Store, catalogue: Catalogue, *, now: datetime) -> int:
    """Take a page of each revocation that was broken off; how many people were seen to."""
    with store.read() as unit:
        ahead = [
            kept.wording.digest
            for kept in unit.kept_wordings()
            if kept.revoked_at is not None and unit.progress(f"revoke/{kept.wording.digest}") != DONE
        ]
    return sum(revoke_page(store, catalogue, digest, now=now) or 0 for digest in ahead)
