"""The short way of checking an address says exactly what the full validator says."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accord.shell.engine.addresses import Addresses, NoAddress

LOCALS = st.text("abAZ09.!#$%&'*+-/=?^_`{|}~\"\\ @()<>,;:[]é", min_size=0, max_size=12)
LABELS = st.text("abAZ09-_é", min_size=0, max_size=8)
DOMAINS = st.lists(LABELS, min_size=0, max_size=4).map(".".join) | st.sampled_from(
    [
        "example.org",
        "Example.ORG",
        "xn--bcher-kva.example.org",
        "localhost",
        "[127.0.0.1]",
        "a.test",
        "x." * 130,
    ]
)
ADDRESSES = st.builds(lambda local, domain: f"{local}@{domain}", LOCALS, DOMAINS) | st.text(max_size=20)


def fully(text: str) -> str | None:
    try:
        return validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None


def shortly(addresses: Addresses, text: str) -> str | None:
    try:
        return addresses.read(text)
    except NoAddress as fault:
        assert str(fault)
        return None


@settings(max_examples=600)
@given(st.lists(ADDRESSES, min_size=1, max_size=6))
@example(["INFO@example.org", "Info@EXAMPLE.org", "a@example.org"])
@example(
    [
        "x" * 65 + "@example.org",
        "x" * 250 + "@example.org",
        "a@" + "x" * 63 + ".org",
        "a@" + "x" * 64 + ".org",
    ]
)
@example(["a@b@example.org", '"a b"@example.org', "a..b@example.org", ".a@example.org", "a.@example.org"])
@example(["a@bücher.example.org", "a@xn--bcher-kva.example.org", "a@BÜCHER.example.org", "é@example.org"])
@example(
    ["a@example.123", "a@example", "a@-example.org", "a@example-.org", "a@ex_ample.org", "a@aa--b.org", "a@"]
)
def test_the_short_way_says_what_the_full_validator_says(texts: list[str]) -> None:
    addresses = Addresses()
    for text in [*texts, *texts]:
        assert shortly(addresses, text) == fully(text)


@pytest.mark.parametrize("text", ["", "   ", "x" * 5_000 + "@example.org", "a@" + "é" * 2_000])
def test_nothing_and_far_too_much_are_no_addresses(text: str) -> None:
    with pytest.raises(NoAddress):
        Addresses().read(text)


def test_many_domains_are_not_all_remembered() -> None:
    addresses = Addresses(most=3)
    for number in range(10):
        assert addresses.read(f"a@d{number}.example.org") == f"a@d{number}.example.org"
    assert len(addresses) <= 3
