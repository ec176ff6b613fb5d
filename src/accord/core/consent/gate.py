"""The gate: one ordered table of conditions, of which the first that matches answers (rules, part B)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from accord.core.consent.gate_input import (
    OBJECTORS,
    OWN,
    GateInput,
    as_the_policy_reads,
    is_service,
    is_upsell,
    snapshot,
    unknown_input,
)
from accord.core.model.consent import LegalBasis
from accord.core.model.decision import Output, Verdict
from accord.core.model.venue import Policy

STALE_PURCHASE = "STALE_PURCHASE"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: when its condition holds and no earlier one did, this is the answer."""

    number: str
    words: str
    holds: Callable[[GateInput], bool | None]
    output: Output
    reason: str
    rule: str
    basis: LegalBasis | None = None


def _neutral_review(g: GateInput) -> bool:
    return g.nature == "review_request" and not g.promotional_tone


_A, _W, _D = Output.ALLOW, Output.ALLOW_WITHOUT_UPSELL, Output.DENY
_SERVICE, _CONSENT, _B2B = LegalBasis.SERVICE, LegalBasis.CONSENT, LegalBasis.B2B
_INTEREST, _SOFT = LegalBasis.LEGITIMATE_INTEREST, LegalBasis.SOFT_OPTIN

# From row 12 on everything is prospecting: rows 4 to 11 leave no service mail that has a service link.
# Rows 21a and 30a are ours, 30 is the switch for old purchases; none of them can allow anything.
# fmt: off
TABLE: tuple[Row, ...] = (
    Row("1", "any input missing or unknown",
        lambda g: unknown_input(g) is not None, _D, "INPUT_UNKNOWN", "R-01"),
    Row("2", "address erased",
        lambda g: g.address == "erased", _D, "ADDR_ERASED", "R-45"),
    Row("3", "address hard bounced",
        lambda g: g.address == "hard_bounced", _D, "ADDR_HARD_BOUNCED", "R-60"),
    Row("4", "service, service link, no promotional block",
        lambda g: is_service(g) and not is_upsell(g) and not g.promo_block,
        _A, "SERVICE_NECESSARY", "R-20", _SERVICE),
    Row("5", "service (with or without invitation), promotional block",
        lambda g: is_service(g) and g.promo_block, _W, "UPSELL_PROMOTIONAL", "R-23", _SERVICE),
    Row("6", "invitation, complained",
        lambda g: is_upsell(g) and g.address == "complained", _W, "UPSELL_COMPLAINED", "R-22", _SERVICE),
    Row("7", "invitation, active opt-out or withdrawn",
        lambda g: is_upsell(g) and g.consent in OBJECTORS, _W, "UPSELL_OBJECTOR", "R-22", _SERVICE),
    Row("8", "invitation, last action 3 years old or more",
        lambda g: is_upsell(g) and g.age_3y, _W, "UPSELL_RETENTION", "R-22", _SERVICE),
    Row("9", "invitation, opt-in proven",
        lambda g: is_upsell(g) and g.consent == "optin_proven",
        _W, "UPSELL_ALREADY_OPTED_IN", "R-22", _SERVICE),
    Row("10", "invitation, no purchase or from another entity",
        lambda g: is_upsell(g) and g.relation not in OWN, _W, "UPSELL_NOT_CUSTOMER", "R-22", _SERVICE),
    Row("11", "invitation, otherwise",
        is_upsell, _A, "UPSELL_OK", "R-21", _SERVICE),
    Row("12", "prospecting, banned sector, no contract in progress",
        lambda g: g.sector_ban and not g.contract_in_progress, _D, "SECTOR_BAN", "R-14"),
    Row("13", "prospecting, complained",
        lambda g: g.address == "complained", _D, "COMPLAINED", "R-61"),
    Row("14", "prospecting, active opt-out",
        lambda g: g.consent == "active_optout", _D, "OBJECTION", "R-10"),
    Row("15", "prospecting, withdrawn",
        lambda g: g.consent == "withdrawn", _D, "CONSENT_WITHDRAWN", "R-12"),
    Row("16", "prospecting, last action 3 years old or more",
        lambda g: g.age_3y, _D, "RETENTION_EXPIRED", "R-40"),
    Row("17", "prospecting, no way to unsubscribe",
        lambda g: g.missing_unsubscribe, _D, "MISSING_UNSUBSCRIBE", "R-16"),
    Row("17", "prospecting, sender hidden",
        lambda g: g.identity_hidden, _D, "IDENTITY_HIDDEN", "R-16"),
    Row("17", "prospecting, misleading subject",
        lambda g: g.subject_misleading, _D, "SUBJECT_MISLEADING", "R-16"),
    Row("18", "neutral review request, own purchase",
        lambda g: _neutral_review(g) and g.relation in OWN, _A, "REVIEW_NEUTRAL", "R-32", _INTEREST),
    Row("19", "neutral review request, otherwise",
        _neutral_review, _D, "NO_ORDER_TO_REVIEW", "R-32"),
    Row("19a", "content of a partner that the purpose's wording does not name",
        lambda g: g.partner_content, _D, "PARTNER_CONTENT", "R-08"),
    Row("20", "B2B, generic address",
        lambda g: g.b2b == "generic", _A, "B2B_GENERIC", "R-11", _B2B),
    Row("21", "opt-in proven for this purpose",
        lambda g: g.consent == "optin_proven", _A, "OPTIN_PROVEN", "R-04", _CONSENT),
    Row("21a", "content of any partner, opt-in not proven",
        lambda g: g.named_partner_content, _D, "PARTNER_CONTENT", "R-08"),
    Row("22", "B2B, related to the profession, informed",
        lambda g: g.b2b == "related" and g.informed, _A, "B2B_RELATED", "R-11", _B2B),
    Row("23", "B2B, related to the profession, not informed",
        lambda g: g.b2b == "related", _D, "B2B_NOT_INFORMED", "R-11"),
    Row("24", "non-commercial sender, informed",
        lambda g: g.non_commercial_sender and g.informed, _A, "NON_COMMERCIAL_LI", "R-15", _INTEREST),
    Row("24", "non-commercial sender, not informed",
        lambda g: g.non_commercial_sender, _D, "NOT_INFORMED", "R-15"),
    Row("25", "no purchase, opt-in unproven",
        lambda g: g.relation == "none" and g.consent == "optin_unproven", _D, "CONSENT_UNPROVEN", "R-13"),
    Row("26", "no purchase, otherwise",
        lambda g: g.relation == "none", _D, "NO_CONSENT", "R-05"),
    Row("27", "purchase from another entity",
        lambda g: g.relation == "purchased_other_entity", _D, "OTHER_ENTITY", "R-08"),
    Row("28", "purchase of something dissimilar",
        lambda g: g.relation == "purchased_dissimilar", _D, "NOT_SIMILAR", "R-08"),
    Row("29", "not informed",
        lambda g: not g.informed, _D, "NOT_INFORMED", "R-09"),
    Row("30", "purchase older than the policy's own limit",
        lambda g: g.purchase_too_old, _D, STALE_PURCHASE, "R-41"),
    Row("30a", "address not collected from the person",
        lambda g: g.from_third_party, _D, "NOT_FROM_THE_PERSON", "R-07"),
    Row("31", "otherwise (purchase of something similar, informed)",
        lambda _: True, _A, "SOFT_OPTIN", "R-07", _SOFT),
)
# fmt: on


def judge(inputs: GateInput, policy: Policy | None = None) -> Verdict:
    """The verdict on one mail to one person, from the first row that matches; it never raises.

    `Verdict.inputs` is the snapshot of what was given, for the journal. Rule R-01 and part B.
    """
    try:
        return _judged(inputs, policy or Policy())
    except TypeError:  # an input that is no word at all can't be looked up among those judged before
        return _judged.__wrapped__(inputs, policy or Policy())


# Many mails are judged, of few kinds: the table answers each kind once.
@lru_cache(maxsize=4096)
def _judged(inputs: GateInput, policy: Policy) -> Verdict:
    read = as_the_policy_reads(inputs, policy)
    row = next(row for row in TABLE if row.holds(read))
    stale = row.basis is _SOFT and read.relation == "purchased_over_3y"
    flags = (STALE_PURCHASE,) if stale else ()
    return Verdict(row.output, row.reason, row.rule, row.basis, flags, snapshot(inputs))
