"""Postmark: what its webhooks tell; a call is known by the password, or the token, that was given to Postmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accord.core.model.returned import Fate, Returned, ReturnKind
from accord.shell.inbound.provider import Provider, Told, bounce, by_password, each_of, failed, marks_of, text

# Postmark's types of bounces, and what each is where the receiving server's words say no more.
_HARD = ("HardBounce", "BadEmailAddress")
_SOFT = ("SoftBounce", "DnsError", "Unknown", "AddressChange")
_POLICY = (
    "SpamNotification",
    "Blocked",
    "DMARCPolicy",
    "VirusNotification",
    "ManuallyDeactivated",
    "OpenRelayTest",
)


def told(body: Any) -> Sequence[Told]:
    """One record. Opens, clicks and what concerns Postmark's own lists are passed over."""
    found = [(each, _read(each)) for each in each_of(body)]
    return [Told(_key(each), returned) for each, returned in found if returned is not None]


def _key(each: Mapping[str, Any]) -> str:
    parts = (
        each.get(name) for name in ("RecordType", "Type", "ID", "MessageID", "Recipient", "SuppressSending")
    )
    return "/".join(str(part) for part in parts)


def _read(each: Mapping[str, Any]) -> Returned | None:
    metadata = each.get("Metadata")
    names = tuple(metadata.values())[:20] if isinstance(metadata, Mapping) else ()
    match each.get("RecordType"):
        case "Bounce":
            return _bounced(each, names)
        case "Delivery":
            fate = Fate("delivered", "2.0.0", text(each.get("Recipient")))
            return Returned(ReturnKind.DELIVERED, marks_of(*names), (fate,))
        case "SpamComplaint":
            return Returned(
                ReturnKind.FEEDBACK, marks_of(*names), feedback_type="abuse", sender=text(each.get("Email"))
            )
        case "SubscriptionChange" if (
            each.get("SuppressSending") is True and each.get("Origin") == "Recipient"
        ):
            return Returned(ReturnKind.UNSUBSCRIBE, marks_of(*names))
    return None


def _bounced(each: Mapping[str, Any], names: tuple[Any, ...]) -> Returned | None:
    kind, address = each.get("Type"), text(each.get("Email"))
    words = text(each.get("Details"))
    if kind in _HARD:
        return bounce(failed(address, words, otherwise="5.1.1"), *names)
    if kind in _SOFT:
        return bounce(failed(address, words, otherwise="4.0.0", soft=True), *names)
    if kind in _POLICY:
        return bounce(Fate("failed", "5.7.1", address, "", words[:500]), *names)
    if kind == "Transient":
        return bounce(Fate("delayed", "4.4.1", address, "", words[:500]), *names)
    machines = {"AutoResponder": ReturnKind.VACATION, "ChallengeVerification": ReturnKind.CHALLENGE}
    if kind in machines:
        return Returned(machines[kind], marks_of(*names), sender=address, automatic=True)
    if kind == "SpamComplaint":
        return Returned(ReturnKind.FEEDBACK, marks_of(*names), feedback_type="abuse", sender=address)
    return Returned(ReturnKind.UNSUBSCRIBE, marks_of(*names)) if kind == "Unsubscribe" else None


POSTMARK = Provider(by_password, told)
