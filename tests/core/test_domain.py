"""Domains by IDNA 2008: what mail servers are told, and what is no domain."""

from __future__ import annotations

import pytest

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
