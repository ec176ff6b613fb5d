"""What a policy case of each kind comes to: its plain words, put to the functions that judge real mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from accord.core.consent.answers import Collection, collected, named_consent
from accord.core.consent.gate import judge
from accord.core.consent.gate_input import CASE_INPUTS, VOCABULARY, GateInput
from accord.core.consent.history import Told, merge, standing
from accord.core.consent.reports import Finding, delivery_status, feedback, reply
from accord.core.consent.restrictions import share_allows
from accord.core.consent.retention import last_action, what_then
from accord.core.model.consent import Act, ConsentState, ConsentStatus

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
Given: TypeAlias = "Mapping[str, Plain]"

ZONE = ZoneInfo("Europe/Paris")
DEFAULT_NOW = "2026-11-23"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a case comes to, in the words of its `expected`, with the reason code and the rule."""

    got: Plain
    reason: str
    rule: str


UNKNOWN = Answer("deny", "INPUT_UNKNOWN", "R-01")


class Unreadable(Exception):
    """A value that is missing, of another type, or that nobody knows: the case answers INPUT_UNKNOWN."""


T = TypeVar("T")


def _in_known_words(ask: Callable[[Given], Answer]) -> Callable[[Given], Answer]:
    """The same question, answered with INPUT_UNKNOWN where a value can't be read (R-01)."""

    def asked(given: Given) -> Answer:
        try:
            return ask(given)
        except Unreadable:
            return UNKNOWN

    return asked


# -- reading values ----------------------------------------------------------------------------------------


def _text(value: Plain) -> str:
    """Text, or a number as it is commonly written (a version such as 3)."""
    if isinstance(value, str) and value:
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise Unreadable


def _flag(value: Plain) -> bool:
    if isinstance(value, bool):
        return value
    raise Unreadable


def _number(value: Plain) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return float(value)
    raise Unreadable


def _list(value: Plain) -> list[Plain]:
    if isinstance(value, list):
        return value
    raise Unreadable


def _one_of(words: Mapping[str, T], value: Plain) -> T:
    found = words.get(value) if isinstance(value, str) else None
    if found is None:
        raise Unreadable
    return found


def _maybe(read: Callable[[Plain], T], value: Plain) -> T | None:
    return None if value is None else read(value)


def _instant(value: Plain) -> datetime:
    """An instant, or the first one of a date, in the entity's zone."""
    try:
        read = datetime.fromisoformat(_text(value))
    except ValueError:
        raise Unreadable from None
    return (read if read.tzinfo else read.replace(tzinfo=ZONE)).astimezone(UTC)


def _day(value: Plain) -> date:
    return _instant(value).astimezone(ZONE).date()


def _clock(value: Plain) -> time:
    try:
        return time.fromisoformat(_text(value))
    except ValueError:
        raise Unreadable from None


# -- gate --------------------------------------------------------------------------------------------------


def gate(given: Given) -> Answer:
    """One row of the decision table; a value of another type is as unknown as a missing one."""
    values: dict[str, Any] = {
        name: _input(name, value) for name, value in given.items() if name in CASE_INPUTS
    }
    verdict = judge(GateInput(**values))
    return Answer(verdict.output.value, verdict.reason, verdict.rule)


def _input(name: str, value: Plain) -> str | bool | None:
    if name in VOCABULARY:
        return value if isinstance(value, str) else None
    return value if isinstance(value, bool) else None


# -- derive_consent ----------------------------------------------------------------------------------------

_STATES: Mapping[str, ConsentStatus] = {status.value: status for status in ConsentStatus}
_ACTS: Mapping[str, Act] = {act.value: act for act in Act if act not in (Act.SILENCE, Act.MERGED)}
_COLLECTING = frozenset(
    {"control", "prechecked", "answer", "channel", "script_version", "notice", "written_followup"}
    | {"agent", "place", "time"}
)
_NAMING = frozenset({"optins", "purpose", "unsubscribed", "basis"})
_BASES = {"consent": "consent", "soft_optin": "soft_optin"}
_ANSWERS = {word: word for word in ("ticked", "unticked", "yes", "no")}
_CONTROLS = {word: word for word in ("optin_box", "optout_box", "radio_yes_no", "terms", "double_optin")}
_CHANNELS = {word: word for word in ("oral", "paper", "import", "service_invitation")}
_NOTICES = {word: word for word in ("read", "displayed")}
_NAMED = re.compile(r"\w+:\w+")


@_in_known_words
def derive_consent(given: Given) -> Answer:
    """One collection, a history, a merge, or what opt-ins say of another purpose; never two of them."""
    forms = [
        (frozenset({"events"}), _history),
        (frozenset({"merge"}), _merge),
        (_NAMING, _named),
        (_COLLECTING, _collection),
    ]
    found = [ask for keys, ask in forms if keys & given.keys()]
    if len(found) != 1:
        raise Unreadable
    return found[0](given)


def _history(given: Given) -> Answer:
    told = []
    for seq, each in enumerate(_list(given["events"])):
        pair = _list(each)
        if len(pair) != 2:  # a time and a kind
            raise Unreadable
        told.append(Told(_instant(pair[0]), _one_of(_ACTS, pair[1]), seq=seq))
    end = standing(told)
    return Answer(end.state.status.value, end.reason, end.rule)


def _merge(given: Given) -> Answer:
    states = []
    for each in _list(given["merge"]):
        status, _, at = _text(each).partition("@")
        states.append(ConsentState(_one_of(_STATES, status), since=_instant(at) if at else None))
    if len(states) < 2:  # one record alone is no merge
        raise Unreadable
    merged = states[0]
    for other in states[1:]:
        merged = merge(merged, other)
    return Answer(merged.status.value, "MORE_RESTRICTIVE_WINS", "R-17")


def _named(given: Given) -> Answer:
    optins = [_name(each) for each in _list(given.get("optins", []))]
    unsubscribed = _maybe(_name, given.get("unsubscribed"))
    basis = _one_of(_BASES, given.get("basis", "consent"))
    got = named_consent(optins, _name(given.get("purpose")), unsubscribed=unsubscribed, basis=basis)
    return Answer(got.status.value, got.reason, got.rule)


def _name(value: Plain) -> str:
    if not _NAMED.fullmatch(_text(value)):
        raise Unreadable
    return _text(value)


def _collection(given: Given) -> Answer:
    """Agent, place and time of an oral or a paper consent are known unless given as null."""
    if given.get("control") is None and given.get("channel") is None:
        raise Unreadable
    got = collected(
        Collection(
            control=_maybe(lambda value: _one_of(_CONTROLS, value), given.get("control")),
            prechecked=_flag(given.get("prechecked", False)),
            answer=_maybe(lambda value: _one_of(_ANSWERS, value), given.get("answer")),
            channel=_maybe(lambda value: _one_of(_CHANNELS, value), given.get("channel")),
            script_version=_maybe(_text, given.get("script_version")),
            notice=_maybe(lambda value: _one_of(_NOTICES, value), given.get("notice")),
            written_followup=bool(_maybe(_flag, given.get("written_followup"))),
            agent=given.get("agent", True) is not None,
            place=given.get("place", True) is not None,
            time=given.get("time", True) is not None,
        )
    )
    return Answer(got.status.value, got.reason, got.rule)


# -- the clock ---------------------------------------------------------------------------------------------


@_in_known_words
def derive_last_action(given: Given) -> Answer:
    """Whether these happenings renew the clock."""
    got = last_action([_text(word) for word in _list(given.get("events"))])
    return Answer(got.got, got.reason, got.rule)


@_in_known_words
def retention(given: Given) -> Answer:
    """What becomes of a contact today."""
    got = what_then(
        last_action=_maybe(_day, given.get("last_action")),
        collected=_maybe(_day, given.get("collected")),
        today=_day(given.get("now", DEFAULT_NOW)),
        objection=_maybe(_day, given.get("objection")),
        invoice=_maybe(_day, given.get("invoice")),
    )
    return Answer(got.got, got.reason, got.rule)


# -- sending -----------------------------------------------------------------------------------------------

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = {day: day for day in _WEEK}
_NATURES = {nature: nature for nature in VOCABULARY["nature"]}
_MODES = {mode: mode for mode in ("EDITORIAL_ONLY", "PROMO")}
_OUTPUTS = {output: output for output in ("allow", "allow_without_upsell", "deny")}


def send_time(given: Given) -> Answer:
    """Whether a mail may leave at this moment: an objection before it, the hour, the segment's state."""
    try:
        if {"queued", "objection", "send"} & given.keys():
            return _objection_in_between(given)
        if "objection_age_h" in given:
            _number(given["objection_age_h"])
            return _denied("OBJECTION", "R-10")
        if {"day", "channel"} & given.keys():
            return _courtesy(given)
        if "legal" in given:
            return _segment(given)
        return _share(given)
    except Unreadable:
        return _denied("INPUT_UNKNOWN", "R-01")


def _denied(reason: str, rule: str) -> Answer:
    return Answer(f"deny/{reason}", reason, rule)


def _objection_in_between(given: Given) -> Answer:
    """Judged when it leaves, not when it was queued: an objection up to that very moment wins (R-02)."""
    leaves, objection = _clock(given.get("send")), _maybe(_clock, given.get("objection"))
    _maybe(_clock, given.get("queued"))
    if objection is not None and objection <= leaves:
        return _denied("OBJECTION", "R-02")
    return Answer("allow", "NO_OBJECTION_YET", "R-02")


def _courtesy(given: Given) -> Answer:
    """No law keeps an e-mail from any day; other channels are none of ours (R-70)."""
    _maybe(lambda value: _one_of(_DAYS, value), given.get("day"))
    _one_of({"email": "email"}, given.get("channel", "email"))
    return Answer("allow", "NO_LEGAL_QUIET_TIME_FOR_EMAIL", "R-70")


def _segment(given: Given) -> Answer:
    """The statistics only restrict what the customer exception allows; they never allow (R-80)."""
    legal = _text(given["legal"])
    output, _, reason = legal.partition("/")
    if _one_of(_OUTPUTS, output) == "deny":
        return Answer(legal, "STATISTICS_NEVER_PERMIT", "R-80")
    mode, nature = _one_of(_MODES, given.get("segment_mode")), _one_of(_NATURES, given.get("nature"))
    if reason != "SOFT_OPTIN" or nature not in ("promotional", "abandoned_cart"):
        return Answer(output, "STATISTICS_DO_NOT_CONCERN_IT", "R-80")
    if mode == "EDITORIAL_ONLY":
        return Answer("deny/SEGMENT_EDITORIAL_ONLY", "STATISTICS_ONLY_RESTRICT", "R-80")
    return _share(given) if "total" in given else Answer("allow", "SEGMENT_ALLOWS", "R-80")


def _share(given: Given) -> Answer:
    share, total, promo = (_number(given.get(key)) for key in ("p", "total", "promo"))
    if share > 1 or promo > total:
        raise Unreadable
    told = f"({promo:g}+1) {{}} {share:g}*({total:g}+1)"
    if share_allows(round(share * 100), total=int(total), promotions=int(promo)):
        return Answer("allow", told.format("<="), "R-81")
    return Answer("deny/SEGMENT_SHARE_CAP", told.format(">"), "R-81")


# -- inbound -----------------------------------------------------------------------------------------------

_KNOWN = {"known": "known", "unknown": "unknown"}


@_in_known_words
def inbound(given: Given) -> Answer:
    """What a report or a reply changes, or `unchanged`."""
    return _changed(_one_of(_REPORTS, given.get("report"))(given))


def _is_ours(given: Given) -> bool:
    return _one_of(_KNOWN, given.get("envid", "known")) == "known"


def _dsn(given: Given) -> Finding:
    return delivery_status(_text(given.get("action")), _text(given.get("status")), ours=_is_ours(given))


def _arf(given: Given) -> Finding:
    return feedback(_text(given.get("feedback_type")), ours=_is_ours(given))


def _reply(given: Given) -> Finding:
    return reply(_text(given.get("text")))


_REPORTS: Mapping[str, Callable[[Given], Finding]] = {"dsn": _dsn, "arf": _arf, "reply": _reply}


def _changed(found: Finding) -> Answer:
    changes: dict[str, Plain] = {}
    if found.address is not None:
        changes["address"] = found.address.value
    if found.consent is not None:
        changes["consent"] = found.consent.value
    return Answer(changes or "unchanged", found.reason, found.rule)
