"""DMARC: the policy that holds for a domain, the organisation that it belongs to, and what is aligned with it.

The organisation is found by walking up the tree, as the present standard does it: no list of public suffixes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accord.core.mail.dkim import tags_of
from accord.shell.doctor.dns import Answers

POLICIES = ("none", "quarantine", "reject")
_MOST_LABELS = 8


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for mail from a domain. `at`: where its record stands; `several`: more than one stands there."""

    organisation: str
    at: str | None = None
    tags: Mapping[str, str] | None = None
    several: bool = False


def policy_for(domain: str, ask: Answers) -> Policy:
    """The policy of a domain: its own, or that of the organisation above it. Raises Silent."""
    found = _records(domain, ask)
    if not found:
        return Policy(domain)
    organisation = next(reversed(found))
    for name, tags in found.items():
        if tags[0].get("psd") == "n":
            organisation = name
            break
    own = domain if domain in found else organisation
    return Policy(organisation, f"_dmarc.{own}", found[own][0], several=len(found[own]) > 1)


def aligned(domain: str, by: str, policy: Policy, ask: Answers, *, strictly: bool) -> bool:
    """Whether `by` (of a signature, or of the Return-Path) speaks for `domain`. Raises Silent."""
    if domain == by:
        return True
    if strictly:
        return False
    return policy_for(by, ask).organisation == policy.organisation if policy.at else _one_below(domain, by)


def _one_below(one: str, other: str) -> bool:
    """Where no record tells the organisation: a domain and what is below it are surely one."""
    return one.endswith(f".{other}") or other.endswith(f".{one}")


def _records(domain: str, ask: Answers) -> dict[str, list[dict[str, str]]]:
    """The domain and those above it that have a record, with their tags."""
    labels = domain.split(".")
    names = [".".join(labels[at:]) for at in range(len(labels) - 1)]
    asked = names if len(names) < _MOST_LABELS else [names[0], *names[1 - _MOST_LABELS :]]
    found = {}
    for name in asked:
        records = [tags_of(text) for text in ask(f"_dmarc.{name}", "TXT") if _is_dmarc(text)]
        if records:
            found[name] = records
    return found


def _is_dmarc(text: str) -> bool:
    return text.replace(" ", "").partition(";")[0] == "v=DMARC1"
