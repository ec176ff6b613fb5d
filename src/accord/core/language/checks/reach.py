"""Who a mail can reach at all: the gate itself, asked about every way in which its readers can stand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from accord.core.consent.facts import KIND_OF
from accord.core.consent.gate import judge
from accord.core.consent.gate_input import VOCABULARY, GateInput
from accord.core.language.checks.checked import Around, Outgoing
from accord.core.language.checks.parts import conjuncts
from accord.core.model.consent import ConsentStatus, Kind, LegalBasis, Nature
from accord.core.model.expression import (
    Among,
    Comparator,
    Compare,
    Constant,
    Expression,
    Question,
)
from accord.core.model.scenario import Send, Step
from accord.core.model.venue import Policy, Purpose

_SIMILAR = frozenset({"purchased_similar", "purchased_over_3y"})
_EVERY_STATE = frozenset(state.value for state in ConsentStatus)


@dataclass(frozen=True, slots=True)
class Readers:
    """How the readers of a mail can stand, as far as its step and the venue's forms decide it.

    `states`: of consent for its kind. `informed`: whether any form could have offered to refuse. `customers`:
    whether it promises families, so that a purchase can be of something similar.
    """

    nature: str
    states: frozenset[str]
    informed: bool
    customers: bool
    professional: bool
    non_commercial: bool


@lru_cache(maxsize=512)
def bases(readers: Readers, policy: Policy) -> frozenset[tuple[str, LegalBasis]]:
    """On what a mail can rest: (state of consent, basis) of everybody to whom the gate lets it go."""
    relations = VOCABULARY["relation"] if readers.customers else VOCABULARY["relation"] - _SIMILAR
    found = set()
    for state, relation, informed, b2b in product(
        readers.states,
        relations,
        (True, False) if readers.informed else (False,),
        ("no", "related") if readers.professional else ("no",),
    ):
        given = GateInput(
            readers.nature, state, relation, informed, b2b=b2b, non_commercial_sender=readers.non_commercial
        )
        verdict = judge(given, policy)
        if verdict.allowed and verdict.basis is not None:
            found.add((state, verdict.basis))
    return frozenset(found)


def readers_of(out: Outgoing, purpose: Purpose, around: Around, step: Step | None = None) -> Readers:
    """How the readers of a mail for a purpose can stand. `step`: whose own `if` narrows who they are."""
    what, venue = out.what, around.venue
    kind = KIND_OF.get(what.nature)
    states = _EVERY_STATE
    if not asks(around, purpose.name, kind):
        states = states - {ConsentStatus.OPTIN_PROVEN.value}
    if step is not None and step.condition is not None and kind is not None:
        states = states & _narrowed(step.condition, f"{purpose.name}/{kind.value}")
    items = what.promotes or purpose.families
    families = items if isinstance(items, tuple) else ()
    sells = isinstance(items, Expression) or any(
        name not in venue.families or venue.families[name].commercial for name in families
    )
    return Readers(
        nature=what.nature.value,
        states=states,
        informed=asks(around, purpose.name, None),
        customers=bool(items),
        professional=purpose.professional,
        non_commercial=venue.entity.non_commercial and not sells and what.nature is not Nature.ABANDONED_CART,
    )


def asks(around: Around, purpose: str, kind: Kind | None, form: str | None = None) -> bool:
    """Whether any form or script, or the one of that name, asks for a purpose: for one kind of it or for any."""
    if around.wordings is None:
        return True
    wordings = (each for each in around.wordings if form in (None, each.name))
    kinds = {each for wording in wordings for each in wording.asks.get(purpose, ())}
    return kind.value in kinds if kind is not None else bool(kinds)


def _narrowed(condition: Expression, purpose_and_kind: str) -> frozenset[str]:
    """The states that a step's own `if` leaves, where it asks for this very consent."""
    left = _EVERY_STATE
    for part in conjuncts(condition.tree):
        match part:
            case Compare(Question("consent", argument), Comparator.EQ, Constant(str() as state)):
                left = left & {state} if argument == purpose_and_kind else left
            case Compare(Question("consent", argument), Comparator.NE, Constant(str() as state)):
                left = left - {state} if argument == purpose_and_kind else left
            case Among(Question("consent", argument), values, False) if argument == purpose_and_kind:
                left = left & {str(value.value) for value in values if isinstance(value, Constant)}
    return left


def has_fallback(out: Outgoing) -> bool:
    """Whether a mail falls back on another edition."""
    return isinstance(out.what, Send) and isinstance(out.what.if_not_allowed, Send)
