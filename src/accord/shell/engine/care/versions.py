"""Versions of forms and scripts: those that were kept, and those that stand in the folder now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from accord.core.expressions.fields import shown
from accord.core.model.wording import Wording, WordingKind
from accord.shell.engine.ports.rows import KeptWording


class NoWording(ValueError):
    """There is no such wording, or nothing can rest on it; the text says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a name means: its whole label, the version that was kept, and the one that stands in the folder."""

    label: str
    kept: KeptWording | None
    written: Wording | None


class Versions:
    """Finds wordings of one kind by `name` or `name@version`, and knows which of them are not kept yet."""

    def __init__(
        self, kind: WordingKind, kept: Sequence[KeptWording], written: Mapping[str, Wording]
    ) -> None:
        self._kind = kind
        self._kept = {each.wording.label: each for each in kept}
        self._newest = {each.wording.name: each.wording.version for each in kept}
        own = [each for each in written.values() if each.kind is kind]
        self._written = {each.label: each for each in own}
        self._newest |= {each.name: each.version for each in own}
        self._digests = {each.wording.digest for each in kept}

    @property
    def labels(self) -> str:
        """Every version that there is, in words."""
        return ", ".join(sorted({*self._kept, *self._written})) or "none"

    def find(self, ref: str) -> Found:
        """What `ref` means; without a version the one in the folder, else the newest kept."""
        name = ref.partition("@")[0]
        label = ref if name != ref else f"{name}@{self._newest.get(name, '')}"
        return Found(label, self._kept.get(label), self._written.get(label))

    def called(self, ref: str) -> Wording:
        """The wording, where consents can rest on it. Raises NoWording."""
        found = self.find(ref)
        kept, written = found.kept, found.written
        if kept is not None and kept.revoked_at is not None:
            raise NoWording(
                f"{found.label} was revoked on {kept.revoked_at:%Y-%m-%d}: {kept.revoked_because}"
            )
        if kept is not None and written is not None and kept.wording.digest != written.digest:
            raise NoWording(
                f"{found.label} in the folder says something else than the version of that name kept"
            )
        wording = kept.wording if kept is not None else written
        if wording is None:
            raise NoWording(f"there is no {self._kind} {shown(ref)}; there are: {self.labels}")
        return wording

    def unkept(self, digests: Collection[str]) -> list[Wording]:
        """Wordings among these that stand in the folder and were not kept before."""
        return [
            each
            for each in self._written.values()
            if each.digest in digests and each.digest not in self._digests
        ]
