"""What the large mailboxes ask of those who write in bulk, 2024 to 2026, and which finding answers each demand.

Where a page of the mailbox itself could be read, it is the source; else a summary of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from accord.shell.doctor.findings import Finding, State

GOOGLE = "https://support.google.com/a/answer/81126"
YAHOO = "https://senders.yahooinc.com/best-practices/"
MICROSOFT = "https://egressif.io/resources/sender-requirements/microsoft"
ORANGE = "https://captainverify.com/fr/blog/orange-postmaster.html"
LAPOSTE = "https://postmaster.laposte.net/contents/quelles-sont-les-specifications-techniques-a-respecter-pour-emettre-des-emails-vers-laposte-net"


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand of one mailbox. `any_of`: one of the findings is enough; else all of them have to be well."""

    mailbox: str
    demand: str
    keys: tuple[str, ...]
    since: str
    source: str
    any_of: bool = False


def _rules(mailbox: str, since: str, source: str, demands: Mapping[str, str]) -> tuple[Rule, ...]:
    return tuple(
        Rule(mailbox, demand, tuple(keys.replace("|", " ").split()), since, source, any_of="|" in keys)
        for demand, keys in demands.items()
    )


RULES: tuple[Rule, ...] = (
    *_rules(
        "Google",
        "2024-02",
        GOOGLE,
        {
            "SPF and DKIM, both": "spf dkim",
            "a DMARC policy, at least p=none": "dmarc",
            "From in line with SPF or DKIM": "alignment",
            "forward and reverse DNS of what sends": "ptr",
            "TLS": "tls",
            "no address of Gmail's in From": "own-domain",
            "one-click unsubscribing in marketing mail": "one-click page",
            "complaints below 0.10 %, never 0.30 %": "spam-rate",
        },
    ),
    *_rules(
        "Yahoo",
        "2024-02",
        YAHOO,
        {
            "SPF and DKIM, both": "spf dkim",
            "a DMARC policy, at least p=none": "dmarc",
            "From in line with SPF or DKIM": "alignment",
            "forward and reverse DNS of what sends": "ptr",
            "one-click unsubscribing, honoured within two days": "one-click page",
            "complaints below 0.30 %": "spam-rate",
        },
    ),
    *_rules(
        "Microsoft",
        "2025-05",
        MICROSOFT,
        {
            "SPF passes": "spf",
            "DKIM passes": "dkim",
            "a DMARC policy, at least p=none": "dmarc",
            "From in line with SPF or DKIM": "alignment",
            "a way to unsubscribe that works": "one-click",
            "an address that takes answers": "mx",
            "bounces taken off the list": "returns",
        },
    ),
    *_rules(
        "Orange",
        "2024-04",
        ORANGE,
        {
            "SPF": "spf",
            "DKIM and DMARC, wanted": "dkim dmarc",
            "forward and reverse DNS of what sends": "ptr",
            "TLS": "tls",
            "bounces taken off the list": "returns",
        },
    ),
    *_rules(
        "La Poste",
        "2025-09",
        LAPOSTE,
        {
            "SPF or DKIM": "spf | dkim",
            "in line with From": "alignment own-domain",
            "reverse DNS that is coherent": "ptr",
            "a DMARC policy, with reports": "dmarc dmarc-reports",
        },
    ),
)


class Met(StrEnum):
    """Whether a demand is met."""

    MET = "met"
    NOT_MET = "not met"
    UNSEEN = "not seen"


def met(rule: Rule, findings: Sequence[Finding]) -> Met:
    """What the findings say of one demand; a note is no failure, but for those that a demand names.

    What was not found at all was not looked at, except for notes: where there is none, all is well.
    """
    told = [_of(key, findings) for key in rule.keys]
    if rule.any_of:
        return Met.MET if Met.MET in told else max(told, key=_BADNESS.index)
    return max(told, key=_BADNESS.index)


_BADNESS = [Met.MET, Met.UNSEEN, Met.NOT_MET]
# Findings that are only ever told as notes.
_ONLY_NOTED = frozenset({"dmarc-reports"})


def _of(key: str, findings: Sequence[Finding]) -> Met:
    states = {each.state for each in findings if each.key == key}
    if State.MEND in states or (key in _ONLY_NOTED and State.NOTE in states):
        return Met.NOT_MET
    if key in _ONLY_NOTED and any(each.key == "dmarc" and each.state is State.FINE for each in findings):
        return Met.MET
    return Met.MET if states & {State.FINE, State.NOTE} and State.UNSEEN not in states else Met.UNSEEN
