"""One person's acts for one purpose, in order of time, folded into where the person stands (R-17)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accord.core.model.consent import Act, ConsentState, ConsentStatus
from accord.core.model.venue import Policy

CONFIRM_WITHIN = timedelta(days=7)  # what nobody confirmed by then is as if it had not been asked for

_S = ConsentStatus
_REFUSED = frozenset({_S.ACTIVE_OPTOUT, _S.WITHDRAWN})
_UNDECIDED = frozenset({_S.NEVER_ASKED, _S.PASSIVE_OPTOUT, _S.OPTIN_UNPROVEN})
_ANY = frozenset(_S)


@dataclass(frozen=True, slots=True)
class Told:
    """One act of a history. `informed` is None where the act says nothing about it.

    `wording` is the digest of the form or script that was answered, or revoked. `merged` is the other
    record's status, for Act.MERGED alone.
    """

    at: datetime
    act: Act
    informed: bool | None = None
    seq: int = 0
    merged: ConsentStatus | None = None
    wording: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A state together with the reason and the rule of the last act that was weighed."""

    state: ConsentState
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class _Move:
    """From any of these states to `to` (None: stays), for this reason."""

    of: frozenset[ConsentStatus]
    to: ConsentStatus | None
    reason: str
    rule: str


_CLAIM = (
    _Move(_REFUSED, None, "IMPORT_LIFTS_NOTHING", "R-17"),
    _Move(frozenset({_S.OPTIN_PROVEN}), None, "ALREADY_PROVEN", "R-04"),
    _Move(_UNDECIDED, _S.OPTIN_UNPROVEN, "OPTIN_WITHOUT_PROOF", "R-13"),
)
_SILENCE = (
    _Move(_REFUSED, None, "SILENCE_LIFTS_NOTHING", "R-17"),
    _Move(frozenset({_S.NEVER_ASKED}), _S.PASSIVE_OPTOUT, "SILENCE_IS_NOT_CONSENT", "R-05"),
    _Move(_ANY, None, "SILENCE_IS_NOT_CONSENT", "R-05"),
)
_PURCHASE = (_Move(_REFUSED, None, "PURCHASE_LIFTS_NOTHING", "R-17"), *_SILENCE[1:])
_PROVEN = (
    _Move(_REFUSED, _S.OPTIN_PROVEN, "LATER_PROVEN_OPTIN", "R-17"),
    _Move(_ANY, _S.OPTIN_PROVEN, "POSITIVE_ACT", "R-04"),
)
# A consent that a file proves row by row counts as one, but no import lifts an objection.
_IMPORTED = (_Move(_REFUSED, None, "IMPORT_LIFTS_NOTHING", "R-17"), *_PROVEN[1:])
_LEAVING = (
    # Leaving what had been agreed to is a withdrawal; leaving anything else is an objection.
    _Move(frozenset({_S.OPTIN_PROVEN, _S.WITHDRAWN}), _S.WITHDRAWN, "WITHDRAWAL", "R-12"),
    _Move(_ANY, _S.ACTIVE_OPTOUT, "OBJECTION_IS_ABSOLUTE", "R-10"),
)

MOVES: Mapping[Act, tuple[_Move, ...]] = {
    Act.OPTIN_PROVEN: _PROVEN,
    Act.CONFIRM_POST: _PROVEN,
    Act.OPTIN_UNPROVEN: _CLAIM,
    Act.OPTIN_IMPORT: _CLAIM,
    Act.OPTIN_IMPORT_PROVEN: _IMPORTED,
    Act.OPTIN_PENDING: (
        _Move(_UNDECIDED, _S.OPTIN_UNPROVEN, "DOUBLE_OPTIN_PENDING", "R-54"),
        _Move(_ANY, None, "DOUBLE_OPTIN_PENDING", "R-54"),
    ),
    Act.SPOKEN: (
        _Move(_UNDECIDED, _S.OPTIN_UNPROVEN, "ORAL_AWAITS_FOLLOWUP", "R-18"),
        _Move(_ANY, None, "ORAL_AWAITS_FOLLOWUP", "R-18"),
    ),
    Act.FOLLOWUP: _PROVEN,
    Act.WORDING_REVOKED: (_Move(_ANY, None, "WORDING_REVOKED", "R-13"),),
    Act.CONFIRM_GET: (_Move(_ANY, None, "GET_PROVES_NOTHING", "R-54"),),
    Act.SILENCE: _SILENCE,
    Act.PURCHASE_PASSIVE: _PURCHASE,
    Act.PURCHASE_INFORMED: _PURCHASE,
    Act.LOGIN: (_Move(_ANY, None, "LOGIN_IS_NOT_CONSENT", "R-17"),),
    Act.WITHDRAWAL: _LEAVING,
    Act.UNSUBSCRIBE: _LEAVING,
    Act.OBJECTION: (_Move(_ANY, _S.ACTIVE_OPTOUT, "OBJECTION_IS_ABSOLUTE", "R-10"),),
    Act.COMPLAINT: (_Move(_ANY, _S.ACTIVE_OPTOUT, "COMPLAINT_IS_OBJECTION", "R-61"),),
}

# The same by act and state: the first move that is of it.
_MOVE_OF: Mapping[tuple[Act, ConsentStatus], _Move] = {
    (act, status): next(move for move in moves if status in move.of)
    for act, moves in MOVES.items()
    for status in ConsentStatus
}

# What a second act makes good: the first waits for it, and a refusal in between takes it back.
COMPLETES: Mapping[Act, tuple[Act, timedelta | None, str, str]] = {
    Act.CONFIRM_POST: (Act.OPTIN_PENDING, CONFIRM_WITHIN, "NOTHING_TO_CONFIRM", "R-54"),
    Act.FOLLOWUP: (Act.SPOKEN, None, "NOTHING_TO_FOLLOW_UP", "R-18"),
}

# Acts that say yes. To a wording that was revoked since, such a yes proves nothing, and did not inform.
YES: frozenset[Act] = frozenset(
    {
        Act.OPTIN_PROVEN,
        Act.OPTIN_IMPORT_PROVEN,
        Act.OPTIN_PENDING,
        Act.CONFIRM_POST,
        Act.SPOKEN,
        Act.FOLLOWUP,
    }
)

REFUSALS: frozenset[Act] = frozenset({Act.OBJECTION, Act.WITHDRAWAL, Act.UNSUBSCRIBE, Act.COMPLAINT})
PURCHASES: frozenset[Act] = frozenset({Act.PURCHASE_PASSIVE, Act.PURCHASE_INFORMED})

RESTRICTIVENESS: tuple[ConsentStatus, ...] = (
    _S.ACTIVE_OPTOUT,
    _S.WITHDRAWN,
    _S.PASSIVE_OPTOUT,
    _S.NEVER_ASKED,
    _S.OPTIN_UNPROVEN,
    _S.OPTIN_PROVEN,
)


def merge(one: ConsentState, other: ConsentState) -> ConsentState:
    """The state of two records that turn out to be one person: the more restrictive wins (R-17).

    Dates do not matter: of an older objection and a newer opt-in in two records, the objection stays.
    """
    winner = min(one, other, key=lambda state: RESTRICTIVENESS.index(state.status))
    return ConsentState(winner.status, informed=one.informed and other.informed, since=winner.since)


def fold(history: Iterable[Told], policy: Policy | None = None) -> ConsentState:
    """Where a history of acts leaves a person; acts may come in any order, objection wins at one instant."""
    return standing(history, policy).state


def standing(history: Iterable[Told], policy: Policy | None = None) -> Standing:
    """The same as `fold`, with the reason and the rule of the last act."""
    acts = list(history)
    if not acts:
        return _NEVER_ASKED
    if len(acts) > 1:
        acts.sort(key=_order)
    policy = policy or Policy()
    standing_, waiting = _NEVER_ASKED, dict[Act, Told]()
    for told in _as_it_counts(acts):
        standing_ = _weigh(standing_, told, waiting, policy)
        if told.act in REFUSALS or told.act is Act.MERGED:
            waiting.clear()  # a refusal also takes back what still waited to be made good
        elif told.act in COMPLETES:
            waiting.pop(COMPLETES[told.act][0], None)
        elif told.act in (Act.OPTIN_PENDING, Act.SPOKEN):
            waiting[told.act] = told
    return standing_


_NEVER_ASKED = Standing(ConsentState(), "NEVER_ASKED", "R-05")


def _as_it_counts(history: list[Told]) -> list[Told]:
    """The history with every yes to a revoked wording read as a claim without proof (R-13)."""
    revoked = {told.wording for told in history if told.act is Act.WORDING_REVOKED and told.wording}
    return [_unproven(told) if told.wording in revoked else told for told in history] if revoked else history


def _unproven(told: Told) -> Told:
    if told.act in YES:
        return replace(told, act=Act.OPTIN_UNPROVEN, informed=None)
    return replace(told, informed=None) if told.informed else told


def _order(told: Told) -> tuple[datetime, bool, int, int]:
    """In order of time; at one instant refusals last, and of those the objection after the withdrawal."""
    objects = told.act in (Act.OBJECTION, Act.COMPLAINT)
    return told.at, told.act in REFUSALS or told.act is Act.MERGED, int(objects), told.seq


def _weigh(before: Standing, told: Told, waiting: Mapping[Act, Told], policy: Policy) -> Standing:
    if told.act is Act.MERGED:
        return _merged(before.state, told)
    if told.act in COMPLETES:
        first, within, reason, rule = COMPLETES[told.act]
        begun = waiting.get(first)
        if begun is None or (within is not None and told.at - begun.at > within):
            return Standing(before.state, reason, rule)
        told = replace(told, wording=told.wording or begun.wording)
    state = before.state
    move = _MOVE_OF[told.act, state.status]
    status = move.to or state.status
    if policy.purchase_lifts_objection and told.act in PURCHASES and status is _S.ACTIVE_OPTOUT:
        status = _S.PASSIVE_OPTOUT
    changed = status is not state.status
    since = told.at if changed else state.since
    wording = told.wording if changed or move.to is not None else state.wording
    return Standing(
        ConsentState(status, state.informed or _informs(told, policy), since, wording),
        move.reason,
        move.rule,
    )


def _informs(told: Told, policy: Policy) -> bool:
    """Whether this act told the person of the use and offered refusal there and then (R-09)."""
    if told.informed is not None:
        return told.informed
    unticked = told.act is Act.PURCHASE_PASSIVE and policy.unticked_box_is_refusal_offered
    return told.act is Act.PURCHASE_INFORMED or unticked


def _merged(state: ConsentState, told: Told) -> Standing:
    """A merge that does not say what it was merged with is read as with an objector (R-01)."""
    other = ConsentState(told.merged or _S.ACTIVE_OPTOUT, informed=bool(told.informed), since=told.at)
    return Standing(merge(state, other), "MORE_RESTRICTIVE_WINS", "R-17")
