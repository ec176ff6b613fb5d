"""Who asks: neighbours are those who really are, in whichever form an address comes."""

from __future__ import annotations

import pytest

from accord.core.model.caller import network_of


@pytest.mark.parametrize(
    ("caller", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        # Else everybody who comes by IPv4 would be one household, and one of them could shut the forms for all.
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a socket", "a socket"),
        ("", ""),
    ],
)
def test_the_network_of_a_caller(caller: str, network: str) -> None:
    assert network_of(caller) == network
