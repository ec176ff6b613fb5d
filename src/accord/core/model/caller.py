"""Who asks, as an address of the network: one form for each, however it came."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


def address_of(caller: str) -> IPv4Address | IPv6Address | None:
    """The address of a caller; None where it is none.

    One of IPv4 that comes in the clothes of IPv6 («::ffff:192.0.2.1», RFC 4291, 2.5.5.2) is one of IPv4: else all
    of them would be neighbours. Which of our own interfaces it came by («%eth0») is left out.
    """
    try:
        address = ip_address(caller.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def network_of(caller: str) -> str:
    """What a household or an office has of the network, as text: /24 and /64; of what is no address the text itself."""
    address = address_of(caller)
    if address is None:
        return caller
    return str(ip_network(f"{address}/{24 if address.version == 4 else 64}", strict=False))
