"""A packet from the target, dissected, with the verdict on its tag once the peer knows the keys."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.packet import Packet, Raw

from tcpslab.scapy import TC, TI, TM, Tag, find

from conformance.flow import addresses_of

WRAP = 2**32
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
_LETTERS = "FSRPAUEC"
_HEADER = 20  # bytes of a TCP header without options
_TCP = 6


def flag_bits(letters: str) -> int:
    """Byte 13 of the TCP header from letters as in Scapy: "SA" is SYN and ACK."""
    return sum(1 << _LETTERS.index(letter) for letter in letters)


def flag_letters(bits: int) -> str:
    return "".join(letter for bit, letter in enumerate(_LETTERS) if bits >> bit & 1) or "none"


@dataclass(eq=False)
class Seen:
    """One packet that the target sent, most often a segment. Byte strings are as on the wire unless a name says otherwise."""

    data: bytes  # the whole IP packet
    time: float  # seconds on the target's clock
    checksums: bool = True  # whether they are the sender's own and may be judged
    tag: Tag = Tag.NOT_DUE
    position: int | None = None  # in the target's stream, if the tag is valid
    plaintext: bytes | None = None  # likewise

    def __getstate__(self) -> dict[str, Any]:
        """For another process: what was dissected is dissected again."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def packet(self) -> Packet:
        if addresses_of(self.data) is None:  # Scapy raises various errors where a header is cut off
            return Raw(self.data)
        return (IPv6 if self.data[0] >> 4 == 6 else IP)(self.data)

    @cached_property
    def tcp(self) -> TCP:
        return self.packet[TCP]

    @property
    def is_tcp(self) -> bool:
        """Whether its IP header announces TCP, whatever of that is there."""
        return _TCP in (getattr(self.packet, "proto", None), getattr(self.packet, "nh", None))

    @cached_property
    def is_whole(self) -> bool:
        """Whether it is a segment whose header is all there. Nothing else has what is told of segments here."""
        if TCP not in self.packet or len(self.tcp.original) < _HEADER:
            return False
        return _HEADER <= 4 * self.tcp.dataofs <= len(self.tcp.original)

    @property
    def seq(self) -> int:
        return self.tcp.seq

    @property
    def ack(self) -> int:
        return self.tcp.ack

    @property
    def window(self) -> int:
        return self.tcp.window

    @cached_property
    def bits(self) -> int:
        """All eight flags of byte 13."""
        return int(self.tcp.flags) & 0xFF

    @property
    def flags(self) -> str:
        return flag_letters(self.bits)

    @property
    def fin(self) -> bool:
        return bool(self.bits & FIN)

    @property
    def reset(self) -> bool:
        return bool(self.bits & RST)

    @cached_property
    def payload(self) -> bytes:
        return self.tcp.original[4 * self.tcp.dataofs :]

    @cached_property
    def option_area(self) -> bytes:
        return self.tcp.original[_HEADER : 4 * self.tcp.dataofs]

    @cached_property
    def options(self) -> list[str]:
        """The names of the options, in order, as Scapy spells them ("MSS", "TC"); kinds without a name as numbers."""
        return [str(name) for name, _ in self.tcp.options]

    @cached_property
    def mss(self) -> int | None:
        return next((value for name, value in self.tcp.options if name == "MSS"), None)

    @cached_property
    def tc(self) -> bytes | None:
        option = find(self.packet, TC)
        return option.public_key if option else None

    @cached_property
    def tm(self) -> bytes | None:
        option = find(self.packet, TM)
        return option.tag if option else None

    @cached_property
    def ti(self) -> TI | None:
        return find(self.packet, TI)

    @property
    def pure_ack(self) -> bool:
        return self.bits & (SYN | FIN | RST | ACK) == ACK and not self.payload

    @property
    def length(self) -> int:
        """In sequence space: SYN and FIN count one each."""
        return len(self.payload) + bool(self.bits & SYN) + bool(self.bits & FIN)

    @property
    def said(self) -> bytes:
        """The payload in clear, as far as it can be read."""
        return self.payload if self.plaintext is None else self.plaintext

    @property
    def end(self) -> int:
        """The sequence number after the segment."""
        return (self.seq + self.length) % WRAP

    def __str__(self) -> str:
        if not self.is_whole:
            return f"{self.time:.6f} {self.packet.summary()}"
        words = [f"{self.time:.6f}", f"<{self.flags}>", f"seq {self.seq}", f"ack {self.ack}"]
        if self.payload:
            words.append(f"{len(self.payload)} bytes")
        if self.options:
            words.append(f"[{', '.join(self.options)}]")
        if self.tag is not Tag.NOT_DUE:
            words.append(f"tag {self.tag.value}")
        return " ".join(words)


def after(a: int, b: int) -> bool:
    """Whether sequence number a lies after b (RFC 9293, section 3.4)."""
    return 0 < (a - b) % WRAP < WRAP // 2
