"""The whole decision table over all 11,520 combinations of its main inputs, and its invariants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from accord.core.consent.gate import TABLE, judge
from accord.core.consent.gate_input import GateInput
from accord.core.model.decision import Output, Verdict

NATURES = ("service", "service_with_upsell", "editorial", "promotional", "abandoned_cart", "review_request")
CONSENTS = ("optin_proven", "optin_unproven", "passive_optout", "active_optout", "withdrawn", "never_asked")
RELATIONS = (
    "none",
    "purchased_similar",
    "purchased_dissimilar",
    "purchased_other_entity",
    "purchased_over_3y",
)
ADDRESSES = ("ok", "hard_bounced", "complained", "erased")
B2B = ("no", "related", "unrelated", "generic")
SERVICE = ("service", "service_with_upsell")

COUNTS = {
    "allow": {
        "B2B_GENERIC": 120,
        "B2B_RELATED": 45,
        "OPTIN_PROVEN": 90,
        "REVIEW_NEUTRAL": 96,
        "SERVICE_NECESSARY": 960,
        "SOFT_OPTIN": 36,
        "UPSELL_OK": 72,
    },
    "allow_without_upsell": {
        "UPSELL_ALREADY_OPTED_IN": 40,
        "UPSELL_COMPLAINED": 480,
        "UPSELL_NOT_CUSTOMER": 48,
        "UPSELL_OBJECTOR": 160,
        "UPSELL_RETENTION": 160,
    },
    "deny": {
        "ADDR_ERASED": 2880,
        "ADDR_HARD_BOUNCED": 2880,
        "COMPLAINED": 1920,
        "RETENTION_EXPIRED": 640,
        "OBJECTION": 320,
        "CONSENT_WITHDRAWN": 320,
        "NO_ORDER_TO_REVIEW": 64,
        "B2B_NOT_INFORMED": 45,
        "NOT_INFORMED": 36,
        "NOT_SIMILAR": 36,
        "OTHER_ENTITY": 36,
        "NO_CONSENT": 24,
        "CONSENT_UNPROVEN": 12,
    },
}


def _all() -> Iterator[GateInput]:
    axes = product(NATURES, CONSENTS, RELATIONS, (True, False), (False, True), ADDRESSES, B2B)
    for nature, consent, relation, informed, old, address, b2b in axes:
        yield GateInput(nature, consent, relation, informed, age_3y=old, address=address, b2b=b2b)


@pytest.fixture(scope="module")
def verdicts() -> dict[GateInput, Verdict]:
    return {given: judge(given) for given in _all()}


def test_counts_of_the_whole_cross_product(verdicts):
    got: dict[str, Counter[str]] = {output.value: Counter() for output in Output}
    for verdict in verdicts.values():
        got[verdict.output.value][verdict.reason] += 1
    assert len(verdicts) == 11_520
    assert {output: dict(reasons) for output, reasons in got.items()} == COUNTS


def test_no_objector_ever_gets_prospecting_or_an_invitation(verdicts):
    for given, verdict in verdicts.items():
        if given.consent in ("active_optout", "withdrawn") and given.nature != "service":
            assert verdict.output is not Output.ALLOW, given


def test_a_worse_address_never_turns_deny_into_allow(verdicts):
    _never_looser(verdicts, "address", "ok", ("hard_bounced", "complained", "erased"))


def test_less_information_never_turns_deny_into_allow(verdicts):
    _never_looser(verdicts, "informed", True, (False,))


def test_more_age_never_turns_deny_into_allow(verdicts):
    _never_looser(verdicts, "age_3y", False, (True,))


def _never_looser(verdicts, axis, good, worse):
    rank = {Output.DENY: 0, Output.ALLOW_WITHOUT_UPSELL: 1, Output.ALLOW: 2}
    for given, verdict in verdicts.items():
        if getattr(given, axis) == good:
            for value in worse:
                after = verdicts[replace(given, **{axis: value})]
                assert rank[after.output] <= rank[verdict.output], (given, value)


def test_b2b_never_changes_a_service_decision(verdicts):
    for given, verdict in verdicts.items():
        if given.nature in SERVICE:
            consumer = verdicts[replace(given, b2b="no")]
            assert (verdict.output, verdict.reason) == (consumer.output, consumer.reason)


def test_editorial_promotional_and_cart_always_agree(verdicts):
    for given, verdict in verdicts.items():
        if given.nature == "editorial":
            for other in ("promotional", "abandoned_cart"):
                twin = verdicts[replace(given, nature=other)]
                assert (twin.output, twin.reason) == (verdict.output, verdict.reason)


def test_reactivation_follows_the_prospecting_rows(verdicts):
    for given, verdict in verdicts.items():
        if given.nature == "editorial":
            twin = judge(replace(given, nature="reactivation"))
            assert (twin.output, twin.reason) == (verdict.output, verdict.reason)


def test_unrelated_b2b_is_read_as_consumer(verdicts):
    for given, verdict in verdicts.items():
        if given.b2b == "unrelated":
            consumer = verdicts[replace(given, b2b="no")]
            assert (verdict.output, verdict.reason) == (consumer.output, consumer.reason)


def test_every_allow_has_a_basis_and_no_deny_has_one(verdicts):
    for verdict in verdicts.values():
        assert (verdict.basis is None) == (verdict.output is Output.DENY)


def test_the_stale_flag_is_on_soft_optin_over_three_years_only(verdicts):
    for given, verdict in verdicts.items():
        stale = verdict.reason == "SOFT_OPTIN" and given.relation == "purchased_over_3y"
        assert verdict.flags == (("STALE_PURCHASE",) if stale else ())


def test_every_row_of_the_table_is_printable():
    assert [row.number for row in TABLE][:3] == ["1", "2", "3"]
    assert all(row.words and row.reason and row.rule.startswith("R-") for row in TABLE)
    assert TABLE[-1].reason == "SOFT_OPTIN"
