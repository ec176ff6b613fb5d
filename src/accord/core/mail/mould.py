"""The mould: what all mails of one step to readers of one language have in common, kept once with their template."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mould:
    """Sender, list and footer. Nothing in it is of one person.

    `list_id` is None in service mail, `invitation` the label of what a service mail invites to, `feedback_id` what
    tells of many mails (R-53). `base_url`: where its links lead.
    """

    sender_name: str
    sender_address: str
    host: str
    language: str
    entity: str
    address: str
    why: str
    base_url: str
    list_name: str | None = None
    list_id: str | None = None
    feedback_id: str | None = None
    invitation: str | None = None
