"""Signed links: each kind for itself, keys that can be rotated, and no target but ours."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer
from itsdangerous.signer import HMACAlgorithm

from accord.core.mail.keyed import keyed
from accord.core.mail.links import Claim, LinkKind, Links

LINKS = Links("https://theatre.example.org/", (b"first key", b"former key"))
CLAIM = (7, "newsletter", "soft_optin", 42)


@pytest.mark.parametrize("kind", [kind for kind in LinkKind if kind is not LinkKind.CLICK])
def test_a_token_says_what_was_sealed_and_serves_no_other_kind(kind: LinkKind) -> None:
    token = LINKS.seal(kind, *CLAIM)
    assert LINKS.read(kind, token) == Claim(kind, *CLAIM)
    assert {other for other in LinkKind if LINKS.read(other, token)} == {kind}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_click_leads_to_the_target_that_was_written(path: str) -> None:
    target = f"https://theatre.example.org/{path}"
    url = LINKS.click(LINKS.seal(LinkKind.CLICK, *CLAIM), target)
    assert url.isascii() and " " not in url
    token = url.rpartition("/")[2]
    assert LINKS.read(LinkKind.CLICK, token) == Claim(LinkKind.CLICK, *CLAIM, target=target)


def test_a_click_leads_to_no_other_target() -> None:
    seal = LINKS.seal(LinkKind.CLICK, *CLAIM)
    head, packed, mark = LINKS.click(seal, "https://theatre.example.org/a").rpartition("/")[2].split("~")
    _, evil, other = LINKS.click(seal, "https://theatre.example.org/b").rpartition("/")[2].split("~")
    for forged in (
        f"{head}~{evil}~{mark}",
        f"{head}~{packed}~{other}",
        f"{head}~{packed}~",
        f"{head}~{packed}",
        head,
        f"{head}~",
    ):
        assert LINKS.read(LinkKind.CLICK, forged) is None
    another = LINKS.seal(LinkKind.CLICK, 8, *CLAIM[1:])
    assert LINKS.read(LinkKind.CLICK, f"{another}~{packed}~{mark}") is None


def test_the_first_key_signs_and_all_verify() -> None:
    former = Links(LINKS.base_url, (b"former key",))
    new = Links(LINKS.base_url, (b"new key", *LINKS.keys))
    for kind in (LinkKind.UNSUBSCRIBE, LinkKind.CLICK):
        token = former.seal(kind, *CLAIM)
        if kind is LinkKind.CLICK:
            token = former.click(token, "https://theatre.example.org/").rpartition("/")[2]
        assert LINKS.read(kind, token) is not None
        assert new.read(kind, token) is not None
        assert Links(LINKS.base_url, (b"a stranger's",)).read(kind, token) is None
    assert former.read(LinkKind.UNSUBSCRIBE, new.seal(LinkKind.UNSUBSCRIBE, *CLAIM)) is None


@given(st.text(st.characters(), max_size=80))
def test_whatever_comes_is_read_without_a_fault(token: str) -> None:
    assert all(LINKS.read(kind, token) is None for kind in LinkKind)


@given(key=st.binary(max_size=200), value=st.binary(max_size=300))
def test_a_keyed_digest_is_what_everybody_calls_hmac(key: bytes, value: bytes) -> None:
    assert keyed(key).digest(value) == hmac.digest(key, value, "sha256")


def test_a_token_is_what_itsdangerous_signs() -> None:
    """So that links that left long ago, and those of other tools, are read alike."""
    signer = Signer(b"first key", salt="accord-u", algorithm=HMACAlgorithm(sha256), digest_method=sha256)
    said = urlsafe_b64encode(b'[7,"newsletter","soft_optin",42]').rstrip(b"=")
    assert LINKS.seal(LinkKind.UNSUBSCRIBE, *CLAIM) == signer.sign(said).decode()


@pytest.mark.parametrize("position", range(0, 60, 3))
def test_a_changed_letter_is_noticed(position: int) -> None:
    token = LINKS.seal(LinkKind.UNSUBSCRIBE, *CLAIM)
    changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
    assert LINKS.read(LinkKind.UNSUBSCRIBE, changed) is None


def test_addresses_are_in_ascii_below_the_base() -> None:
    assert LINKS.url(LinkKind.UNSUBSCRIBE, "t") == "https://theatre.example.org/u/t"
    assert LINKS.url(LinkKind.KEEP, "t") == "https://theatre.example.org/p/t"
    wide = replace(LINKS, base_url="https://théâtre.example.org/accord/")
    assert wide.url(LinkKind.PREFERENCES, "t") == "https://xn--thtre-4qa2c.example.org/accord/p/t"
    assert wide.host == "xn--thtre-4qa2c.example.org"
