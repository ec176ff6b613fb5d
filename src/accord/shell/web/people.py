"""The pages' port over the house: what people decide on a page goes into the ledger and the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from accord.core.consent.asking import Asking, answered
from accord.core.consent.collection import consents, scope_of_unsubscribe, state_of
from accord.core.consent.retention import cut_off
from accord.core.mail.links import Claim, LinkKind, Links
from accord.core.model.consent import EVERYTHING, Act, ConsentEntry, Consents, ConsentStatus, LegalBasis
from accord.core.model.contact import Contact
from accord.core.model.decision import Situation
from accord.core.model.event import Event
from accord.core.model.expression import Value
from accord.core.model.time import add_months, local_day
from accord.core.model.venue import Purpose, Venue
from accord.core.model.wording import Wording, WordingKind
from accord.core.robots import Fetch
from accord.shell.engine.care.collect import keep as keep_wording
from accord.shell.engine.care.signup import is_signed_up
from accord.shell.engine.care.vitals import is_late, vitals
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.record import consents_in, record_events
from accord.shell.web.clicks import record_click
from accord.shell.web.ports import Answer, Health, PreferenceChanges, PreferencesView, PurposeChoice, Reader
from accord.shell.web.visit import known_to
from accord.shell.wiring import House


@dataclass(frozen=True, slots=True)
class HousePeople:
    """The port `People`."""

    house: House

    @property
    def venue(self) -> Venue:
        """Whose pages they are."""
        return self.house.venue

    @property
    def links(self) -> Links:
        """Reads the tokens."""
        return self.house.links

    def now(self) -> datetime:
        """The instant of the request."""
        return self.house.clock()

    def reader(self, claim: Claim) -> Reader | None:
        """Who follows a link; None when they are no longer known."""
        with self.house.store.read() as unit:
            lives = unit.keeping.living([claim.contact_id])
            (found,) = self._readers(unit, [claim], lives)
        return found

    def _readers(
        self, unit: Unit, claims: Sequence[Claim], lives: Mapping[int, int]
    ) -> Sequence[Reader | None]:
        known = unit.contacts(sorted(set(lives.values())))
        contacts = [known.get(lives.get(claim.contact_id, 0)) for claim in claims]
        return [
            self._reader(claim, contact) if contact is not None else None
            for claim, contact in zip(claims, contacts, strict=True)
        ]

    def _reader(self, claim: Claim, contact: Contact) -> Reader:
        scope = self._scope(claim)
        mail = (claim.contact_id, claim.purpose, claim.basis, claim.message_id)
        token = self.links.seal(LinkKind.PREFERENCES, *mail, claim.sealed_on)
        stops = claim.purpose if scope and scope[0][0] != EVERYTHING else None
        return Reader(contact.language, stops, self.links.url(LinkKind.PREFERENCES, token))

    def preferences(self, claim: Claim) -> PreferencesView | None:
        """What the person's own page shows; None when they are no longer known."""
        with self.house.store.read() as unit:
            situation = known_to(unit, claim)
        if situation is None:
            return None
        contact = situation.contact
        ends = cut_off(contact, self.venue)
        today = local_day(self.now(), self.venue.entity.clock)
        near = add_months(today, self.venue.retention.reactivation_months) >= ends
        purposes = tuple(self._choice(situation, each) for each in self.venue.purposes.values())
        why, since = self._why(claim, situation, purposes)
        return PreferencesView(
            email=contact.email,
            language=contact.language,
            purposes=purposes,
            preferences=contact.preferences,
            forgotten_on=ends if near else None,
            zone=contact.zone,
            why=why,
            since=since,
            known_since=self._day(contact.collected_at),
        )

    def _choice(self, situation: Situation, purpose: Purpose) -> PurposeChoice:
        given = [state_of(situation.consents, purpose.name, kind) for kind in purpose.kinds]
        days = [each.since for each in given if each.status is ConsentStatus.OPTIN_PROVEN and each.since]
        since = self._day(min(days)) if days else None
        return PurposeChoice(purpose.name, is_signed_up(situation, purpose), since)

    def _why(
        self, claim: Claim, situation: Situation, purposes: Sequence[PurposeChoice]
    ) -> tuple[str, date | None]:
        """What mail to this person rests on as things stand, and since when."""
        signed_up = [each.since for each in purposes if each.on and each.since is not None]
        if signed_up:
            return LegalBasis.CONSENT.value, min(signed_up)
        if claim.basis in (LegalBasis.CONSENT, LegalBasis.SERVICE) or _is_stopped(
            situation.consents, "*", "*"
        ):
            return "off", None
        orders = [line.placed_at for line in situation.lines]
        return claim.basis, self._day(max(orders)) if orders else None

    def _day(self, instant: datetime) -> date:
        return local_day(instant, self.venue.entity.clock)

    def unsubscribe(self, claims: Sequence[Claim], now: datetime) -> Sequence[Reader | None]:
        """Stop what the links stop (R-10): idempotent, one journal entry each."""
        with self.house.store.begin() as unit:
            lives = unit.keeping.living({claim.contact_id for claim in claims})
            ledgers = unit.entries(sorted(set(lives.values())))
            wanted: dict[tuple[int, str, str], ConsentEntry] = {}
            for claim in claims:
                number = lives.get(claim.contact_id)
                if number is not None:
                    known = consents(ledgers.get(number, ()), self.venue.policy)
                    for purpose, kind in self._scope(claim):
                        if not _is_stopped(known, purpose, kind):
                            entry = _one_click(claim, purpose, kind, now)
                            wanted.setdefault((number, purpose, kind), entry)
            self._write(unit, list(wanted.values()), now, "unsubscribe")
            return self._readers(unit, claims, lives)

    def save_preferences(self, claim: Claim, changes: PreferenceChanges, now: datetime) -> None:
        """Write the boxes that were turned, and what was chosen."""
        with self.house.store.begin() as unit:
            situation = known_to(unit, claim)
            if situation is None:
                return
            self._write(unit, self._entries(unit, claim, situation, changes, now), now, "preferences")
        if changes.preferences is not None:
            chosen: dict[str, Value] = {
                "newsletters_per_month": changes.preferences.newsletters_per_month,
                "paused_until": changes.preferences.paused_until,
            }
            event = Event(claim.contact_id, "preferences.updated", now, chosen, "web")
            record_events(self.house.store, self.house.catalogue, [event], now=now)
        about = {"language": changes.language, "zone": changes.zone}
        told: dict[str, Value] = {name: value for name, value in about.items() if value is not None}
        if told:
            event = Event(claim.contact_id, "contact.updated", now, told, "web")
            record_events(self.house.store, self.house.catalogue, [event], now=now)

    def _entries(
        self, unit: Unit, claim: Claim, situation: Situation, changes: PreferenceChanges, now: datetime
    ) -> list[ConsentEntry]:
        if changes.everything_off:
            proof = {"channel": "preference_centre", "control": "everything_off"}
            stopped = _is_stopped(situation.consents, "*", "*")
            everything = ConsentEntry(claim.contact_id, now, "*", "*", Act.OBJECTION, details=proof)
            return [] if stopped else [everything]
        entries: list[ConsentEntry] = []
        for name, answer in changes.answers.items():
            purpose = self.venue.purposes.get(name)
            if purpose is None or is_signed_up(situation, purpose) == answer.on:
                continue
            said = self._signed_up(unit, situation, purpose, answer, now) if answer.on else ()
            entries += said or _taken_back(claim, purpose, answer, now)
        return entries

    def _signed_up(
        self, unit: Unit, situation: Situation, purpose: Purpose, answer: Answer, now: datetime
    ) -> Sequence[ConsentEntry]:
        """A box that was ticked, with its words kept as a version."""
        wording = keep_wording(unit, _page_wording(purpose, answer), by="preference_centre", now=now)
        contact, url = situation.contact, f"{self.venue.base_url}/p/"
        asking = Asking(
            contact.id, contact.email, now, "ticked", "preference_centre", answer.language, url=url
        )
        return answered(asking, wording, self.venue)[1]

    def keep(self, claim: Claim, now: datetime) -> None:
        """The person asked to be kept: renews the clock (R-42, R-47)."""
        event = Event(claim.contact_id, "contact.kept", now, {}, "web")
        with self.house.store.read() as unit:
            known = known_to(unit, claim) is not None
        if known:
            record_events(self.house.store, self.house.catalogue, [event], now=now)

    def record_click(self, claim: Claim, fetch: Fetch) -> None:
        """Journal a fetch with its verdict; only a person's renews the clock. Nothing else ever changes."""
        record_click(self.house, claim, fetch)

    def health(self) -> Health:
        """Whether the database answers, and how far behind the engine is."""
        now = self.now()
        with self.house.store.read() as unit:
            seen = vitals(unit, now)
        details = {name: f"{count} waiting" for name, (count, _) in seen.waiting.items()}
        late = is_late(seen, self.house.settings.alarm_lag)
        roles = Counter("silent" if each in seen.silent else each.role.value for each in seen.daemons)
        details |= {f"daemons, {role}": str(count) for role, count in sorted(roles.items())}
        return Health(not late, {**details, "lag": f"{int(seen.lag.total_seconds())} s"})

    # -- what they share ----------------------------------------------------------------------------------

    def _scope(self, claim: Claim) -> tuple[tuple[str, str], ...]:
        purpose = self.venue.purposes.get(claim.purpose)
        if purpose is None:
            return (("*", "*"),)
        basis = LegalBasis(claim.basis) if claim.basis in list(LegalBasis) else None
        return scope_of_unsubscribe(basis, purpose, self.venue.policy)

    def _write(self, unit: Unit, entries: list[ConsentEntry], now: datetime, source: str) -> None:
        if entries:
            consents_in(
                unit,
                self.house.catalogue,
                entries,
                now=now,
                history=False,
                source=source,
            )


def _page_wording(purpose: Purpose, answer: Answer) -> Wording:
    """The page's own box as a form: each text that ever stood beside it is a version, kept for ever (R-19)."""
    said = Wording(
        kind=WordingKind.FORM,
        name=f"preferences-{purpose.name}",
        version="",
        control="optin_box",
        asks={purpose.name: purpose.kinds},
        text={answer.language: answer.wording},
        notice_version="preference-centre",
        notice={answer.language: answer.wording},
        refusal_offered=True,
    )
    return replace(said, version=said.sealed().digest[:12]).sealed()


def _one_click(claim: Claim, purpose: str, kind: str, now: datetime) -> ConsentEntry:
    proof = {"channel": "one_click", "message": str(claim.message_id), "basis": claim.basis}
    return ConsentEntry(claim.contact_id, now, purpose, kind, Act.UNSUBSCRIBE, details=proof)


def _taken_back(claim: Claim, purpose: Purpose, answer: Answer, now: datetime) -> list[ConsentEntry]:
    proof = {"channel": "preference_centre", "answer": "unticked", "text": answer.wording}
    return [
        ConsentEntry(claim.contact_id, now, purpose.name, kind, Act.UNSUBSCRIBE, details=proof)
        for kind in purpose.kinds
    ]


def _is_stopped(known: Consents, purpose: str, kind: str) -> bool:
    stopped = (ConsentStatus.ACTIVE_OPTOUT, ConsentStatus.WITHDRAWN)
    if purpose == "*":
        return known.overall.status in stopped and all(
            state.status in stopped for state in known.states.values()
        )
    return state_of(known, purpose, kind).status in stopped
