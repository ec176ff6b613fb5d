"""Whatever the person, the mail and the template: what may leave has one of the few reasons to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import event, given, settings
from hypothesis import strategies as st

from accord.core.consent.collection import consents
from accord.core.consent.permission import Wait
from accord.core.model.consent import Act, ConsentStatus, Nature
from accord.core.model.contact import AddressKind, AddressState
from accord.core.model.decision import Output, Situation, ThrottleMode, ThrottleState
from core.consent.people import (
    CONTACT,
    NOW,
    RUN,
    VENUE,
    act,
    ask,
    catalogue,
    days,
    line,
    ordered,
    past,
    send,
    service,
)

PROSPECTING = [nature for nature in Nature if nature is not Nature.SERVICE]
OPTIN_ACTS = frozenset({Act.OPTIN_PROVEN, Act.CONFIRM_POST, Act.FOLLOWUP})
POSITIVE = OPTIN_ACTS | {Act.OPTIN_UNPROVEN, Act.OPTIN_IMPORT, Act.OPTIN_PENDING, Act.SPOKEN}
REFUSALS = (Act.OBJECTION, Act.COMPLAINT, Act.UNSUBSCRIBE, Act.WITHDRAWAL)

purposes = st.sampled_from(["letter", "offers", "reviews", "trade", "friends", "texts"])
kinds = st.sampled_from(["editorial", "promotional", "review", "partner", "tracking"])
acts = st.builds(
    act,
    st.sampled_from([each for each in Act if each is not Act.MERGED]),
    st.one_of(purposes, st.just("*")),
    st.one_of(kinds, st.just("*")),
    at=st.integers(1, 60).map(lambda n: NOW - days(n)),
    informed=st.sampled_from([None, True, False]),
    wording=st.sampled_from([None, "a", "b"]),
)
lines = st.builds(
    line,
    st.sampled_from(["plays", "concerts", "opera", "mugs", "insulation"]),
    st.integers(1, 2000),
    entity=st.sampled_from(["self", "sister"]),
    amount_cents=st.sampled_from([0, 100]),
    cancelled_at=st.sampled_from([None, NOW]),
)
mails = st.builds(
    past, st.floats(0, 200), nature=st.sampled_from(list(Nature)), with_invitation=st.booleans()
)
contents = st.fixed_dictionaries(
    {
        "promo_block": st.booleans(),
        "promotional_tone": st.sampled_from([False, False, True]),
        "missing_unsubscribe": st.sampled_from([False, False, False, True]),
        "partner_hosts": st.sampled_from([(), ("cafe.example",), ("bar.example",)]),
    }
)
contacts = st.builds(
    lambda collected, third, kind, state: replace(
        CONTACT,
        collected_at=NOW - days(collected),
        from_third_party=third,
        address_kind=kind,
        address_state=state,
    ),
    st.integers(61, 1300),
    st.booleans(),
    st.sampled_from(AddressKind),
    st.sampled_from([*[AddressState.OK] * 6, *AddressState]),
)
people = st.builds(
    lambda contact, ledger, bought, sent, mode: Situation(
        contact=contact,
        consents=consents(ledger),
        lines=tuple(bought),
        mails=tuple(sent),
        throttle=ThrottleState(mode, 50 if mode is ThrottleMode.PROMO else 0),
        enrolment=RUN,
        entered_by=ordered(),
    ),
    contacts,
    st.lists(acts, max_size=5),
    st.lists(lines, max_size=3),
    st.lists(mails, max_size=4),
    st.sampled_from(ThrottleMode),
)
wanted = st.builds(
    send,
    st.sampled_from(PROSPECTING),
    purposes,
    promotes=st.sampled_from([(), ("plays",), ("plays", "mugs"), ("insulation",)]),
)

KIND = {
    Nature.EDITORIAL: "editorial",
    Nature.PROMOTIONAL: "promotional",
    Nature.ABANDONED_CART: "promotional",
    Nature.REVIEW_REQUEST: "review",
}


@settings(max_examples=1000, deadline=None)
@given(people, wanted, contents)
def test_whoever_gets_prospecting_has_agreed_or_is_a_customer_or_a_business(person, what, content):
    answer = ask(what, person, catalogue=catalogue(**content))
    event("allowed" if isinstance(answer, Wait) or answer.allowed else "denied")
    if not isinstance(answer, Wait) and answer.output is Output.DENY:
        return
    contact, known = person.contact, person.consents
    assert contact.address_state is AddressState.OK
    assert NOW - contact.collected_at < timedelta(days=1096)
    assert not content["missing_unsubscribe"]
    assert "insulation" not in what.promotes
    refused = (ConsentStatus.ACTIVE_OPTOUT, ConsentStatus.WITHDRAWN)
    mine = [state for (purpose, _), state in known.states.items() if purpose == what.purpose]
    kind = KIND.get(what.nature)
    if kind and not content["promotional_tone"]:
        assert known.of(what.purpose, kind).status not in refused
    if not mine:
        assert known.overall.status not in refused
    agreed = what.purpose != "texts" and any(state.status is ConsentStatus.OPTIN_PROVEN for state in mine)
    bought = any(each.is_purchase and each.entity == "self" for each in person.lines)
    business = contact.address_kind is not AddressKind.PERSONAL
    assert agreed or bought or business
    if not agreed and not business and what.nature is not Nature.REVIEW_REQUEST:
        assert not contact.from_third_party
        assert not content["partner_hosts"]


@settings(max_examples=300, deadline=None)
@given(people, wanted, contents, st.sampled_from(REFUSALS))
def test_an_objection_to_everything_ends_all_prospecting_and_no_service(person, what, content, refusal):
    now_objects = replace(person, consents=consents([act(refusal, "*", "*", at=NOW)]))
    answer = ask(what, now_objects, catalogue=catalogue(**content))
    assert answer.output is Output.DENY
    served = ask(service(), replace(now_objects, contact=CONTACT), catalogue=catalogue(VENUE))
    assert served.output is Output.ALLOW


@settings(max_examples=300, deadline=None)
@given(people, st.lists(acts, max_size=4), st.sampled_from(REFUSALS), wanted)
def test_nothing_but_a_later_proven_optin_of_the_same_purpose_lifts_an_objection(
    person, later, refusal, what
):
    ledger = [act(refusal, "*", "*", at=NOW - days(90))]
    ledger += [each for each in later if not (each.act in OPTIN_ACTS and each.purpose == what.purpose)]
    answer = ask(what, replace(person, consents=consents(ledger)))
    assert answer.output is Output.DENY


@settings(max_examples=300, deadline=None)
@given(people, contents, st.sampled_from(REFUSALS))
def test_no_objector_is_ever_invited(person, content, refusal):
    objector = replace(person, consents=consents([act(refusal, "*", "*", at=NOW)]))
    answer = ask(service(invite="letter"), objector, catalogue=catalogue(**content))
    assert answer.output is not Output.ALLOW


def may(what, person, content) -> bool:
    answer = ask(what, person, catalogue=catalogue(**content))
    return isinstance(answer, Wait) or answer.output is not Output.DENY


@settings(max_examples=500, deadline=None)
@given(people, st.lists(acts, min_size=1, max_size=6), st.data(), wanted, contents)
def test_taking_a_yes_away_never_adds_a_permission(person, ledger, data, what, content):
    positive = [n for n, entry in enumerate(ledger) if entry.act in POSITIVE]
    if not positive:
        return
    gone = data.draw(st.sampled_from(positive))
    without = [entry for n, entry in enumerate(ledger) if n != gone]
    if may(what, replace(person, consents=consents(without)), content):
        assert may(what, replace(person, consents=consents(ledger)), content)


@settings(max_examples=300, deadline=None)
@given(people, st.lists(acts, max_size=6), st.sampled_from(["a", "b"]), wanted, contents)
def test_revoking_a_wording_never_adds_a_permission(person, ledger, wording, what, content):
    revoked = [
        act(Act.WORDING_REVOKED, purpose, kind, at=NOW, wording=wording)
        for purpose, kind in {(entry.purpose, entry.kind) for entry in ledger}
    ]
    if may(what, replace(person, consents=consents([*ledger, *revoked])), content):
        assert may(what, replace(person, consents=consents(ledger)), content)
