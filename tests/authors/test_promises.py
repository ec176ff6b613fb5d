"""What the language promises that the check finds, promise by promise: a golden pair, a code, an entry in docs/errors.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.core.model.place import Severity
from authors.cases import err_cases

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")

# In the order in which the language names them: what is found, the golden case that shows it, the code it has.
PROMISES = [
    ("an unknown purpose", "unknown-purpose", "unknown-purpose"),
    ("an unknown template", "unknown-template", "unknown-template"),
    ("an unknown family", "several-faults", "unknown-family"),
    ("an unknown step", "unknown-step", "unknown-step"),
    ("an unknown event", "unknown-event", "unknown-event"),
    ("an unknown name", "name-unknown", "name-unknown"),
    ("a nature that the purpose's kinds do not cover", "nature-not-covered", "nature-not-covered"),
    ("a basis that can reach the reader without its why", "why-missing", "why-missing"),
    ("a step that nothing reaches", "unreachable", "unreachable"),
    ("a step that falls into an arm", "falls-into-arm", "falls-into-arm"),
    ("a then that goes back", "goes-back", "goes-back"),
    ("a loop across files, by emit", "circle", "circle"),
    ("a loop within one file", "circle-alone", "circle"),
    ("a loop by set and segment", "circle-set-segment", "circle"),
    ("a template that uses a name that does not exist", "template-names", "name-unknown"),
    ("a service mail without a service behind it", "service-without-object", "service-without-object"),
    ("its subject about something else", "service-keeps-to-its-service", "subject-elsewhere"),
    ("an invitation before the main content", "layout-slots", "slot-order"),
    ("an invitation longer than a quarter of the text", "service-keeps-to-its-service", "invitation-long"),
    ("more than one invitation", "layout-slots", "slot-twice"),
    ("more than one invitation, by hand", "service-keeps-to-its-service", "invited-by-hand"),
    ("promotion in service mail", "promotion-in-service", "promotional-content"),
    ("promotion in a review request", "promotion-in-review", "promotional-content"),
    ("promotion in editorial mail", "promotional-content", "promotional-content"),
    ("a link to a stranger's host", "links", "foreign-link"),
    ("a partner's link under the customer exception", "partner", "partner-link"),
    ("more than one reminder of a review request", "review-repeated", "review-repeated"),
    ("reactivation after the cut-off", "reactivation-too-late", "reactivation-too-late"),
    ("reactivation at the cut-off", "reactivation-at-the-cutoff", "reactivation-too-late"),
    ("a purpose that no form asks for", "purpose-not-asked", "purpose-not-asked"),
    ("a fallback that no state can reach", "fallback-unreachable", "fallback-unreachable"),
]

# Worth a look, where an author may have a reason: said, and nobody is kept from going live.
WARNINGS = {"invitation-long", "partner-link", "purpose-not-asked", "subject-elsewhere"}


@pytest.mark.parametrize(("promise", "name", "code"), PROMISES, ids=[f"{p}: {c}" for p, _, c in PROMISES])
def test_what_is_promised_is_found(promise: str, name: str, code: str) -> None:
    case = next(case for case in err_cases() if case.name == name)
    found = [each for each in case.diagnostics() if each.code == code]
    assert found, promise
    assert case.expected is not None
    assert f"[{code}]" in case.expected.read_text(encoding="utf-8")
    assert {each.severity for each in found} <= {Severity.WARNING if code in WARNINGS else Severity.ERROR}
    assert f"\n### `{code}`\n" in PAGE
