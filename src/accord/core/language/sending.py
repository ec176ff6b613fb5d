"""`send:` and `call:`, the verbs that pass the gate: what is told to whom, and what becomes of it otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping

from accord.core.expressions.parse import Want
from accord.core.expressions.spell import duration_of
from accord.core.language.prose import by_language
from accord.core.language.reading import Block, Stop, attempt
from accord.core.language.scope import Place
from accord.core.language.source import ListNode, ScalarNode
from accord.core.language.tables import FALLBACK, NATURES, PROMOTING, STEP_NAME, TEST
from accord.core.language.times import share_of
from accord.core.model.consent import Nature
from accord.core.model.expression import Expression, Type
from accord.core.model.scenario import Call, LateChoice, Lateness, Refused, Send, SubjectTest
from accord.core.model.time import Duration

WHOLE = 10_000

_TEST = re.compile(TEST)
_NAME = re.compile(STEP_NAME)


def send(block: Block, place: Place) -> Send:
    """One e-mail."""
    template = attempt(block.text, "send")
    nature = attempt(_nature, block)
    about = attempt(_about, block, nature, place)
    promotes = attempt(_promotes, block, nature, place)
    purpose = attempt(block.text_or, "purpose")
    invite = attempt(_invite, block, nature)
    late = attempt(_lateness, block, nature)
    subjects = attempt(_subjects, block, place)
    test = attempt(_test, block)
    fallback = attempt(_fallback, block, place, nature, late)
    if template is None or nature is None or promotes is None or late is None or fallback is None:
        raise Stop
    return Send(
        template=template,
        nature=nature,
        purpose=purpose or place.purpose,
        if_late=late,
        about=about,
        invite=invite,
        promotes=promotes,
        if_not_allowed=fallback,
        subjects=subjects or {},
        test=test,
    )


def call(block: Block, place: Place) -> Call:
    """The declared fields of a webhook, posted."""
    webhook = attempt(block.text, "call")
    nature = attempt(_nature, block)
    about = attempt(_about, block, nature, place)
    promotes = attempt(_promotes, block, nature, place)
    purpose = attempt(block.text_or, "purpose")
    late = attempt(_lateness, block, nature)
    refused = attempt(block.choice, "if_not_allowed", ("skip", "leave"), "skip")
    if webhook is None or nature is None or promotes is None or late is None or refused is None:
        raise Stop
    return Call(webhook, nature, purpose or place.purpose, late, about, promotes, Refused(refused))


def _nature(block: Block) -> Nature:
    return Nature(block.choice("nature", NATURES))


def _about(block: Block, nature: Nature | None, place: Place) -> str | None:
    """What a service mail serves; a mail of another nature serves nothing."""
    if not block.has("about"):
        if nature is Nature.SERVICE and block.lacks("about"):
            message = f"{block.name} is service mail: say what it is «about:» (order, contract, account, or legal_duty/NAME)."
            block.notes.error(block.at, "about-missing", message)
        return None
    about = block.text("about")
    kind, _, duty = about.partition("/")
    known = place.scope.venue.legal_duties
    if kind == "legal_duty":
        if duty not in known:
            message = f"There is no legal duty «{duty}» in config.toml."
            block.notes.error(
                block.value_at("about"), "unknown-legal-duty", message, block.notes.nearest(duty, known)
            )
    elif about not in ("order", "contract", "account"):
        message = f"«about: {about}» is not order, contract, account or legal_duty/NAME."
        hint = block.notes.nearest(about, ("order", "contract", "account"))
        block.notes.error(block.value_at("about"), "unknown-about", message, hint)
    return about


def _invite(block: Block, nature: Nature | None) -> str | None:
    if block.has("invite") and nature not in (None, Nature.SERVICE):
        message = "«invite:» goes with nature: service."
        block.notes.error(block.key_at("invite"), "invite-outside-service", message)
    return block.text_or("invite")


def _promotes(block: Block, nature: Nature | None, place: Place) -> tuple[str, ...] | Expression:
    node = block.node.get("promotes")
    if node is None:
        if nature is not None and nature.value in PROMOTING and block.lacks("promotes"):
            message = f"{block.name} is {nature.value}: say what it «promotes:»."
            block.notes.error(block.at, "promotes-missing", message)
        return ()
    if isinstance(node, ListNode):
        return _families(block, place)
    known = place.scope.venue.families
    if isinstance(node, ScalarNode) and node.text in known:
        message = f"«promotes:» takes a list of families; «{node.text}» alone is read as a name."
        block.notes.stop(node.span, "wrong-value", message, f"Write: promotes: [{node.text}]")
    found = block.expression_of(node, place.scope, Want.VALUE)
    if found is None:
        raise Stop
    if found.type not in (Type.TEXT, Type.TEXTS):
        message = f"«promotes:» takes families; this is {found.type.value}."
        block.notes.stop(node.span, "types-differ", message)
    return found


def _families(block: Block, place: Place) -> tuple[str, ...]:
    known = place.scope.venue.families
    found = block.texts("promotes")
    for item in found:
        if item.text not in known:
            message = f"There is no family «{item.text}» in config.toml."
            block.notes.error(item.span, "unknown-family", message, block.notes.nearest(item.text, known))
    return tuple(item.text for item in found)


def _lateness(block: Block, nature: Nature | None) -> Lateness:
    """`send`, `skip` or `skip after 2 days`; prospecting is skipped after a day, service mail is sent."""
    said = block.text_or("if_late")
    if said is None:
        late = nature is Nature.SERVICE
        return Lateness(LateChoice.SEND) if late else Lateness(LateChoice.SKIP, Duration(days=1))
    if said in ("send", "skip"):
        return Lateness(LateChoice(said))
    duration = duration_of(said.removeprefix("skip after "))
    if duration is None or not said.startswith("skip after "):
        message = "«if_late:» is send, skip, or skip after 2 days."
        block.notes.stop(block.value_at("if_late"), "wrong-value", message)
    return Lateness(LateChoice.SKIP, duration)


def _fallback(block: Block, place: Place, nature: Nature | None, late: Lateness | None) -> Send | Refused:
    node = block.node.get("if_not_allowed")
    if node is None:
        return Refused.SKIP
    if isinstance(node, ScalarNode):
        return Refused(block.choice("if_not_allowed", ("skip", "leave")))
    edition = block.block_of(node, "«if_not_allowed:»", block.node.key("if_not_allowed"))
    edition.takes(FALLBACK)
    if nature is not None and nature.value not in PROMOTING:
        message = "Only promotional mail and abandoned carts fall back on another edition."
        edition.notes.error(edition.at, "fallback-from-editorial", message)
    template = attempt(edition.text, "send")
    said = attempt(edition.choice, "nature", NATURES)
    if said not in (None, Nature.EDITORIAL.value):
        message = "The edition to fall back on is editorial."
        edition.notes.error(edition.value_at("nature"), "fallback-not-editorial", message)
    promotes = attempt(_promotes, edition, None, place)
    if template is None or said is None or promotes is None:
        raise Stop
    return Send(
        template=template,
        nature=Nature.EDITORIAL,
        purpose=edition.text_or("purpose") or attempt(block.text_or, "purpose") or place.purpose,
        if_late=late or Lateness(LateChoice.SKIP, Duration(days=1)),
        promotes=promotes,
    )


def _subjects(block: Block, place: Place) -> Mapping[str, Mapping[str, str]]:
    """Names of subjects, each a text or a text by language."""
    if not block.has("subjects"):
        return {}
    subjects = block.map("subjects", "«subjects:»")
    if len(subjects.node.entries) < 2:
        block.notes.error(subjects.at, "wrong-value", "«subjects:» takes two or more, to choose from.")
    found: dict[str, Mapping[str, str]] = {}
    for key, _ in subjects.node.entries:
        if not _NAME.fullmatch(key.text):
            message = f"«{key.text}» can't name a subject: small letters, digits, - and _."
            block.notes.error(key.span, "wrong-value", message)
        texts = attempt(by_language, subjects, key.text, place.scope.venue.entity)
        if texts is not None:
            found[key.text] = texts
    return found


def _test(block: Block) -> SubjectTest | None:
    """`30% for 1 day, then best by clicks`."""
    said = block.text_or("test")
    if said is None:
        return None
    match = _TEST.fullmatch(said)
    share, lasts = (share_of(f"{match[1]}%"), duration_of(match[2])) if match is not None else (None, None)
    if share is None or lasts is None or not 0 < share < WHOLE or lasts == Duration():
        message = "Write «30% for 1 day, then best by clicks»."
        block.notes.stop(block.value_at("test"), "wrong-test", message)
    if not block.has("subjects"):
        block.notes.error(block.key_at("test"), "test-without-subjects", "«test:» goes with «subjects:».")
    return SubjectTest(share, lasts)
