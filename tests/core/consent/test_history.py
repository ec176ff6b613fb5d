"""Histories of acts, folded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.consent.collection import consents, merge_entries, scope_of_unsubscribe, state_of
from accord.core.consent.history import PURCHASES, RESTRICTIVENESS, Told, fold, merge, standing
from accord.core.model.consent import Act, ConsentState, ConsentStatus, LegalBasis
from accord.core.model.venue import Policy, Purpose
from core.consent.people import NOW, act, days

S, A = ConsentStatus, Act


def after(*acts: Act, step=timedelta(days=1), policy: Policy | None = None) -> ConsentStatus:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return fold([Told(start + step * n, each) for n, each in enumerate(acts)], policy).status


@pytest.mark.parametrize(
    ("acts", "status"),
    [
        ((), S.NEVER_ASKED),
        ((A.LOGIN,), S.NEVER_ASKED),
        ((A.OPTIN_PROVEN,), S.OPTIN_PROVEN),
        ((A.OPTIN_IMPORT,), S.OPTIN_UNPROVEN),
        ((A.OPTIN_IMPORT_PROVEN,), S.OPTIN_PROVEN),
        ((A.OPTIN_IMPORT_PROVEN, A.UNSUBSCRIBE), S.WITHDRAWN),
        ((A.OBJECTION, A.OPTIN_IMPORT_PROVEN), S.ACTIVE_OPTOUT),
        ((A.OPTIN_PROVEN, A.WITHDRAWAL, A.OPTIN_IMPORT_PROVEN), S.WITHDRAWN),
        ((A.SILENCE,), S.PASSIVE_OPTOUT),
        ((A.PURCHASE_PASSIVE,), S.PASSIVE_OPTOUT),
        ((A.OPTIN_PROVEN, A.SILENCE), S.OPTIN_PROVEN),
        ((A.OPTIN_PROVEN, A.OPTIN_UNPROVEN), S.OPTIN_PROVEN),
        ((A.OPTIN_PROVEN, A.WITHDRAWAL), S.WITHDRAWN),
        ((A.OPTIN_PROVEN, A.UNSUBSCRIBE), S.WITHDRAWN),
        ((A.OPTIN_PROVEN, A.OBJECTION), S.ACTIVE_OPTOUT),
        ((A.OPTIN_PROVEN, A.COMPLAINT), S.ACTIVE_OPTOUT),
        ((A.PURCHASE_INFORMED, A.UNSUBSCRIBE), S.ACTIVE_OPTOUT),
        ((A.WITHDRAWAL,), S.ACTIVE_OPTOUT),
        ((A.OPTIN_PROVEN, A.WITHDRAWAL, A.OPTIN_IMPORT), S.WITHDRAWN),
        ((A.OBJECTION, A.WITHDRAWAL), S.ACTIVE_OPTOUT),
        ((A.OBJECTION, A.OPTIN_PROVEN), S.OPTIN_PROVEN),
        ((A.OBJECTION, A.OPTIN_IMPORT), S.ACTIVE_OPTOUT),
        ((A.OBJECTION, A.PURCHASE_PASSIVE, A.PURCHASE_INFORMED, A.LOGIN), S.ACTIVE_OPTOUT),
        ((A.OPTIN_PENDING,), S.OPTIN_UNPROVEN),
        ((A.OPTIN_PENDING, A.CONFIRM_GET), S.OPTIN_UNPROVEN),
        ((A.OPTIN_PENDING, A.CONFIRM_POST), S.OPTIN_PROVEN),
        ((A.CONFIRM_POST,), S.NEVER_ASKED),
        ((A.OBJECTION, A.OPTIN_PENDING), S.ACTIVE_OPTOUT),
        ((A.OBJECTION, A.OPTIN_PENDING, A.CONFIRM_POST), S.OPTIN_PROVEN),
        ((A.OPTIN_PENDING, A.OBJECTION, A.CONFIRM_POST), S.ACTIVE_OPTOUT),
    ],
)
def test_histories(acts, status):
    assert after(*acts) is status


def test_a_confirmation_comes_within_seven_days_or_not_at_all():
    assert after(A.OPTIN_PENDING, A.CONFIRM_POST, step=timedelta(days=7)) is S.OPTIN_PROVEN
    assert after(A.OPTIN_PENDING, A.CONFIRM_POST, step=timedelta(days=7, seconds=1)) is S.OPTIN_UNPROVEN


@pytest.mark.parametrize("refusal", [A.OBJECTION, A.COMPLAINT, A.UNSUBSCRIBE, A.WITHDRAWAL])
def test_at_the_same_instant_the_refusal_wins_in_either_order(refusal):
    both = [Told(NOW, refusal, seq=0), Told(NOW, A.OPTIN_PROVEN, seq=1)]
    assert fold(both).status in (S.ACTIVE_OPTOUT, S.WITHDRAWN)
    assert fold(reversed(both)) == fold(both)


def test_only_an_offered_refusal_informs():
    assert not fold([Told(NOW, A.PURCHASE_PASSIVE)]).informed
    assert fold([Told(NOW, A.PURCHASE_INFORMED)]).informed
    assert fold([Told(NOW, A.SILENCE, informed=True)]).informed
    assert fold([Told(NOW, A.PURCHASE_PASSIVE)], Policy(unticked_box_is_refusal_offered=True)).informed


def test_a_purchase_lifts_an_objection_only_where_the_policy_says_so():
    loose = Policy(purchase_lifts_objection=True)
    assert after(A.OBJECTION, A.PURCHASE_PASSIVE, policy=loose) is S.PASSIVE_OPTOUT
    assert after(A.OPTIN_PROVEN, A.WITHDRAWAL, A.PURCHASE_PASSIVE, policy=loose) is S.WITHDRAWN


def test_the_reason_is_that_of_the_last_act():
    told = standing([Told(NOW, A.OBJECTION), Told(NOW + days(1), A.OPTIN_PROVEN)])
    assert (told.reason, told.rule) == ("LATER_PROVEN_OPTIN", "R-17")


@pytest.mark.parametrize("one", S)
@pytest.mark.parametrize("other", S)
def test_of_two_merged_states_the_more_restrictive_wins_whatever_their_dates(one, other):
    merged = merge(ConsentState(one, since=NOW), ConsentState(other, since=NOW + days(9))).status
    assert merged is min(one, other, key=RESTRICTIVENESS.index)
    assert merge(ConsentState(other), ConsentState(one)).status is merged


# -- the ledger --------------------------------------------------------------------------------------------


def test_a_wide_objection_covers_every_purpose_even_one_never_named():
    known = consents([act(A.OPTIN_PROVEN), act(A.OBJECTION, "*", "*", at=NOW)])
    assert known.of("letter", "editorial").status is S.ACTIVE_OPTOUT
    assert known.of("offers", "promotional").status is S.ACTIVE_OPTOUT


def test_a_later_optin_lifts_a_wide_objection_for_its_own_purpose_and_kind_alone():
    known = consents([act(A.OBJECTION, "*", "*"), act(A.OPTIN_PROVEN, at=NOW)])
    assert known.of("letter", "editorial").status is S.OPTIN_PROVEN
    assert known.of("letter", "promotional").status is S.ACTIVE_OPTOUT
    assert known.overall.status is S.ACTIVE_OPTOUT


@pytest.mark.parametrize("where", [("*", "*"), ("letter", "*")])
def test_nobody_can_consent_to_everything(where):
    known = consents([act(A.OBJECTION, at=NOW - days(60)), act(A.OPTIN_PROVEN, *where), act(A.SILENCE)])
    assert known.of("letter", "editorial").status is S.ACTIVE_OPTOUT
    assert state_of(known, "letter", "promotional").status is not S.OPTIN_PROVEN


def test_a_refusal_of_a_whole_purpose_covers_its_kinds_and_no_other_purpose():
    known = consents([act(A.OPTIN_PROVEN), act(A.UNSUBSCRIBE, "letter", "*", at=NOW)])
    assert state_of(known, "letter", "editorial").status is S.WITHDRAWN
    assert state_of(known, "letter", "review").status is S.ACTIVE_OPTOUT
    assert state_of(known, "offers", "promotional").status is S.NEVER_ASKED


def test_the_scope_of_an_unsubscribe_follows_the_basis():
    letter = Purpose("letter", ("editorial", "promotional"))
    narrow = scope_of_unsubscribe(LegalBasis.CONSENT, letter)
    assert narrow == (("letter", "editorial"), ("letter", "promotional"), ("letter", "*"))
    for basis in (LegalBasis.SOFT_OPTIN, LegalBasis.B2B, LegalBasis.LEGITIMATE_INTEREST, None):
        assert scope_of_unsubscribe(basis, letter) == (("*", "*"),)
    loose = Policy(unsubscribe_scope_soft_optin="purpose")
    assert scope_of_unsubscribe(LegalBasis.SOFT_OPTIN, letter, loose) == narrow


def test_a_merge_keeps_the_more_restrictive_state_by_name_and_overall():
    mine = [act(A.OPTIN_PROVEN), act(A.OPTIN_PROVEN, kind="promotional")]
    theirs = [act(A.OPTIN_PROVEN), act(A.OBJECTION, kind="promotional", at=NOW - days(90))]
    ledger = [*mine, *merge_entries(7, consents(mine), consents(theirs), at=NOW)]
    known = consents(ledger)
    assert known.of("letter", "editorial").status is S.OPTIN_PROVEN
    assert known.of("letter", "promotional").status is S.ACTIVE_OPTOUT
    assert known.overall.status is S.NEVER_ASKED


def test_a_merge_with_an_objector_to_everything_objects_to_everything():
    mine = [act(A.OPTIN_PROVEN)]
    theirs = consents([act(A.OBJECTION, "*", "*")])
    known = consents([*mine, *merge_entries(7, consents(mine), theirs, at=NOW)])
    assert known.of("letter", "editorial").status is S.ACTIVE_OPTOUT
    assert known.of("anything", "promotional").status is S.ACTIVE_OPTOUT


def test_a_merge_that_says_nothing_is_read_as_one_with_an_objector():
    known = consents([act(A.OPTIN_PROVEN), act(A.MERGED, at=NOW)])
    assert known.of("letter", "editorial").status is S.ACTIVE_OPTOUT


REFUSALS = (A.OBJECTION, A.COMPLAINT, A.UNSUBSCRIBE, A.WITHDRAWAL)
LIFTING = (A.OPTIN_PROVEN, A.CONFIRM_POST, A.FOLLOWUP)
acts = st.sampled_from([each for each in A if each is not A.MERGED])
places = st.sampled_from([("letter", "editorial"), ("letter", "*"), ("*", "*"), ("offers", "promotional")])


@given(
    before=st.lists(st.tuples(acts, places), max_size=5),
    refusal=st.sampled_from(REFUSALS),
    where=st.sampled_from([("letter", "editorial"), ("letter", "*"), ("*", "*")]),
    later=st.lists(st.tuples(acts, places), max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_without_a_later_proven_optin_of_its_own_no_objection_is_lifted(before, refusal, where, later, order):
    history = [act(each, *place, at=NOW + days(n)) for n, (each, place) in enumerate(before)]
    history.append(act(refusal, *where, at=NOW + days(10)))
    history += [
        act(each, *place, at=NOW + days(11 + n))
        for n, (each, place) in enumerate(later)
        if not (each in LIFTING and place == ("letter", "editorial"))
    ]
    order.shuffle(history)
    assert state_of(consents(history), "letter", "editorial").status in (S.ACTIVE_OPTOUT, S.WITHDRAWN)


@given(st.lists(acts, max_size=8), st.sampled_from(sorted(PURCHASES)))
def test_a_purchase_never_changes_who_objects(history, purchase):
    assert (after(*history) in (S.ACTIVE_OPTOUT, S.WITHDRAWN)) == (
        after(*history, purchase) in (S.ACTIVE_OPTOUT, S.WITHDRAWN)
    )


def test_an_oral_yes_is_proven_by_its_written_followup_alone():
    assert after(A.SPOKEN) is S.OPTIN_UNPROVEN
    assert after(A.SPOKEN, A.FOLLOWUP) is S.OPTIN_PROVEN
    assert after(A.FOLLOWUP) is S.NEVER_ASKED
    assert after(A.OPTIN_PENDING, A.FOLLOWUP) is S.OPTIN_UNPROVEN
    assert after(A.SPOKEN, A.OBJECTION, A.FOLLOWUP) is S.ACTIVE_OPTOUT
    assert after(A.OBJECTION, A.SPOKEN, A.FOLLOWUP) is S.OPTIN_PROVEN


def told_of(act_, wording, day, *, informed=None):
    return Told(NOW + days(day), act_, informed, day, wording=wording)


def test_a_revoked_wording_proves_nothing_and_informed_nobody():
    yes = told_of(A.OPTIN_PROVEN, "a", 1, informed=True)
    revoked = told_of(A.WORDING_REVOKED, "a", 9)
    known = fold([yes, revoked])
    assert known.status is S.OPTIN_UNPROVEN
    assert not known.informed
    assert fold([yes, told_of(A.WORDING_REVOKED, "b", 9)]).status is S.OPTIN_PROVEN


def test_another_wording_still_proves_when_one_is_revoked():
    older, newer = told_of(A.OPTIN_PROVEN, "a", 1), told_of(A.OPTIN_PROVEN, "b", 2)
    known = fold([older, newer, told_of(A.WORDING_REVOKED, "b", 9)])
    assert known.status is S.OPTIN_PROVEN
    assert known.wording == "a"
    assert fold([older, newer]).wording == "b"


def test_an_objection_lifted_by_a_revoked_wording_stands_again():
    history = [told_of(A.OBJECTION, None, 1), told_of(A.OPTIN_PROVEN, "a", 2)]
    assert fold(history).status is S.OPTIN_PROVEN
    assert fold([*history, told_of(A.WORDING_REVOKED, "a", 3)]).status is S.ACTIVE_OPTOUT
