"""Acts of consent as another system tells them: never a state, every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from accord.core.expressions.fields import FieldFault, Unreadable, read_text, shown
from accord.core.model.consent import EVERYTHING
from accord.core.model.venue import Venue
from accord.core.model.wording import WordingKind
from accord.shell.engine.care.acts import ANSWERS, CHANNELS, ActTold
from accord.shell.engine.intake.arrivals import LANGUAGES
from accord.shell.engine.intake.told import Faults, read_past, strangers

ACT_KEYS = (
    *("form", "script", "answer", "refuse", "purpose", "channel", "language", "place", "followup"),
    *("agent", "url", "at"),
)

# What other tools call a consent: a state, which is no act of anybody's.
STATES = frozenset({"state", "states", "status", "consent", "consents", "optin", "opt_in", "subscribed"})

ACTS_ONLY = (
    "a consent is told as the act that gave it: which form or script was answered, and how; a state such as "
    "optin_proven follows from acts, and can't be written"
)


def read_act(told: Mapping[str, Any], venue: Venue, now: datetime) -> tuple[ActTold | None, Faults]:
    """One act without its person, or every fault in what was told."""
    faults = [FieldFault(name, ACTS_ONLY) for name in told if name in STATES]
    faults += strangers({name: value for name, value in told.items() if name not in STATES}, ACT_KEYS)
    faults += _which(told)
    texts: dict[str, str | None] = {}
    for name, read in _TEXTS.items():
        try:
            texts[name] = read(told[name]) if told.get(name) is not None else None
        except Unreadable as fault:
            faults.append(FieldFault(name, str(fault)))
    for name in ("refuse", "followup"):
        if not isinstance(told.get(name, False), bool):
            faults.append(FieldFault(name, f"{shown(told[name])} is neither true nor false"))
    at = now
    try:
        at = read_past(told["at"], venue.entity.clock, now) if told.get("at") is not None else now
    except Unreadable as fault:
        faults.append(FieldFault("at", str(fault)))
    if faults:
        return None, tuple(faults)
    return _act(at, texts, followup=bool(told.get("followup"))), ()


def _act(at: datetime, texts: Mapping[str, str | None], *, followup: bool) -> ActTold:
    kind = WordingKind.FORM if texts["form"] else WordingKind.SCRIPT if texts["script"] else None
    return ActTold(
        at,
        kind,
        texts["form"] or texts["script"],
        None if texts["answer"] == "none" else texts["answer"],
        purpose=texts["purpose"] or EVERYTHING,
        channel=texts["channel"],
        language=texts["language"],
        place=texts["place"],
        followup=followup,
        agent=texts["agent"],
        url=texts["url"],
    )


def _which(told: Mapping[str, Any]) -> list[FieldFault]:
    """One of form, script and refuse; with a wording its answer."""
    named = [name for name in ("form", "script", "refuse") if told.get(name)]
    if len(named) != 1:
        return [FieldFault("form", "say which form or which script was answered, or that it is a refusal")]
    if named != ["refuse"] and told.get("answer") is None:
        return [FieldFault("answer", "it is missing: what came back, or none")]
    if named == ["refuse"] and told.get("answer") is not None:
        return [FieldFault("answer", "a refusal answers no form")]
    if named != ["refuse"] and told.get("purpose") is not None:
        return [FieldFault("purpose", "what was asked for stands in the form, and is not told again")]
    return []


def _chosen(among: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in among:
            raise Unreadable(f"{shown(value)} is none of {', '.join(among)}")
        return str(value)

    return read


_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "form": read_text,
    "script": read_text,
    "answer": _chosen(ANSWERS),
    "purpose": read_text,
    "channel": _chosen(CHANNELS),
    "language": _chosen(LANGUAGES),
    "place": read_text,
    "agent": read_text,
    "url": read_text,
}
