"""The one question before every mail: may it leave now, never, without its invitation, or later?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accord.core.consent.facts import gate_inputs
from accord.core.consent.gate import judge
from accord.core.consent.holds import held_until
from accord.core.consent.restrictions import Case, restricted
from accord.core.model.content import Catalogue
from accord.core.model.decision import Situation, Verdict
from accord.core.model.message import PastMail
from accord.core.model.scenario import Outgoing, Scenario


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: ask again at `until`, an aware instant in UTC. The rest is for the journal: the reason, the
    rule, and the steps whose mails took the places that a cap leaves.
    """

    until: datetime
    reason: str
    rule: str
    against: tuple[str, ...] = ()


def permission(
    send: Outgoing,
    families: tuple[str, ...],
    situation: Situation,
    catalogue: Catalogue,
    *,
    scenario: Scenario,
    now: datetime,
    message_id: int | None = None,
) -> Verdict | Wait:
    """Whether one mail may go to one person: a verdict, or a Wait where only courtesy stands in the way.

    The law first (the gate's table), then what may only restrict, then what may only defer. `families` is
    what the step promotes, evaluated. `message_id`: the mail is in the ledger already and stands at the
    door, so that it and what is queued behind it do not count against it. R-02: ask again at the door.
    """
    inputs = gate_inputs(send, families, situation, catalogue, now=now)
    verdict = judge(inputs, catalogue.venue.policy)
    if not verdict.allowed:
        return verdict
    mails = earlier_mails(situation.mails, message_id)
    case = Case(send, inputs, situation, catalogue, scenario, mails, now)
    verdict = restricted(verdict, case)
    if not verdict.allowed:
        return verdict
    hold = held_until(case)
    return verdict if hold is None else Wait(hold.until, hold.reason, hold.rule, hold.against)


def earlier_mails(mails: tuple[PastMail, ...], message_id: int | None) -> tuple[PastMail, ...]:
    """The mails that count for this one: all, or at the door those that left or are queued before it."""
    if message_id is None:
        return mails
    return tuple(
        mail
        for mail in mails
        if mail.message_id != message_id and (mail.left or mail.message_id < message_id)
    )
