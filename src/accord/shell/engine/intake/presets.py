"""What other tools export: their columns and their words for people, one entry a tool; no word of theirs proves a consent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

Fields = Mapping[str, str]

# What a tool's word comes to, in the fields of our own files.
NOTHING: Fields = {}
LEFT: Fields = {"unsubscribed": "yes"}
COMPLAINED: Fields = {"unsubscribed": "yes", "address_state": "complained"}
BOUNCED: Fields = {"address_state": "hard_bounced"}
# The tool says that somebody agreed. It does not say to which words, so it proves nothing.
CLAIMED: Fields = {"consent_answer": "claimed"}
NOT_CLAIMED: Fields = {"consent_answer": ""}

ANY = "*"


@dataclass(frozen=True, slots=True)
class Preset:
    """One tool's export. Columns are named as `canonical` writes them, words in small letters.

    `fields`: which columns hold a field of ours, the first that is filled counts. `words`: what each word of
    a column comes to; one that is not there refuses its row. `whole_file`: what the mere presence of a column
    says of everybody in the file, the first that is there counts. `called`: the same, by what the file's name
    begins with; it counts more. `tells_who_left`: columns of which one must be there, or the file does not
    say who unsubscribed. `nested`: columns that hold a JSON object of attributes. `instant`: how it writes
    instants; a naive one is in the entity's zone.
    """

    title: str
    fields: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Mapping[str, Fields]] = field(default_factory=dict)
    whole_file: Mapping[str, Fields] = field(default_factory=dict)
    called: Mapping[str, Fields] = field(default_factory=dict)
    tells_who_left: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    instant: Callable[[str], datetime] = datetime.fromisoformat


def canonical(column: str) -> str:
    """A column's name as it is compared: small letters, one underscore for what stands between words."""
    return re.sub(r"[\s_\-]+", "_", column.strip().casefold())


_YES = ("yes", "true", "1", "y", "oui", "vrai")
_NO = ("", "no", "false", "0", "n", "non", "faux")
_LEFT_OR_NOT: Mapping[str, Fields] = {
    **dict.fromkeys((*_YES, "unsubscribed", "blocklisted", "blacklisted"), LEFT),
    **dict.fromkeys((*_NO, "subscribed"), NOTHING),
}
_CLAIMED_OR_NOT: Mapping[str, Fields] = {**dict.fromkeys(_YES, CLAIMED), **dict.fromkeys(_NO, NOTHING)}


# -- how each tool writes an instant -------------------------------------------------------------------------

_GO = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) ([+-]\d\d)(\d\d)(?: [A-Z+-]\w*)?")
_DAY_FIRST = re.compile(r"(\d\d)[-/](\d\d)[-/](\d{4})(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?")


def _as_go_writes(text: str) -> datetime:
    """«2024-07-29 11:01:31.478677 +0530 IST», or ISO. Raises ValueError."""
    found = _GO.fullmatch(text)
    return datetime.fromisoformat(f"{found[1]}{found[2]}:{found[3]}" if found is not None else text)


def _day_first(text: str) -> datetime:
    """«29-07-2024 11:01», or ISO. Raises ValueError."""
    found = _DAY_FIRST.fullmatch(text)
    if found is None:
        return datetime.fromisoformat(text)
    day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - whoever asked knows the zone


def _in_utc(text: str) -> datetime:
    """ISO, in UTC where no zone is said. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


# -- the tools -------------------------------------------------------------------------------------------------

_BREVO_LEFT = (
    "email_blacklisted",
    "email_blacklist",
    "email_blocklisted",
    "email_blocklist",
    "blacklisted",
    "blocklisted",
    "emailblacklisted",
    "unsubscribed",
    "email_marketing",
)
_MAUTIC_REASONS: Mapping[str, Fields] = {
    **_LEFT_OR_NOT,
    **dict.fromkeys(("2", "bounced"), BOUNCED),
    **dict.fromkeys(("3", "manual"), LEFT),
    "contactable": NOTHING,
}
_MAUTIC_LEFT = ("dnc", "dnc_reason", "donotemail", "donotcontact", "do_not_email", "do_not_contact")

PRESETS: Mapping[str, Preset] = {
    # Subscribers → Export: uuid, email, name, attributes, status, created_at, updated_at. Who left one list
    # is not in it; a query over subscriber_lists gives it as subscription_status. Somebody disabled was not
    # written to either: why is not told, so it counts as an objection.
    "listmonk": Preset(
        "listmonk",
        {
            "email": ("email",),
            "external_id": ("uuid",),
            "name": ("name",),
            "collected_at": ("created_at",),
        },
        words={
            "status": {"": NOTHING, "enabled": NOTHING, "disabled": LEFT, "blocklisted": LEFT},
            "subscription_status": {
                "": NOTHING,
                "confirmed": CLAIMED,
                "unconfirmed": NOTHING,
                "unsubscribed": LEFT,
            },
        },
        tells_who_left=("subscription_status",),
        nested=("attributes", "attribs"),
        instant=_as_go_writes,
    ),
    # Audience → Export gives one file for each standing. LAST_CHANGED is in that of subscribers, UNSUB_TIME
    # in that of those who left, CLEAN_TIME in that of dead addresses. Times are in UTC.
    "mailchimp": Preset(
        "Mailchimp",
        {
            "email": ("email_address", "email"),
            "first_name": ("first_name", "fname"),
            "last_name": ("last_name", "lname"),
            "collected_at": ("optin_time", "confirm_time"),
            "unsubscribed_at": ("unsub_time",),
        },
        words={"unsub_reason": {"abuse": COMPLAINED, ANY: NOTHING}},
        whole_file={"last_changed": CLAIMED, "unsub_time": LEFT, "clean_time": BOUNCED},
        called={
            "subscribed": CLAIMED,
            "unsubscribed": LEFT,
            "cleaned": {**BOUNCED, **NOT_CLAIMED},
            "nonsubscribed": NOT_CLAIMED,
        },
        instant=_in_utc,
    ),
    # CRM → Contacts → Export. Blocklisted: they left, complained, or the team said so; which is not told.
    # Days come first in its dates.
    "brevo": Preset(
        "Brevo",
        {
            "email": ("email",),
            "external_id": ("ext_id",),
            "first_name": ("firstname", "prenom", "prénom"),
            "last_name": ("lastname", "nom"),
            "zone": ("contact_timezone",),
            "collected_at": ("added_time",),
        },
        words={
            **dict.fromkeys(_BREVO_LEFT, _LEFT_OR_NOT),
            **dict.fromkeys(("double_opt_in", "opt_in"), _CLAIMED_OR_NOT),
        },
        tells_who_left=_BREVO_LEFT,
        instant=_day_first,
    ),
    # Contacts → Export leaves out who must not be contacted; a report over «Do not contact» has it, with the
    # reason: 0 may be written to, 1 unsubscribed, 2 bounced, 3 said by the team. Times are in UTC.
    "mautic": Preset(
        "Mautic",
        {
            "email": ("email",),
            "external_id": ("id", "contact_id"),
            "first_name": ("firstname", "first_name"),
            "last_name": ("lastname", "last_name"),
            "language": ("preferred_locale",),
            "zone": ("timezone",),
            "collected_at": ("date_added", "dateadded"),
        },
        words=dict.fromkeys(_MAUTIC_LEFT, _MAUTIC_REASONS),
        tells_who_left=_MAUTIC_LEFT,
        instant=_in_utc,
    ),
}
