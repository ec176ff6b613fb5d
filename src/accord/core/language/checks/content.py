"""What is sent and told: templates that exist, mails that are what they say, fields that can be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from accord.core.expressions.names import Scope, template_names
from accord.core.expressions.parse import nearest
from accord.core.language.checks.checked import Checked, Outgoing, error, warning
from accord.core.language.entering import this_type
from accord.core.language.parse import written_steps
from accord.core.language.source import MapNode, ScalarNode
from accord.core.mail.faults import syntax_faults
from accord.core.mail.inspect import check_mail, findings
from accord.core.mail.names import unknown_names
from accord.core.model.place import Diagnostic
from accord.core.model.scenario import Call, OnEvent, Send
from accord.core.model.venue import Venue
from accord.core.steps.call import OWN_FIELDS

# The file that a subject of a step would be, were it a template's.
_ALONE = "subject.html"


def templates_exist(checked: Checked) -> Iterator[Diagnostic]:
    """Each template that is sent is there; told as written, so that a fault beside it hides it not."""
    known = checked.around.templates
    for _, step in written_steps(checked.draft.root):
        for block in (step, step.get("if_not_allowed")):
            sent = block.get("send") if isinstance(block, MapNode) else None
            if isinstance(sent, ScalarNode) and sent.value is not None and sent.text not in known:
                message = f"There is no template «{sent.text}»."
                yield error(sent.span, "unknown-template", message, nearest(sent.text, known))


def mails_are_what_they_say(checked: Checked) -> Iterator[Diagnostic]:
    """Each mail's content against the nature that its step declares."""
    for out in checked.outgoing():
        if isinstance(out.what, Send):
            found = checked.around.found.get(out.what.template, ())
            yield from check_mail(out.step.name, out.what, list(found))


def partners_are_named(checked: Checked) -> Iterator[Diagnostic]:
    """A partner's link: nobody gets it whose wording does not name the partner, and no customer does (R-08)."""
    for out in checked.outgoing():
        purpose = checked.venue.purposes.get(out.what.purpose)
        if out.is_service or purpose is None or not isinstance(out.what, Send):
            continue
        named = {host for partner in purpose.partners for host in checked.venue.partners.get(partner, ())}
        for each in checked.around.found.get(out.what.template, ()):
            if each.kind != "partner-link":
                continue
            if each.words not in named:
                message = (
                    f"«{purpose.name}» names no partner at {each.words}, so that nobody may get this mail."
                )
                hint = f"Name it in [purposes.{purpose.name}] partners, if its wording does."
                yield error(each.span, "partner-not-named", message, hint)
            elif purpose.families and not out.what.promotes:
                message = f"A partner's link ({each.words}) costs the whole mail the customer exception: only opt-ins get it."
                yield warning(each.span, "partner-link", message)


def subjects_are_what_they_say(checked: Checked) -> Iterator[Diagnostic]:
    """Subjects written in a step are read like those in a template: as Jinja, for names, for what they promote."""
    for out in checked.outgoing():
        subjects = out.what.subjects if isinstance(out.what, Send) else {}
        for name, texts in subjects.items():
            for language, text in texts.items():
                own = (name, language) if checked.says(*out.path, "subjects", name, language) else (name,)
                at = checked.at(*out.path, "subjects", *own)
                for fault in _of_subject(out, text, checked.venue):
                    yield replace(fault, span=at)


def _of_subject(out: Outgoing, text: str, venue: Venue) -> list[Diagnostic]:
    """What is wrong with one subject: told of a template that has nothing else."""
    files = {_ALONE: f"---\nsubject: {' '.join(text.split())}\n---\n"}
    name = _ALONE.removesuffix(".html")
    faults = [*syntax_faults(_ALONE, files[_ALONE]), *unknown_names(name, files, venue)]
    if isinstance(out.what, Send):
        faults += check_mail(out.step.name, out.what, findings(name, files, venue))
    return faults


def calls_can_be_made(checked: Checked) -> Iterator[Diagnostic]:
    """A call names a webhook of config.toml, and each of its fields is known there."""
    for out in checked.outgoing():
        if not isinstance(out.what, Call):
            continue
        at = checked.at(*out.path, "call")
        webhook = checked.venue.webhooks.get(out.what.webhook)
        if webhook is None:
            message = f"There is no webhook «{out.what.webhook}» in config.toml."
            yield error(at, "unknown-webhook", message, nearest(out.what.webhook, checked.venue.webhooks))
            continue
        known = _tellable(checked)
        for field in webhook.fields:
            if known is not None and field not in known:
                message = f"The webhook «{webhook.name}» is told {field}, which is not known here."
                yield error(at, "webhook-field", message)


def _tellable(checked: Checked) -> frozenset[str] | None:
    """The names that a call can tell; None where nothing can be told of the event that one enters by."""
    if not checked.draft.entry_read:
        return None
    entry = checked.scenario.entry
    events = entry.trigger.events if isinstance(entry.trigger, OnEvent) else ()
    scope = Scope(checked.venue, entering=events, this=this_type(entry.per))
    own = (f"contact.{name}" for name in template_names(checked.venue)["contact"] or ())
    return frozenset({*scope.names(), *own, *OWN_FIELDS})
