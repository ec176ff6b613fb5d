"""What comes after an allow and may only take away: windows, shares, monthly numbers, repetitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accord.core.consent.gate_input import GateInput
from accord.core.consent.relation import counts
from accord.core.consent.retention import cut_off
from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.content import Catalogue
from accord.core.model.decision import Output, Situation, ThrottleMode, Verdict
from accord.core.model.message import PastMail
from accord.core.model.scenario import Call, Outgoing, Scenario
from accord.core.model.time import Duration, add_months, later, local_day

SHARE_WINDOW = timedelta(days=28)
INVITE_AGAIN_MONTHS = 6
REVIEW_REQUESTS = 2  # the request and one reminder

_PROMOTIONS = frozenset({Nature.PROMOTIONAL, Nature.ABANDONED_CART})


@dataclass(frozen=True, slots=True)
class Case:
    """One mail that the law allows and all that may stand against it; `mails` are those that count."""

    send: Outgoing
    inputs: GateInput
    situation: Situation
    catalogue: Catalogue
    scenario: Scenario
    mails: tuple[PastMail, ...]
    now: datetime

    @property
    def is_prospecting(self) -> bool:
        """Whether the step calls it anything but service mail; what has no service link never gets here."""
        return self.send.nature is not Nature.SERVICE

    @property
    def prospecting_mails(self) -> tuple[PastMail, ...]:
        """What was sent or queued to this person that was not service mail."""
        return tuple(mail for mail in self.mails if mail.nature is not Nature.SERVICE)

    @property
    def zone(self) -> ZoneInfo:
        """The contact's own zone."""
        return ZoneInfo(self.situation.contact.zone)


@dataclass(frozen=True, slots=True)
class Restriction:
    """A reason to take an allow away, or its invitation alone; `against` gives the mails that stand there."""

    applies: Callable[[Case, Verdict], bool]
    output: Output
    reason: str
    rule: str
    against: Callable[[Case], Sequence[PastMail]] | None = None


def restricted(verdict: Verdict, case: Case) -> Verdict:
    """The verdict after every restriction: the same, without its invitation, or denied; never wider."""
    for restriction in RESTRICTIONS:
        if verdict.allowed and restriction.applies(case, verdict):
            basis = None if restriction.output is Output.DENY else verdict.basis
            verdict = replace(
                verdict,
                output=restriction.output,
                reason=restriction.reason,
                rule=restriction.rule,
                basis=basis,
                against=places(restriction.against(case)) if restriction.against is not None else (),
            )
    return verdict


def places(mails: Sequence[PastMail]) -> tuple[str, ...]:
    """Mails by the steps that sent them, as SCENARIO/STEP, the newest first, each once."""
    return tuple(dict.fromkeys(f"{mail.scenario}/{mail.step}" for mail in reversed(mails)))


def _no_service_link(case: Case, verdict: Verdict) -> bool:
    """Service mail bears no unsubscribe link, so without a service behind it no other basis may carry it."""
    return not case.is_prospecting and verdict.basis is not LegalBasis.SERVICE


def _before_reactivation(case: Case, _: Verdict) -> bool:
    """Outside the last months before the cut-off (R-47)."""
    if case.send.nature is not Nature.REACTIVATION:
        return False
    venue = case.catalogue.venue
    opens = add_months(cut_off(case.situation.contact, venue), -venue.retention.reactivation_months)
    return local_day(case.now, venue.entity.clock) < opens


def _asked_after_cut_off(case: Case, _: Verdict) -> bool:
    """Where the policy lets one question be asked after the cut-off: it was asked already (R-47)."""
    if case.send.nature is not Nature.REACTIVATION:
        return False
    venue = case.catalogue.venue
    end = cut_off(case.situation.contact, venue)
    past = local_day(case.now, venue.entity.clock) >= end
    return past and any(
        mail.nature is Nature.REACTIVATION and local_day(mail.at, venue.entity.clock) >= end
        for mail in case.mails
    )


def _nothing_to_review(case: Case, _: Verdict) -> bool:
    """The very order that the request is about came to nothing, whatever else was bought (R-32)."""
    event = case.situation.entered_by
    if case.send.nature is not Nature.REVIEW_REQUEST or event is None:
        return False
    order = event.data.get("order_id")
    lines = [line for line in case.situation.lines if line.order_id == order]
    venue = case.catalogue.venue
    return bool(lines) and not any(counts(line, venue) and line.entity == venue.entity.key for line in lines)


def _is_soft_promotion(case: Case, verdict: Verdict) -> bool:
    promotes = case.send.nature in _PROMOTIONS or case.inputs.nature in _PROMOTIONS
    return promotes and verdict.basis is LegalBasis.SOFT_OPTIN


def _editorial_only(case: Case, verdict: Verdict) -> bool:
    mode = case.situation.throttle.mode
    return _is_soft_promotion(case, verdict) and mode is not ThrottleMode.PROMO


def _over_share(case: Case, verdict: Verdict) -> bool:
    """A promotion passes iff promo + 1 ≤ p · (total + 1) over 28 rolling days (R-81)."""
    if not _is_soft_promotion(case, verdict):
        return False
    recent = [mail for mail in case.prospecting_mails if mail.at > case.now - SHARE_WINDOW]
    promotions = sum(mail.nature in _PROMOTIONS for mail in recent)
    return not share_allows(case.situation.throttle.share_percent, total=len(recent), promotions=promotions)


def share_allows(share_percent: int, *, total: int, promotions: int) -> bool:
    """Whether one more promotion keeps within the share of all prospecting mails (R-81)."""
    return 100 * (promotions + 1) <= share_percent * (total + 1)


def _over_monthly_number(case: Case, _: Verdict) -> bool:
    """The number a person chose is a hard cap on everything but service, by calendar month (R-34)."""
    chosen = case.situation.contact.preferences.newsletters_per_month
    if chosen is None or not case.is_prospecting:
        return False
    return len(_this_month(case)) >= chosen


def _this_month(case: Case) -> list[PastMail]:
    """What was sent in the month that the person's own calendar shows, or is queued and leaves in it."""
    month = _month(case.now, case.zone)
    return [
        mail
        for mail in case.prospecting_mails
        if _month(mail.at if mail.left else max(mail.at, case.now), case.zone) == month
    ]


def _month(instant: datetime, zone: ZoneInfo) -> tuple[int, int]:
    day = local_day(instant, zone)
    return day.year, day.month


def _invited_recently(case: Case, verdict: Verdict) -> bool:
    """An invitation went out less than six months ago; who accepted it has been stripped before (R-21)."""
    if case.send.invite is None or verdict.output is not Output.ALLOW:
        return False
    again = Duration(months=INVITE_AGAIN_MONTHS)
    return any(mail.with_invitation and later(mail.at, again, case.zone) > case.now for mail in case.mails)


def _reviewed_enough(case: Case, _: Verdict) -> bool:
    run = case.situation.enrolment
    if case.send.nature is not Nature.REVIEW_REQUEST:
        return False
    asked = [
        mail
        for mail in case.mails
        if mail.nature is Nature.REVIEW_REQUEST
        and mail.scenario == case.scenario.name
        and (run is None or mail.enrolment_id == run.id)
    ]
    return len(asked) >= REVIEW_REQUESTS


def _same_mail(case: Case, _: Verdict) -> bool:
    """The same version of the same template, to the same person, beyond what `again` allows."""
    if not case.is_prospecting:
        return False
    return any(_is_same(mail, case) and not _may_repeat(mail, case) for mail in case.mails)


def _is_same(mail: PastMail, case: Case) -> bool:
    """By the text, whatever it is called now; a mail of an unknown version is known by its name alone."""
    if isinstance(case.send, Call):
        return False
    if mail.template_digest is None:
        return mail.template == case.send.template
    return mail.template_digest == case.catalogue.templates[case.send.template].digest


def _may_repeat(mail: PastMail, case: Case) -> bool:
    """Another run of the same scenario may, where one enters each time or once a `per` value; so may time."""
    entry, run = case.scenario.entry, case.situation.enrolment
    another_run = run is None or mail.enrolment_id != run.id
    if (entry.again.each or entry.per is not None) and another_run and mail.scenario == case.scenario.name:
        return True
    after = entry.again.after
    return after is not None and later(mail.at, after, case.zone) <= case.now


_D, _W = Output.DENY, Output.ALLOW_WITHOUT_UPSELL

RESTRICTIONS: tuple[Restriction, ...] = (
    Restriction(_no_service_link, _D, "NO_SERVICE_LINK", "R-20"),
    Restriction(_before_reactivation, _D, "REACTIVATION_EARLY", "R-47"),
    Restriction(_asked_after_cut_off, _D, "REACTIVATION_REPEATED", "R-47"),
    Restriction(_nothing_to_review, _D, "NO_ORDER_TO_REVIEW", "R-32"),
    Restriction(_editorial_only, _D, "SEGMENT_EDITORIAL_ONLY", "R-80"),
    Restriction(_over_share, _D, "SEGMENT_SHARE_CAP", "R-81"),
    Restriction(_over_monthly_number, _D, "FREQUENCY_CAP", "R-34", _this_month),
    Restriction(_reviewed_enough, _D, "REVIEW_REPEATED", "R-32"),
    Restriction(_same_mail, _D, "SAME_MAIL", "R-34"),
    Restriction(_invited_recently, _W, "INVITE_RECENT", "R-21"),
)
