"""One end of a TCP connection: its numbers and keys, and the segments that it sends."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from scapy.layers.inet import TCP
from scapy.packet import Packet

from tcpslab.scapy import TI, LowOrderKeyError, auth_tag, public_key, shared_secret
from tcpslab.scapy.keylog import ephemeral_line, static_line

from conformance.failure import Violation
from conformance.packets import Path, Pieces, fragments, protect, segment_length
from conformance.protection import Protection
from conformance.seen import ACK, FIN, WRAP, after

if TYPE_CHECKING:
    from conformance.arena import Arena

Role = Literal["client", "server"]


@dataclass(frozen=True)
class Identity:
    """A host's static key pair."""

    private: bytes

    @property
    def public(self) -> bytes:
        return public_key(self.private)


class Endpoint:
    """Sequence numbers are absolute. `send` moves `snd_nxt`; `forge` sends as an attacker would, and moves nothing."""

    def __init__(self, arena: Arena, role: Role, address: str, port: int, identity: Identity) -> None:
        self.arena, self.role, self.address, self.port, self.identity = arena, role, address, port, identity
        self.ephemeral = arena.rng.randbytes(32)
        self.isn = arena.rng.randrange(WRAP)
        self.snd_nxt = self.isn
        self.sent_end = self.isn  # after the highest sequence number that went out without being a forgery
        self.closed = False  # whether our FIN went out
        self.before: Endpoint | None = None  # that of the connection before, on the same four-tuple
        self.rcv_nxt = 0
        self.path: Path | None = None
        self.target_isn: int | None = None
        self.target_key: bytes | None = None  # the target's ephemeral key
        self.target_identity: bytes | None = None
        self.protection: Protection | None = None
        self._old: tuple[int, bytes] | None = None  # an octet of the last data sent, and its sequence number
        self._acknowledged: int | None = None  # by the last segment that was sent

    def start_at(self, isn: int) -> None:
        """Chooses our initial sequence number, before anything is sent."""
        self.isn = self.snd_nxt = self.sent_end = isn

    def aim(self, port: int) -> None:
        """Segments go to this port of the target from now on, whether or not there is a connection."""
        self.path = Path(self.address, self.port, self.arena.target.host, port)

    @property
    def _path(self) -> Path:
        assert self.path is not None, "the connection has no second end yet: open() it, or send_syn() / expect_syn()"
        return self.path

    def at(self, offset: int) -> int:
        """The sequence number of a byte of our stream, the first one being 0."""
        return (self.isn + 1 + offset) % WRAP

    def segment(self, flags: str = "A", payload: bytes = b"", **fields: Any) -> Packet:
        """A segment of this connection as it is, unprotected; seq and ack are the current ones by default."""
        return self._path.segment(flags, payload, **{"seq": self.snd_nxt, "ack": self.rcv_nxt} | fields)

    def protected(
        self, payload: bytes = b"", flags: str = "PA", *, position: int | None = None, **fields: Any
    ) -> Packet:
        """A segment encrypted and tagged, for the position that its sequence number has, or another."""
        assert self.protection is not None, "the connection is not encrypted"
        return protect(self.segment(flags, payload, **fields), self.protection, position)

    def send(self, packet: Packet, *, pieces: Pieces = ()) -> Packet:
        """Sends what this end has to say, in IP fragments if `pieces` tells how to cut (see packets.fragments)."""
        end = (packet[TCP].seq + segment_length(packet)) % WRAP
        if after(end, self.snd_nxt):
            self.snd_nxt = end
        if after(end, self.sent_end):
            self.sent_end = end
        self.closed |= bool(int(packet[TCP].flags) & FIN)
        if int(packet[TCP].flags) & ACK:
            self._acknowledged = packet[TCP].ack
        for part in fragments(packet, pieces) if pieces else [packet]:
            self.arena.send(part)
        return packet

    def send_data(self, payload: bytes, flags: str = "PA", **fields: Any) -> Packet:
        """Data in sequence, protected if the connection is."""
        build = self.protected if self.protection else lambda data, letters, **f: self.segment(letters, data, **f)
        packet = self.send(build(payload, flags, **fields))
        if len(payload) > 1:
            self._old = packet[TCP].seq, payload[:1]
        return packet

    def forge(self, *packets: Packet) -> None:
        """Sends what this end would not: nothing of the peer's state moves, and the target has been quiet before."""
        self.settle()
        for packet in packets:
            self.arena.send(packet)

    def forge_in(self, pieces: Pieces, *packets: Packet) -> None:
        """Likewise, each in IP fragments (see packets.fragments)."""
        self.forge(*(part for packet in packets for part in fragments(packet, pieces)))

    def acknowledge(self) -> Packet:
        """A pure ACK of all that came in order."""
        return self.send(self.segment("A"))

    def _acknowledge_rest(self) -> None:
        if self._acknowledged != self.rcv_nxt:
            self.acknowledge()

    def settle(self) -> None:
        self.arena.settle()

    @property
    def client_isn(self) -> int:
        isn = self.isn if self.role == "client" else self.target_isn
        assert isn is not None, "no handshake yet"
        return isn

    def ti(self, *, identity: Identity | None = None, proof: bytes | None = None) -> TI:
        """This host's TI: zero proof while the target's identity is not known (wire, section 6)."""
        identity = identity or self.identity
        if proof is None:
            known = self.target_identity
            proof = auth_tag(shared_secret(identity.private, known), self.client_isn) if known else bytes(4)
        return TI(public_key=identity.public, auth_tag=proof)

    def send_ti(self, option: TI | None = None) -> Packet:
        return self.send(self.segment("A", options=[option or self.ti()]))

    def key_log(self) -> list[str]:
        """The secrets of this connection, and of both hosts, as far as this end knows them."""
        lines = []
        if self.protection is not None and self.target_key is not None:
            client = public_key(self.ephemeral) if self.role == "client" else self.target_key
            lines.append(ephemeral_line(client, self.protection.shared))
        if self.target_identity is not None:
            with suppress(LowOrderKeyError):
                shared = shared_secret(self.identity.private, self.target_identity)
                lines.append(static_line(self.identity.public, self.target_identity, shared))
        return lines

    def violation(self, summary: str, **details: Any) -> Violation:
        return Violation(summary, sent=self.arena.last_sent(), **details)
