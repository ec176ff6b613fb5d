"""Steps: one verb each, and the modifiers round it. VERBS is the list of them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from accord.core.expressions.names import Scope
from accord.core.expressions.parse import Want, nearest
from accord.core.expressions.spell import duration_of
from accord.core.language.entering import read_cue, read_date_rule
from accord.core.language.reading import Block, Stop
from accord.core.language.source import ListNode, MapNode, ScalarNode
from accord.core.language.times import hour_of
from accord.core.model.consent import SERVICE_PURPOSE, Nature
from accord.core.model.expression import Expression, Type
from accord.core.model.scenario import (
    Arm,
    Branch,
    Emit,
    LateChoice,
    Lateness,
    Refused,
    Send,
    Set,
    Split,
    Step,
    Verb,
    WaitUntil,
)
from accord.core.model.time import Duration

NATURES = tuple(nature.value for nature in Nature)
PROMOTING = (Nature.PROMOTIONAL, Nature.ABANDONED_CART)
WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step stands: what its expressions may read, and the file's purpose."""

    scope: Scope
    purpose: str


Read: TypeAlias = Callable[[Block, Place], Verb]

MODIFIERS = ("after", "date", "at", "if", "then")


def read_step(name: str, block: Block, place: Place) -> Step | None:
    """One step; None where its verb can't be read. Its faults are kept."""
    verbs = [verb for verb in VERBS if block.has(verb)]
    for unknown in ("call", "subjects", "test"):
        key = block.node.key(unknown)
        if key is not None:
            block.notes.error(key.span, "not-available", f"«{unknown}:» is not available yet.")
    if len(verbs) != 1:
        if not block.has("call"):
            said = "one verb of: " + ", ".join(VERBS) if not verbs else f"one verb, not {' and '.join(verbs)}"
            block.notes.error(block.at, "one-verb", f"{block.name} takes {said}.")
        return None
    own = VERBS[verbs[0]]
    block.only((verbs[0], *own.keys, *MODIFIERS, "call", "subjects", "test"))
    try:
        verb = own.read(block, place)
        return _modified(name, block, place, verb)
    except Stop:
        return None


def _modified(name: str, block: Block, place: Place, verb: Verb) -> Step:
    if block.has("after") and block.has("date"):
        block.notes.error(
            block.need("date").span, "after-or-date", "A step has «after:» or «date:», not both."
        )
    hour = None
    at = block.text_or("at")
    if at is not None:
        hour = hour_of(at)
        if hour is None:
            block.notes.error(block.need("at").span, "wrong-hour", f'«{at}» is not an hour; write "10:00".')
    then = None if isinstance(verb, WaitUntil) else block.text_or("then")
    return Step(
        name=name,
        span=block.at,
        verb=verb,
        after=block.duration("after") if block.has("after") else None,
        date=read_date_rule(block, "date", place.scope) if block.has("date") else None,
        at=hour,
        condition=block.condition("if", place.scope),
        then=then,
    )


# -- the verbs --------------------------------------------------------------------------------------------


def _send(block: Block, place: Place) -> Send:
    nature = Nature(block.choice("nature", NATURES))
    purpose = block.text_or("purpose") or place.purpose
    promotes = _promotes(block, place)
    if nature in PROMOTING and not promotes:
        block.notes.error(
            block.at, "promotes-missing", f"{block.name} is {nature.value}: say what it «promotes:»."
        )
    about = block.text_or("about")
    if nature is Nature.SERVICE and about is None:
        block.notes.error(
            block.at,
            "about-missing",
            f"{block.name} is service mail: say what it is «about:» (order, contract, account, or legal_duty/NAME).",
        )
    if nature is not Nature.SERVICE and block.has("invite"):
        block.notes.error(
            block.need("invite").span, "invite-outside-service", "«invite:» goes with nature: service."
        )
    return Send(
        template=block.text("send"),
        nature=nature,
        purpose=purpose,
        if_late=_lateness(block, nature),
        about=about,
        invite=block.text_or("invite"),
        promotes=promotes,
        if_not_allowed=_fallback(block, place, nature),
    )


def _promotes(block: Block, place: Place) -> tuple[str, ...] | Expression:
    node = block.node.get("promotes")
    if node is None:
        return ()
    if isinstance(node, ListNode):
        families = tuple(item.text for item in block.texts("promotes"))
        for item in block.texts("promotes"):
            known = place.scope.venue.families
            if item.text not in known:
                block.notes.error(
                    item.span,
                    "unknown-family",
                    f"There is no family «{item.text}» in config.toml.",
                    nearest(item.text, known),
                )
        return families
    found = block.expression_of(node, place.scope, Want.VALUE)
    if found is None:
        raise Stop
    if found.type not in (Type.TEXT, Type.TEXTS):
        block.notes.stop(
            node.span, "types-differ", f"«promotes:» takes families; this is {found.type.value}."
        )
    return found


def _lateness(block: Block, nature: Nature) -> Lateness:
    """`send`, `skip` or `skip after 2 days`; prospecting is skipped after a day, service mail is sent."""
    said = block.text_or("if_late")
    if said is None:
        late = nature is Nature.SERVICE
        return Lateness(LateChoice.SEND) if late else Lateness(LateChoice.SKIP, Duration(days=1))
    if said in ("send", "skip"):
        return Lateness(LateChoice(said))
    duration = duration_of(said.removeprefix("skip after "))
    if duration is None or not said.startswith("skip after "):
        block.notes.stop(
            block.need("if_late").span, "wrong-value", "«if_late:» is send, skip, or skip after 2 days."
        )
    return Lateness(LateChoice.SKIP, duration)


def _fallback(block: Block, place: Place, nature: Nature) -> Send | Refused:
    node = block.node.get("if_not_allowed")
    if node is None:
        return Refused.SKIP
    if isinstance(node, ScalarNode):
        return Refused(block.choice("if_not_allowed", ("skip", "leave")))
    edition = block.block_of(node, "«if_not_allowed:»", block.node.key("if_not_allowed"))
    edition.only(("send", "nature", "promotes", "purpose"))
    if nature not in PROMOTING:
        edition.notes.error(
            edition.at,
            "fallback-from-editorial",
            "Only promotional mail and abandoned carts fall back on another edition.",
        )
    if edition.choice("nature", NATURES) != Nature.EDITORIAL:
        edition.notes.error(
            edition.need("nature").span, "fallback-not-editorial", "The edition to fall back on is editorial."
        )
    return Send(
        template=edition.text("send"),
        nature=Nature.EDITORIAL,
        purpose=edition.text_or("purpose") or block.text_or("purpose") or place.purpose,
        if_late=_lateness(block, nature),
        promotes=_promotes(edition, place),
    )


def _wait(block: Block, place: Place) -> WaitUntil:
    return WaitUntil(
        cue=read_cue(block.need("wait_until"), "«wait_until:»", block, place.scope),
        at_most=block.duration("at_most"),
        then=block.text("then"),
        otherwise=block.text("otherwise"),
    )


def _branch(block: Block, place: Place) -> Branch:
    arms = []
    for item in block.list("branch"):
        arm = block.block_of(item, "an arm of «branch:»")
        arm.only(("if", "then"))
        arm.need("if")
        condition = arm.condition("if", place.scope)
        target = arm.text("then")
        if condition is not None:
            arms.append(Arm(condition, target))
    return Branch(tuple(arms), block.text("otherwise"))


def _split(block: Block, _place: Place) -> Split:
    ways = block.map("split", "«split:»")
    shares = []
    for key, node in ways.node.entries:
        share = _share(node.text if isinstance(node, ScalarNode) else "")
        if share is None:
            block.notes.stop(node.span, "wrong-share", "A share is a percentage, such as 50%.")
        shares.append((key.text, share))
    if sum(share for _, share in shares) != WHOLE:
        block.notes.stop(
            ways.at, "shares-sum", f"The shares sum to {sum(s for _, s in shares) / 100:g} %, not 100 %."
        )
    return Split(tuple(shares))


def _share(text: str) -> int | None:
    number = text.removesuffix("%").strip()
    try:
        return round(float(number) * 100) if text.endswith("%") else None
    except ValueError:
        return None


def _set(block: Block, place: Place) -> Set:
    written = block.map("set", "«set:»")
    assignments = []
    known = place.scope.venue.attributes
    for key, node in written.node.entries:
        name = key.text.removeprefix("contact.")
        attribute = known.get(name)
        if attribute is None:
            block.notes.error(
                key.span,
                "unknown-attribute",
                f"There is no attribute «{name}» in config.toml.",
                nearest(name, known),
            )
            continue
        if not attribute.writable:
            block.notes.error(key.span, "not-writable", f"«{name}» is not declared writable.")
        value = block.expression_of(node, place.scope, Want.VALUE)
        if value is not None:
            if value.type is not attribute.type:
                block.notes.error(
                    node.span,
                    "types-differ",
                    f"«{name}» is {attribute.type.value}; this is {value.type.value}.",
                )
            assignments.append((name, value))
    return Set(tuple(assignments))


def _emit(block: Block, place: Place) -> Emit:
    name = block.text("emit")
    own = place.scope.venue.events
    if name not in own:
        message = f"«{name}» is not an event of the venue's own; declare it under [events] in config.toml."
        block.notes.error(block.need("emit").span, "not-own-event", message, nearest(name, own))
    return Emit(name)


@dataclass(frozen=True, slots=True)
class VerbKind:
    """How a verb is read, and which keys it takes beside the modifiers."""

    read: Read
    keys: tuple[str, ...] = ()


VERBS: Mapping[str, VerbKind] = {
    "send": VerbKind(
        _send, ("nature", "purpose", "about", "invite", "promotes", "if_late", "if_not_allowed")
    ),
    "wait_until": VerbKind(_wait, ("at_most", "otherwise")),
    "branch": VerbKind(_branch, ("otherwise",)),
    "split": VerbKind(_split),
    "set": VerbKind(_set),
    "emit": VerbKind(_emit),
}


def is_service(purpose: str) -> bool:
    """Whether a file's purpose is the built-in one."""
    return purpose == SERVICE_PURPOSE


def steps_of(node: MapNode) -> frozenset[str]:
    """The names of all steps, for `sent()` and `clicked()`."""
    return frozenset(key.text for key, _ in node.entries)
