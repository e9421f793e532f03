"""Sessions: what a bystander who holds the secrets reads in a conversation, and whether its tags are right.

A session watches; it never drops. Its stream positions follow the sender (tcps-wire.md, section 4, and R11), whom no
forgery moves: what it reads does not depend on how a receiver took one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.packet import Packet, Raw

from tcpslab.scapy.crypto import DirectionKeys, auth_tag, derive_keys
from tcpslab.scapy.dialects import DIALECTS, Dialect
from tcpslab.scapy.options import TC, TI, TM, find

_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10
_HEADER = 20

Endpoint = tuple[str, int]


class Direction(Enum):
    C2S = "c2s"  # from the sender of the SYN
    S2C = "s2c"


C2S, S2C = Direction


class Tag(Enum):
    """Verdict on the tag of a segment."""

    NOT_DUE = "not due"  # no payload, no FIN, or the connection is not encrypted
    VALID = "valid"
    INVALID = "invalid"
    MISSING = "missing"
    UNVERIFIABLE = "unverifiable"  # the key log does not open this connection


class Identity(Enum):
    """Verdict on the auth tag of a TI."""

    VALID = "valid"
    INVALID = "invalid"
    ZERO = "zero"  # the sender does not know its peer yet
    UNVERIFIABLE = "unverifiable"  # the key log has no secret of this identity


class Secrets(Protocol):
    """Where a session finds its secrets: a KeyLog, or the EndpointKeyLog of a running host."""

    def ephemeral(self, client_key: bytes) -> Sequence[bytes]: ...

    def static(self, identity: bytes) -> Sequence[bytes]: ...


@dataclass(frozen=True)
class Opened:
    """A segment, and what the session found in it."""

    packet: Packet  # from the IP header on, as it was on the wire
    direction: Direction
    tag: Tag
    position: int | None = None  # in the stream of its direction, if the tag is valid
    plaintext: bytes | None = None  # likewise
    identity: Identity | None = None  # if the segment carries a TI that counts

    def readable(self) -> Packet:
        """A copy of the packet with its plaintext in place of the ciphertext, and checksums to match."""
        copy = self.packet.copy()
        if self.plaintext:
            copy[TCP].remove_payload()
            copy[TCP].add_payload(Raw(self.plaintext))
            copy[TCP].delfieldval("chksum")
        return copy


@dataclass(frozen=True)
class _Segment:
    """A TCP segment taken out of its packet."""

    packet: Packet
    source: Endpoint
    destination: Endpoint
    flags: int  # byte 13 of the TCP header
    payload: bytes

    @property
    def seq(self) -> int:
        return self.packet[TCP].seq

    @property
    def ack(self) -> int:
        return self.packet[TCP].ack

    @classmethod
    def of(cls, packet: Packet) -> "_Segment | None":
        ip = packet.getlayer(IP) or packet.getlayer(IPv6)
        if ip is None:
            return None
        ip = type(ip)(bytes(ip))  # a packet that was built, not received, has its lengths only now
        fragment = IPv6ExtHdrFragment in ip or (IP in ip and (ip.flags.MF or ip.frag))
        tcp = ip.getlayer(TCP)
        if fragment or tcp is None or len(tcp.original) < _HEADER:
            return None
        header = 4 * tcp.dataofs
        if not _HEADER <= header <= len(tcp.original):
            return None
        payload = tcp.original[header:]  # Scapy's payload would hold an Ethernet frame's padding as well
        return cls(ip, (ip.src, tcp.sport), (ip.dst, tcp.dport), int(tcp.flags) & 0xFF, payload)


class _Reader:
    """One reading of a direction: these keys, this dialect."""

    def __init__(self, keys: DirectionKeys, dialect: Dialect) -> None:
        self.dialect = dialect
        self._keys = keys
        self._position = dialect.new_position()

    def open(self, offset: int, flags: int, payload: bytes, tag: bytes) -> tuple[int, bytes] | None:
        position = self._position.candidate(offset)
        plaintext = self._keys.open(self.dialect, position, flags, payload, tag)
        if plaintext is None:
            return None
        self._position.accept(position)
        return position, plaintext


class _Half:
    """One direction: all readings that are possible until the first valid tag tells, and the stream so far."""

    def __init__(self, isn: int) -> None:
        self.readers: list[_Reader] = []
        self._isn = isn
        self._decided = False
        self._pieces: dict[int, bytes] = {}

    @property
    def dialect(self) -> Dialect | None:
        return self.readers[0].dialect if self._decided else None

    def open(self, segment: _Segment, tag: bytes) -> tuple[Tag, int | None, bytes | None]:
        if not self.readers:
            return Tag.UNVERIFIABLE, None, None
        offset = (segment.seq - self._isn - 1) % 2**32
        for reader in self.readers:
            if opened := reader.open(offset, segment.flags, segment.payload, tag):
                self.readers, self._decided = [reader], True
                position, plaintext = opened
                if len(plaintext) > len(self._pieces.get(position, b"")):
                    self._pieces[position] = plaintext
                return Tag.VALID, position, plaintext
        return Tag.INVALID, None, None

    def stream(self) -> bytes:
        stream = bytearray()
        for position in sorted(self._pieces):
            if position > len(stream):
                break
            stream += self._pieces[position][len(stream) - position :]
        return bytes(stream)


class Session:
    """One TCP connection, from its SYN on. `Sessions` makes them.

    Both ends showed a TC: the session is `encrypted`. The dialect of each direction shows with its first valid tag.
    """

    def __init__(self, secrets: Secrets, syn: _Segment, dialects: Sequence[Dialect]) -> None:
        self.client: Endpoint = syn.source
        self.server: Endpoint = syn.destination
        self.client_isn: int = syn.seq
        self.server_isn: int | None = None
        self.client_key: bytes | None = _ephemeral_key(syn)
        self.server_key: bytes | None = None
        self.identities: dict[Direction, bytes] = {}  # the first TI of each sender, whatever its verdict
        self._secrets = secrets
        self._dialects = dialects
        self._halves: dict[Direction, _Half] = {}

    @property
    def encrypted(self) -> bool:
        return bool(self._halves)

    def dialect(self, direction: Direction) -> Dialect | None:
        """What the sender of this direction speaks; None before its first valid tag."""
        half = self._halves.get(direction)
        return half and half.dialect

    def stream(self, direction: Direction) -> bytes:
        """The application data of this direction, from its first byte to the first gap, of segments with valid tags."""
        half = self._halves.get(direction)
        return half.stream() if half else b""

    def _open(self, segment: _Segment) -> Opened:
        direction = C2S if segment.source == self.client else S2C
        if segment.flags & _SYN:
            if segment.flags & _ACK and direction is S2C and self.server_isn is None:
                self._agree(segment)
            return Opened(segment.packet, direction, Tag.NOT_DUE)
        if not self.encrypted:
            return Opened(segment.packet, direction, Tag.NOT_DUE)
        tag, position, plaintext = self._check_tag(segment, direction)
        return Opened(segment.packet, direction, tag, position, plaintext, self._check_identity(segment, direction))

    def _agree(self, syn_ack: _Segment) -> None:
        """The client takes the first SYN-ACK that acknowledges its SYN (R24); later ones are retransmissions."""
        if syn_ack.ack != (self.client_isn + 1) % 2**32:
            return
        server_key = _ephemeral_key(syn_ack)
        self.server_isn, self.server_key = syn_ack.seq, server_key
        if self.client_key is not None and server_key is not None:
            self._halves = {C2S: _Half(self.client_isn), S2C: _Half(syn_ack.seq)}

    def _readers(self, direction: Direction) -> list[_Reader]:
        if self.client_key is None:
            return []
        secrets = [derive_keys(shared) for shared in self._secrets.ephemeral(self.client_key)]
        keys = [secret.c2s if direction is C2S else secret.s2c for secret in secrets]
        return [_Reader(key, dialect) for key in keys for dialect in self._dialects]

    def _check_tag(self, segment: _Segment, direction: Direction) -> tuple[Tag, int | None, bytes | None]:
        if segment.flags & _RST or not (segment.payload or segment.flags & _FIN):
            return Tag.NOT_DUE, None, None
        option = find(segment.packet, TM)
        if option is None:
            return Tag.MISSING, None, None
        half = self._halves[direction]
        if not half.readers:  # a running endpoint may know the secret later than the wire shows the keys
            half.readers = self._readers(direction)
        return half.open(segment, option.tag)

    def _check_identity(self, segment: _Segment, direction: Direction) -> Identity | None:
        option = find(segment.packet, TI)
        if option is None:
            return None
        self.identities.setdefault(direction, option.public_key)
        # Of the peer's identity nothing need be known: secrets of this one with any other are tried.
        secrets = self._secrets.static(option.public_key)
        if any(auth_tag(shared, self.client_isn) == option.auth_tag for shared in secrets):
            return Identity.VALID
        if not any(option.auth_tag):
            return Identity.ZERO
        return Identity.INVALID if secrets else Identity.UNVERIFIABLE


class Sessions:
    """Packets in, sessions out: sorts a capture's segments into connections.

    Of interest are whole TCP segments of connections whose SYN was seen. IP fragments are not, as the kernel module
    does not see them either: reassemble them first with scapy.layers.inet.defragment() if the receiver did.
    """

    def __init__(self, secrets: Secrets, dialects: Sequence[Dialect] = DIALECTS) -> None:
        self.all: list[Session] = []  # in the order of their SYNs, or if one replaces another, of their SYN-ACKs
        self._secrets = secrets
        self._dialects = dialects
        self._current: dict[frozenset[Endpoint], Session] = {}
        self._pending: dict[frozenset[Endpoint], Session] = {}

    def feed(self, packet: Packet) -> Opened | None:
        """What a session found in the packet; None if the packet belongs to none."""
        segment = _Segment.of(packet)
        if segment is None:
            return None
        flow = frozenset((segment.source, segment.destination))
        if segment.flags & _SYN:
            session = self._shake(flow, segment)
        else:
            session = self._current.get(flow)
        return session._open(segment) if session else None

    def _shake(self, flow: frozenset[Endpoint], segment: _Segment) -> Session | None:
        current, pending = self._current.get(flow), self._pending.get(flow)
        if segment.flags & _ACK:
            # Anybody can send a SYN. It ends a session only once the other end has answered it (R22).
            if pending and pending.client == segment.destination and segment.ack == (pending.client_isn + 1) % 2**32:
                return self._begin(flow, self._pending.pop(flow))
            return current
        for session in (current, pending):
            if session and (session.client, session.client_isn) == (segment.source, segment.seq):
                return session
        session = Session(self._secrets, segment, self._dialects)
        if current is None or current.server_isn is None:
            return self._begin(flow, session)
        self._pending[flow] = session
        return session

    def _begin(self, flow: frozenset[Endpoint], session: Session) -> Session:
        self._current[flow] = session
        self.all.append(session)
        return session


def _ephemeral_key(segment: _Segment) -> bytes | None:
    option = find(segment.packet, TC)
    return option.public_key if option else None
