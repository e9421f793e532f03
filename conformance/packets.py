"""Scapy packets of one connection, from the peer to the target."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.packet import Packet, Raw

from tcpslab.scapy import TM, TcpsOption

from conformance.protection import Protection
from conformance.seen import FIN, SYN, WRAP

Options = Sequence[TcpsOption | tuple[Any, Any]]
Pieces = Sequence[tuple[int, int | None]]  # from and to, in bytes from the start of the TCP header

_TCP = 6
_FRAGMENT_UNIT = 8  # bytes: offsets are counted in them (RFC 791, section 3.1; RFC 8200, section 4.5)


def segment_length(packet: Packet) -> int:
    """In sequence space: payload, and one each for SYN and FIN."""
    tcp = packet[TCP]
    return len(bytes(tcp.payload)) + bool(int(tcp.flags) & SYN) + bool(int(tcp.flags) & FIN)


@dataclass(frozen=True)
class Path:
    """The four values that name a connection, from the peer's side."""

    address: str
    port: int
    host: str
    host_port: int

    def segment(
        self,
        flags: str,
        payload: bytes = b"",
        *,
        seq: int,
        ack: int = 0,
        options: Options = (),
        window: int = 65535,
        **fields: Any,
    ) -> Packet:
        """A TCP segment as it is, without protection; further fields go to Scapy's TCP layer."""
        ip = IPv6 if ":" in self.host else IP
        tcp = TCP(
            sport=self.port,
            dport=self.host_port,
            seq=seq % WRAP,
            ack=ack % WRAP,
            flags=flags,
            window=window,
            options=list(options),
            **fields,
        )
        if payload:
            tcp.add_payload(Raw(payload))
        packet = ip(src=self.address, dst=self.host)
        packet.add_payload(tcp)  # `/` would copy both
        return packet


def encode(packet: Packet) -> bytes:
    """The packet on the wire. Scapy copies one first whose fields may stand for several values; here none does."""
    layer = packet
    while layer:
        layer.explicit = 1
        layer = layer.payload
    return bytes(packet)


def protect(packet: Packet, protection: Protection, position: int | None = None) -> Packet:
    """The segment encrypted, with its TM after the options that it has (wire, sections 2.2 and 5)."""
    tcp = packet[TCP]
    ciphertext, tag = protection.seal(tcp.seq, int(tcp.flags) & 0xFF, bytes(tcp.payload), position)
    sealed = packet.copy()
    inner = sealed[TCP]
    inner.remove_payload()
    inner.options = [*inner.options, TM(tag=tag)]
    if ciphertext:
        inner.add_payload(Raw(ciphertext))
    return sealed


def fragments(packet: Packet, pieces: Pieces) -> list[Packet]:
    """The packet in IP fragments, in the order of `pieces`, which may overlap.

    A piece begins at a multiple of 8, and ends at one unless it is the end of the packet. The identification comes from
    the TCP checksum, so that it is equal for the pieces of a packet and hardly ever for those of two.
    """
    whole = type(packet)(bytes(packet))
    data, identification = bytes(whole.payload), whole[TCP].chksum
    parts = []
    for start, end in pieces:
        end = len(data) if end is None else end
        assert start % _FRAGMENT_UNIT == 0 and (end % _FRAGMENT_UNIT == 0 or end == len(data)), "no fragment boundary"
        more, offset, piece = end < len(data), start // _FRAGMENT_UNIT, Raw(data[start:end])
        if IPv6 in whole:
            header = IPv6ExtHdrFragment(nh=_TCP, offset=offset, m=more, id=identification)
            parts.append(IPv6(src=whole.src, dst=whole.dst) / header / piece)
        else:
            header = IP(proto=_TCP, id=identification, flags="MF" if more else 0, frag=offset)
            header.src, header.dst = whole.src, whole.dst
            parts.append(header / piece)
    return parts
