"""The other end of one TCP connection with the target, played packet by packet."""

from __future__ import annotations

from typing import Any

from scapy.layers.inet import TCP
from scapy.packet import Packet

from tcpslab.scapy import C2S, S2C, TC, find, public_key

from conformance.endpoint import Role
from conformance.packets import Options, Path
from conformance.protection import Protection
from conformance.receiver import Receiver
from conformance.seen import WRAP, Seen
from conformance.target import NotDriven


class Peer(Receiver):
    """A TCP endpoint without a mind of its own: it sends what the test says, and remembers what came.

    Handshakes and whole exchanges are here. `Endpoint` builds and sends segments, `Receiver` says what has to come.
    """

    offered: bytes | None = None  # the key in the TC of our SYN or SYN-ACK
    mss: int | None = None  # that we announced

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

    def open_without_window(self, *, service: str) -> None:
        """The handshake by segments that leave the target no window, so that what it has to say waits for one."""
        if self.role == "client":
            self.send_syn(service=service, window=0)
            self.expect_syn_ack()
            self.send(self.segment(window=0))
        else:
            self.expect_syn(service=service)
            self.send_syn_ack(window=0)

    def send_syn(
        self, tc: bool | bytes = True, *, options: Options | None = None, service: str = "echo", **fields: Any
    ) -> Packet:
        """The peer's SYN, with `fields` as Path.segment has them. Sent again, it is a retransmission."""
        if self.path is None:
            self.aim(self.arena.target.serve(service))
        return self._send_handshake("S", 0, tc, options, fields)

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
        syn = self.expect("a SYN", **{"flags": "S"} | self._judged(fields))
        self._meet(syn)
        self._check_keys(offered=True)
        return syn

    def expect_syn_ack(self, **fields: Any) -> Seen:
        """The target's SYN-ACK that answers our SYN."""
        syn_ack = self.expect("a SYN-ACK", **{"flags": "SA", "ack": (self.isn + 1) % WRAP} | self._judged(fields))
        self._meet(syn_ack)
        self._check_keys(offered=self._offered_own_key())
        self._agree()
        return syn_ack

    def _meet(self, seen: Seen) -> None:
        if self.path is None:
            self.path = Path(self.address, self.port, self.arena.target.host, seen.tcp.sport)
        self.target_isn, self.target_key = seen.seq, seen.tc
        self.rcv_nxt = seen.end

    def _judged(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Without TC where other tests judge it; what then lacks it is for `_check_keys`."""
        return {name: value for name, value in fields.items() if name != "tc"} if self.arena.keyless else fields

    def _check_keys(self, *, offered: bool) -> None:
        if self.arena.keyless and offered and self.target_key is None:
            raise NotDriven(self.arena.keyless)

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

    # --- exchanges ---------------------------------------------------------------------------------------------------

    def echo(self, payload: bytes = b"The quick brown fox", **fields: Any) -> None:
        """Sends data, and the target's application sends the same back: both directions work."""
        self.send_data(payload, **fields)
        self.expect_echo(payload)

    def provoke_ack(self) -> Seen:
        """Makes the target's TCP send a pure ACK: an octet that it has already asks for one (RFC 9293, 3.10.7.4)."""
        if self._old is None:
            self.echo()
        assert self._old is not None
        self.inbox = [seen for seen in self.inbox if not seen.pure_ack]
        seq, octet = self._old
        self.arena.send(self.protected(octet, seq=seq) if self.protection else self.segment("PA", octet, seq=seq))
        return self.expect("an ACK of an octet that came again", pure_ack=True)

    def close(self) -> None:
        """Both FINs: ours, the target's, and the ACK of each."""
        self.send_data(b"", "FA")
        self.expect_acknowledged()
        self.expect_close()

    # --- more connections --------------------------------------------------------------------------------------------

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
        fresh.port, fresh.path, fresh.before = self.port, self.path, self
        return fresh
