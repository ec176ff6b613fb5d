"""What the gate reads: GateInput, the words that each input may be, and how the policy's switches read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from accord.core.model.venue import Policy

OWN = frozenset({"purchased_similar", "purchased_dissimilar", "purchased_over_3y"})
OBJECTORS = frozenset({"active_optout", "withdrawn"})
SERVICE = frozenset({"service", "service_with_upsell"})
_PROSPECTING = frozenset({"editorial", "promotional", "abandoned_cart", "review_request", "reactivation"})
_STANDARD_AGE_MONTHS = 36


@dataclass(frozen=True, slots=True)
class GateInput:
    """Everything that the gate reads, in the words of the policy cases; None is "not known".

    The last three are known to the engine alone: whether content of a partner that the purpose does name
    is in the mail, whether the address came from a third party, whether the newest similar purchase is
    older than the policy's own limit.
    """

    nature: str | None = None
    consent: str | None = None
    relation: str | None = None
    informed: bool | None = None
    age_3y: bool | None = False
    address: str | None = "ok"
    b2b: str | None = "no"
    promo_block: bool | None = False
    no_service_link: bool | None = False
    partner_content: bool | None = False
    promotional_tone: bool | None = False
    sector_ban: bool | None = False
    contract_in_progress: bool | None = False
    missing_unsubscribe: bool | None = False
    identity_hidden: bool | None = False
    subject_misleading: bool | None = False
    non_commercial_sender: bool | None = False
    named_partner_content: bool | None = False
    from_third_party: bool | None = False
    purchase_too_old: bool | None = False


ENGINE_ONLY = frozenset({"named_partner_content", "from_third_party", "purchase_too_old"})
CASE_INPUTS: tuple[str, ...] = tuple(each.name for each in fields(GateInput) if each.name not in ENGINE_ONLY)
VOCABULARY: Mapping[str, frozenset[str]] = {
    "nature": SERVICE | _PROSPECTING,
    "consent": OBJECTORS | {"optin_proven", "optin_unproven", "passive_optout", "never_asked"},
    "relation": OWN | {"none", "purchased_other_entity"},
    "address": frozenset({"ok", "hard_bounced", "complained", "erased"}),
    "b2b": frozenset({"no", "related", "unrelated", "generic"}),
}
FLAGS: tuple[str, ...] = tuple(each.name for each in fields(GateInput) if each.name not in VOCABULARY)


def unknown_input(given: GateInput) -> str | None:
    """The name of the first input that is missing or outside its vocabulary; None when all are known."""
    for name, words in VOCABULARY.items():
        if getattr(given, name) not in words:
            return name
    return next((name for name in FLAGS if not isinstance(getattr(given, name), bool)), None)


def is_service(given: GateInput) -> bool:
    """Service mail with a service behind it; without one it is prospecting, whatever it is called."""
    return given.nature in SERVICE and not given.no_service_link


def is_upsell(given: GateInput) -> bool:
    """Service mail that bears an invitation to subscribe."""
    return given.nature == "service_with_upsell" and not given.no_service_link


def as_the_policy_reads(given: GateInput, policy: Policy) -> GateInput:
    """The inputs as each switch of the policy that departs from its prudent default reads them (B.3).

    A switch rereads known values only, so that what is unknown stays unknown.
    """
    if policy.cart_reminder_to_non_buyer and given.nature == "abandoned_cart" and given.relation == "none":
        given = replace(given, relation="purchased_similar")
    if policy.review_is_prospecting and given.nature == "review_request" and given.promotional_tone is False:
        given = replace(given, promotional_tone=True)
    if policy.upsell_to_active_optouts and is_upsell(given) and given.consent == "active_optout":
        given = replace(given, consent="passive_optout")
    if policy.one_question_after_cutoff and given.nature == "reactivation" and given.age_3y is True:
        given = replace(given, age_3y=False)
    limit = policy.soft_optin_max_purchase_age_months
    if limit is not None and limit <= _STANDARD_AGE_MONTHS and given.relation == "purchased_over_3y":
        given = replace(given, purchase_too_old=True)
    ignored = not policy.honour_generic_unsubscribe and given.b2b == "generic" and not is_service(given)
    return replace(given, consent="never_asked") if ignored and given.consent in OBJECTORS else given


def snapshot(given: GateInput) -> dict[str, str]:
    """All inputs as text for the journal: a word, true, false, or "unknown"."""
    return {each.name: _as_text(getattr(given, each.name)) for each in fields(given)}


def _as_text(value: object) -> str:
    if value is None:
        return "unknown"
    return str(value).lower() if isinstance(value, bool) else str(value)
