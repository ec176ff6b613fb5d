"""One person's answer to one wording: what it really collected, as entries with their whole proof (R-18, R-19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accord.core.consent.answers import Collected, Collection, collected
from accord.core.model.consent import ConsentEntry
from accord.core.model.venue import Venue
from accord.core.model.wording import Wording, WordingKind

WITHDRAWAL = "a link in every mail"  # how a consent is taken back as easily as it was given


@dataclass(frozen=True, slots=True)
class Asking:
    """How somebody was asked, and what came back.

    `address`: as it was typed. `at`: aware. `answer`: ticked, unticked, yes, no, or None where nothing was
    chosen. `channel`: web, oral, paper, preference_centre, service_invitation. `language`: in which the
    wording was shown or said. `agent` and `place`: who asked and where, for what was not asked on a page.
    `url`: the page. `followup`: the written follow-up to an oral consent was sent already.
    """

    contact_id: int
    address: str
    at: datetime
    answer: str | None
    channel: str
    language: str
    agent: str | None = None
    place: str | None = None
    url: str | None = None
    followup: bool = False


def answered(asking: Asking, wording: Wording, venue: Venue) -> tuple[Collected, tuple[ConsentEntry, ...]]:
    """What the answer comes to, and one entry for each kind of each purpose that the wording asks for.

    No entries where nothing was collected: accepting terms, an unknown answer (R-01, R-04).
    """
    found = collected(_collection(asking, wording), venue.policy)
    act = found.act
    if act is None:
        return found, ()
    proof = proof_of(asking, wording, venue)
    return found, tuple(
        ConsentEntry(
            asking.contact_id, asking.at, purpose, kind, act, found.informed, proof, wording=wording.digest
        )
        for purpose, kinds in wording.asks.items()
        for kind in kinds
    )


def _collection(asking: Asking, wording: Wording) -> Collection:
    spoken = wording.kind is WordingKind.SCRIPT
    on_a_page = asking.channel in ("web", "preference_centre")
    return Collection(
        control=None if spoken else wording.control,
        prechecked=wording.prechecked,
        answer=asking.answer or ("unticked" if spoken else None),
        channel="oral" if spoken else None if on_a_page else asking.channel,
        script_version=wording.label,
        notice=wording.given,
        written_followup=asking.followup,
        agent=bool(asking.agent),
        place=bool(asking.place),
        says_written_to_unless_refused=wording.refusal_offered,
    )


def proof_of(asking: Asking, wording: Wording, venue: Venue) -> dict[str, str | None]:
    """The fields of R-19 that the entry itself does not hold; what is not known is left out."""
    proof = {
        "address": asking.address,
        "controller": venue.entity.name,
        "channel": asking.channel,
        "answer": asking.answer,
        "form": wording.label if wording.kind is WordingKind.FORM else None,
        "script": wording.label if wording.kind is WordingKind.SCRIPT else None,
        "language": asking.language,
        "notice_version": wording.notice_version,
        "notice": wording.given,
        "control": wording.control,
        "default": "ticked" if wording.prechecked else "unticked",
        "url": asking.url,
        "zone": venue.entity.zone,
        "actor": asking.agent or "person",
        "place": asking.place,
        "withdrawal": WITHDRAWAL,
    }
    return {name: value for name, value in proof.items() if value is not None}


def missing_proof(entry: ConsentEntry) -> tuple[str, ...]:
    """What an entry that claims a consent lacks of the record that R-19 asks for."""
    needed = ("controller", "channel", "language", "notice_version", "actor")
    lacking = [name for name in needed if not entry.details.get(name)]
    return tuple(lacking if entry.wording else ["wording", *lacking])
