"""A mail made again from the ledger, byte for byte, until what it was made from is erased."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field

from accord.core.mail.compile import Cast, Compiled, Sheet, mould_of, printed
from accord.core.mail.dkim import SigningKey, signed
from accord.core.mail.links import Links
from accord.core.mail.mould import Mould
from accord.core.mail.recipe import NotTheSame, rebuilt, unpacked
from accord.core.mail.words import Wording
from accord.core.model.coding import dumps, loads
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.ports.templates import KeptTemplate


def kept_template(template: Compiled) -> KeptTemplate:
    """A template as the database keeps it."""
    sheets = {language: astuple(edition.sheet) for language, edition in template.editions.items()}
    told = {"default": template.default, "sheets": sheets}
    if isinstance(template, Cast):
        told["mould"] = asdict(template.mould)
    return KeptTemplate(template.imprint, template.name, template.digest, zlib.compress(dumps(told).encode()))


@dataclass(frozen=True, slots=True)
class Press:
    """Makes mails again. `wordings`: every language that a mail was ever written in.

    `signers` sign again what they had signed: the same bytes (RSA and Ed25519 throw no dice). The signature of a
    key that is gone is left out.
    """

    links: Links
    wordings: Mapping[str, Wording]
    signers: Sequence[SigningKey] = ()
    _made: dict[str, Compiled] = field(default_factory=dict)

    def again(self, unit: Unit, context: bytes | None) -> bytes:
        """The mail that left with this context. Raises NotTheSame with the reason in words."""
        if context is None:
            raise NotTheSame("what it was written from is erased")
        kept = unpacked(context)
        template = self._template(unit, kept.imprint)
        language = kept.recipe(mould_of(template)).mould.language
        wording = self.wordings.get(language)
        if wording is None:
            raise NotTheSame(f"there are no words for «{language}»")
        content = rebuilt(kept, template, self.links, wording)
        return signed(content, [key for key in self.signers if key.mark in kept.signed_by])

    def _template(self, unit: Unit, imprint: str) -> Compiled:
        if imprint not in self._made:
            kept = unit.templates.kept(imprint)
            if kept is None:
                raise NotTheSame("its template is kept no longer")
            told = loads(zlib.decompress(kept.sheets))
            sheets = {language: Sheet(*parts) for language, parts in told["sheets"].items()}
            made = printed(kept.name, kept.digest, told["default"], sheets)
            self._made[imprint] = made.cast(Mould(**told["mould"])) if "mould" in told else made
        return self._made[imprint]
