"""Segments as an attacker on the path makes them out of genuine ones: something changed, checksums right."""

from typing import Any

from scapy.layers.inet import TCP
from scapy.packet import Packet, Raw

from tcpslab.scapy import TM, find, with_options

_COMPUTED = ("dataofs", "chksum")


def altered(packet: Packet, *, payload: bytes | None = None, **fields: Any) -> Packet:
    """The packet with another payload as it is on the wire, or other fields of the TCP header; all else stays."""
    copy = packet.copy()
    tcp = copy[TCP]
    for name, value in fields.items():
        setattr(tcp, name, value)
    for name in _COMPUTED:
        tcp.delfieldval(name)
    if payload is not None:
        tcp.remove_payload()
        tcp.add_payload(Raw(payload))
    return copy


def tag_of(packet: Packet) -> bytes:
    option = find(packet, TM)
    assert option is not None, "the segment has no TM"
    return option.tag


def with_tag(packet: Packet, tag: bytes) -> Packet:
    """The packet with another tag in the same place."""
    options = [TM(tag=tag) if isinstance(value, TM) else (name, value) for name, value in packet[TCP].options]
    return with_options(packet, options)


def without_tm(packet: Packet) -> Packet:
    return with_options(packet, [(name, value) for name, value in packet[TCP].options if not isinstance(value, TM)])


def flipped(data: bytes, bit: int) -> bytes:
    """`data` with one bit turned over, counted from the lowest of the first byte."""
    return bytes(byte ^ (1 << bit % 8 if i == bit // 8 else 0) for i, byte in enumerate(data))
