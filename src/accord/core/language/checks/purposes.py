"""Purposes: natures that somebody was asked for, reasons that are told, readers that can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from accord.core.consent.facts import KIND_OF
from accord.core.expressions.parse import nearest
from accord.core.language.checks.checked import Checked, Outgoing, error, warning
from accord.core.language.checks.reach import asks, bases, has_fallback, readers_of
from accord.core.model.consent import TOLD_AS, LegalBasis, Nature
from accord.core.model.place import Diagnostic
from accord.core.model.scenario import Send
from accord.core.model.venue import Purpose


def natures_fit(checked: Checked) -> Iterator[Diagnostic]:
    """A file is all service or all prospecting, and a nature is one that the purpose's wording asks for."""
    for out in checked.outgoing():
        own = checked.says(*out.path, "purpose")
        if checked.purpose_known and out.is_service != checked.is_service_file:
            kind = "service mail only" if checked.is_service_file else "no service mail"
            message = f"«{out.step.name}» is {out.what.nature.value}; this file sends {kind}."
            yield error(checked.at(*out.path, "nature"), "nature-not-file", message)
        elif own and out.is_service:
            message = "«purpose:» has no place in service mail: nobody needs to agree to it."
            yield error(checked.key_at(*out.path, "purpose"), "not-in-service", message)
        purpose = checked.venue.purposes.get(out.what.purpose)
        if purpose is None and own and not out.is_service:
            message = f"There is no purpose «{out.what.purpose}» that anybody can agree to in config.toml."
            hint = nearest(out.what.purpose, checked.venue.purposes)
            yield error(checked.at(*out.path, "purpose"), "unknown-purpose", message, hint)
        kind_needed = KIND_OF.get(out.what.nature)
        if purpose is not None and kind_needed is not None and kind_needed.value not in purpose.kinds:
            kinds = ", ".join(purpose.kinds)
            message = (
                f"«{out.step.name}» is {out.what.nature.value}, but nobody is asked for that: "
                f"«{purpose.name}» has the kinds {kinds}."
            )
            yield error(checked.at(*out.path, "nature"), "nature-not-covered", message)


def _prospecting(checked: Checked) -> Iterator[tuple[Outgoing, Purpose]]:
    """Each mail that needs a basis, with its purpose; what has a fault of its own is left out."""
    for out in checked.outgoing():
        purpose = checked.venue.purposes.get(out.what.purpose)
        kind = KIND_OF.get(out.what.nature)
        covered = purpose is not None and (kind is None or kind.value in purpose.kinds)
        if purpose is not None and covered and not out.is_service and not checked.is_service_file:
            yield out, purpose


def why_is_told(checked: Checked) -> Iterator[Diagnostic]:
    """Whoever a basis lets the mail reach is told why they are written to."""
    if checked.is_service_file or not checked.says("why"):
        return
    reached = {
        TOLD_AS[basis]
        for out, purpose in _prospecting(checked)
        for _, basis in bases(readers_of(out, purpose, checked.around), checked.venue.policy)
    }
    for word in sorted(reached):
        if word not in checked.scenario.why and not checked.says("why", word):
            message = f"Readers can be reached as «{word}»: say «why:» to them too."
            yield error(checked.key_at("why"), "why-missing", message)


def somebody_can_be_reached(checked: Checked) -> Iterator[Diagnostic]:
    """Somebody was asked for what is sent; whom a mail leaves out is said, since it may not be meant."""
    for out, purpose in _prospecting(checked):
        if out.path[-1] == "if_not_allowed":
            continue  # an edition has a check of its own
        kind = KIND_OF.get(out.what.nature)
        at = checked.at(*(out.path if checked.says(*out.path, "purpose") else ()), "purpose")
        found = {basis for _, basis in bases(readers_of(out, purpose, checked.around), checked.venue.policy)}
        if not found:
            message = (
                f"No form and no script asks for «{purpose.name}»: «{out.step.name}» could go to nobody."
            )
            yield warning(at, "purpose-not-asked", message)
        elif out.what.nature is not Nature.REVIEW_REQUEST and not asks(checked.around, purpose.name, kind):
            asked_for = f"«{kind.value}» of «{purpose.name}»" if kind is not None else f"«{purpose.name}»"
            message = (
                f"No form and no script asks for {asked_for}: «{out.step.name}» can only go to customers."
            )
            yield warning(at, "purpose-not-asked", message)
        elif found == {LegalBasis.CONSENT}:
            message = f"«{out.step.name}» reaches opt-ins only: without «promotes:» the customer exception can't apply."
            yield warning(out.step.span, "optins-only", message)


def fallbacks_can_be_reached(checked: Checked) -> Iterator[Diagnostic]:
    """An edition to fall back on can be allowed to somebody to whom the promotion was not.

    Where there is no form at all nobody gets anything, which is told of the purpose.
    """
    if checked.around.wordings is not None and not checked.around.wordings:
        return
    found = {out.path: (out, purpose) for out, purpose in _prospecting(checked)}
    for out, purpose in list(found.values()):
        edition = found.get((*out.path, "if_not_allowed"))
        if not has_fallback(out) or edition is None:
            continue
        policy = checked.venue.policy
        promoted = bases(readers_of(out, purpose, checked.around, out.step), policy)
        edited = bases(readers_of(*edition, checked.around, out.step), policy)
        always = _always(readers_of(out, purpose, checked.around, out.step).states, promoted)
        if not edited or always:
            message = f"No state of consent leads to the edition that «{out.step.name}» falls back on."
            yield error(checked.key_at(*out.path, "if_not_allowed"), "fallback-unreachable", message)


def _always(states: frozenset[str], promoted: frozenset[tuple[str, LegalBasis]]) -> bool:
    """Whether the promotion goes to everybody that the step's own `if` lets through."""
    return bool(states) and {(state, LegalBasis.CONSENT) for state in states} == promoted


def invitations_can_be_accepted(checked: Checked) -> Iterator[Diagnostic]:
    """An invitation names a purpose, and a form collects what it asks."""
    for out in checked.outgoing():
        invite = out.what.invite if isinstance(out.what, Send) else None
        if invite is None:
            continue
        at = checked.at(*out.path, "invite")
        purpose = checked.venue.purposes.get(invite)
        if purpose is None:
            hint = nearest(invite, checked.venue.purposes)
            yield error(at, "unknown-purpose", f"There is no purpose «{invite}» to invite to.", hint)
            continue
        if purpose.invite_form is None:
            message = f"«{invite}» has no invite_form in config.toml: nobody could accept the invitation."
            yield error(at, "no-invite-form", message)
        elif checked.around.wordings and not asks(checked.around, purpose.name, None, purpose.invite_form):
            message = f"The invite_form of «{invite}», «{purpose.invite_form}», is no form that asks for it."
            yield error(at, "no-invite-form", message)
