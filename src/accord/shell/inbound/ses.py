"""Amazon SES: what it tells through an SNS topic; a call is known by Amazon's signature, and by the topic that may speak."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from accord.core.model.returned import Fate, Returned, ReturnKind
from accord.core.webhooks import Doubt
from accord.shell.config_inbound import Hook
from accord.shell.inbound.provider import Call, Provider, Told, bounce, each_of, failed, marks_of, text

# What is signed, in this order, as Amazon's guide on verifying signatures has it.
_OF_A_SUBSCRIPTION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _OF_A_SUBSCRIPTION,
    "UnsubscribeConfirmation": _OF_A_SUBSCRIPTION,
}
_HOST = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?")
_PATH = re.compile(r"/SimpleNotificationService-[0-9a-f]{8,80}\.pem")


def doubt(hook: Hook, call: Call) -> Doubt | None:
    """Whether our topic speaks, in Amazon's own hand.

    Amazon signs the topics of all its customers with the same keys, so the topic is what counts. Only the second version
    of signatures is taken: the first is over SHA-1.
    """
    body = call.body
    if not isinstance(body, Mapping) or not hook.topic or body.get("TopicArn") != hook.topic:
        return Doubt.MISSING
    names = _SIGNED.get(text(body.get("Type")))
    if names is None or body.get("SignatureVersion") != "2":
        return Doubt.MALFORMED
    url = text(body.get("SigningCertURL"))
    if not is_amazons(url):
        return Doubt.FORGED
    try:
        signature = base64.b64decode(text(body.get("Signature")), validate=True)
        certificate = load_pem_x509_certificate(call.certificates(url))
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            return Doubt.FORGED
        if (
            not certificate.not_valid_before_utc
            <= call.now.astimezone(UTC)
            <= certificate.not_valid_after_utc
        ):
            return Doubt.TIME
        key.verify(signature, _signed_text(body, names), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return Doubt.FORGED
    return None


def is_amazons(url: str) -> bool:
    """Whether an address is one of a certificate of SNS's: an attacker's own would verify the attacker's signature."""
    try:
        parts = urlsplit(url)
        plain = parts.port is None and parts.username is None and not parts.query and not parts.fragment
    except ValueError:
        return False
    right = parts.scheme == "https" and _HOST.fullmatch(parts.hostname or "") and _PATH.fullmatch(parts.path)
    return bool(plain and right and parts.netloc == parts.hostname)


def _signed_text(body: Mapping[str, Any], names: Sequence[str]) -> bytes:
    return "".join(f"{name}\n{body[name]}\n" for name in names if isinstance(body.get(name), str)).encode()


def told(body: Any) -> Sequence[Told]:
    """What the topic says: a notification of SES, by either of its two shapes; or that somebody must subscribe it."""
    if not isinstance(body, Mapping):
        return ()
    key = text(body.get("MessageId"))
    if body.get("Type") == "SubscriptionConfirmation":
        url = text(body.get("SubscribeURL"))
        shown = url if _HOST.fullmatch(urlsplit(url).hostname or "") else ""
        return (Told(key, asks={"what": "CONFIRM_SUBSCRIPTION", "open": shown}),)
    try:
        message = json.loads(body.get("Message") or "")
    except (TypeError, ValueError):
        return ()
    if not isinstance(message, Mapping) or body.get("Type") != "Notification":
        return ()
    return [Told(f"{key}/{place}", each) for place, each in enumerate(_read(message))]


def _read(message: Mapping[str, Any]) -> list[Returned]:
    names = _names(message.get("mail"))
    match message.get("notificationType") or message.get("eventType"):
        case "Bounce":
            return [bounce(fate, *names) for fate in _bounced(message.get("bounce"))]
        case "Complaint":
            return [_complained(message.get("complaint"), names)]
        case "Delivery":
            fate = Fate("delivered", "2.0.0")
            return [Returned(ReturnKind.DELIVERED, marks_of(*names), (fate,))]
        case "DeliveryDelay":
            return [bounce(Fate("delayed", "4.4.1"), *names)]
        case "Reject":
            return [bounce(Fate("failed", "5.7.1"), *names)]
    return []


def _names(mail: Any) -> list[str]:
    """Where the mark may stand: our own tag, our own headers where the topic includes them, the envelope's sender."""
    if not isinstance(mail, Mapping):
        return []
    tags, headers = mail.get("tags"), mail.get("headers")
    found = [str(tags.get("accord"))] if isinstance(tags, Mapping) else []
    wanted = ("message-id", "x-ses-message-tags")
    found += [
        text(each.get("value")) for each in each_of(headers or []) if text(each.get("name")).lower() in wanted
    ]
    return [*found, text(mail.get("source"))]


def _bounced(told: Any) -> list[Fate]:
    if not isinstance(told, Mapping):
        return []
    kind, detail = told.get("bounceType"), text(told.get("bounceSubType"))
    fates = []
    for each in each_of(told.get("bouncedRecipients") or [])[:50]:
        address, words = text(each.get("emailAddress")), text(each.get("diagnosticCode"))
        status = text(each.get("status"))
        if detail in ("Suppressed", "OnAccountSuppressionList", "ContentRejected", "AttachmentRejected"):
            fates.append(Fate("failed", "5.7.1", address, "", words[:500]))
        elif detail == "MailboxFull":
            fates.append(Fate("failed", "5.2.2", address, "", words[:500]))
        elif kind == "Permanent":
            fates.append(failed(address, words, status=status, otherwise="5.1.1"))
        else:
            fates.append(failed(address, words, status=status, otherwise="4.0.0", soft=True))
    return fates


def _complained(told: Any, names: Sequence[str]) -> Returned:
    """A complaint without a type is one: Amazon passes on nothing else under this name."""
    body = told if isinstance(told, Mapping) else {}
    kind = text(body.get("complaintFeedbackType")) or "abuse"
    if body.get("complaintSubType") == "OnAccountSuppressionList":
        return bounce(Fate("failed", "5.7.1"), *names)
    return Returned(ReturnKind.FEEDBACK, marks_of(*names), feedback_type=kind)


SES = Provider(doubt, told)
