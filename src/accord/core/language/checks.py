"""What is wrong with a scenario among the others: CHECKS, each a function over one parsed file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass

from accord.core.expressions.parse import nearest
from accord.core.language.flow import falls_into, goes_back, targets, unreached
from accord.core.model.consent import SERVICE_PURPOSE, Nature
from accord.core.model.content import Catalogue
from accord.core.model.expression import Expression, Name, Type
from accord.core.model.place import Diagnostic, Severity, Span
from accord.core.model.scenario import (
    END,
    Emit,
    OnEvent,
    OnSegment,
    Refused,
    Scenario,
    Send,
    Set,
    Step,
)
from accord.core.model.venue import Venue

KIND_OF: Mapping[Nature, str] = {
    Nature.EDITORIAL: "editorial",
    Nature.PROMOTIONAL: "promotional",
    Nature.ABANDONED_CART: "promotional",
    Nature.REVIEW_REQUEST: "review",
}
# A service mail's `about` and the events that carry such a thing.
CARRIERS: Mapping[str, str] = {"order": "order.", "contract": "contract.", "account": "account."}


@dataclass(frozen=True, slots=True)
class Checked:
    """One scenario with its file, beside all the others."""

    scenario: Scenario
    file: str
    catalogue: Catalogue
    others: Sequence[Scenario]

    @property
    def venue(self) -> Venue:
        """Whose scenario it is."""
        return self.catalogue.venue

    @property
    def top(self) -> Span:
        """The file's first line, for what has no place of its own."""
        return Span(self.file, 1, 1)

    def sends(self) -> Iterator[tuple[Step, Send]]:
        """Each mail that the file can send, editions to fall back on included."""
        for step in self.scenario.steps.values():
            if isinstance(step.verb, Send):
                yield step, step.verb
                if isinstance(step.verb.if_not_allowed, Send):
                    yield step, step.verb.if_not_allowed


def check_scenarios(files: Mapping[str, Scenario], catalogue: Catalogue) -> list[Diagnostic]:
    """Every finding of every check, over all files (path → scenario)."""
    everyone = list(files.values())
    found: list[Diagnostic] = []
    for file, scenario in files.items():
        checked = Checked(scenario, file, catalogue, everyone)
        for check in CHECKS:
            found += check(checked)
    return sorted(found, key=lambda each: each.span)


def _error(span: Span, code: str, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(span, code, message, hint)


def _warning(span: Span, code: str, message: str) -> Diagnostic:
    return Diagnostic(span, code, message, None, Severity.WARNING)


# -- the checks -------------------------------------------------------------------------------------------


def templates_exist(checked: Checked) -> Iterator[Diagnostic]:
    """Each template that is sent is there."""
    known = checked.catalogue.templates
    for step, mail in checked.sends():
        if mail.template not in known:
            message = f"There is no template «{mail.template}» that can be sent."
            yield _error(step.span, "unknown-template", message, nearest(mail.template, known))


def natures_fit(checked: Checked) -> Iterator[Diagnostic]:
    """A file is all service or all prospecting, and a nature is one that the purpose's wording asks for."""
    service_file = checked.scenario.purpose == SERVICE_PURPOSE
    for step, mail in checked.sends():
        if (mail.nature is Nature.SERVICE) != service_file:
            kind = "service mail only" if service_file else "no service mail"
            yield _error(
                step.span, "nature-not-file", f"«{step.name}» is {mail.nature.value}; this file sends {kind}."
            )
        purpose = checked.venue.purposes.get(mail.purpose)
        if purpose is None and mail.purpose != SERVICE_PURPOSE:
            hint = nearest(mail.purpose, checked.venue.purposes)
            yield _error(
                step.span, "unknown-purpose", f"There is no purpose «{mail.purpose}» in config.toml.", hint
            )
        kind_needed = KIND_OF.get(mail.nature)
        if purpose is not None and kind_needed is not None and kind_needed not in purpose.kinds:
            message = f"«{step.name}» is {mail.nature.value}, but nobody is asked for that: «{purpose.name}» has the kinds {', '.join(purpose.kinds)}."
            yield _error(step.span, "nature-not-covered", message)


def why_is_told(checked: Checked) -> Iterator[Diagnostic]:
    """Whoever a basis lets the mail reach is told why they are written to."""
    if checked.scenario.purpose == SERVICE_PURPOSE:
        return
    told = checked.scenario.why
    reachable = {"consent"}
    purpose = checked.venue.purposes.get(checked.scenario.purpose)
    families = bool(purpose and purpose.families)
    if families or any(mail.promotes for _, mail in checked.sends()):
        reachable.add("customer")
    if purpose is not None and purpose.professional:
        reachable.add("b2b")
    for basis in sorted(reachable - set(told)):
        yield _error(
            checked.top, "why-missing", f"Readers can be reached as «{basis}»: say «why:» to them too."
        )


def invitations_can_be_accepted(checked: Checked) -> Iterator[Diagnostic]:
    """An invitation names a purpose, and a form collects what it asks."""
    for step, mail in checked.sends():
        if mail.invite is None:
            continue
        purpose = checked.venue.purposes.get(mail.invite)
        if purpose is None:
            hint = nearest(mail.invite, checked.venue.purposes)
            yield _error(
                step.span, "unknown-purpose", f"There is no purpose «{mail.invite}» to invite to.", hint
            )
        elif purpose.invite_form is None:
            message = (
                f"«{mail.invite}» has no invite_form in config.toml: nobody could accept the invitation."
            )
            yield _error(step.span, "no-invite-form", message)


def service_has_its_object(checked: Checked) -> Iterator[Diagnostic]:
    """A service mail is about something that the entering event carries (R-20)."""
    trigger = checked.scenario.entry.trigger
    for step, mail in checked.sends():
        if mail.about is None:
            continue
        kind, _, duty = mail.about.partition("/")
        if kind == "legal_duty":
            if duty not in checked.venue.legal_duties:
                hint = nearest(duty, checked.venue.legal_duties)
                yield _error(
                    step.span, "unknown-legal-duty", f"There is no legal duty «{duty}» in config.toml.", hint
                )
            continue
        if kind not in CARRIERS:
            yield _error(
                step.span,
                "unknown-about",
                f"«about: {mail.about}» is not order, contract, account or legal_duty/NAME.",
            )
        elif not isinstance(trigger, OnEvent) or not all(
            event.startswith(CARRIERS[kind]) for event in trigger.events
        ):
            message = f"«{step.name}» is about an {kind}, but people enter without one: no service stands behind it."
            yield _error(step.span, "service-without-object", message)


def ways_lead_on(checked: Checked) -> Iterator[Diagnostic]:
    """Steps exist, are reached, and lead forward; nothing falls into an arm."""
    scenario = checked.scenario
    for step in scenario.steps.values():
        for target in targets(step):
            if target != END and target not in scenario.steps:
                hint = nearest(target, [*scenario.steps, END])
                yield _error(
                    step.span, "unknown-step", f"«{step.name}» goes to «{target}», which is no step.", hint
                )
        for target in goes_back(scenario, step):
            yield _error(
                step.span, "goes-back", f"«{step.name}» goes back to «{target}»: steps only lead forward."
            )
    for name in falls_into(scenario):
        message = f"«{name}» falls into the next step, which is one way of a choice: say where it goes on with «then:»."
        yield _error(scenario.steps[name].span, "falls-into-arm", message)
    for name in unreached(scenario):
        yield _error(scenario.steps[name].span, "unreachable", f"Nothing leads to the step «{name}».")


def nothing_circles(checked: Checked) -> Iterator[Diagnostic]:
    """An event emitted here that leads back here, or an attribute set here that a segment waits for."""
    for step in checked.scenario.steps.values():
        for reached in _set_off(checked, step):
            if checked.scenario.name in _closure(checked, reached):
                message = (
                    f"«{step.name}» starts «{reached}», which leads back to this file: a circle without end."
                )
                yield _error(step.span, "circle", message)


def _closure(checked: Checked, start: str) -> set[str]:
    """The scenarios that one sets off, itself and on and on."""
    named = {scenario.name: scenario for scenario in checked.others}
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name in seen or name not in named:
            continue
        seen.add(name)
        for step in named[name].steps.values():
            ahead += _set_off(checked, step)
    return seen


def _set_off(checked: Checked, step: Step) -> list[str]:
    """The scenarios that a step can start."""
    if isinstance(step.verb, Emit):
        event = step.verb.event
        return [
            each.name
            for each in checked.others
            if isinstance(each.entry.trigger, OnEvent)
            and event in each.entry.trigger.events
            and not _once(each)
        ]
    if isinstance(step.verb, Set):
        written = {f"contact.{name}" for name, _ in step.verb.assignments}
        return [
            each.name
            for each in checked.others
            if isinstance(each.entry.trigger, OnSegment)
            and written & names_in(each.entry.trigger.segment)
            and not _once(each)
        ]
    return []


def _once(scenario: Scenario) -> bool:
    """Whether one enters once and never again: then no circle can turn."""
    again = scenario.entry.again
    return not again.each and again.after is None and scenario.entry.per is None


def names_in(expression: Expression) -> set[str]:
    """The dotted names that an expression reads."""
    found: set[str] = set()
    ahead: list[object] = [expression.tree]
    while ahead:
        node = ahead.pop()
        if isinstance(node, Name):
            found.add(node.path)
        elif is_dataclass(node):
            ahead += [getattr(node, each.name) for each in fields(node)]
        elif isinstance(node, tuple):
            ahead += node
    return found


def reactivation_ends_in_time(checked: Checked) -> Iterator[Diagnostic]:
    """No reactivation mail can fall at or after the cut-off (R-47): what the file waits adds up to less."""
    limit_days = checked.venue.retention.reactivation_months * 28
    waited = 0
    for step in checked.scenario.steps.values():
        waited += _longest_wait(step)
        verb = step.verb
        if isinstance(verb, Send) and verb.nature is Nature.REACTIVATION and waited >= limit_days:
            message = f"«{step.name}» can fall after the cut-off: the steps before it wait {waited} days, the window is {limit_days}."
            yield _error(step.span, "reactivation-too-late", message)


def _longest_wait(step: Step) -> int:
    lengths = [step.after, getattr(step.verb, "at_most", None)]
    return sum(each.months * 31 + each.days + each.hours // 24 for each in lengths if each is not None)


def reviews_are_asked_twice_at_most(checked: Checked) -> Iterator[Diagnostic]:
    """A request and one reminder (R-32)."""
    requests = [step for step, mail in checked.sends() if mail.nature is Nature.REVIEW_REQUEST]
    for step in requests[2:]:
        yield _error(
            step.span,
            "review-repeated",
            f"«{step.name}» is a second reminder of a review request; one is the most.",
        )


def fallbacks_can_be_reached(checked: Checked) -> Iterator[Diagnostic]:
    """An edition to fall back on that could never be allowed where the promotion was not."""
    for step in checked.scenario.steps.values():
        verb = step.verb
        if not isinstance(verb, Send) or isinstance(verb.if_not_allowed, Refused):
            continue
        edition = verb.if_not_allowed
        purpose = checked.venue.purposes.get(edition.purpose)
        families = edition.promotes or (purpose.families if purpose is not None else ())
        if not families and (purpose is None or "editorial" not in purpose.kinds):
            message = f"The edition that «{step.name}» falls back on can be allowed to nobody."
            yield _error(step.span, "fallback-unreachable", message)


def customers_can_be_reached(checked: Checked) -> Iterator[Diagnostic]:
    """Prospecting without families reaches opt-ins alone; said, since it may not be meant."""
    if checked.scenario.purpose == SERVICE_PURPOSE:
        return
    for step, mail in checked.sends():
        purpose = checked.venue.purposes.get(mail.purpose)
        if not mail.promotes and purpose is not None and not purpose.families:
            message = (
                f"«{step.name}» reaches opt-ins only: without «promotes:» the customer exception can't apply."
            )
            yield _warning(step.span, "optins-only", message)


def per_makes_sense(checked: Checked) -> Iterator[Diagnostic]:
    """`per:` gives something that can name a run."""
    per = checked.scenario.entry.per
    if per is not None and per.type in (Type.BOOLEAN, Type.NUMBER):
        yield _error(per.span, "per-type", f"«per:» gives {per.type.value}, which names no run.")


CHECKS: Sequence[Callable[[Checked], Iterator[Diagnostic]]] = (
    templates_exist,
    natures_fit,
    why_is_told,
    invitations_can_be_accepted,
    service_has_its_object,
    ways_lead_on,
    nothing_circles,
    reactivation_ends_in_time,
    reviews_are_asked_twice_at_most,
    fallbacks_can_be_reached,
    customers_can_be_reached,
    per_makes_sense,
)
