"""Runs policy cases: situations that a lawyer can read, asked of the same functions that judge every mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from accord.core.consent.cases import (
    UNKNOWN,
    Answer,
    Given,
    Plain,
    derive_consent,
    derive_last_action,
    gate,
    inbound,
    retention,
    send_time,
)
from accord.core.consent.gate_input import CASE_INPUTS
from accord.core.language.source import ListNode, MapNode, Node, ScalarNode, plain, read
from accord.core.mail.conform import ONE_CLICK, Headers, judge_headers
from accord.core.mail.dkim import UNSUBSCRIBING
from accord.core.model.consent import Nature
from accord.core.model.decision import ThrottleState
from accord.core.model.place import Diagnostic, Span
from accord.core.throttle import LADDER, Evidence, Pair, Sample, at_share, decide

# -- segment_decision, which needs both the law's words and the throttle's statistics -----------------------

_STATE = re.compile(r"PROMO\((0|0?\.\d+)\)")


def segment_decision(given: Given) -> Answer:
    """What the weekly judgement says; the counts of a case stand for its promotional campaigns too."""
    state, o, r = _state(given.get("state")), _sample(given.get("O")), _sample(given.get("R"))
    if state is None or o is None or r is None:
        return UNKNOWN
    ruling = decide(state, Evidence(o, r, promotional=Pair(o, r)))
    return Answer(str(ruling), ruling.reason, "R-82")


def _state(value: Plain) -> ThrottleState | None:
    if value == "EDITORIAL_ONLY":
        return ThrottleState()
    promo = _STATE.fullmatch(value) if isinstance(value, str) else None
    share = round(float(promo[1]) * 100) if promo else None
    return at_share(share) if share in LADDER and share else None


def _sample(value: Plain) -> Sample | None:
    """Counts of persons; none may be missing, negative, or above the number of persons."""
    if not isinstance(value, dict) or value.keys() != {"n", "click", "unsub", "complaint"}:
        return None
    n, click, unsub, complaint = (value[key] for key in ("n", "click", "unsub", "complaint"))
    counts = [
        each for each in (n, click, unsub, complaint) if isinstance(each, int) and not isinstance(each, bool)
    ]
    if len(counts) < len(value) or min(counts) < 0 or max(counts[1:]) > counts[0]:
        return None
    return Sample(*counts)


# -- headers, which the law's room never reads --------------------------------------------------------------

_GOOD = {"list_unsubscribe": "<https://theatre.example/u/token>", "list_unsubscribe_post": ONE_CLICK}


def headers(given: Given) -> Answer:
    """Whether a mail with these headers conforms; what a case does not say is as it should be."""
    nature = given.get("nature", "promotional")
    if nature not in list(Nature):
        return UNKNOWN
    usual = _GOOD if nature != Nature.SERVICE else {}
    texts = {name: given.get(name, usual.get(name)) for name in _TEXTS}
    told = {name: each if isinstance(each, str) else None for name, each in texts.items()}
    covered = given.get("dkim_h", [*UNSUBSCRIBING])
    names = [each.lower() for each in covered if isinstance(each, str)] if isinstance(covered, list) else []
    if told != texts or not isinstance(covered, list) or len(names) < len(covered):
        return UNKNOWN
    judged = judge_headers(
        Headers(
            Nature(nature),
            unsubscribe=told["list_unsubscribe"],
            post=told["list_unsubscribe_post"],
            feedback_id=told["feedback_id"],
            precedence=told["precedence"],
            signed=frozenset(names),
        )
    )
    return Answer("conformant" if judged.conforms else "non_conformant", judged.reason, judged.rule)


_TEXTS = ("list_unsubscribe", "list_unsubscribe_post", "feedback_id", "precedence")


# -- the kinds of cases --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of case: the keys that `given` may have, and who answers. None: other suites' business."""

    keys: frozenset[str] = frozenset()
    answer: Callable[[Given], Answer] | None = None


def _keys(words: str) -> frozenset[str]:
    return frozenset(words.split())


KINDS: Mapping[str, Kind] = {
    "gate": Kind(frozenset(CASE_INPUTS), gate),
    "derive_consent": Kind(
        _keys(
            "control prechecked answer channel script_version notice written_followup agent place time"
            " events merge optins purpose unsubscribed basis"
        ),
        derive_consent,
    ),
    "derive_last_action": Kind(_keys("events"), derive_last_action),
    "retention": Kind(_keys("last_action collected now objection invoice"), retention),
    "send_time": Kind(
        _keys("queued objection send objection_age_h day channel legal segment_mode p nature total promo"),
        send_time,
    ),
    "segment_decision": Kind(_keys("state O R"), segment_decision),
    "inbound": Kind(_keys("report action status envid feedback_type text"), inbound),
    "unsubscribe_http": Kind(),
    "headers": Kind(frozenset(("nature", "dkim_h", *_TEXTS)), headers),
    "instrumentation": Kind(),
}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case. `ok` is None where the case was skipped: it belongs to another suite."""

    id: str
    kind: str
    expected: Plain
    got: Plain
    reason_expected: str | None
    reason_got: str | None
    rule: str | None
    ok: bool | None

    def as_json(self) -> dict[str, object]:
        """The fields of one result of `policy test --json`."""
        fields = ("id", "kind", "expected", "got", "reason_expected", "reason_got", "rule", "ok")
        told: dict[str, object] = {name: getattr(self, name) for name in fields}
        return told if self.ok is not None else {**told, "skipped": True}


@dataclass(frozen=True, slots=True)
class Report:
    """All results in the file's order, and what is wrong with the file itself."""

    results: tuple[Result, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the file is sound and no case failed."""
        return not self.diagnostics and all(result.ok is not False for result in self.results)


def run_cases(text: str, file: str, *, kind: str | None = None) -> Report:
    """Runs the cases of one file, all of them or of one kind.

    `text` is YAML: a map with a list `cases`, each with `id`, `kind`, `given`, `expected` and maybe `reason`.
    A case holds when its expectation does, and for kind `gate` the reason code too. What is wrong with the
    file comes back as diagnostics, all at once; a value that nobody knows denies with INPUT_UNKNOWN.
    """
    root, diagnostics = read(text, file)
    found = list(diagnostics)
    results: list[Result] = []
    for node in _cases(root, file, found):
        result = _run(node, found, kind)
        if result is not None:
            results.append(result)
    return Report(tuple(results), tuple(found))


def _cases(root: Node | None, file: str, found: list[Diagnostic]) -> tuple[Node, ...]:
    if root is None and found:
        return ()
    listed = root.get("cases") if isinstance(root, MapNode) else root
    if isinstance(listed, ListNode):
        return tuple(listed.items)
    found.append(Diagnostic(Span(file, 1, 1), "cases", "A policy file is a map with a list of `cases`."))
    return ()


def _run(node: Node, found: list[Diagnostic], wanted: str | None) -> Result | None:
    """One case's result; None where it is not of the wanted kind, or is no case at all."""
    if not isinstance(node, MapNode):
        found.append(Diagnostic(node.span, "case", "A case is a map with `id`, `kind`, `given`, `expected`."))
        return None
    name, kind_node = _text(node, "kind"), node.get("kind")
    missing = [key for key in ("id", "kind", "expected") if node.get(key) is None]
    if missing or kind_node is None or name is None:
        keys = ", ".join(f"`{key}`" for key in missing) or "a readable `kind`"
        found.append(Diagnostic(node.span, "missing-key", f"This case has no {keys}."))
        return None
    kind = KINDS.get(name)
    if kind is None:
        found.append(
            _unknown(kind_node.span, "unknown-kind", f"No kind of case is called `{name}`.", name, KINDS)
        )
        return None
    if wanted is not None and name != wanted:
        return None
    return _judged(node, name, kind, found)


def _judged(node: MapNode, name: str, kind: Kind, found: list[Diagnostic]) -> Result | None:
    wanted, reason = node.get("expected"), _text(node, "reason")
    expected: Plain = plain(wanted) if wanted is not None else None
    told = (_text(node, "id") or "", name, expected)
    if kind.answer is None:
        return Result(*told, None, reason, None, _text(node, "rule"), None)
    given = node.get("given")
    if not isinstance(given, MapNode):
        found.append(Diagnostic((given or node).span, "missing-key", "`given` is a map of what is known."))
        return None
    unknown = [key for key, _ in given.entries if key.text not in kind.keys]
    for key in unknown:
        said = f"`given` of a case of kind `{name}` has no `{key.text}`."
        found.append(_unknown(key.span, "unknown-key", said, key.text, kind.keys))
    if unknown:
        return None
    answer = kind.answer(plain(given))
    holds = answer.got == expected and (name != "gate" or reason in (None, answer.reason))
    return Result(*told, answer.got, reason, answer.reason, answer.rule, holds)


def _unknown(
    span: Span, code: str, said: str, word: str, known: Mapping[str, Kind] | frozenset[str]
) -> Diagnostic:
    near = get_close_matches(word, sorted(known), n=1)
    return Diagnostic(span, code, said, f"Did you mean `{near[0]}`?" if near else None)


def _text(node: MapNode, key: str) -> str | None:
    """A single word or sentence as it stands in the file; None where there is none."""
    found = node.get(key)
    return found.text if isinstance(found, ScalarNode) and found.value is not None else None
