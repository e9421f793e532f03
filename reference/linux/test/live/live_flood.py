"""SYNs by the thousand, each of another client."""

import secrets
import socket
import struct
from collections.abc import Iterator

_ETHERTYPE_IPV4 = 0x0800
_HEADERS = 20 + 60  # of IPv4, and of TCP with all the options that it can have


def syns(count: int, *, link: tuple[bytes, bytes], network: str, server: str, port: int) -> Iterator[bytes]:
    """Frames: SYNs with a TC each, from the addresses .3 to .252 of the /24 `network` in turn.

    `link`: the MAC addresses of destination and source.
    """
    destination = socket.inet_aton(server)
    for number in range(count):
        source = socket.inet_aton(network)[:3] + bytes([3 + number % 250])
        source_port = 1024 + number // 250 % 60000
        options = b"\x02\x04\x05\xb4" + b"\xfd\x24TC" + secrets.token_bytes(32)
        numbers = source_port, port, secrets.randbits(32), 0
        tcp = struct.pack("!HHIIBBHHH", *numbers, 15 << 4, 0x02, 64240, 0, 0) + options
        pseudo = source + destination + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, _HEADERS, 0, 0x4000, 64, socket.IPPROTO_TCP, 0) + source + destination
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        yield link[0] + link[1] + struct.pack("!H", _ETHERTYPE_IPV4) + ip + tcp


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
