"""One test's stage: the target as the test needs it, the peers that talk to it, and everything that was on the wire."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from scapy.packet import Packet

from conformance.endpoint import Identity, Role
from conformance.failure import Violation
from conformance.monitor import Monitor
from conformance.packets import encode
from conformance.peer import Peer
from conformance.protection import Arithmetic
from conformance.seen import Seen
from conformance.target import NotDriven, Setup, Target
from conformance.timing import QUIET


@dataclass(frozen=True)
class Traced:
    """A packet on the wire, for the capture of a failing test."""

    time: float
    data: bytes
    seen: Seen | None = None  # None: the suite sent it


@dataclass
class Arena:
    """Peers are made here; packets from the target find theirs by addresses and ports."""

    target: Target
    setup: Setup
    role: Role  # of the peers: "client" where the target is the server
    arithmetic: Arithmetic
    rng: random.Random
    keyless: str = ""  # why a handshake of a target that agrees no keys ends this test; empty: the test judges it
    trace: list[Traced] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)
    met: list[Peer] = field(default_factory=list)  # with those whose four-tuple has gone to a successor
    strays: list[Seen] = field(default_factory=list)  # segments to an address of ours that belong to no peer
    others: list[Seen] = field(default_factory=list)  # packets that are no whole segments

    def __post_init__(self) -> None:
        self.monitor: Monitor | None = Monitor(self.setup)
        self._seconds = self._deadline = math.inf
        self._given: list[str] | None = None  # secrets that the target gave away, once it is stopped

    @property
    def scale(self) -> float:
        return self.target.time_scale

    def budget(self, seconds: float) -> None:
        """From now on the test may take this long on the target's clock."""
        self._seconds, self._deadline = seconds, self.target.now() + seconds * self.scale

    def identity(self) -> Identity:
        return Identity(self.rng.randbytes(32))

    def peer(self, *, address: str | None = None, identity: Identity | None = None, role: Role | None = None) -> Peer:
        """Another peer: by default a host that the target never met."""
        peer = Peer(
            self,
            role or self.role,
            address or self.target.address(),
            self._fresh_port(),
            identity or self.identity(),
        )
        self.peers.append(peer)
        self.met.append(peer)
        return peer

    def _fresh_port(self) -> int:
        used = {peer.port for peer in self.peers}
        while (port := self.rng.randrange(32768, 61000)) in used:
            pass
        return port

    def send(self, packet: Packet) -> None:
        data = encode(packet)
        self.trace.append(Traced(self.target.now(), data))
        self.target.send(data)

    def last_sent(self) -> Seen | None:
        """The last packet of ours."""
        traced = next((traced for traced in reversed(self.trace) if traced.seen is None), None)
        return Seen(traced.data, traced.time) if traced else None

    def pump(self, timeout: float) -> Seen | None:
        """Hands the next packet of the target to its peer; None once `timeout` (seconds, unscaled) has passed."""
        if self.target.now() > self._deadline:
            raise NotDriven(f"the test's budget of {self._seconds:g} s is used up")
        received = self.target.receive(timeout * self.scale)
        if received is None:
            return None
        seen = Seen(received.data, received.time, received.checksums)
        self.trace.append(Traced(received.time, received.data, seen))
        if self.monitor:
            self.monitor.packet(seen)
        if not seen.is_whole:
            self.others.append(seen)
            return seen
        for peer in self.peers:
            if peer.owns(seen):
                peer.take(seen)
                return seen
        self.strays.append(seen)
        return seen

    def pump_until(self, done: Callable[[], bool], timeout: float) -> bool:
        """Pumps until `done`, at most `timeout` seconds (unscaled)."""
        deadline = self.target.now() + timeout * self.scale
        while not done():
            left = (deadline - self.target.now()) / self.scale
            if left <= 0 or self.pump(left) is None:
                return done()
        return True

    def wait(self, seconds: float) -> None:
        """Lets time pass on the target's clock, by which its timers run, so this is not scaled."""
        self.pump_until(lambda: False, seconds / self.scale)

    def settle(self, quiet: float = QUIET, limit: float = 5.0) -> None:
        """Waits until the target has been quiet for a while, or `limit` seconds have passed."""
        deadline = self.target.now() + limit * self.scale
        while self.target.now() < deadline and self.pump(quiet) is not None:
            pass

    def finish(self) -> None:
        """Nothing more was sent: what no test expected, and no rule of TCP or TCP/S explains, is a finding."""
        self.settle()
        for peer in self.peers:
            peer.finish()
        if self.strays:
            raise Violation("the target sent what belongs to no connection of the test", candidates=self.strays)

    def key_log(self) -> list[str]:
        """What peers and target know, as lines of a key log (design, section 7); also after the end of the test."""
        known = [line for peer in self.met for line in peer.key_log()]
        given = self._given if self._given is not None else self.target.key_log()
        return list(dict.fromkeys([*known, *given]))

    def close(self) -> None:
        if self._given is None:
            self._given = self.target.key_log()
        self.target.stop()
