"""Domains by IDNA 2008: what mail servers are told, and what is no domain."""

from __future__ import annotations

import pytest

from accord.core.model.contact import email_key
from accord.core.model.domain import NotADomain, ascii_domain


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("Example.ORG", "example.org"),
        ("théâtre.fr", "xn--thtre-4qa2c.fr"),
        ("THÉÂTRE.fr", "xn--thtre-4qa2c.fr"),
        # By IDNA 2003 this was strasse.de, which is somebody else's.
        ("straße.de", "xn--strae-oqa.de"),
        ("例え.jp", "xn--r8jz45g.jp"),
    ],
)
def test_a_domain_in_ascii(typed: str, told: str) -> None:
    assert ascii_domain(typed) == told


@pytest.mark.parametrize(
    "typed", ["", "a..b", "💌.example", "-a.example", "a" * 64 + ".fr", "a b.fr", "\ud800.fr"]
)
def test_what_is_no_domain(typed: str) -> None:
    with pytest.raises(NotADomain):
        ascii_domain(typed)


def test_addresses_are_compared_by_the_domain_that_they_are_at() -> None:
    same = {"Ada@Straße.de", " ada@xn--strae-oqa.DE ", "ADA@STRASSE.DE".replace("SS", "ẞ")}
    assert {email_key(each) for each in same} == {"ada@xn--strae-oqa.de"}
    assert email_key("ada@strasse.de") == "ada@strasse.de", "another owner's"
    assert email_key("ada@раypal.example") != email_key("ada@paypal.example"), (
        "a Cyrillic letter is not a Latin one"
    )
