"""Complaints: abuse reports as RFC 5965 says, and as providers send them who do not keep to it."""

from __future__ import annotations

import re

from accord.core.wayback.delivery import fields_of
from accord.core.wayback.opened import Opened

# Microsoft's junk mail reporting: the mail itself is enclosed, with a header of its own, and nothing says «abuse».
_JMRP = re.compile(r"^x-hmxmroriginalrecipient:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_JMRP_SENDER = re.compile(
    r"staff@(?:hotmail|outlook|live)\.com|@feedback\.(?:microsoft|hotmail)\.com", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"^\s*(?:complaint about message from|e?mail feedback report|spam (?:report|complaint)|abuse report|plainte)",
    re.IGNORECASE,
)


def feedback_of(mail: Opened) -> tuple[str, str] | None:
    """(feedback type, address that complained where it is told); None where it is no such report."""
    part = mail.report("feedback-report")
    if part is not None:
        fields = fields_of(part)
        kind = fields.get("feedback-type", "").split(";")[0].strip().lower()
        recipient = fields.get("original-rcpt-to") or fields.get("removal-recipient") or ""
        return kind or "unknown", recipient.strip("<> ")
    if mail.report_type == "feedback-report":
        # The part for machines was cut off: that it is a report is known, what it reports is not.
        return "unknown", ""
    junk = _JMRP.search(mail.returned)
    if junk is not None or _is_jmrp(mail):
        return "abuse", junk[1].strip("<>") if junk is not None else ""
    return None


def _is_jmrp(mail: Opened) -> bool:
    return bool(_JMRP_SENDER.search(mail.header("from"))) and bool(_SUBJECT.search(mail.subject))
