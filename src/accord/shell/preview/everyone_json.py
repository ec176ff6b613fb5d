"""A forecast as one JSON document, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from accord.core.consent.reasons import in_words
from accord.core.model.forecast import CAPS, Forecast, changes


def as_document(proposed: Forecast, running: Forecast | None = None) -> dict[str, Any]:
    """The document of `scenario dry-run NAME --everyone --json`; with `running` also what differs from it."""
    document = _told(proposed)
    if running is not None:
        document["running"] = _told(running)
        document["differences"] = [asdict(change) for change in changes(running, proposed)]
    return document


def _told(forecast: Forecast) -> dict[str, Any]:
    refused, held = forecast.refusals_by_reason(), forecast.holds_by_reason()
    return {
        "scenario": forecast.scenario,
        "begins": forecast.begins,
        "until": forecast.until,
        "zone": forecast.zone,
        "people": forecast.people,
        "imagined": forecast.imagined,
        "assumptions": asdict(forecast.assumptions),
        "throttle": {**asdict(forecast.throttle), "stands_as": "now"},
        "brakes": forecast.held,
        "mails": forecast.total(),
        "mails_of_scenario": forecast.total(forecast.scenario),
        "a_day": [{"day": day, "mails": mails} for day, mails in sorted(forecast.mails_a_day().items())],
        "by_nature": forecast.mails_by(lambda row: row.nature.value),
        "by_basis": forecast.mails_by(lambda row: row.basis.value),
        "busiest_hour": asdict(forecast.busiest) if forecast.busiest is not None else None,
        "refused": _reasons(refused),
        "held": _reasons(held),
        "caps": _reasons(
            {key: n for key, n in (refused + held).items() if key[0] in CAPS},
        ),
        "cut_off": {
            "over_before": forecast.expired,
            "days": [asdict(row) for row in forecast.cut_off],
        },
        "runs": [{**asdict(row), "under_way": row.under_way} for row in forecast.runs],
        "left_out": forecast.left_out,
        "standing_still": forecast.standing_still,
        "apart": list(forecast.apart),
        "answers": {row.name: row.count for row in forecast.answers},
        "rows": {
            name: [asdict(row) for row in getattr(forecast, name)]
            for name in ("mails", "refusals", "holds", "ways", "exits", "notes")
        },
    }


def _reasons(counts: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Reasons with their rule and words, the commonest first."""
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [
        {"reason": reason, "rule": rule, "words": in_words(reason), "mails": count}
        for (reason, rule), count in ordered
    ]
