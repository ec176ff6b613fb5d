"""The forms that a file may name: versions that were kept, and those that stand in the folder now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from accord.core.model.wording import Wording, WordingKind
from accord.shell.engine.row_texts import shown
from accord.shell.engine.rows import KeptWording
from accord.shell.engine.said import NoWording


class Forms:
    """Finds forms by `name` or `name@version`, and knows which of them are not kept yet."""

    def __init__(self, kept: Sequence[KeptWording], written: Mapping[str, Wording]) -> None:
        self._kept = {each.wording.label: each for each in kept}
        self._newest = {each.wording.name: each.wording.version for each in kept}
        own = [each for each in written.values() if each.kind is WordingKind.FORM]
        self._written = {each.label: each for each in own}
        self._newest |= {each.name: each.version for each in own}
        self._digests = {each.wording.digest for each in kept}

    def called(self, ref: str) -> Wording:
        """The form; without a version the one in the folder, else the newest kept. Raises NoWording."""
        name = ref.partition("@")[0]
        label = ref if name != ref else f"{name}@{self._newest.get(name, '')}"
        kept, written = self._kept.get(label), self._written.get(label)
        if kept is not None and kept.revoked_at is not None:
            raise NoWording(f"{label} was revoked on {kept.revoked_at:%Y-%m-%d}: {kept.revoked_because}")
        if kept is not None and written is not None and kept.wording.digest != written.digest:
            raise NoWording(f"{label} in the folder says something else than the version of that name kept")
        found = kept.wording if kept is not None else written
        if found is None:
            known = ", ".join(sorted({*self._kept, *self._written})) or "none"
            raise NoWording(f"there is no form {shown(ref)}; there are: {known}")
        return found

    def unkept(self, digests: Collection[str]) -> list[Wording]:
        """Forms among these that stand in the folder and were not kept before."""
        return [
            each
            for each in self._written.values()
            if each.digest in digests and each.digest not in self._digests
        ]
