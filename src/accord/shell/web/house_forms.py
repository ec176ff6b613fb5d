"""The forms' port over the house: versions from the files, answers into the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from accord.core.mail.links import Claim, LinkKind
from accord.core.model.contact import GONE
from accord.core.model.wording import Wording, WordingKind
from accord.shell.engine.care.collect import WordingFault, keep
from accord.shell.engine.care.signup import awaiting, confirm, is_signed_up, sign_up
from accord.shell.web.floods import Hours
from accord.shell.wiring import House

# What can be served as a page: a pre-ticked box collects nothing, and terms are no question.
SERVED = frozenset({"optin_box", "optout_box", "radio_yes_no", "double_optin"})


@dataclass(frozen=True, slots=True)
class HouseForms:
    """The port `SignUps`."""

    house: House

    @property
    def hours(self) -> Hours:
        """Stamps pages with the keys that sign links."""
        return Hours(self.house.keys.links)

    def form(self, name: str) -> Wording | None:
        """The version that stands in the files, kept from its first showing on; None where it can't be served."""
        written = next(
            (
                each
                for each in self.house.wordings.values()
                if each.kind is WordingKind.FORM and each.name == name
            ),
            None,
        )
        if written is None or written.prechecked or written.control not in SERVED:
            return None
        with self.house.store.read() as unit:
            kept = unit.wordings([written.digest]).get(written.digest)
        if kept is not None:
            return kept.wording if kept.revoked_at is None else None
        try:
            with self.house.store.begin() as unit:
                return keep(unit, written, by="web", now=self.house.clock())
        except WordingFault:
            return None  # the file was changed under a version that people have answered: `check` says so

    def sign_up(self, wording: Wording, address: str, answer: str | None, language: str) -> None:
        """Write down one answer."""
        house = self.house
        sign_up(
            house.store,
            house.catalogue,
            wording,
            address=address,
            answer=answer,
            language=language,
            url=f"{house.venue.base_url}/f/{wording.name}",
            now=house.clock(),
        )

    def can_confirm(self, claim: Claim) -> bool:
        """Whether there is anything to confirm, or it is confirmed already."""
        purpose = self.house.venue.purposes.get(claim.purpose)
        with self.house.store.read() as unit:
            known = unit.situations([claim.contact_id]).get(claim.contact_id)
            ledger = unit.entries([claim.contact_id]).get(claim.contact_id, ())
        if known is None or purpose is None or known.contact.address_state in GONE:
            return False
        waiting = awaiting(ledger, claim.purpose, self.house.clock())
        return bool(waiting) or is_signed_up(known, purpose)

    def confirm(self, claim: Claim) -> str | None:
        """Agree, and say where the person's own page is."""
        house = self.house
        if not confirm(house.store, house.catalogue, claim.contact_id, claim.purpose, now=house.clock()):
            return None
        links, mail = house.links, (claim.contact_id, claim.purpose, "consent", claim.message_id)
        # As old as the link that led here: an old mail opens nobody's data by this way, either.
        token = links.seal(LinkKind.PREFERENCES, *mail, claim.sealed_on)
        return links.url(LinkKind.PREFERENCES, token)
