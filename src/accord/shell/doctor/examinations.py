"""EXAMINATIONS, the list of them all: one file a group; each looks at one thing and says what to type where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from accord.shell.doctor.complaints import complaints
from accord.shell.doctor.configuration import configuration, keys
from accord.shell.doctor.database import database
from accord.shell.doctor.domain import bounces_arrive, dmarc, reverse_names, spf
from accord.shell.doctor.findings import Finding
from accord.shell.doctor.page import page
from accord.shell.doctor.patient import Patient
from accord.shell.doctor.relay import relay
from accord.shell.doctor.returns import returns
from accord.shell.doctor.sender import sender
from accord.shell.doctor.signing import one_click, signing


@dataclass(frozen=True, slots=True)
class Examination:
    """One thing that is looked at. `outside`: it asks the world, so only where mail leaves, or by its group's name."""

    group: str
    look: Callable[[Patient], Iterator[Finding]]
    outside: bool = False


EXAMINATIONS: tuple[Examination, ...] = (
    Examination("configuration", configuration),
    Examination("configuration", keys),
    Examination("configuration", sender),
    Examination("database", database),
    Examination("relay", relay, outside=True),
    Examination("dns", signing, outside=True),
    Examination("dns", spf, outside=True),
    Examination("dns", dmarc, outside=True),
    Examination("dns", bounces_arrive, outside=True),
    Examination("dns", reverse_names, outside=True),
    Examination("page", one_click),
    Examination("page", page, outside=True),
    Examination("returns", returns, outside=True),
    Examination("returns", complaints, outside=True),
)

GROUPS: tuple[str, ...] = tuple(dict.fromkeys(each.group for each in EXAMINATIONS))


def examine(patient: Patient, groups: Sequence[str] = ()) -> list[tuple[str, Finding]]:
    """Every finding with its group: of these groups, or of all that concern the patient."""
    return [
        (each.group, finding)
        for each in EXAMINATIONS
        if (each.group in groups if groups else patient.sends or not each.outside)
        for finding in each.look(patient)
    ]
