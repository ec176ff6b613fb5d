"""From the ledger to consent states: one person's entries, by purpose and kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from accord.core.consent.history import YES, Told, fold
from accord.core.model.consent import (
    EVERYTHING,
    Act,
    ConsentEntry,
    Consents,
    ConsentState,
    ConsentStatus,
    LegalBasis,
)
from accord.core.model.venue import Policy, Purpose

STATUS = "status"  # the detail of a MERGED entry: what the other record said


def consents(entries: Sequence[ConsentEntry], policy: Policy | None = None) -> Consents:
    """All states of one person from all its ledger rows, in whatever order they come.

    A row for `*` bears on every purpose, also on those that were never named; a row for (purpose, `*`) on
    every kind of it. A refusal may be that wide; a consent may not (R-04): an opt-in to everything is an
    opt-in without proof. Raises nothing.
    """
    overall = fold((_wide(entry) for entry in entries if entry.purpose == EVERYTHING), policy)
    keys = {(entry.purpose, entry.kind) for entry in entries if entry.purpose != EVERYTHING}
    states = {key: fold(_bearing_on(key, entries), policy) for key in keys}
    return Consents(states=states, overall=overall)


def state_of(known: Consents, purpose: str, kind: str) -> ConsentState:
    """The state for one purpose and kind; else what was said of the whole purpose, else of everything."""
    named = known.states.get((purpose, kind)) or known.states.get((purpose, EVERYTHING))
    return named or known.overall


def scope_of_unsubscribe(
    basis: LegalBasis | None, purpose: Purpose, policy: Policy | None = None
) -> tuple[tuple[str, str], ...]:
    """The (purpose, kind) pairs that one unsubscribe covers (R-10).

    The purpose of the mail, all its kinds, when the mail rested on consent; all prospecting of the entity
    when it rested on the customer exception, on B2B interest, or on nothing that is known.
    """
    policy = policy or Policy()
    narrow = basis is LegalBasis.CONSENT or (
        basis is LegalBasis.SOFT_OPTIN and policy.unsubscribe_scope_soft_optin != "all"
    )
    if not narrow:
        return ((EVERYTHING, EVERYTHING),)
    return (*((purpose.name, kind) for kind in purpose.kinds), (purpose.name, EVERYTHING))


def merge_entries(
    contact_id: int, mine: Consents, theirs: Consents, *, at: datetime
) -> tuple[ConsentEntry, ...]:
    """The MERGED rows to append to `contact_id`'s ledger: what the other record says, name by name (R-17)."""
    keys = sorted(set(mine.states) | set(theirs.states) | {(EVERYTHING, EVERYTHING)})
    found = ((key, _theirs(theirs, key)) for key in keys)
    return tuple(
        ConsentEntry(contact_id, at, purpose, kind, Act.MERGED, state.informed, {STATUS: state.status.value})
        for (purpose, kind), state in found
    )


def _theirs(known: Consents, key: tuple[str, str]) -> ConsentState:
    return known.overall if key[0] == EVERYTHING else state_of(known, *key)


def _bearing_on(key: tuple[str, str], entries: Iterable[ConsentEntry]) -> Iterable[Told]:
    """The acts that bear on one (purpose, kind): its own, its purpose's, and those on everything."""
    purpose, kind = key
    for entry in entries:
        if entry.purpose == purpose:
            if entry.kind == EVERYTHING:
                yield _wide(entry)
            elif entry.kind == kind:
                yield _told(entry)
        elif entry.purpose == EVERYTHING and not _merges_by_name(entry, key, entries):
            yield _wide(entry)


def _merges_by_name(entry: ConsentEntry, key: tuple[str, str], entries: Iterable[ConsentEntry]) -> bool:
    """Whether a merge of everything was also told for this very name, which then says it better."""
    if entry.act is not Act.MERGED:
        return False
    return any(
        other.act is Act.MERGED and (other.purpose, other.kind) == key and other.at == entry.at
        for other in entries
    )


def _wide(entry: ConsentEntry) -> Told:
    """An act on everything: no wording asks for that, so a positive one proves nothing (R-04)."""
    told = _told(entry)
    return replace(told, act=Act.OPTIN_UNPROVEN) if told.act in YES else told


def _told(entry: ConsentEntry) -> Told:
    merged = None
    if entry.act is Act.MERGED:
        said = entry.details.get(STATUS)
        merged = next((status for status in ConsentStatus if status.value == said), None)
    return Told(entry.at, entry.act, entry.informed, entry.seq, merged, entry.wording)
