"""Segments as an attacker on the path makes them out of genuine ones: something changed, checksums right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scapy.layers.inet import TCP
from scapy.packet import Packet, Raw

from tcpslab.scapy import TM, find, with_options

from conformance.seen import PSH

if TYPE_CHECKING:
    from conformance.peer import Peer

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


# How a segment is made that looks genuine and is not.
SPOILED = (
    "untagged",
    "random tag",
    "zero tag",
    "other tag",
    "elsewhere",
    "other flags",
    "other byte",
    "shorter",
    "longer",
    "reflected",
)


def spoiled(peer: Peer, how: str, flags: str, payload: bytes, **fields: Any) -> Packet:
    """A segment of the peer with payload or FIN that must be dropped. No state of the peer moves."""
    protection = peer.protection
    assert protection is not None, "the connection is not encrypted"
    if how == "untagged":
        return peer.segment(flags, payload, **fields)
    position = protection.position(fields.get("seq", peer.snd_nxt))
    shift = 1 if how == "elsewhere" else 0
    packet = peer.protected(payload, flags, position=position + shift, **fields)
    sealed = bytes(packet[TCP].payload)
    match how:
        case "elsewhere":
            return packet
        case "random tag":
            return with_tag(packet, peer.arena.rng.randbytes(16))
        case "zero tag":
            return with_tag(packet, bytes(16))
        case "other tag":
            return with_tag(packet, flipped(tag_of(packet), peer.arena.rng.randrange(128)))
        case "other flags":
            return altered(packet, flags=int(packet[TCP].flags) ^ PSH)
        case "other byte":
            if sealed:
                return altered(packet, payload=flipped(sealed, 0))
            return with_tag(packet, flipped(tag_of(packet), 0))
        case "shorter":
            if len(sealed) > 1:
                return altered(packet, payload=sealed[:-1])
            return with_tag(packet, flipped(tag_of(packet), 127))
        case "longer":
            return altered(packet, payload=sealed + b"\0")
        case "reflected":  # under the keys of the target's own direction
            ciphertext, tag = protection.incoming.seal(
                protection.arithmetic.accepts, position, int(packet[TCP].flags) & 0xFF, payload
            )
            return with_tag(altered(packet, payload=ciphertext), tag)
    raise ValueError(f"no way to forge: {how}")
