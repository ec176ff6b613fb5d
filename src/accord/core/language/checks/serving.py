"""Service mail: each has a service behind it (R-20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from accord.core.language.checks.checked import Checked, error
from accord.core.model.place import Diagnostic
from accord.core.model.scenario import OnEvent

# What a service mail may be about, and the events that carry such a thing.
CARRIERS: Mapping[str, str] = {"order": "order.", "contract": "contract.", "account": "account."}


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
