"""What came of it all: mails sent, held and refused, with the reason and the rule of each."""

from __future__ import annotations

from collections import Counter
from typing import Any

from accord.core.consent.reasons import in_words
from accord.core.model.message import MessageState
from accord.shell.cli.output import print_table
from accord.shell.wiring import House

_SENT = ("scenario", "template", "nature", "basis", "reason", "rule")
_NOT_SENT = ("what", "scenario", "nature", "reason", "rule", "times")

_WORDS = {
    "mail.refused": "refused",
    "mail.held": "held",
    "call.refused": "call refused",
    "call.held": "call held",
    "scenario.left": "left",
}

# So many mails of the ledger are counted.
MOST_MAILS = 1_000_000


def outcome(house: House) -> dict[str, Any]:
    """What was sent, held and refused, and why; as a document."""
    with house.store.read() as unit:
        ledger = unit.ledger(limit=MOST_MAILS)
        told = unit.journal_counts(tuple(_WORDS))
        brakes = [(brake.name, brake.reason) for brake in unit.brakes()]
    sent = Counter(
        (m.scenario, m.template, m.nature.value, m.basis.value, m.reason, m.rule)
        for m, _, _ in ledger
        if m.state is MessageState.ACCEPTED
    )
    return {
        "sent": [{**dict(zip(_SENT, key, strict=True)), "mails": n} for key, n in sorted(sent.items())],
        "not_sent": [dict(zip(_NOT_SENT, row, strict=True)) for row in told],
        "ledger": dict(sorted(Counter(message.state.value for message, _, _ in ledger).items())),
        "brakes": brakes,
        "mailbox": str(house.settings.mailbox),
        "files": sum(1 for _ in house.settings.mailbox.glob("*.eml")),
    }


def print_outcome(found: dict[str, Any]) -> None:
    """The same as two tables: what left and on which ground, and what did not and why."""
    sent = [
        (row["mails"], row["scenario"], row["template"], row["nature"], _verdict(row), row["basis"])
        for row in found["sent"]
    ]
    print_table("Sent", ("mails", "scenario", "template", "nature", "verdict", "basis"), sent)
    times: Counter[tuple[str, str, str]] = Counter()
    for row in found["not_sent"]:
        times[_WORDS[row["what"]], row["reason"], row["rule"]] += row["times"]
    kept = [
        (n, what, f"{reason} {rule}", in_words(reason)) for (what, reason, rule), n in sorted(times.items())
    ]
    print_table("Held, refused, and scenarios left", ("times", "what", "reason and rule", "which says"), kept)


def _verdict(row: dict[str, Any]) -> str:
    return f"{row['reason']} {row['rule']}"
