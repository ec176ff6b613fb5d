"""The one question: what the law allows, what is taken away, what has to wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from accord.core.consent.permission import Wait
from accord.core.consent.restrictions import share_allows
from accord.core.model.consent import Act, LegalBasis, Nature
from accord.core.model.contact import AddressKind, Preferences
from accord.core.model.decision import Output, ThrottleMode, ThrottleState
from accord.core.model.expression import Expression, Name, Type
from accord.core.model.place import Span
from accord.core.model.scenario import Again
from accord.core.model.time import Duration
from accord.core.model.venue import FrequencyCap
from core.consent.people import (
    CONTACT,
    INFORMED,
    NOW,
    OPTED_IN,
    RUN,
    VENUE,
    act,
    ask,
    catalogue,
    days,
    line,
    ordered,
    past,
    scenario,
    send,
    service,
    situation,
    with_policy,
)

PROMO, REVIEW, BACK = Nature.PROMOTIONAL, Nature.REVIEW_REQUEST, Nature.REACTIVATION
CUSTOMER = {"lines": (line(),)}
PROMO_MODE = ThrottleState(ThrottleMode.PROMO, 25)


def reason(answer) -> str:
    return answer.reason


def test_an_opted_in_person_gets_the_mail():
    answer = ask(send(), situation(*OPTED_IN))
    assert (answer.output, answer.basis, answer.reason) == (
        Output.ALLOW,
        LegalBasis.CONSENT,
        "OPTIN_PROVEN",
    )


def test_a_service_mail_without_a_service_is_never_carried_by_another_basis():
    office = replace(CONTACT, address_kind=AddressKind.GENERIC)
    assert reason(ask(service(), situation(contact=office))) == "NO_SERVICE_LINK"
    proven = situation(*OPTED_IN)
    assert reason(ask(service(invite="letter"), proven)) == "NO_SERVICE_LINK"
    assert reason(ask(service(), situation(*OPTED_IN, entered_by=ordered()))) == "SERVICE_NECESSARY"


# -- reactivation --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("collected", "reason_"),
    [
        (NOW - days(100), "REACTIVATION_EARLY"),
        (NOW.replace(year=2024, month=5, day=24), "REACTIVATION_EARLY"),
        (NOW.replace(year=2024, month=5, day=23), "OPTIN_PROVEN"),
        (NOW.replace(year=2023, month=11, day=24), "OPTIN_PROVEN"),
        (NOW.replace(year=2023, month=11, day=23), "RETENTION_EXPIRED"),
    ],
)
def test_reactivation_has_its_window_before_the_cut_off(collected, reason_):
    known = situation(*OPTED_IN, contact=replace(CONTACT, collected_at=collected))
    assert reason(ask(send(BACK), known)) == reason_


def test_the_one_question_after_the_cut_off_is_asked_once():
    loose = with_policy(one_question_after_cutoff=True)
    old = situation(*OPTED_IN, contact=replace(CONTACT, collected_at=NOW - days(1200)))
    assert reason(ask(send(BACK), old, catalogue=loose)) == "OPTIN_PROVEN"
    asked = replace(old, mails=(past(10, nature=BACK),))
    assert reason(ask(send(BACK), asked, catalogue=loose)) == "REACTIVATION_REPEATED"


# -- the throttle ----------------------------------------------------------------------------------------


def promotion(**given):
    return ask(send(PROMO, promotes=("plays",)), situation(*INFORMED, **CUSTOMER, **given))


def test_editorial_only_stops_promotions_to_customers_by_exception_alone():
    assert reason(promotion()) == "SEGMENT_EDITORIAL_ONLY"
    assert reason(ask(send(), situation(*INFORMED, **CUSTOMER))) == "SOFT_OPTIN"
    assert reason(ask(send(PROMO, promotes=("plays",)), situation(*OPTED_IN, **CUSTOMER))) == "OPTIN_PROVEN"


@pytest.mark.parametrize(
    ("editorial", "promotional", "reason_"),
    [
        (0, 0, "SEGMENT_SHARE_CAP"),
        (2, 0, "SEGMENT_SHARE_CAP"),
        (3, 0, "SOFT_OPTIN"),
        (3, 1, "SEGMENT_SHARE_CAP"),
        (5, 1, "SEGMENT_SHARE_CAP"),
        (6, 1, "SOFT_OPTIN"),
    ],
)
def test_the_share_of_promotions_in_28_days(editorial, promotional, reason_):
    sent = [past(n + 1, nature=Nature.EDITORIAL) for n in range(editorial)]
    sent += [past(n + 1, nature=PROMO) for n in range(promotional)]
    no_caps = catalogue(replace(VENUE, frequency={}))
    known = situation(*INFORMED, **CUSTOMER, throttle=PROMO_MODE, mails=tuple(sent))
    assert reason(ask(send(PROMO, promotes=("plays",)), known, catalogue=no_caps)) == reason_


def test_service_mails_and_what_is_28_days_old_do_not_count_for_the_share():
    old = [past(28, nature=Nature.EDITORIAL)] * 3
    served = [past(1, nature=Nature.SERVICE, purpose="service")] * 3
    for mails in (old, served):
        assert reason(promotion(throttle=PROMO_MODE, mails=tuple(mails))) == "SEGMENT_SHARE_CAP"


def test_the_share_is_exact():
    assert share_allows(10, total=9, promotions=0)
    assert not share_allows(10, total=8, promotions=0)
    assert not share_allows(0, total=10**6, promotions=0)


# -- what the person chose, and repetitions --------------------------------------------------------------


def test_a_chosen_monthly_number_is_a_hard_cap_in_the_contacts_own_month():
    chosen = replace(CONTACT, preferences=Preferences(newsletters_per_month=1))
    assert reason(ask(send(), situation(*OPTED_IN, contact=chosen, mails=(past(2),)))) == "FREQUENCY_CAP"
    assert ask(send(), situation(*OPTED_IN, contact=chosen, mails=(past(2),))).rule == "R-34"
    assert reason(ask(send(), situation(*OPTED_IN, contact=chosen, mails=(past(25),)))) == "OPTIN_PROVEN"
    never = replace(CONTACT, preferences=Preferences(newsletters_per_month=0))
    assert reason(ask(send(), situation(*OPTED_IN, contact=never))) == "FREQUENCY_CAP"
    assert reason(ask(service(), situation(contact=never, entered_by=ordered()))) == "SERVICE_NECESSARY"


def test_the_month_turns_at_midnight_where_the_contact_lives():
    auckland = replace(CONTACT, zone="Pacific/Auckland", preferences=Preferences(newsletters_per_month=1))
    sent = replace(past(), at=NOW.replace(month=11, day=30, hour=10))
    later = NOW.replace(month=11, day=30, hour=12)
    known = situation(*OPTED_IN, contact=auckland, mails=(sent,))
    assert reason(ask(send(), known, now=later)) == "OPTIN_PROVEN"
    paris = replace(known, contact=replace(auckland, zone="Europe/Paris"))
    assert reason(ask(send(), paris, now=later)) == "FREQUENCY_CAP"


@pytest.mark.parametrize(
    ("age", "output"), [(1, "allow_without_upsell"), (180, "allow_without_upsell"), (190, "allow")]
)
def test_an_invitation_is_not_repeated_within_six_months(age, output):
    sent = past(age, nature=Nature.SERVICE, purpose="service", with_invitation=True)
    known = situation(**CUSTOMER, entered_by=ordered(), mails=(sent,))
    answer = ask(service(invite="letter"), known)
    assert (answer.output, answer.basis) == (output, LegalBasis.SERVICE)
    assert (answer.reason == "INVITE_RECENT") == (output != "allow")


def test_a_service_mail_without_its_invitation_counts_as_none():
    sent = past(1, nature=Nature.SERVICE, purpose="service", with_invitation=False)
    known = situation(**CUSTOMER, entered_by=ordered(), mails=(sent,))
    assert reason(ask(service(invite="letter"), known)) == "UPSELL_OK"


def test_one_reminder_of_a_review_request_and_no_more():
    asked = [
        past(n, nature=REVIEW, scenario="spring", enrolment_id=RUN.id, template_digest=str(n)) for n in (3, 9)
    ]
    known = situation(**CUSTOMER, mails=tuple(asked[:1]))
    assert reason(ask(send(REVIEW, "reviews"), known)) == "REVIEW_NEUTRAL"
    assert reason(ask(send(REVIEW, "reviews"), replace(known, mails=tuple(asked)))) == "REVIEW_REPEATED"
    of_another_run = tuple(replace(mail, enrolment_id=99) for mail in asked)
    assert reason(ask(send(REVIEW, "reviews"), replace(known, mails=of_another_run))) == "REVIEW_NEUTRAL"


def test_a_cancelled_order_is_not_reviewed_whatever_else_was_bought():
    lines = (line(order_id="o1", cancelled_at=NOW), line(order_id="o2"))
    known = situation(lines=lines, entered_by=ordered("o1"))
    assert reason(ask(send(REVIEW, "reviews"), known)) == "NO_ORDER_TO_REVIEW"
    assert reason(ask(send(REVIEW, "reviews"), replace(known, entered_by=ordered("o2")))) == "REVIEW_NEUTRAL"


SAME = {"template": "renamed", "template_digest": "digest of mail", "scenario": "spring"}
PER = Expression("event.order_id", Span("f", 1, 1), Name("event.order_id", Type.TEXT), Type.TEXT)


@pytest.mark.parametrize(
    ("sent", "rules", "reason_"),
    [
        (past(9, **SAME, enrolment_id=1), {}, "SAME_MAIL"),
        (past(9, **{**SAME, "scenario": "other"}, enrolment_id=1), {}, "SAME_MAIL"),
        (past(9, **{**SAME, "template_digest": "older"}, enrolment_id=1), {}, "OPTIN_PROVEN"),
        (past(9, template="mail", template_digest=None), {}, "SAME_MAIL"),
        (past(9, **SAME, enrolment_id=1), {"again": Again(each=True)}, "OPTIN_PROVEN"),
        (past(9, **SAME, enrolment_id=RUN.id), {"again": Again(each=True)}, "SAME_MAIL"),
        (past(9, **{**SAME, "scenario": "other"}, enrolment_id=1), {"again": Again(each=True)}, "SAME_MAIL"),
        (past(9, **SAME, enrolment_id=1), {"per": PER}, "OPTIN_PROVEN"),
        (past(9, **SAME, enrolment_id=1), {"again": Again(after=Duration(days=10))}, "SAME_MAIL"),
        (past(10, **SAME, enrolment_id=1), {"again": Again(after=Duration(days=10))}, "OPTIN_PROVEN"),
    ],
)
def test_the_same_mail_goes_again_only_as_again_allows(sent, rules, reason_):
    known = situation(*OPTED_IN, mails=(sent,))
    assert reason(ask(send(), known, scenario=scenario(**rules))) == reason_


def test_the_same_service_mail_goes_as_often_as_the_service_needs():
    known = situation(entered_by=ordered(), mails=(past(9, **SAME, nature=Nature.SERVICE),))
    assert reason(ask(service(), known)) == "SERVICE_NECESSARY"


# -- holds -----------------------------------------------------------------------------------------------


def test_a_pause_holds_prospecting_and_never_service():
    until = NOW + days(3)
    paused = replace(CONTACT, preferences=Preferences(paused_until=until))
    assert ask(send(), situation(*OPTED_IN, contact=paused)) == Wait(until, "PAUSED", "R-34")
    assert reason(ask(service(), situation(contact=paused, entered_by=ordered()))) == "SERVICE_NECESSARY"
    over = replace(CONTACT, preferences=Preferences(paused_until=NOW))
    assert reason(ask(send(), situation(*OPTED_IN, contact=over))) == "OPTIN_PROVEN"


def test_a_cap_waits_for_the_instant_at_which_its_window_frees():
    mails = tuple(past(age) for age in (27, 20, 10, 5))
    full = situation(*OPTED_IN, mails=mails)
    assert ask(send(), full) == Wait(NOW + days(1), "FREQUENCY_CAP", "R-70", ("other/s",))
    overfull = replace(full, mails=(*mails, past(4)))
    assert ask(send(), overfull).until == NOW + days(8)
    assert reason(ask(send(), replace(full, mails=mails[1:]))) == "OPTIN_PROVEN"
    at_last = ask(send(), full, now=NOW + days(1))
    assert reason(at_last) == "OPTIN_PROVEN"


def test_whoever_took_the_places_is_named_the_newest_first():
    mails = tuple(
        past(age, scenario=name) for age, name in ((40, "a"), (9, "b"), (7, "c"), (5, "d"), (3, "c"))
    )
    assert ask(send(), situation(*OPTED_IN, mails=mails)).against == ("c/s", "d/s", "b/s")
    chosen = replace(CONTACT, preferences=Preferences(newsletters_per_month=3))
    refused = ask(send(), situation(*OPTED_IN, contact=chosen, mails=mails))
    assert (refused.reason, refused.against) == ("FREQUENCY_CAP", ("c/s", "d/s", "b/s"))
    assert ask(send(), situation(*OPTED_IN)).against == ()


def test_a_purpose_may_have_its_own_cap_and_the_longest_wait_counts():
    venue = replace(VENUE, frequency={"letter": FrequencyCap(1, 7), "prospecting": FrequencyCap(2, 2)})
    own = catalogue(venue)
    known = situation(*OPTED_IN, mails=(past(1.5), past(1, purpose="offers", nature=PROMO)))
    assert ask(send(), known, catalogue=own).until == NOW + days(5.5)
    others = situation(*OPTED_IN, mails=(past(1, purpose="offers", nature=PROMO),))
    assert reason(ask(send(), others, catalogue=own)) == "OPTIN_PROVEN"


def test_service_mails_do_not_count_for_caps():
    served = tuple(past(age, nature=Nature.SERVICE, purpose="service") for age in range(1, 9))
    assert reason(ask(send(), situation(*OPTED_IN, mails=served))) == "OPTIN_PROVEN"


@pytest.mark.parametrize(
    ("brake", "prospecting_held", "service_held"),
    [("all", True, True), ("prospecting", True, False), ("spring", True, True), ("autumn", False, False)],
)
def test_brakes(brake, prospecting_held, service_held):
    held = frozenset({brake})
    answer = ask(send(), situation(*OPTED_IN, held=held))
    assert isinstance(answer, Wait) is prospecting_held
    assert not prospecting_held or answer.until == NOW + timedelta(hours=1)
    served = ask(service(), situation(entered_by=ordered(), held=held))
    assert isinstance(served, Wait) is service_held


def test_a_refusal_is_never_put_off():
    objector = situation(act(Act.OBJECTION, "*", "*"), held=frozenset({"all"}))
    assert reason(ask(send(), objector)) == "OBJECTION"


# -- at the door -------------------------------------------------------------------------------------------


def test_at_the_door_a_mail_does_not_count_against_itself_nor_what_is_queued_behind_it():
    queue = tuple(past(0, message_id=n, left=False, template_digest=str(n)) for n in (11, 12, 13, 14, 15))
    known = situation(*OPTED_IN, mails=queue)
    assert isinstance(ask(send(), known), Wait)
    assert reason(ask(send(), known, message_id=14)) == "OPTIN_PROVEN"
    assert isinstance(ask(send(), known, message_id=15), Wait)


def test_at_the_door_what_left_counts_whatever_its_number():
    left = tuple(past(1, message_id=n, template_digest=str(n)) for n in (21, 22, 23, 24))
    assert isinstance(ask(send(), situation(*OPTED_IN, mails=left), message_id=20), Wait)


def test_at_the_door_the_mail_is_not_its_own_repetition():
    itself = past(0, **SAME, message_id=5, left=False, enrolment_id=RUN.id)
    known = situation(*OPTED_IN, mails=(itself,))
    assert reason(ask(send(), known, message_id=5)) == "OPTIN_PROVEN"
    assert reason(ask(send(), known, message_id=6)) == "SAME_MAIL"
