"""What is wrong with a scenario among the others: CHECKS, each a function over one checked file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from accord.core.language.checks.checked import Around, Checked, error
from accord.core.language.checks.circles import nothing_circles
from accord.core.language.checks.circuit import Circuit
from accord.core.language.checks.content import (
    calls_can_be_made,
    mails_are_what_they_say,
    partners_are_named,
    subjects_are_what_they_say,
    templates_exist,
)
from accord.core.language.checks.cutoff import reactivation_ends_in_time
from accord.core.language.checks.purposes import (
    fallbacks_can_be_reached,
    invitations_can_be_accepted,
    natures_fit,
    somebody_can_be_reached,
    why_is_told,
)
from accord.core.language.checks.questions import questions_name_steps
from accord.core.language.checks.serving import service_has_its_object, service_keeps_to_its_service
from accord.core.language.checks.ways import reviews_are_asked_twice_at_most, ways_lead_on
from accord.core.language.parse import Draft
from accord.core.model.place import Diagnostic

CHECKS: Sequence[Callable[[Checked], Iterator[Diagnostic]]] = (
    templates_exist,
    mails_are_what_they_say,
    partners_are_named,
    subjects_are_what_they_say,
    calls_can_be_made,
    natures_fit,
    why_is_told,
    somebody_can_be_reached,
    fallbacks_can_be_reached,
    invitations_can_be_accepted,
    service_has_its_object,
    service_keeps_to_its_service,
    ways_lead_on,
    questions_name_steps,
    reviews_are_asked_twice_at_most,
    reactivation_ends_in_time,
    nothing_circles,
)


def check_scenarios(drafts: Mapping[str, Draft], around: Around) -> list[Diagnostic]:
    """Every finding of every check, over all files (path → draft), beside what else the venue's folder holds."""
    others: dict[str, Draft] = {}
    for draft in drafts.values():
        others.setdefault(draft.scenario.name, draft)
    circuit = Circuit([draft.scenario for draft in others.values()])
    found: list[Diagnostic] = []
    for file, draft in drafts.items():
        checked = Checked(file, draft, around, others, circuit)
        if others[draft.scenario.name] is not draft and draft.scenario.name:
            # `a.yaml` and `a.yml` are two files, and would be one scenario.
            message = f"«{draft.scenario.name}» is the name of another file's scenario already."
            found.append(error(checked.at("scenario"), "name-twice", message))
        for check in CHECKS:
            found += check(checked)
    return found
