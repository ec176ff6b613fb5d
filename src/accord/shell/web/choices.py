"""From a posted preference form to what the person asked for, and nothing that they did not."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import available_timezones

from accord.core.model.contact import Preferences
from accord.core.model.time import Duration, later
from accord.shell.web.pages import Pages
from accord.shell.web.ports import Answer, People, PreferenceChanges
from accord.shell.web.visit import Visit

MOST_NEWSLETTERS = 31
A_MONTH = Duration(months=1)


class Unreadable(Exception):
    """A form that no page of ours sends."""


def changes_of(fields: Mapping[str, str], visit: Visit, people: People, pages: Pages) -> PreferenceChanges:
    """What the button that was pressed asks for. Raises Unreadable."""
    if visit.view is None:
        return PreferenceChanges()
    now_chosen = visit.view.preferences
    cap = now_chosen.newsletters_per_month
    match fields.get("action"):
        case "save":
            chosen = Preferences(_number(fields.get("newsletters", "")), now_chosen.paused_until)
            return PreferenceChanges(_turned(fields, visit, pages), None if chosen == now_chosen else chosen)
        case "pause":
            until = later(people.now(), A_MONTH, people.venue.entity.clock)
            return PreferenceChanges(preferences=Preferences(cap, until))
        case "resume":
            return PreferenceChanges(preferences=Preferences(cap, None))
        case "about":
            return _about(fields, visit, people)
        case "everything_off":
            return PreferenceChanges(everything_off=True)
    raise Unreadable


def _turned(fields: Mapping[str, str], visit: Visit, pages: Pages) -> dict[str, Answer]:
    """Boxes that differ from what the page showed (`was_…`), and from what stands.

    A box left as it was is no act: silence gives no consent and takes none (R-05).
    """
    view, language = visit.view, visit.language
    answers: dict[str, Answer] = {}
    for choice in view.purposes if view else ():
        shown = fields.get(f"was_{choice.name}")
        on = f"on_{choice.name}" in fields
        if shown is not None and on != (shown == "on") and on != choice.on:
            answers[choice.name] = Answer(on, pages.wording(choice.name, language), language)
    return answers


def _about(fields: Mapping[str, str], visit: Visit, people: People) -> PreferenceChanges:
    """Language and time zone, each only where it differs."""
    language, zone = fields.get("language", ""), fields.get("zone", "")
    if (
        visit.view is None
        or language not in people.venue.entity.languages
        or zone not in available_timezones()
    ):
        raise Unreadable
    return PreferenceChanges(
        language=language if language != visit.view.language else None,
        zone=zone if zone != visit.view.zone else None,
    )


def _number(text: str) -> int | None:
    """Newsletters a month; empty is no limit."""
    if not text.strip():
        return None
    if not (text.isdecimal() and text.isascii() and len(text) < 4 and int(text) <= MOST_NEWSLETTERS):
        raise Unreadable
    return int(text)
