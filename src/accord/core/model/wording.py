"""Wordings: what people were shown, or told, when they were asked; each version is kept for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class WordingKind(StrEnum):
    """A form that people fill in, or a script that an agent says to them."""

    FORM = "form"
    SCRIPT = "script"


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of a form or of an oral script; immutable, known by its digest (R-18, R-19).

    `asks`: the kinds that it asks for, by purpose. `control` and `prechecked`: how the question stands before
    the person touches it. `refusal_offered`: it says that customers are written to unless they refuse, and
    lets them refuse there and then (R-09). `text` and `notice`: the question and the information, by
    language. `given`: for a script, whether its information is read out or displayed.
    """

    kind: WordingKind
    name: str
    version: str
    control: str
    asks: Mapping[str, tuple[str, ...]]
    text: Mapping[str, str]
    notice_version: str
    notice: Mapping[str, str]
    prechecked: bool = False
    mandatory: bool = False
    refusal_offered: bool = False
    given: str | None = None
    digest: str = ""

    @property
    def label(self) -> str:
        """«inscription@3»."""
        return f"{self.name}@{self.version}"

    def language(self, wanted: str) -> str:
        """The language in which it is shown to somebody who reads `wanted`: that one, or its first."""
        return wanted if wanted in self.text else next(iter(self.text))

    def sealed(self) -> Wording:
        """With its digest: of what is said and asked, not of how a file is laid out."""
        said = json.dumps({**self.body(), "digest": ""}, sort_keys=True, ensure_ascii=False)
        return replace(self, digest=hashlib.sha256(said.encode()).hexdigest())

    def body(self) -> dict[str, Any]:
        """Everything that it says, as plain values."""
        return asdict(self)


def wording_of(body: Mapping[str, Any]) -> Wording:
    """The wording whose `body` was kept."""
    asks = {purpose: tuple(kinds) for purpose, kinds in body["asks"].items()}
    return Wording(**{**body, "kind": WordingKind(body["kind"]), "asks": asks})
