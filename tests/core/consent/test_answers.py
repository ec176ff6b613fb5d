"""What controls, channels and wordings collected."""

from __future__ import annotations

from itertools import product

import pytest

from accord.core.consent.answers import Collection, collected, named_consent
from accord.core.model.consent import Act, ConsentStatus
from accord.core.model.venue import Policy

CONTROLS = ("optin_box", "optout_box", "radio_yes_no", "terms", "double_optin")
ANSWERS = ("ticked", "unticked", "yes", "no", None)
S = ConsentStatus
BOX, RADIO = {"control": "optin_box"}, {"control": "radio_yes_no"}
IMPORT = {"channel": "import"}
PAPER = {"channel": "paper", "script_version": "1"}


@pytest.mark.parametrize(("control", "prechecked", "answer"), list(product(CONTROLS, (False, True), ANSWERS)))
def test_every_combination_has_an_answer_and_only_a_clear_act_proves(control, prechecked, answer):
    got = collected(Collection(control, prechecked=prechecked, answer=answer))
    assert got.reason != "INPUT_UNKNOWN"
    if got.status is S.OPTIN_PROVEN:
        assert not prechecked
        assert (control, answer) in {("optin_box", "ticked"), ("optin_box", "yes"), ("radio_yes_no", "yes")}
    if answer == "no" and control != "terms":
        assert got.status is S.ACTIVE_OPTOUT


@pytest.mark.parametrize(
    ("given", "status", "reason"),
    [
        ({**BOX, "prechecked": True, "answer": "unticked"}, S.ACTIVE_OPTOUT, "UNTICKING_IS_OBJECTION"),
        ({**BOX, "prechecked": True}, S.OPTIN_UNPROVEN, "PRETICKED_INVALID"),
        ({"control": "radio_yes_no", "answer": "no"}, S.ACTIVE_OPTOUT, "EXPLICIT_NO_IS_OBJECTION"),
        ({**RADIO, "prechecked": True, "answer": "yes"}, S.OPTIN_UNPROVEN, "PRETICKED_INVALID"),
        ({"control": "double_optin", "answer": "ticked"}, S.OPTIN_UNPROVEN, "DOUBLE_OPTIN_PENDING"),
        ({"control": "checkbox", "answer": "ticked"}, S.NEVER_ASKED, "INPUT_UNKNOWN"),
        ({"control": "optin_box", "answer": "maybe"}, S.NEVER_ASKED, "INPUT_UNKNOWN"),
        ({"channel": "import"}, S.OPTIN_UNPROVEN, "IMPORT_PROVES_NOTHING"),
        ({**IMPORT, **BOX, "answer": "ticked"}, S.OPTIN_UNPROVEN, "IMPORT_PROVES_NOTHING"),
        ({"channel": "import", "answer": "no"}, S.ACTIVE_OPTOUT, "EXPLICIT_NO_IS_OBJECTION"),
        ({"channel": "paper"}, S.OPTIN_UNPROVEN, "PAPER_INCOMPLETE"),
        ({"channel": "paper", "script_version": "2026-03"}, S.OPTIN_PROVEN, "PAPER_COMPLETE"),
        ({**PAPER, **BOX}, S.PASSIVE_OPTOUT, "SILENCE_IS_NOT_CONSENT"),
        ({"channel": "service_invitation", "answer": "yes"}, S.OPTIN_PROVEN, "INVITATION_ACCEPTED"),
        ({"channel": "service_invitation"}, S.PASSIVE_OPTOUT, "SILENCE_IS_NOT_CONSENT"),
        ({"channel": "pigeon"}, S.NEVER_ASKED, "INPUT_UNKNOWN"),
    ],
)
def test_collections(given, status, reason):
    got = collected(Collection(**given))
    assert (got.status, got.reason) == (status, reason)


COMPLETE = {"channel": "oral", "script_version": "2026-03", "notice": "read", "written_followup": True}


def test_an_oral_consent_needs_all_of_its_proof():
    assert collected(Collection(**COMPLETE)).status is S.OPTIN_PROVEN
    for missing in (
        {"script_version": None},
        {"notice": None},
        {"notice": "mentioned"},
        {"agent": False},
        {"place": False},
        {"time": False},
    ):
        got = collected(Collection(**{**COMPLETE, **missing}))
        assert (got.status, got.reason) == (S.OPTIN_UNPROVEN, "ORAL_INCOMPLETE"), missing
    assert collected(Collection(**COMPLETE, answer="no")).status is S.ACTIVE_OPTOUT


def test_an_oral_consent_waits_for_its_written_followup():
    got = collected(Collection(**{**COMPLETE, "written_followup": False}))
    assert (got.act, got.status, got.reason) == (Act.SPOKEN, S.OPTIN_UNPROVEN, "ORAL_AWAITS_FOLLOWUP")


def test_an_unticked_consent_box_alone_offers_no_refusal():
    box = Collection("optin_box")
    assert not collected(box).informed
    assert collected(Collection("optin_box", says_written_to_unless_refused=True)).informed
    assert collected(box, Policy(unticked_box_is_refusal_offered=True)).informed
    assert collected(Collection("optout_box")).informed
    assert collected(Collection("radio_yes_no", answer="no")).informed
    assert not collected(
        Collection("terms", answer="ticked"), Policy(unticked_box_is_refusal_offered=True)
    ).informed


@pytest.mark.parametrize(
    ("optins", "purpose", "given", "status", "reason"),
    [
        (["sms:promotional"], "email:promotional", {}, S.NEVER_ASKED, "CHANNEL_SPECIFIC"),
        (["email:editorial"], "email:promotional", {}, S.NEVER_ASKED, "PURPOSE_SPECIFIC"),
        (["email:promotional"], "email:promotional", {}, S.OPTIN_PROVEN, "POSITIVE_ACT"),
        (["a:b"], "a:b", {"unsubscribed": "a:b"}, S.WITHDRAWN, "SCOPE_OF_WITHDRAWAL"),
        ([], "a:b", {"unsubscribed": "a:b"}, S.ACTIVE_OPTOUT, "SCOPE_OF_WITHDRAWAL"),
        (["a:b"], "a:b", {"unsubscribed": "a:c"}, S.OPTIN_PROVEN, "SCOPE_OF_WITHDRAWAL"),
        (
            ["a:b"],
            "a:b",
            {"unsubscribed": "a:c", "basis": "soft_optin"},
            S.ACTIVE_OPTOUT,
            "SCOPE_OF_OBJECTION",
        ),
    ],
)
def test_a_consent_is_for_one_purpose_and_channel(optins, purpose, given, status, reason):
    got = named_consent(optins, purpose, **given)
    assert (got.status, got.reason) == (status, reason)
