"""Brevo: what its transactional webhooks tell; a call is known by the token, or the password, that was given to Brevo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accord.core.model.returned import Fate, Returned, ReturnKind
from accord.shell.inbound.provider import Provider, Told, bounce, by_password, each_of, failed, marks_of, text


def told(body: Any) -> Sequence[Told]:
    """One event, or many at once. What tells of opens, clicks and requests is passed over."""
    found = [(each, _read(each)) for each in each_of(body)]
    return [Told(_key(each), returned) for each, returned in found if returned is not None]


def _key(each: Mapping[str, Any]) -> str:
    parts = (each.get(name) for name in ("event", "message-id", "email", "ts_event", "ts", "id"))
    return "/".join(str(part) for part in parts)


def _read(each: Mapping[str, Any]) -> Returned | None:
    address, words = text(each.get("email")), text(each.get("reason"))
    names = (each.get("X-Mailin-custom"), each.get("message-id"), each.get("tags"))
    match each.get("event"):
        case "hard_bounce" | "invalid_email":
            return bounce(failed(address, words, otherwise="5.1.1"), *names)
        case "soft_bounce":
            return bounce(failed(address, words, otherwise="4.0.0", soft=True), *names)
        case "blocked":
            return bounce(Fate("failed", "5.7.1", address, "", words[:500]), *names)
        case "error":
            return bounce(Fate("failed", "5.3.0", address, "", words[:500]), *names)
        case "deferred":
            return bounce(Fate("delayed", "4.4.1", address, "", words[:500]), *names)
        case "delivered":
            return Returned(ReturnKind.DELIVERED, marks_of(*names), (Fate("delivered", "2.0.0", address),))
        case "spam":
            return Returned(ReturnKind.FEEDBACK, marks_of(*names), feedback_type="abuse", sender=address)
        case "unsubscribed":
            return Returned(ReturnKind.UNSUBSCRIBE, marks_of(*names), sender="")
    return None


BREVO = Provider(by_password, told)
