"""What a check is asked about: one scenario with its places, beside all the others, and what the venue holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from accord.core.language.checks.circuit import Circuit
from accord.core.language.parse import Draft
from accord.core.language.source import ListNode, MapNode, Node, ScalarNode
from accord.core.mail.inspect import Finding
from accord.core.model.consent import SERVICE_PURPOSE, Nature
from accord.core.model.place import Diagnostic, Severity, Span
from accord.core.model.scenario import Call, Scenario, Send, Step
from accord.core.model.venue import Venue
from accord.core.model.wording import Wording

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """What stands beside scenarios in a venue's folder: the names of its templates with what the reader found
    in each, its forms and scripts (None where nobody has read them, so that nothing is said of them).
    """

    venue: Venue
    templates: Collection[str] = ()
    wordings: Sequence[Wording] | None = None
    found: Mapping[str, Sequence[Finding]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail or a call of a step, or its edition to fall back on; `path` leads to its block in the file."""

    step: Step
    what: Send | Call
    path: Path

    @property
    def is_service(self) -> bool:
        """Whether it calls itself service mail."""
        return self.what.nature is Nature.SERVICE


@dataclass(frozen=True, slots=True)
class Checked:
    """One file's draft, beside the drafts of all files, by name; `circuit` tells what they start."""

    file: str
    draft: Draft
    around: Around
    others: Mapping[str, Draft]
    circuit: Circuit

    @property
    def scenario(self) -> Scenario:
        """The scenario, as far as it could be read."""
        return self.draft.scenario

    @property
    def venue(self) -> Venue:
        """Whose scenario it is."""
        return self.around.venue

    @property
    def is_service_file(self) -> bool:
        """Whether the file is service mail only."""
        return self.scenario.purpose == SERVICE_PURPOSE

    @property
    def purpose_known(self) -> bool:
        """Whether the file's purpose is one: if not, that is told already."""
        return self.is_service_file or self.scenario.purpose in self.venue.purposes

    def outgoing(self) -> Iterator[Outgoing]:
        """Everything that passes the gate, editions to fall back on included."""
        for step in self.scenario.steps.values():
            path: Path = ("steps", step.name)
            if isinstance(step.verb, Send | Call):
                yield Outgoing(step, step.verb, path)
                if isinstance(step.verb.if_not_allowed, Send):
                    yield Outgoing(step, step.verb.if_not_allowed, (*path, "if_not_allowed"))

    def at(self, *path: str | int) -> Span:
        """The place of the value at a path, of a block its key; what is not written is where it would belong."""
        place, node = self._walk(path)
        return node.span if isinstance(node, ScalarNode) else place

    def key_at(self, *path: str | int) -> Span:
        """The place of the key at a path; what is not written is where it would belong."""
        return self._walk(path)[0]

    def says(self, *path: str | int) -> bool:
        """Whether something is written at a path."""
        return self._walk(path)[1] is not None

    def _walk(self, path: Path) -> tuple[Span, Node | None]:
        """The place of the last key on a path that is written, and what stands at the path's end."""
        node: Node | None = self.draft.root
        place = Span(self.file, 1, 1)
        for part in path:
            if isinstance(node, MapNode) and isinstance(part, str):
                key, node = node.key(part), node.get(part)
                place = key.span if key is not None else place
            elif isinstance(node, ListNode) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
                place = node.span
            else:
                return place, None
        return place, node


def error(span: Span, code: str, message: str, hint: str | None = None) -> Diagnostic:
    """Something that keeps the file from going live."""
    return Diagnostic(span, code, message, hint)


def warning(span: Span, code: str, message: str, hint: str | None = None) -> Diagnostic:
    """Something worth a look."""
    return Diagnostic(span, code, message, hint, Severity.WARNING)
