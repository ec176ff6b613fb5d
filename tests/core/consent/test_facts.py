"""Where the gate's inputs come from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accord.core.consent.facts import gate_inputs
from accord.core.consent.gate import judge
from accord.core.model.consent import Act, Nature
from accord.core.model.contact import AddressKind, AddressState
from accord.core.model.event import Event
from accord.core.model.expression import Constant, Expression, Type
from accord.core.model.place import Span
from core.consent.people import (
    CONTACT,
    INFORMED,
    NOW,
    OPTED_IN,
    VENUE,
    act,
    catalogue,
    days,
    line,
    ordered,
    send,
    service,
    situation,
    with_policy,
)

PROMO, CART, REVIEW, BACK = (
    Nature.PROMOTIONAL,
    Nature.ABANDONED_CART,
    Nature.REVIEW_REQUEST,
    Nature.REACTIVATION,
)
NOTHING = Expression("event.families", Span("f", 1, 1), Constant(None, Type.TEXTS), Type.TEXTS)


def read(what, known, known_of=None, families=None):
    promoted = what.promotes if isinstance(what.promotes, tuple) else ()
    return gate_inputs(what, families or promoted, known, known_of or catalogue(), now=NOW)


def test_a_consent_is_read_for_the_kind_of_the_nature():
    known = situation(act(Act.OPTIN_PROVEN))
    assert read(send(), known).consent == "optin_proven"
    assert read(send(PROMO), known).consent == "never_asked"
    assert read(send(CART), situation(act(Act.OPTIN_PROVEN, kind="promotional"))).consent == "optin_proven"
    assert read(send(REVIEW, "reviews"), situation(act(Act.SILENCE, "reviews", "review"))).consent == (
        "passive_optout"
    )


def test_a_reactivation_reads_any_kind_and_one_refusal_among_them_is_a_refusal():
    assert read(send(BACK), situation(act(Act.OPTIN_PROVEN))).consent == "optin_proven"
    both = situation(act(Act.OPTIN_PROVEN), act(Act.OBJECTION, kind="promotional"))
    assert read(send(BACK), both).consent == "active_optout"
    whole = situation(act(Act.OPTIN_PROVEN), act(Act.OBJECTION, "letter", "*", at=NOW - days(60)))
    assert read(send(BACK), whole).consent == "active_optout"


def test_a_yes_to_the_pixel_or_to_partners_is_no_yes_to_our_mail():
    for kind in ("tracking", "partner"):
        pixel = situation(act(Act.OPTIN_PROVEN, "friends", kind))
        assert read(send(BACK, "friends"), pixel).consent == "never_asked"
        asked = situation(act(Act.SILENCE, "letter", "tracking", informed=True))
        assert not read(send(), asked).informed


def test_an_invitation_reads_the_purpose_it_invites_to():
    known = situation(act(Act.OPTIN_PROVEN), entered_by=ordered())
    got = read(service(invite="letter"), known)
    assert (got.nature, got.consent, got.no_service_link) == ("service_with_upsell", "optin_proven", False)
    assert read(service(invite="offers"), known).consent == "never_asked"


def test_a_consent_to_text_messages_is_none_to_mail_but_a_refusal_stays_one():
    assert read(send(PROMO, "texts"), situation(act(Act.OPTIN_PROVEN, "texts", "promotional"))).consent == (
        "never_asked"
    )
    refused = situation(act(Act.OBJECTION, "texts", "promotional"))
    assert read(send(PROMO, "texts"), refused).consent == "active_optout"


@pytest.mark.parametrize(
    "what",
    [
        send(template="missing"),
        send(purpose="missing"),
        send(PROMO, promotes=("missing",)),
        service(invite="missing"),
        service(template="missing"),
    ],
)
def test_what_nobody_declared_is_unknown_and_denies(what):
    known = situation(*OPTED_IN, lines=(line(),), entered_by=ordered())
    assert judge(read(what, known)).reason == "INPUT_UNKNOWN"


@pytest.mark.parametrize(
    ("promotes", "lines", "relation"),
    [
        (("plays",), [], "none"),
        (("plays",), [line("plays")], "purchased_similar"),
        (("plays",), [line("concerts")], "purchased_similar"),
        (("concerts",), [line("plays")], "purchased_similar"),
        (("plays",), [line("opera")], "purchased_dissimilar"),
        (("plays",), [line("mugs")], "purchased_dissimilar"),
        (("plays", "mugs"), [line("plays")], "purchased_dissimilar"),
        (("plays", "mugs"), [line("plays"), line("mugs")], "purchased_similar"),
        (("plays",), [line(entity="sister")], "purchased_other_entity"),
        (("plays",), [line(entity="sister"), line("mugs")], "purchased_dissimilar"),
        (("plays",), [line(age=1094)], "purchased_similar"),
        (("plays",), [line(age=1096)], "purchased_over_3y"),
        (("plays",), [line(age=1200), line("mugs")], "purchased_over_3y"),
        (("plays",), [line(age=1200), line()], "purchased_similar"),
        (("plays",), [line(paid_at=None)], "none"),
        (("plays",), [line(paid_at=None, delivered_at=NOW)], "purchased_similar"),
        (("plays",), [line(amount_cents=0)], "none"),
        (("plays",), [line(cancelled_at=NOW)], "none"),
    ],
)
def test_relations(promotes, lines, relation):
    known = situation(lines=tuple(lines))
    assert read(send(PROMO, promotes=promotes), known).relation == relation


def test_a_mail_without_families_of_its_own_takes_its_purposes_and_without_those_finds_none_similar():
    known = situation(lines=(line(),))
    assert read(send(), known).relation == "purchased_similar"
    assert read(send(PROMO, "offers"), known).relation == "purchased_dissimilar"


def test_an_expression_that_comes_to_nothing_promises_nothing_similar():
    known = situation(lines=(line(),))
    assert read(send(PROMO, promotes=NOTHING), known).relation == "purchased_dissimilar"
    assert read(send(PROMO, promotes=NOTHING), known, families=("plays",)).relation == "purchased_similar"


def test_a_free_ticket_is_a_sale_only_where_the_policy_says_so():
    known = situation(lines=(line(amount_cents=0),))
    loose = with_policy(free_account_is_sale=True)
    assert read(send(), known, loose).relation == "purchased_similar"


def test_the_policys_own_limit_on_the_age_of_purchases():
    strict = with_policy(soft_optin_max_purchase_age_months=12)
    old, fresh = situation(*INFORMED, lines=(line(age=400),)), situation(*INFORMED, lines=(line(age=300),))
    assert judge(read(send(), old, strict), strict.venue.policy).reason == "STALE_PURCHASE"
    assert judge(read(send(), fresh, strict), strict.venue.policy).reason == "SOFT_OPTIN"
    long = with_policy(soft_optin_max_purchase_age_months=60)
    older = situation(*INFORMED, lines=(line(age=1200),))
    assert judge(read(send(), older, long), long.venue.policy).flags == ("STALE_PURCHASE",)


def test_informed_comes_from_any_collection_for_the_purpose_or_for_all():
    assert not read(send(), situation(act(Act.PURCHASE_PASSIVE))).informed
    assert read(send(), situation(*INFORMED)).informed
    assert read(send(), situation(act(Act.SILENCE, kind="promotional", informed=True))).informed
    assert not read(send(), situation(act(Act.SILENCE, "offers", "promotional", informed=True))).informed


@pytest.mark.parametrize(
    ("kind", "purpose", "b2b"),
    [
        (AddressKind.PERSONAL, "trade", "no"),
        (AddressKind.PROFESSIONAL, "trade", "related"),
        (AddressKind.PROFESSIONAL, "letter", "unrelated"),
        (AddressKind.GENERIC, "letter", "generic"),
    ],
)
def test_b2b(kind, purpose, b2b):
    known = situation(contact=replace(CONTACT, address_kind=kind))
    assert read(send(PROMO, purpose), known).b2b == b2b


@pytest.mark.parametrize(
    ("about", "event", "linked"),
    [
        ("order", "order.placed", True),
        ("order", "order.cancelled", True),
        ("contract", "contract.ended", True),
        ("account", "account.created", True),
        ("order", "account.created", False),
        ("order", "cart.abandoned", False),
        ("order", "ordered.something", False),
        ("order", None, False),
        ("cart", "cart.abandoned", False),
        (None, "order.placed", False),
        ("", "order.placed", False),
        ("legal_duty/recall", None, True),
        ("legal_duty/pretext", None, False),
    ],
)
def test_a_service_mail_needs_a_service(about, event, linked):
    known = situation(entered_by=Event(7, event, NOW) if event else None)
    assert read(service(about=about), known).no_service_link is not linked


def test_content_decides_not_the_label():
    known = situation(act(Act.OPTIN_PROVEN), act(Act.OPTIN_PROVEN, "reviews", "review"), lines=(line(),))
    loud = catalogue(promotional_tone=True)
    assert (read(send(), known, loud).nature, read(send(), known, loud).consent) == (
        "promotional",
        "never_asked",
    )
    assert read(send(REVIEW, "reviews"), known, loud).consent == "never_asked"
    assert read(send(BACK), known, loud).consent == "never_asked"


def test_the_flags_of_the_content_reach_the_gate():
    known = situation(*OPTED_IN)
    for flag, reason in {
        "missing_unsubscribe": "MISSING_UNSUBSCRIBE",
        "identity_hidden": "IDENTITY_HIDDEN",
        "subject_misleading": "SUBJECT_MISLEADING",
    }.items():
        assert judge(read(send(), known, catalogue(**{flag: True}))).reason == reason


def test_a_banned_sector_is_banned_even_with_consent_but_not_within_a_contract():
    known = situation(*OPTED_IN)
    promo = send(PROMO, promotes=("plays", "insulation"))
    assert judge(read(promo, known)).reason == "SECTOR_BAN"
    assert judge(read(promo, replace(known, contract_in_progress=True))).reason == "OPTIN_PROVEN"


def test_partners_must_be_named_and_cost_the_customer_exception():
    bar, cafe = catalogue(partner_hosts=("bar.example",)), catalogue(partner_hosts=("cafe.example",))
    proven = situation(
        act(Act.OPTIN_PROVEN, "friends", "promotional"), act(Act.OPTIN_PROVEN, "friends", "partner")
    )
    promo = send(PROMO, "friends")
    assert judge(read(promo, proven, cafe)).reason == "OPTIN_PROVEN"
    assert judge(read(promo, proven, bar)).reason == "PARTNER_CONTENT"
    without = situation(act(Act.OPTIN_PROVEN, "friends", "promotional"))
    assert judge(read(promo, without, cafe)).reason == "PARTNER_CONTENT"
    customer = situation(*INFORMED, lines=(line(),))
    assert judge(read(promo, customer)).reason == "SOFT_OPTIN"
    assert judge(read(promo, customer, cafe)).reason == "PARTNER_CONTENT"


def test_an_address_from_a_third_party_closes_the_customer_exception():
    bought = situation(*INFORMED, lines=(line(),), contact=replace(CONTACT, from_third_party=True))
    assert judge(read(send(), bought)).reason == "NOT_FROM_THE_PERSON"
    proven = replace(bought, consents=situation(*OPTED_IN).consents)
    assert judge(read(send(), proven)).reason == "OPTIN_PROVEN"


def test_a_charitys_appeal_and_its_shop():
    charity = catalogue(replace(VENUE, entity=replace(VENUE.entity, non_commercial=True)))
    known = situation(*INFORMED)
    assert judge(read(send(PROMO, promotes=("gifts",)), known, charity)).reason == "NON_COMMERCIAL_LI"
    assert judge(read(send(PROMO, promotes=("gifts", "mugs")), known, charity)).reason == "NO_CONSENT"
    assert judge(read(send(CART, promotes=("gifts",)), known, charity)).reason == "NO_CONSENT"
    assert judge(read(send(PROMO, promotes=("gifts",)), known)).reason == "NO_CONSENT"


def test_the_address_and_the_clock():
    for state in AddressState:
        known = situation(contact=replace(CONTACT, address_state=state))
        assert read(send(), known).address == state.value
    old = situation(contact=replace(CONTACT, collected_at=NOW - days(1096)))
    assert read(send(), old).age_3y
    assert not read(send(), situation()).age_3y


# -- the switches of the policy ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "what", "given", "before", "after"),
    [
        (
            "cart_reminder_to_non_buyer",
            send(CART, promotes=("plays",)),
            {"entries": INFORMED},
            "NO_CONSENT",
            "SOFT_OPTIN",
        ),
        (
            "review_is_prospecting",
            send(REVIEW, "reviews"),
            {"lines": (line("mugs"),)},
            "REVIEW_NEUTRAL",
            "NOT_SIMILAR",
        ),
        (
            "upsell_to_active_optouts",
            service(invite="letter"),
            {"entries": (act(Act.OBJECTION, "*", "*"),), "lines": (line(),), "entered_by": ordered()},
            "UPSELL_OBJECTOR",
            "UPSELL_OK",
        ),
        (
            "one_question_after_cutoff",
            send(BACK),
            {"entries": OPTED_IN, "contact": replace(CONTACT, collected_at=NOW - days(1200))},
            "RETENTION_EXPIRED",
            "OPTIN_PROVEN",
        ),
    ],
)
def test_each_switch_changes_its_own_question(switch, what, given, before, after):
    given = dict(given)
    known = situation(*given.pop("entries", ()), **given)
    loose = with_policy(**{switch: True})
    assert judge(read(what, known), VENUE.policy).reason == before
    assert judge(read(what, known, loose), loose.venue.policy).reason == after


def test_a_generic_unsubscribe_is_honoured_unless_the_policy_says_otherwise():
    generic = situation(
        act(Act.OBJECTION, "*", "*"), contact=replace(CONTACT, address_kind=AddressKind.GENERIC)
    )
    assert judge(read(send(), generic)).reason == "OBJECTION"
    loose = with_policy(honour_generic_unsubscribe=False)
    assert judge(read(send(), generic, loose), loose.venue.policy).reason == "B2B_GENERIC"
