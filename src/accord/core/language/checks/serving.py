"""Service mail: each has a service behind it (R-20), is about it, and invites once, briefly, at its end (R-21)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from accord.core.language.checks.checked import Checked, Outgoing, error, warning
from accord.core.mail.serving import invitation_length
from accord.core.model.place import Diagnostic
from accord.core.model.scenario import OnEvent, Send

# What a service mail may be about, and the events that carry such a thing.
CARRIERS: Mapping[str, str] = {"order": "order.", "contract": "contract.", "account": "account."}

# An invitation is this part of a mail's text at most.
SHARE = 4


def service_has_its_object(checked: Checked) -> Iterator[Diagnostic]:
    """What a service mail is about came with the event that one entered by."""
    if not checked.draft.entry_read:
        return
    trigger = checked.scenario.entry.trigger
    events = trigger.events if isinstance(trigger, OnEvent) else ()
    for out in checked.outgoing():
        carrier = CARRIERS.get(out.what.about or "")
        if carrier is None or not out.is_service:
            continue
        if not events or not all(event.startswith(carrier) for event in events):
            thing = f"an {out.what.about}" if out.what.about != "contract" else "a contract"
            message = f"«{out.step.name}» is about {thing}, but people enter without one: no service stands behind it."
            yield error(checked.at(*out.path, "about"), "service-without-object", message)


def service_keeps_to_its_service(checked: Checked) -> Iterator[Diagnostic]:
    """A service mail's subject is about the service, and only the engine invites in it."""
    for out in checked.outgoing():
        if not out.is_service or not isinstance(out.what, Send):
            continue
        for each in checked.around.found.get(out.what.template, ()):
            if each.kind == "invites":
                message = f"«{each.words}»: in service mail the engine invites, once, and only whom it may."
                yield error(
                    each.span, "invited-by-hand", message, "Say «invite: PURPOSE» in the step instead."
                )
            elif each.kind == "subject-elsewhere" and out.what.about in CARRIERS:
                message = f"The subject «{each.words}» does not say which {out.what.about} it is about."
                hint = "Name it, such as {{ event.order_id }} or {{ event.title }}."
                yield warning(
                    each.span, "subject-elsewhere", message, hint if out.what.about == "order" else None
                )
            elif each.kind == "length":
                yield from _invited_briefly(checked, out, out.what, int(each.words))


def _invited_briefly(checked: Checked, out: Outgoing, mail: Send, length: int) -> Iterator[Diagnostic]:
    purpose = checked.venue.purposes.get(mail.invite or "")
    if purpose is None:
        return
    label = purpose.labels.get(checked.venue.entity.language, purpose.name)
    block = invitation_length(label)
    if block * SHARE > length + block:
        message = (
            f"The invitation ({block} characters) is longer than a quarter of the text of «{mail.template}»."
        )
        yield warning(
            checked.at(*out.path, "invite"),
            "invitation-long",
            message,
            "Say more of the service, or shorten the label.",
        )
