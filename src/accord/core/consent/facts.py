"""From one person at one instant to the gate's inputs: where each of them comes from (rules, B.0)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from accord.core.consent.collection import state_of
from accord.core.consent.gate_input import GateInput
from accord.core.consent.relation import outlived, relation_of
from accord.core.consent.retention import is_expired
from accord.core.model.consent import (
    EVERYTHING,
    SERVICE_PURPOSE,
    Consents,
    ConsentState,
    ConsentStatus,
    Kind,
    Nature,
)
from accord.core.model.contact import AddressKind
from accord.core.model.content import Catalogue, Content
from accord.core.model.decision import Situation
from accord.core.model.expression import Expression
from accord.core.model.scenario import Call, Outgoing
from accord.core.model.venue import Purpose, Venue

EMAIL = "email"

KIND_OF: Mapping[str, Kind] = {
    Nature.EDITORIAL: Kind.EDITORIAL,
    Nature.PROMOTIONAL: Kind.PROMOTIONAL,
    Nature.ABANDONED_CART: Kind.PROMOTIONAL,
    Nature.REVIEW_REQUEST: Kind.REVIEW,
}

# A yes to the pixel, or to partners, is no yes to mail from us.
_OUR_MAIL = frozenset({Kind.EDITORIAL, Kind.PROMOTIONAL, Kind.REVIEW})

# Of several kinds, one refusal is a refusal; else the best that was said counts (reactivation, invitations).
_OF_ANY_KIND = (
    ConsentStatus.ACTIVE_OPTOUT,
    ConsentStatus.WITHDRAWN,
    ConsentStatus.OPTIN_PROVEN,
    ConsentStatus.OPTIN_UNPROVEN,
    ConsentStatus.PASSIVE_OPTOUT,
    ConsentStatus.NEVER_ASKED,
)


def gate_inputs(
    send: Outgoing, families: tuple[str, ...], situation: Situation, catalogue: Catalogue, *, now: datetime
) -> GateInput:
    """Everything that the gate reads for one mail to one person.

    `families`: what the step promotes, already evaluated; the purpose's own count where the step names none,
    but an expression that came to nothing promises nothing similar. An unknown template, purpose or family
    leaves an input unknown, which denies (R-01).
    """
    venue = catalogue.venue
    content = _content(send, catalogue)
    if content is None:
        return GateInput()
    nature = real_nature(send, content)
    purpose = venue.purposes.get(send.purpose)
    asked_for = venue.purposes.get(send.invite) if send.invite else purpose
    items = families or (purpose.families if purpose else ())
    promised = () if isinstance(send.promotes, Expression) and not families else items
    state = _consent(situation.consents, nature, asked_for, promotes=content.promotional_tone)
    known = _is_known(send, asked_for, items, venue)
    hosts = _partner_hosts(content, venue)
    return GateInput(
        nature=nature,
        consent=state.status.value if known else None,
        relation=relation_of(promised, situation.lines, venue, now=now),
        informed=_informed(situation.consents, asked_for, state),
        age_3y=is_expired(situation.contact, venue, now=now),
        address=situation.contact.address_state.value,
        b2b=_b2b(situation.contact.address_kind, purpose),
        promo_block=content.promo_block,
        no_service_link=nature.startswith(SERVICE_PURPOSE) and not has_service_link(send, situation, venue),
        partner_content=not _names(purpose, hosts, situation.consents, venue),
        promotional_tone=content.promotional_tone,
        sector_ban=any(venue.families[item].banned_sector for item in items if item in venue.families),
        contract_in_progress=situation.contract_in_progress,
        missing_unsubscribe=content.missing_unsubscribe,
        identity_hidden=content.identity_hidden,
        subject_misleading=content.subject_misleading,
        non_commercial_sender=_non_commercial(nature, items, venue),
        named_partner_content=bool(hosts),
        from_third_party=situation.contact.from_third_party,
        purchase_too_old=outlived(items, situation.lines, venue, now=now),
    )


def _content(send: Outgoing, catalogue: Catalogue) -> Content | None:
    """What the reader found in a mail; a call shows nothing to anybody. None for an unknown template."""
    if isinstance(send, Call):
        return Content()
    template = catalogue.templates.get(send.template)
    return template.content if template is not None else None


def real_nature(send: Outgoing, content: Content) -> str:
    """The nature that the gate judges by: content decides, not the label (R-23).

    A mail that calls itself editorial or a review request and promotes is promotional; a service mail that
    invites is an upsell.
    """
    if send.nature is Nature.SERVICE and send.invite:
        return "service_with_upsell"
    if send.nature in (Nature.EDITORIAL, Nature.REVIEW_REQUEST) and content.promotional_tone:
        return Nature.PROMOTIONAL.value
    return send.nature.value


def _is_known(send: Outgoing, purpose: Purpose | None, items: Iterable[str], venue: Venue) -> bool:
    """Whether the purpose and everything promoted are declared; plain service mail needs neither."""
    if send.nature is Nature.SERVICE:
        return purpose is not None or send.invite is None
    return purpose is not None and all(item in venue.families for item in items)


def _consent(known: Consents, nature: str, purpose: Purpose | None, *, promotes: bool) -> ConsentState:
    """The state for the purpose and the kind of the nature; of any of its kinds where none is meant.

    A reactivation that promotes needs what a promotion needs.
    """
    if purpose is None:
        return known.overall
    kind = KIND_OF.get(nature)
    if nature == Nature.REACTIVATION and promotes:
        kind = Kind.PROMOTIONAL
    kinds = (kind.value,) if kind else (*(each for each in purpose.kinds if each in _OUR_MAIL), EVERYTHING)
    states = [state_of(known, purpose.name, each) for each in kinds]
    found = min(states, key=lambda state: _OF_ANY_KIND.index(state.status))
    if purpose.channel != EMAIL and found.status is ConsentStatus.OPTIN_PROVEN:
        return ConsentState(informed=found.informed)  # a consent to another channel is none to e-mail
    return found


def _informed(known: Consents, purpose: Purpose | None, state: ConsentState) -> bool:
    """Whether any collection for this purpose, or for all prospecting, offered refusal there and then."""
    for_purpose = (
        said.informed
        for (name, kind), said in known.states.items()
        if purpose and name == purpose.name and kind != Kind.TRACKING
    )
    return state.informed or known.overall.informed or any(for_purpose)


def _b2b(kind: AddressKind, purpose: Purpose | None) -> str:
    if kind is AddressKind.GENERIC:
        return "generic"
    if kind is AddressKind.PERSONAL:
        return "no"
    return "related" if purpose is not None and purpose.professional else "unrelated"


def has_service_link(send: Outgoing, situation: Situation, venue: Venue) -> bool:
    """Whether the run was entered by the order, contract or account that `about` names (R-20).

    A legal duty needs no event, but must be declared by the venue.
    """
    about = send.about or ""
    duty = about.removeprefix("legal_duty/")
    if duty != about:
        return duty in venue.legal_duties
    event = situation.entered_by
    named = about in ("order", "contract", "account")
    return named and event is not None and event.name.startswith(f"{about}.")


def _partner_hosts(content: Content, venue: Venue) -> frozenset[str]:
    return frozenset(content.partner_hosts) - frozenset(venue.entity.hosts)


def _names(purpose: Purpose | None, hosts: frozenset[str], known: Consents, venue: Venue) -> bool:
    """Whether the wording names every partner in the mail; a kind `partner` asks for a yes of its own."""
    if not hosts:
        return True
    if purpose is None:
        return False
    named = {host for partner in purpose.partners for host in venue.partners.get(partner, ())}
    asked = Kind.PARTNER in purpose.kinds
    agreed = state_of(known, purpose.name, Kind.PARTNER).status is ConsentStatus.OPTIN_PROVEN
    return hosts <= named and (agreed or not asked)


def _non_commercial(nature: str, items: tuple[str, ...], venue: Venue) -> bool:
    """A charity's appeal; one that sells something, or reminds of a cart, is commercial again (R-15)."""
    sells = any(item not in venue.families or venue.families[item].commercial for item in items)
    return venue.entity.non_commercial and not sells and nature != Nature.ABANDONED_CART
