"""The recipe of one mail: all that it is made from, as values that can be kept, and the mail made from it.

What leaves and what is rebuilt years later go the same way, so that they are the same bytes.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from accord.core.mail.compile import Compiled, mould_of
from accord.core.mail.compose import Head, HeaderFault, compose
from accord.core.mail.letter import Letter, Rendered, RenderFault
from accord.core.mail.links import TRAP, LinkKind, Links, fingerprint
from accord.core.mail.mould import Mould
from accord.core.mail.render import render
from accord.core.mail.words import Wording
from accord.core.model.coding import loads, written


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the token of one link says, beside what the link is for."""

    contact_id: int
    purpose: str
    basis: str
    message_id: int
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """One mail's values; beside them it takes a template, the keys of its links and the words of its language.

    `mould`: what it has in common with others. `seals`: one a link, by its kind. `counted`: whether clicks are.
    `subject`: an author's, in place of the template's own. The rest is for its headers, as in Head.
    """

    mould: Mould
    recipient: str
    message_key: str
    at: datetime
    zone: str
    names: Mapping[str, Any]
    seals: Mapping[LinkKind, Sealed]
    unsubscribe_to: str | None = None
    echo: tuple[str, str] | None = None
    counted: bool = True
    first_contact: bool = False
    subject: str | None = None


def anything(_target: str) -> None:
    """The check of a link's target for a mail that passed it when it left."""


class _Clicks(dict[str, str]):
    """The signed address of each target, which stands in both bodies and is signed once."""

    def __init__(self, links: Links, token: str) -> None:
        super().__init__()
        self._links, self._token = links, token

    def __missing__(self, target: str) -> str:
        self[target] = address = self._links.click(self._token, target)
        return address


def links_of(recipe: Recipe, links: Links) -> dict[str, str]:
    """The signed addresses that an author's template may name, by what they are for."""
    return {
        kind.name.lower(): links.url(kind, links.seal(kind, *_parts(sealed)))
        for kind, sealed in recipe.seals.items()
        if kind is not LinkKind.CLICK
    }


def letter_of(
    recipe: Recipe,
    addresses: Mapping[str, str],
    links: Links,
    wording: Wording,
    check: Callable[[str], None] = anything,
) -> Letter:
    """What the engine's own blocks read. `check` is asked of each target that depends on the reader."""
    token = links.seal(LinkKind.CLICK, *_parts(recipe.seals[LinkKind.CLICK])) if recipe.counted else None
    click = _Clicks(links, token).__getitem__ if token is not None else str

    def lead(*pieces: object) -> str:
        target = "".join(map(str, pieces))
        check(target)
        of_the_web = target.startswith(("https://", "http://"))
        return click(target) if of_the_web else target

    mould = recipe.mould
    return Letter(
        language=mould.language,
        zone=recipe.zone,
        wording=wording,
        entity=mould.entity,
        address=mould.address,
        why=mould.why,
        preferences=addresses["preferences"],
        click=click,
        lead=lead,
        unsubscribe=addresses.get("unsubscribe"),
        invitation=addresses["preferences"] if mould.invitation is not None else None,
        invitation_label=mould.invitation or "",
        first_contact=recipe.first_contact,
        trap=links.click(token, TRAP) if token is not None else None,
    )


def rendered(
    template: Compiled,
    recipe: Recipe,
    links: Links,
    wording: Wording,
    check: Callable[[str], None] = anything,
) -> tuple[Rendered, Letter]:
    """The mail's words, and what the engine's blocks read in it. Raises RenderFault."""
    addresses = links_of(recipe, links)
    letter = letter_of(recipe, addresses, links, wording, check)
    names = {**recipe.names, "links": addresses}
    return render(template, names, letter, subject_text=recipe.subject), letter


def composed(words: Rendered, letter: Letter, recipe: Recipe) -> bytes:
    """The whole mail. Raises HeaderFault."""
    mould = recipe.mould
    head = Head(
        sender_name=mould.sender_name,
        sender_address=mould.sender_address,
        recipient=recipe.recipient,
        message_key=recipe.message_key,
        host=mould.host,
        at=recipe.at,
        unsubscribe=letter.unsubscribe,
        list_name=mould.list_name,
        list_id=mould.list_id,
        feedback_id=mould.feedback_id,
        unsubscribe_to=recipe.unsubscribe_to,
        echo=recipe.echo,
    )
    return compose(words, head)


def _parts(sealed: Sealed) -> tuple[int, str, str, int, date | None]:
    return sealed.contact_id, sealed.purpose, sealed.basis, sealed.message_id, sealed.on


# -- kept, and made again ------------------------------------------------------------------------------------


_MOULD, _OWN = ([field.name for field in fields(kind)] for kind in (Mould, Recipe))
_OWN.remove("mould")

# What a mail has as nearly all have it is not kept: a default that is changed here changes those that left.
_USUAL = {field.name: field.default for field in fields(Recipe) if field.default is not MISSING}

# What is shorter is hardly less when it is compressed, which takes longer than writing it down.
_LONG = 1024

# A small window: what is set up for a large one takes ten times as long as a thousand bytes do.
_WINDOW_BITS = 12


@dataclass(frozen=True, slots=True)
class Kept:
    """What the ledger keeps of one mail: its own values, and which template, key and bytes it came to.

    `imprint` names the compiled template and its mould, `key` the fingerprint of the key of its links, `sha256` the
    mail before it was signed, `signed_by` the marks of the keys that signed it.
    """

    values: Mapping[str, Any]
    imprint: str
    key: str
    sha256: str
    signed_by: tuple[str, ...] = ()

    def recipe(self, mould: Mould | None) -> Recipe:
        """What it was made from. Raises NotTheSame for what another version of Accord kept."""
        told = {**(asdict(mould) if mould is not None else {}), **self.values}
        try:
            # Before there were moulds, each mail had all of it, and its headers in a room of their own.
            told |= told.pop("head", {})
            told["seals"] = {LinkKind(kind): Sealed(*parts) for kind, parts in told["seals"].items()}
            own = {name: told[name] for name in _OWN if name in told}
            return Recipe(Mould(**{name: told[name] for name in _MOULD}), **own)
        except (KeyError, TypeError, ValueError):
            raise NotTheSame(_ANOTHER_VERSION) from None


class NotTheSame(Exception):
    """A mail can't be rebuilt as it left; the text says why."""


_ANOTHER_VERSION = "what it was written from was kept by another version of Accord"


def packed(
    recipe: Recipe, template: Compiled, links: Links, content: bytes, signed_by: Sequence[str] = ()
) -> bytes:
    """What the ledger keeps. Signed links are not in it: they are made again from their key."""
    told = {name: value for name in _OWN if (value := getattr(recipe, name)) != _USUAL.get(name, MISSING)}
    told["seals"] = {kind.value: _parts(sealed) for kind, sealed in recipe.seals.items()}
    kept = {
        "recipe": told,
        "imprint": template.imprint,
        "key": fingerprint(links.keys[0]),
        "sha256": hashlib.sha256(content).hexdigest(),
        "signed_by": signed_by,
    }
    context = written(kept).encode()
    return zlib.compress(context, wbits=_WINDOW_BITS) if len(context) > _LONG else context


def unpacked(context: bytes) -> Kept:
    """What `packed` wrote. Raises NotTheSame for what another version of Accord kept."""
    try:
        kept = loads(context if context.startswith(b"{") else zlib.decompress(context))
        signed_by = tuple(kept.get("signed_by", ()))
        return Kept(dict(kept["recipe"]), kept["imprint"], kept["key"], kept["sha256"], signed_by)
    except (KeyError, TypeError, ValueError, zlib.error):
        raise NotTheSame(_ANOTHER_VERSION) from None


def rebuilt(kept: Kept, template: Compiled, links: Links, wording: Wording) -> bytes:
    """The mail as it was before it was signed, byte for byte. Raises NotTheSame."""
    recipe = kept.recipe(mould_of(template))
    signing = links.signing_as(kept.key, recipe.mould.base_url)
    if signing is None:
        raise NotTheSame(f"the key {kept.key} that its links were signed with is not in the file of keys")
    try:
        words, letter = rendered(template, recipe, signing, wording)
        content = composed(words, letter, recipe)
    except (RenderFault, HeaderFault) as fault:
        raise NotTheSame(str(fault)) from None
    if hashlib.sha256(content).hexdigest() != kept.sha256:
        raise NotTheSame("this version of Accord writes it otherwise: ask the one that sent it")
    return content
