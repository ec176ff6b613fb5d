"""Steps: one verb each, and the modifiers round it. READERS is the list of them all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from typing import TypeAlias

from accord.core.expressions.literals import Unfit, fitted
from accord.core.expressions.parse import Want
from accord.core.language.entering import read_cue, read_date_rule
from accord.core.language.reading import Block, Stop, attempt
from accord.core.language.scope import Place
from accord.core.language.sending import WHOLE, call, send
from accord.core.language.source import ScalarNode
from accord.core.language.tables import ARM, VERBS
from accord.core.language.times import hour_of, share_of
from accord.core.model.expression import Constant, Expression, Type
from accord.core.model.scenario import (
    Arm,
    Branch,
    DateRule,
    Emit,
    Set,
    Split,
    Step,
    Verb,
    WaitUntil,
)

_BARE = re.compile(r"\w[\w '’-]*")

Reader: TypeAlias = Callable[[Block, Place], Verb]

# Where else a key has its meaning: told to whoever writes it under another verb.
_HOMES: Mapping[str, str] = {
    key: verb for verb, table in reversed(list(VERBS.items())) for key in table.keys if key not in VERBS
}


def read_step(name: str, block: Block, place: Place) -> Step | None:
    """One step; None where its verb can't be read. Its faults are kept."""
    verb = _verb(block)
    if verb is None:
        return None
    block.takes(VERBS[verb], _HOMES)
    done = attempt(READERS[verb], block, place)
    after = attempt(block.duration, "after") if block.has("after") else None
    date = attempt(_date, block, place) if block.has("date") else None
    at = attempt(_hour, block)
    condition = block.condition("if", place.scope)
    then = attempt(_then, block, verb)
    if block.has("after") and block.has("date"):
        message = "A step has «after:» or «date:», not both."
        block.notes.error(block.key_at("date"), "after-or-date", message)
    return Step(name, block.at, done, after, date, at, condition, then) if done is not None else None


def _verb(block: Block) -> str | None:
    """The one verb of a step; a slip of the pen in it is told as such."""
    verbs = [key.text for key, _ in block.node.entries if key.text in VERBS]
    if len(verbs) == 1:
        return verbs[0]
    if verbs:
        message = f"{block.name} takes one verb, not {' and '.join(verbs)}."
        block.notes.error(block.key_at(verbs[1]), "one-verb", message)
        return None
    slips = [
        key
        for key, _ in block.node.entries
        if key.text not in _HOMES and block.notes.nearest(key.text, VERBS)
    ]
    for key in slips:
        message = f"«{key.text}» has no meaning in {block.name}."
        block.notes.error(key.span, "unknown-key", message, block.notes.nearest(key.text, VERBS))
    if not slips:
        message = f"{block.name} takes one verb of: {', '.join(VERBS)}."
        block.notes.error(block.at, "one-verb", message)
    return None


# -- modifiers --------------------------------------------------------------------------------------------


def _date(block: Block, place: Place) -> DateRule:
    rule = read_date_rule(block, "date", place.scope)
    if rule.base.type is Type.DAY_OF_YEAR:
        message = f"{rule.base.source} comes every year; a step needs a date with its year."
        block.notes.stop(block.value_at("date"), "not-a-date", message, "Enter by it instead: enter.date.")
    return rule


def _hour(block: Block) -> time | None:
    at = block.text_or("at")
    if at is None:
        return None
    hour = hour_of(at)
    if hour is None:
        message = f'«{at}» is not an hour; write "10:00".'
        block.notes.stop(block.value_at("at"), "wrong-hour", message)
    return hour


def _then(block: Block, verb: str) -> str | None:
    """Where a step goes on; a choice has its ways, and goes elsewhere only where it is skipped."""
    if verb == "wait_until":
        return None
    if verb in ("branch", "split") and block.has("then") and not block.has("if") and not block.has("date"):
        message = f"A {verb} goes the way that it chooses; «then:» is for when its «if:» is false."
        block.notes.error(block.key_at("then"), "then-of-choice", message)
    return block.text_or("then")


# -- the verbs --------------------------------------------------------------------------------------------


def _wait(block: Block, place: Place) -> WaitUntil:
    key = block.node.key("wait_until")
    cue = attempt(read_cue, block.need("wait_until"), "«wait_until:»", block, place.scope, key)
    at_most = attempt(block.duration, "at_most")
    then, otherwise = attempt(block.text, "then"), attempt(block.text, "otherwise")
    if cue is None or at_most is None or then is None or otherwise is None:
        raise Stop
    return WaitUntil(cue, at_most, then, otherwise)


def _branch(block: Block, place: Place) -> Branch:
    arms = []
    listed = attempt(block.list, "branch") or ()
    for item in listed:
        arm = attempt(block.block_of, item, "a way of «branch:»")
        if arm is not None:
            arm.takes(ARM)
            condition, target = arm.condition("if", place.scope), attempt(arm.text, "then")
            if condition is not None and target is not None:
                arms.append(Arm(condition, target))
    otherwise = block.text("otherwise")
    if len(arms) != len(listed) or not listed:
        raise Stop
    return Branch(tuple(arms), otherwise)


def _split(block: Block, _place: Place) -> Split:
    ways = block.map("split", "«split:»")
    if len(ways.node.entries) < 2:
        block.notes.stop(ways.at, "wrong-value", "«split:» takes two ways or more.")
    shares: list[tuple[str, int]] = []
    for key, node in ways.node.entries:
        share = share_of(node.text) if isinstance(node, ScalarNode) else None
        if not share:
            message = "A share is a percentage above nothing, such as 50%."
            block.notes.error(node.span, "wrong-share", message)
        else:
            shares.append((key.text, share))
    if len(shares) != len(ways.node.entries):
        raise Stop
    total = sum(share for _, share in shares)
    if total != WHOLE:
        message = f"The shares sum to {total / 100:g} %, not 100 %."
        block.notes.stop(ways.at, "shares-sum", message)
    return Split(tuple(shares))


def _set(block: Block, place: Place) -> Set:
    written = block.map("set", "«set:»")
    if not written.node.entries:
        block.notes.error(written.at, "missing-key", "«set:» needs an attribute.")
    found = [attempt(_assignment, written, key, place) for key, _ in written.node.entries]
    return Set(tuple(each for each in found if each is not None))


def _assignment(block: Block, key: ScalarNode, place: Place) -> tuple[str, Expression]:
    known = place.scope.venue.attributes
    name = key.text.removeprefix("contact.")
    attribute = known.get(name)
    if attribute is None:
        message = f"There is no attribute «{name}» in config.toml."
        block.notes.stop(key.span, "unknown-attribute", message, block.notes.nearest(name, known))
    if not attribute.writable:
        block.notes.error(key.span, "not-writable", f"«{name}» is not declared writable.")
    node = block.need(key.text)
    if attribute.type is Type.TEXT and isinstance(node, ScalarNode) and _is_bare(node.text, place):
        message = f"«{node.text}» is read as a name; a text stands in quotes of its own."
        block.notes.stop(node.span, "text-without-quotes", message, f"Write: {key.text}: '\"{node.text}\"'")
    value = block.expression_of(node, place.scope, Want.VALUE)
    if value is None:
        raise Stop
    value = _as(attribute.type, value)
    if value.type is not attribute.type:
        message = f"«{name}» is {attribute.type.value}; this is {value.type.value}."
        block.notes.stop(node.span, "types-differ", message)
    return name, value


def _is_bare(text: str, place: Place) -> bool:
    """Whether a text looks like words rather than like an expression."""
    return _BARE.fullmatch(text) is not None and text not in place.scope.names()


def _as(kind: Type, value: Expression) -> Expression:
    """A literal as the attribute's type, where it can be: a text that is a date, a whole number."""
    tree = value.tree
    if not isinstance(tree, Constant):
        return value
    try:
        tree = Constant(tree.value, kind) if (tree.type, kind) == (Type.INTEGER, Type.NUMBER) else tree
        made = fitted(tree, kind)
    except Unfit:
        return value
    return Expression(value.source, value.span, made, made.type) if isinstance(made, Constant) else value


def _emit(block: Block, place: Place) -> Emit:
    name = block.text("emit")
    own = place.scope.venue.events
    if name not in own:
        message = f"«{name}» is not an event of the venue's own; declare it under [events] in config.toml."
        block.notes.error(block.value_at("emit"), "not-own-event", message, block.notes.nearest(name, own))
    return Emit(name)


READERS: Mapping[str, Reader] = {
    "send": send,
    "wait_until": _wait,
    "branch": _branch,
    "split": _split,
    "set": _set,
    "emit": _emit,
    "call": call,
}
