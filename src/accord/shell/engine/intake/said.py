"""What a row of a file says for and against mail: acts with a proof of their own, claims without, refusals always."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from accord.core.consent.answers import Collected, Collection, collected
from accord.core.consent.asking import Asking, answered
from accord.core.consent.history import CONFIRM_WITHIN, REFUSALS
from accord.core.expressions.fields import shown
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry
from accord.core.model.venue import Venue
from accord.core.model.wording import Wording
from accord.shell.engine.care.versions import NoWording
from accord.shell.engine.intake.columns import CONSENT, Wanted
from accord.shell.engine.intake.row_texts import NO, YES, RowTexts

# An entry that bears no date of its own counts from its arrival; this detail says so.
UNDATED = {"date": "unknown"}

_LEFT = YES | {"unsubscribed", "optout", "opt-out", "opted-out", "stop", "désabonné", "désinscrit"}
_STAYED = NO | {"subscribed", "optin", "opt-in"}
_ANSWERS: Mapping[str, str] = {
    **dict.fromkeys(YES, "yes"),
    **dict.fromkeys(NO, "no"),
    **dict.fromkeys(("ticked", "checked", "coché", "cochée"), "ticked"),
    **dict.fromkeys(("unticked", "unchecked", "décoché", "décochée", "non coché"), "unticked"),
}
# Where a row has none of these, it says nothing.
SAYING = frozenset({*CONSENT, "address_state"})

CLAIMED = "claimed"  # what another tool says of somebody: no answer of theirs

Called = Callable[[str], Wording]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from, for the ledger and the journal: the file, its digest, who brought it in."""

    name: str
    digest: str
    by: str

    @property
    def short_digest(self) -> str:
        """Enough of the digest to tell the file from every other."""
        return self.digest[:16]

    def details(self, row: int) -> dict[str, str | None]:
        """What every entry of this file bears."""
        return {
            "channel": "import",
            "file": self.name,
            "digest": self.short_digest,
            "row": str(row),
            "recorded_by": self.by,
        }


@dataclass(frozen=True, slots=True)
class Sayings:
    """Reads what rows say; `called` finds a wording by its name, and raises NoWording."""

    venue: Venue
    wanted: Wanted
    origin: Origin
    called: Called

    def read(self, texts: RowTexts, address: str, language: str) -> list[ConsentEntry]:
        """The entries for the ledger, without a contact's number; refusals first, whatever else is wrong."""
        found = self._leaving(texts)
        if any(texts.get(name) for name in ("consent_answer", "consent_at", "consent_purpose")):
            found += self._answer(texts, address, language)
        return found

    # -- against -------------------------------------------------------------------------------------------

    def _leaving(self, texts: RowTexts) -> list[ConsentEntry]:
        """Unsubscribed, complained, erased: all prospecting, unless the row names what was left (R-10)."""
        at = texts.past("unsubscribed_at")
        state = texts.get("address_state").casefold()
        if state == "complained":
            return self._refusal(texts, Act.COMPLAINT, [EVERYTHING], at)
        left = bool(texts.get("unsubscribed_at")) or self._left(texts)
        if state == "erased":
            return self._refusal(texts, Act.OBJECTION, [EVERYTHING], at)
        return self._refusal(texts, Act.UNSUBSCRIBE, self._left_what(texts), at) if left else []

    def _left(self, texts: RowTexts) -> bool:
        text = texts.get("unsubscribed").casefold()
        if text and text not in _LEFT and text not in _STAYED:
            texts.refuse("unsubscribed", f"{shown(text)} is neither yes nor no")
        return text in _LEFT

    def _left_what(self, texts: RowTexts) -> Sequence[str]:
        named = _several(texts.get("unsubscribed_from"))
        for each in named:
            if each != EVERYTHING and each not in self.venue.purposes:
                texts.refuse("unsubscribed_from", self._no_purpose(each))
                return [EVERYTHING]
        return named or [EVERYTHING]

    def _refusal(
        self, texts: RowTexts, act: Act, purposes: Sequence[str], at: datetime | None, **more: str
    ) -> list[ConsentEntry]:
        details = {**self.origin.details(texts.row.number), **more, **({} if at is not None else UNDATED)}
        return [
            ConsentEntry(0, at or texts.now, purpose, kind, act, details=details)
            for purpose in purposes
            for kind in refused_kinds(purpose, self.venue)
        ]

    # -- for, and answers ------------------------------------------------------------------------------------

    def _answer(self, texts: RowTexts, address: str, language: str) -> list[ConsentEntry]:
        """What was answered to a question, as far as the row itself can show it."""
        answer = self._answered(texts)
        at = texts.past("consent_at")
        wording = self._wording(texts)
        if texts.refusals and answer != "no":
            return []
        purposes = self._purposes(texts, wording, negative=answer == "no")
        if purposes is None or (texts.refusals and answer != "no"):
            return []
        found = collected(self._collection(wording, answer, at), self.venue.policy)
        if found.act in REFUSALS:
            form = {"form": wording.label} if wording is not None else {}
            act = found.act or Act.OBJECTION
            return self._refusal(texts, act, purposes, at, answer=answer or "", **form)
        confirmed = texts.past("consent_confirmed_at")
        if wording is not None and at is not None and answer is not None:
            asking = Asking(0, address, at, answer, "web", wording.language(language))
            return self._proven(texts, asking, wording, purposes, confirmed)
        return self._claims(texts, found, purposes, at, answer, wording)

    def _answered(self, texts: RowTexts) -> str | None:
        text = texts.get("consent_answer").casefold()
        if not text or text == CLAIMED:
            return None
        if text not in _ANSWERS:
            texts.refuse("consent_answer", f"{shown(text)} is no answer; write ticked, unticked, yes or no")
        return _ANSWERS.get(text)

    def _wording(self, texts: RowTexts) -> Wording | None:
        name = texts.get("consent_form")
        if not name:
            return self.wanted.form
        try:
            return self.called(name)
        except NoWording as fault:
            texts.refuse("consent_form", str(fault))
            return None

    def _purposes(self, texts: RowTexts, wording: Wording | None, *, negative: bool) -> Sequence[str] | None:
        """What the answer is about. A «no» to nothing in particular is a «no» to everything; a «yes» is none."""
        named = _several(texts.get("consent_purpose")) or (
            [self.wanted.purpose] if self.wanted.purpose else []
        )
        for each in named:
            if each == EVERYTHING and negative:
                continue
            if each not in self.venue.purposes:
                texts.refuse("consent_purpose", self._no_purpose(each))
            elif wording is not None and each not in wording.asks and not negative:
                texts.refuse("consent_purpose", f"{wording.label} does not ask for «{each}»")
        known = [each for each in named if each == EVERYTHING or each in self.venue.purposes]
        if negative:
            return known or (list(wording.asks) if wording is not None else [EVERYTHING])
        if named or wording is not None:
            return known or list(wording.asks if wording is not None else ())
        if self.wanted.preset is None:
            texts.refuse("consent_purpose", "it is missing: a consent is to something, never to everything")
        return None

    def _no_purpose(self, name: str) -> str:
        return f"there is no purpose {shown(name)}; there are: {', '.join(self.venue.purposes)}"

    def _collection(self, wording: Wording | None, answer: str | None, at: datetime | None) -> Collection:
        proven = wording is not None and at is not None and answer is not None
        return Collection(
            control=wording.control if wording is not None and answer is not None else None,
            prechecked=wording.prechecked if wording is not None else False,
            answer=answer,
            channel=None if proven else "import",
            says_written_to_unless_refused=wording.refusal_offered
            if wording is not None and proven
            else False,
        )

    def _proven(
        self,
        texts: RowTexts,
        asking: Asking,
        wording: Wording,
        purposes: Sequence[str],
        confirmed: datetime | None,
    ) -> list[ConsentEntry]:
        """An answer with its own date to a known version: as if it had been given to the form itself.

        Two things differ: it lifts no objection, and what waits to be confirmed does not wait with us.
        """
        _, entries = answered(asking, wording, self.venue)
        within = confirmed is not None and asking.at <= confirmed <= asking.at + CONFIRM_WITHIN
        details = {**self.origin.details(texts.row.number)}
        return [
            replace(
                entry,
                act=Act.OPTIN_IMPORT_PROVEN
                if within and entry.act is Act.OPTIN_PENDING
                else _ACTS[entry.act],
                at=confirmed
                if within and confirmed is not None and entry.act is Act.OPTIN_PENDING
                else entry.at,
                details={**entry.details, **details},
            )
            for entry in entries
            if entry.purpose in purposes
        ]

    def _claims(
        self,
        texts: RowTexts,
        found: Collected,
        purposes: Sequence[str],
        at: datetime | None,
        answer: str | None,
        wording: Wording | None,
    ) -> list[ConsentEntry]:
        """What somebody says there is, without what it takes to show it: opt-in unproven at best (R-13)."""
        act = found.act
        if act is None:
            return []
        details = {**self.origin.details(texts.row.number), **({} if at is not None else UNDATED)}
        details |= {"answer": answer} if answer is not None else {}
        details |= {"form": wording.label} if wording is not None else {}
        return [
            ConsentEntry(0, at or texts.now, purpose, kind, _ACTS[act], details=details)
            for purpose in purposes
            for kind in self.venue.purposes[purpose].kinds
        ]


# What a form collects, as a file tells it.
_ACTS: Mapping[Act, Act] = {
    Act.OPTIN_PROVEN: Act.OPTIN_IMPORT_PROVEN,
    Act.OPTIN_PENDING: Act.OPTIN_IMPORT,
    Act.OPTIN_IMPORT: Act.OPTIN_IMPORT,
    Act.OPTIN_UNPROVEN: Act.OPTIN_UNPROVEN,
    Act.SPOKEN: Act.OPTIN_IMPORT,
    Act.SILENCE: Act.SILENCE,
    Act.OBJECTION: Act.OBJECTION,
}


def refused_kinds(purpose: str, venue: Venue) -> tuple[str, ...]:
    """The kinds that a refusal of a whole purpose names, and the purpose itself."""
    if purpose == EVERYTHING or purpose not in venue.purposes:
        return (EVERYTHING,)
    return (*venue.purposes[purpose].kinds, EVERYTHING)


def _several(text: str) -> list[str]:
    return [each.strip() for each in text.split(";") if each.strip()]
