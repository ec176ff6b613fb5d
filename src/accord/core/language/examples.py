"""An example for each key of the language, as an author would write it: editors show them beside what the key means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# By the key's name: it means the same wherever it stands. Texts that have a form of their own carry their examples.
EXAMPLES: Mapping[str, Any] = {
    # the file
    "scenario": "bienvenue",
    "purpose": "newsletter",
    "why": {"consent": "You receive this because you signed up for our letter."},
    "enter": {"when": "consent.given", "if": 'event.purpose == "newsletter"'},
    "leave": ["order.placed"],
    "goal": {"when": "order.paid", "within": "14 days"},
    "priority": 50,
    "steps": {"merci": {"send": "bienvenue/merci", "nature": "editorial"}},
    # ways in, and cues
    "when": "order.placed",
    "segment": 'last_action.age >= "30 months"',
    "existing": True,
    "if": 'consent("newsletter") == "optin_proven"',
    # why
    "consent": "You receive this because you signed up for our letter.",
    "customer": {"fr": "Vous êtes venu chez nous.", "en": "You came to see a show."},
    "b2b": "You receive this at work because it concerns your profession.",
    # mails and calls
    "send": "bienvenue/merci",
    "nature": "editorial",
    "promotes": ["theatre"],
    "invite": "newsletter",
    "subjects": {
        "short": "Three evenings",
        "long": {"fr": "Trois soirées à nous", "en": "Three evenings of ours"},
    },
    "if_not_allowed": "skip",
    "call": "atelier",
    # choices and deeds
    "wait_until": "preferences.updated",
    "branch": [{"if": "orders.count > 1", "then": "fidele"}],
    "split": {"court": "50%", "long": "50%"},
    "set": {"asked_for_preferences": True},
    "emit": "own.welcomed",
}
