"""Which connection an IP packet belongs to, read from its headers without a full parse: a target may send anything."""

import ipaddress

from conformance.target_file import Address

Endpoint = tuple[bytes, int]  # address as in the packet, TCP port
Flow = frozenset[Endpoint]  # both ends; the same for both directions

_TCP = 6


def addresses_of(packet: bytes) -> tuple[Address, Address] | None:
    """Source and destination; None if this is not a whole IP header."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        return ipaddress.IPv4Address(packet[12:16]), ipaddress.IPv4Address(packet[16:20])
    if len(packet) >= 40 and packet[0] >> 4 == 6:
        return ipaddress.IPv6Address(packet[8:24]), ipaddress.IPv6Address(packet[24:40])
    return None


def endpoints_of(packet: bytes) -> tuple[Endpoint, Endpoint] | None:
    """Source and destination of a TCP segment; None for what has no TCP ports, such as a fragment but the first."""
    addresses = addresses_of(packet)
    if addresses is None:
        return None
    if addresses[0].version == 4:
        segment = (packet[0] & 0xF) * 4
        is_tcp = packet[9] == _TCP and not int.from_bytes(packet[6:8], "big") & 0x1FFF
    else:
        segment = 40
        is_tcp = packet[6] == _TCP
    ports = packet[segment : segment + 4]
    if not is_tcp or len(ports) < 4:
        return None
    source, destination = (address.packed for address in addresses)
    return (source, int.from_bytes(ports[:2], "big")), (destination, int.from_bytes(ports[2:], "big"))


def flow_of(packet: bytes) -> Flow | None:
    """The connection of a TCP segment; None as for `endpoints_of`."""
    ends = endpoints_of(packet)
    return None if ends is None else frozenset(ends)
