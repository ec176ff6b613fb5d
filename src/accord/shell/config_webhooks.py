"""`[webhooks.NAME]`: where it is posted, which events it is told, and that each field is one that can be known."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from accord.core.expressions.names import FIXED
from accord.core.model.event import EVENTS
from accord.core.model.venue import Webhook
from accord.core.steps.call import OWN_FIELDS
from accord.core.webhooks import is_safe_target
from accord.shell.config_shapes import WebhookSection
from accord.shell.config_source import Source, nearest


def webhook_of(
    name: str,
    said: WebhookSection,
    own_events: Mapping[str, Mapping[str, str]],
    attributes: Collection[str],
    source: Source,
) -> Webhook:
    """The webhook as the venue has it; what is wrong is told to `source`, each fault at its key."""
    path = f"webhooks.{name}"
    if not is_safe_target(said.url):
        message = "A webhook is posted to https://…, or over http:// to this very machine; no password stands in its address."
        source.fault(f"{path}.url", "wrong-value", message)
    events = {**{each: kind.fields for each, kind in EVENTS.items()}, **own_events}
    for event in said.events:
        if event not in events:
            message = f"There is no event «{event}»."
            source.fault(f"{path}.events", "unknown-event", message, nearest(event, events))
    fields = {f"event.{field}" for its in events.values() for field in its}
    known = {*FIXED, *OWN_FIELDS, *(f"contact.{each}" for each in attributes), *fields}
    for field in said.fields if said.events else ():
        if field not in known:
            message = f"«{field}» is no name that can be told of an event."
            source.fault(f"{path}.fields", "wrong-value", message, nearest(field, known))
    return Webhook(
        name, said.url, tuple(said.fields), said.recipient, said.country, tuple(dict.fromkeys(said.events))
    )
