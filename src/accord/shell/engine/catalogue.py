"""The catalogue at work: live scenarios from the database, templates from the folder, compiled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from accord.core.language.checks import check_scenarios
from accord.core.language.checks.checked import Around
from accord.core.language.parse import parse_scenario
from accord.core.language.wordings import parse_wording
from accord.core.mail.compile import Compiled, compile_template, digest_of, files_of
from accord.core.mail.inspect import Finding, content_of, findings
from accord.core.mail.names import unknown_names
from accord.core.mail.serving import service_findings
from accord.core.mail.words import Wording
from accord.core.model.content import Catalogue, TemplateFacts
from accord.core.model.place import Diagnostic, Severity
from accord.core.model.scenario import Scenario
from accord.core.model.venue import Venue
from accord.shell.engine.ports.rows import POLICY_REVISION, LiveScenario
from accord.shell.engine.ports.store import Unit


@dataclass(frozen=True, slots=True)
class Shelf:
    """Templates that can be sent: compiled, with what the reader found in each."""

    compiled: Mapping[str, Compiled] = field(default_factory=dict)
    facts: Mapping[str, TemplateFacts] = field(default_factory=dict)
    found: Mapping[str, list[Finding]] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()


def stock(
    names: Sequence[str],
    files: Mapping[str, str],
    venue: Venue,
    wordings: Mapping[str, Wording],
    before: Shelf | None = None,
) -> Shelf:
    """Compile and read every template; one that has not changed since `before` is taken over.

    A template with a fault keeps its last good version, and what was read in that one, so that a slip in a file
    stops nobody's mail.
    """
    before = before or Shelf()
    compiled: dict[str, Compiled] = {}
    facts: dict[str, TemplateFacts] = {}
    found: dict[str, list[Finding]] = {}
    faults: list[Diagnostic] = []
    for name in names:
        made = known = before.compiled.get(name)
        read = {f"templates/{file}" for file in files_of(name, files)}
        wrong = [fault for fault in before.diagnostics if fault.span.file in read]
        if known is not None and known.digest == digest_of(name, files) and not _has_error(wrong):
            found[name] = before.found[name]
        else:
            found[name] = [*findings(name, files, venue), *service_findings(name, files)]
            made, wrong = compile_template(name, files, venue, wordings)
            wrong += unknown_names(name, files, venue)
            if _has_error(wrong):
                made = None
        faults += wrong
        if made is not None:
            compiled[name] = made
            facts[name] = TemplateFacts(name, made.digest, content_of(found[name]), tuple(made.editions))
        elif known is not None:
            compiled[name], facts[name] = known, before.facts[name]
    return Shelf(compiled, facts, found, tuple(dict.fromkeys(faults)))


def _has_error(faults: Sequence[Diagnostic]) -> bool:
    return any(fault.severity is Severity.ERROR for fault in faults)


@dataclass(frozen=True, slots=True)
class Checked:
    """Every scenario file as read, with everything that is wrong in the venue's files."""

    scenarios: Mapping[str, Scenario]
    diagnostics: tuple[Diagnostic, ...]

    def by_name(self) -> dict[str, Scenario]:
        """Scenarios by their names; only those without an error of their own."""
        wrong = {fault.span.file for fault in self.diagnostics if fault.severity is Severity.ERROR}
        return {scenario.name: scenario for file, scenario in self.scenarios.items() if file not in wrong}


def check_all(
    texts: Mapping[str, str], shelf: Shelf, venue: Venue, forms: Mapping[str, str] | None = None
) -> Checked:
    """The linter: each file alone, all together, and each mail against the nature that it is sent as.

    `texts` and `forms` map paths to the text of scenarios, and of forms and scripts; without `forms` nothing
    is said of who could have been asked.
    """
    parsed = {file: parse_scenario(text, file, venue) for file, text in texts.items()}
    asking = [parse_wording(text, file, venue) for file, text in (forms or {}).items()]
    wordings = [each.wording for each in asking if each.wording is not None]
    faults = [fault for each in parsed.values() for fault in each.diagnostics]
    faults += [fault for each in asking for fault in each.diagnostics]
    around = Around(
        venue,
        templates=shelf.found.keys(),
        wordings=wordings if forms is not None else None,
        found=shelf.found,
    )
    drafts = {file: each.draft for file, each in parsed.items() if each.draft is not None}
    faults += (*shelf.diagnostics, *check_scenarios(drafts, around))
    unique = dict.fromkeys(faults)
    scenarios = {file: each.scenario for file, each in parsed.items() if each.scenario is not None}
    return Checked(scenarios, tuple(sorted(unique, key=lambda fault: (fault.span, fault.code))))


class Stale(Exception):
    """What a process works by is not what stands in the database any more; nothing has happened."""


class OutOfDate(Stale):
    """A scenario was activated, paused or drained since the catalogue was read: read it again."""


class OtherLaw(Stale):
    """A switch of the law was turned since this process read its configuration: read it again."""


@dataclass(frozen=True, slots=True)
class AtWork:
    """What the engine works by: the catalogue, and since when each scenario is live.

    `switched`: which versions were live, and how, when it was read. `law`: the revision of the law that the
    catalogue's venue speaks of, None in a database where no switch was ever turned.
    """

    catalogue: Catalogue
    activated: Mapping[str, datetime]
    switched: frozenset[tuple[str, str, str]] = frozenset()
    law: str | None = None

    def check(self, unit: Unit) -> None:
        """Raises OutOfDate or OtherLaw. Asked behind a claim: what was claimed came after what is seen."""
        if unit.fact(POLICY_REVISION) != self.law:
            raise OtherLaw
        if _switched(unit.live_scenarios()) != self.switched:
            raise OutOfDate


def _switched(rows: Sequence[LiveScenario]) -> frozenset[tuple[str, str, str]]:
    return frozenset((row.name, row.digest, row.state) for row in rows)


def at_work(unit: Unit, venue: Venue, shelf: Shelf, before: AtWork | None = None) -> AtWork:
    """Read live scenarios, and the versions by which people are in flight or mails wait, from the database.

    Scenarios are pinned at entry; templates are live. What `before` knows is taken over: a version that is
    in use is in it, or has been made live since.
    """
    rows = unit.live_scenarios()
    digests = {row.digest for row in rows}
    if before is None:
        digests |= {digest for _, digest, _, _ in unit.in_flight()} | set(unit.unsent_versions())
    known = dict(before.catalogue.versions) if before is not None else {}
    known |= parsed_versions(unit, digests - known.keys(), venue)
    live = {row.name: known[row.digest] for row in rows if row.state == "active" and row.digest in known}
    catalogue = Catalogue(venue, live, known, shelf.facts)
    activated = {row.name: row.activated_at for row in rows}
    return AtWork(catalogue, activated, _switched(rows), before.law if before is not None else None)


def parsed_versions(unit: Unit, digests: Collection[str], venue: Venue) -> dict[str, Scenario]:
    """Those versions that are kept and can still be read."""
    texts = unit.versions(sorted(digests)) if digests else {}
    parsed = {
        digest: parse_scenario(text, f"{_name_in(text)}.yaml", venue).scenario
        for digest, text in texts.items()
    }
    return {digest: scenario for digest, scenario in parsed.items() if scenario is not None}


def _name_in(text: str) -> str:
    """The name that a pinned version calls itself."""
    line = next((line for line in text.splitlines() if line.startswith("scenario:")), "scenario: unknown")
    return line.partition(":")[2].partition("#")[0].strip()
