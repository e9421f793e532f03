"""The other end of one TCP connection with the target, played packet by packet."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from scapy.layers.inet import TCP
from scapy.packet import Packet

from tcpslab.scapy import C2S, S2C, TC, TI, LowOrderKeyError, Tag, auth_tag, find, public_key, shared_secret
from tcpslab.scapy.keylog import ephemeral_line, static_line

from conformance.failure import PRESENT, Expectation, Violation
from conformance.packets import Options, Path, Pieces, fragments, protect, segment_length
from conformance.protection import Protection
from conformance.seen import ACK, SYN, WRAP, Seen, after

if TYPE_CHECKING:
    from conformance.arena import Arena

Role = Literal["client", "server"]

REACTION = 1.0  # seconds (scaled by the target) within which a reaction comes; above TCP's delayed ACK
SILENCE = 0.5  # seconds without a packet that count as no reaction
REPETITION = 4.0  # seconds within which a SYN or SYN-ACK without an answer comes again: after 1 s (RFC 6298) or 3 s


@dataclass(frozen=True)
class Identity:
    """A host's static key pair."""

    private: bytes

    @property
    def public(self) -> bytes:
        return public_key(self.private)


class Peer:
    """A TCP endpoint without a mind of its own: it sends what the test says, and remembers what came.

    Sequence numbers are absolute. `send` moves `snd_nxt`; `forge` sends without moving anything, as an attacker would.
    What the target sends waits in `inbox` until an `expect` claims it; `finish` (called after every test) fails on what
    nothing explains.
    """

    def __init__(self, arena: Arena, role: Role, address: str, port: int, identity: Identity) -> None:
        self.arena, self.role, self.address, self.port, self.identity = arena, role, address, port, identity
        self.ephemeral = arena.rng.randbytes(32)
        self.isn = arena.rng.randrange(WRAP)
        self.snd_nxt = self.isn
        self.rcv_nxt = 0
        self.target_isn: int | None = None
        self.path: Path | None = None
        self.offered: bytes | None = None  # the key in the TC of our SYN or SYN-ACK
        self.target_key: bytes | None = None  # the target's ephemeral key
        self.target_identity: bytes | None = None
        self.protection: Protection | None = None
        self.in_clear = False  # the documents let the target send unprotected from now on, or the test itself judges it
        self.inbox: list[Seen] = []
        self.all: list[Seen] = []
        self.stream = b""  # what the target's application sent, as far as it came in order
        self.fin: Seen | None = None  # the target's, once everything before it came
        self.mss: int | None = None  # that we announced
        self._old: tuple[int, bytes] | None = None  # an octet of the last data sent, and its sequence number
        self._acknowledged: int | None = None  # by the last segment that was sent
        self.sent_end = self.isn  # after the highest sequence number that went out without being a forgery
        self._seen_end: int | None = None
        self._early: dict[int, Seen] = {}  # segments beyond a gap, by sequence number

    # --- handshake ---------------------------------------------------------------------------------------------------

    def syn_options(self, tc: bool | bytes = True, mss: int | None = None) -> list[Any]:
        """MSS and TC, as a SYN of TCP/S has them (wire, section 2.1); `tc` may be another key, or False for none."""
        mss = mss if mss is not None else 1420 if ":" in self.address else 1440
        key = public_key(self.ephemeral) if tc is True else tc
        return [("MSS", mss), *([TC(public_key=key)] if key else [])]

    def open(self, *, tc: bool | bytes = True, service: str = "echo", **options: Any) -> Seen:
        """The whole handshake in either role; returns the target's SYN or SYN-ACK. Encrypted if both sent TC."""
        if self.role == "client":
            self.send_syn(tc, service=service, **options)
            shaken = self.expect_syn_ack()
            self.acknowledge()
        else:
            shaken = self.expect_syn(service=service)
            self.send_syn_ack(tc, **options)
            self.expect("the ACK of the handshake", flags="A", ack=self.snd_nxt)
        return shaken

    def send_syn(
        self, tc: bool | bytes = True, *, options: Options | None = None, service: str = "echo", **fields: Any
    ) -> Packet:
        """The peer's SYN, with `fields` as Path.segment has them. Sent again, it is a retransmission."""
        if self.path is None:
            self.aim(self.arena.target.serve(service))
        return self._send_handshake("S", 0, tc, options, fields)

    def aim(self, port: int) -> None:
        """Segments go to this port of the target from now on, whether or not there is a connection."""
        self.path = Path(self.address, self.port, self.arena.target.host, port)

    def send_syn_ack(self, tc: bool | bytes = True, *, options: Options | None = None, **fields: Any) -> Packet:
        """The peer's answer to the target's SYN. Sent again, it is a retransmission."""
        sent = self._send_handshake("SA", self.rcv_nxt, tc, options, fields)
        if self.protection is None:
            self._agree()
        return sent

    def _send_handshake(
        self, flags: str, ack: int, tc: bool | bytes, options: Options | None, fields: dict[str, Any]
    ) -> Packet:
        options = self.syn_options(tc) if options is None else options
        fields = {"flags": flags, "seq": self.isn, "ack": ack} | fields
        packet = self._path.segment(options=options, **fields)
        raw = any(name == "Unparsed" for name, _ in packet[TCP].options)
        wire = type(packet)(bytes(packet)) if raw else packet  # what raw bytes say shows only now
        offer = find(wire, TC)
        self.offered = offer.public_key if offer else None
        self.mss = next((value for name, value in wire[TCP].options if name == "MSS"), None)
        return self.send(packet)

    def connect_target(self, service: str = "echo") -> None:
        """Makes the target's application connect to this peer."""
        self.arena.target.connect(self.address, self.port, service)

    def expect_syn(self, *, service: str = "echo", connect: bool = True, **fields: Any) -> Seen:
        """Makes the target connect, and takes its SYN."""
        if connect:
            self.connect_target(service)
        syn = self.expect("a SYN", flags="S", **fields)
        self._meet(syn)
        return syn

    def expect_syn_ack(self, **fields: Any) -> Seen:
        """The target's SYN-ACK that answers our SYN."""
        syn_ack = self.expect("a SYN-ACK", **{"flags": "SA", "ack": (self.isn + 1) % WRAP} | fields)
        self._meet(syn_ack)
        self._agree()
        return syn_ack

    def _meet(self, seen: Seen) -> None:
        if self.path is None:
            self.path = Path(self.address, self.port, self.arena.target.host, seen.tcp.sport)
        self.target_isn, self.target_key = seen.seq, seen.tc
        self.rcv_nxt = seen.end

    def _agree(self) -> None:
        if self._offered_own_key() and self.target_key and self.target_isn is not None:
            direction = C2S if self.role == "client" else S2C
            self.protection = Protection(
                self.ephemeral, self.target_key, self.isn, self.target_isn, direction, self.arena.arithmetic
            )

    def _offered_own_key(self) -> bool:
        """Of any other key, one of low order for example, there is no private half. Its top bit says nothing."""
        key = self.offered
        return key is not None and key[:31] + bytes([key[31] & 0x7F]) == public_key(self.ephemeral)

    # --- building and sending ----------------------------------------------------------------------------------------

    @property
    def _path(self) -> Path:
        assert self.path is not None, "the connection has no second end yet: open() it, or send_syn() / expect_syn()"
        return self.path

    def segment(self, flags: str = "A", payload: bytes = b"", **fields: Any) -> Packet:
        """A segment of this connection as it is, unprotected; seq and ack are the current ones by default."""
        return self._path.segment(flags, payload, **{"seq": self.snd_nxt, "ack": self.rcv_nxt} | fields)

    def protected(self, payload: bytes = b"", flags: str = "PA", *, position: int | None = None, **fields: Any) -> Packet:
        """A segment encrypted and tagged, for the position that its sequence number has, or another."""
        assert self.protection is not None, "the connection is not encrypted"
        return protect(self.segment(flags, payload, **fields), self.protection, position)

    def at(self, offset: int) -> int:
        """The sequence number of a byte of our stream, the first one being 0."""
        return (self.isn + 1 + offset) % WRAP

    def start_at(self, isn: int) -> None:
        """Chooses our initial sequence number, before anything is sent."""
        self.isn = self.snd_nxt = self.sent_end = isn

    def send(self, packet: Packet, *, pieces: Pieces = ()) -> Packet:
        """Sends what this end has to say, in IP fragments if `pieces` tells how to cut (see packets.fragments)."""
        end = (packet[TCP].seq + segment_length(packet)) % WRAP
        if after(end, self.snd_nxt):
            self.snd_nxt = end
        if after(end, self.sent_end):
            self.sent_end = end
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

    def provoke_ack(self) -> Seen:
        """Makes the target's TCP send a pure ACK: an octet that it has already asks for one (RFC 9293, 3.10.7.4)."""
        if self._old is None:
            self.echo()
        assert self._old is not None
        self.inbox = [seen for seen in self.inbox if not seen.pure_ack]
        seq, octet = self._old
        self.arena.send(self.protected(octet, seq=seq) if self.protection else self.segment("PA", octet, seq=seq))
        return self.expect("an ACK of an octet that came again", pure_ack=True)

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

    # --- receiving ---------------------------------------------------------------------------------------------------

    def owns(self, seen: Seen) -> bool:
        ours = (seen.packet.dst, seen.tcp.dport) == (self.address, self.port)
        if self.path is None:
            return ours and seen.bits & SYN != 0
        return ours and (seen.packet.src, seen.tcp.sport) == (self.path.host, self.path.host_port)

    def take(self, seen: Seen) -> None:
        """A segment of the target arrived."""
        if self.protection:
            self.protection.judge(seen)
        self.all.append(seen)
        self.inbox.append(seen)
        if self.arena.monitor:
            self.arena.monitor.segment(self, seen)
        if seen.ti:
            self.target_identity = seen.ti.public_key
        self._absorb(seen)

    def _absorb(self, seen: Seen) -> None:
        """What a TCP receiver does with the sequence numbers of valid segments."""
        if seen.bits & SYN or not seen.length or seen.tag in (Tag.INVALID, Tag.MISSING):
            return
        self._early[seen.seq] = seen
        while (ready := self._early.pop(self.rcv_nxt, None)) is not None:
            self.stream += ready.payload if ready.plaintext is None else ready.plaintext
            self.rcv_nxt = ready.end
            if ready.fin:
                self.fin = ready

    def expect(self, what: str, timeout: float = REACTION, **fields: Any) -> Seen:
        """Claims the first segment with these fields, waiting for it; see Expectation for how fields compare."""
        expectation = Expectation(what, fields)
        found: list[Seen] = []

        def come() -> bool:
            found[:] = [seen for seen in self.inbox if not expectation.differences(seen)][:1]
            return bool(found)

        if not self.arena.pump_until(come, timeout):
            raise self.violation(f"{what} did not come", expectation=expectation, candidates=list(self.inbox))
        self.claim(found[0])
        return found[0]

    def claim(self, seen: Seen) -> None:
        """Takes a segment as expected; it may come again."""
        self.inbox.remove(seen)
        if seen.length and (self._seen_end is None or after(seen.end, self._seen_end)):
            self._seen_end = seen.end

    def claim_all(self) -> None:
        """What came is not the matter of this test."""
        for seen in list(self.inbox):
            self.claim(seen)

    def expect_ti(self, timeout: float = REACTION, **fields: Any) -> TI:
        """A pure ACK with TI."""
        seen = self.expect("a TI", timeout, **{"pure_ack": True, "ti": PRESENT} | fields)
        assert seen.ti is not None
        return seen.ti

    def expect_nothing(self, seconds: float = SILENCE, *, requirements: Sequence[str] = ()) -> None:
        """No reaction: a TI that is due and retransmissions of what came before are none."""
        before = len(self.all)
        self.arena.pump_until(lambda: False, seconds)
        reactions = [seen for seen in self.all[before:] if not self._explained(seen)]
        if reactions:
            raise self.violation(
                f"the target reacted with {reactions[0]}", requirements=requirements, candidates=reactions
            )

    def read(self, size: int, timeout: float = REACTION) -> bytes:
        """The next bytes of the target's application, acknowledged as they come."""

        def enough() -> bool:
            self._acknowledge_rest()
            return len(self.stream) >= size

        come = self.arena.pump_until(enough, timeout)
        for seen in [s for s in self.inbox if s.length and not after(s.end, self.rcv_nxt)]:
            self.claim(seen)
        if not come:
            raise self.violation(
                f"{len(self.stream)} of {size} bytes came from the target's application", candidates=list(self.inbox)
            )
        data, self.stream = self.stream[:size], self.stream[size:]
        return data

    def echo(self, payload: bytes = b"The quick brown fox", **fields: Any) -> None:
        """Sends data, and the target's application sends the same back: both directions work."""
        self.send_data(payload, **fields)
        self.expect_echo(payload)

    def expect_echo(self, payload: bytes) -> None:
        back = self.read(len(payload))
        if back != payload:
            raise self.violation(f"the application got or sent other bytes: {back.hex()} for {payload.hex()}")

    def settle(self) -> None:
        self.arena.settle()

    def close(self) -> None:
        """Both FINs: ours, the target's, and the ACK of each."""
        self.send_data(b"", "FA")
        self.expect_acknowledged()
        self.expect_close()

    def expect_acknowledged(self, timeout: float = REACTION) -> None:
        """The target acknowledges all that was sent, on whatever segment."""

        def acknowledged() -> bool:
            return any(seen.bits & ACK and seen.ack == self.snd_nxt for seen in self.all)

        if not self.arena.pump_until(acknowledged, timeout):
            raise self.violation("what was sent is not acknowledged", candidates=self.all[-1:])

    def expect_close(self) -> Seen:
        """The target's FIN, acknowledged unless that was done with the data before it."""
        fin = self.expect_fin()
        self._acknowledge_rest()
        return fin

    def expect_fin(self, timeout: float = REACTION) -> Seen:
        """The target's FIN, once all before it came. It is for the caller to acknowledge."""
        if not self.arena.pump_until(lambda: self.fin is not None, timeout) or self.fin is None:
            raise self.violation("no FIN came", candidates=list(self.inbox))
        if self.fin in self.inbox:
            self.claim(self.fin)
        return self.fin

    def again(self, *, role: Role | None = None) -> Peer:
        """Another connection of the same host: it has the same identity and remembers the target's."""
        other = self.arena.peer(address=self.address, identity=self.identity, role=role)
        other.target_identity = self.target_identity
        return other

    def successor(self) -> Peer:
        """The host's next connection on the same four-tuple, which takes what the target sends from now on."""
        self.settle()
        self.finish()
        self.arena.peers.remove(self)
        fresh = self.again(role=self.role)
        fresh.port, fresh.path = self.port, self.path
        return fresh

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

    def finish(self) -> None:
        left = [seen for seen in self.inbox if not (seen.pure_ack or self._explained(seen))]
        if left:
            raise self.violation(f"more was sent than expected: {left[0]}", candidates=left)

    def _explained(self, seen: Seen) -> bool:
        if seen.pure_ack and seen.ti:
            return True  # whether it may be sent is the monitor's question
        repeats = self._seen_end is not None and not after(seen.end, self._seen_end)
        return bool(seen.length) and repeats and (self.in_clear or seen.tag in (Tag.NOT_DUE, Tag.VALID))
