"""A target that sends what a unit test says, packet by packet: for tests of the judge itself."""

import random
from collections import deque
from typing import Any

from scapy.layers.inet import TCP
from scapy.packet import Packet

from tcpslab.scapy import README, S2C, TC, find, public_key

from conformance.arena import Arena
from conformance.packets import Path, encode, protect
from conformance.peer import Peer
from conformance.protection import Arithmetic, Protection
from conformance.target import Family, NotDriven, Received, Service, Setup, Target

PORT = 7
KEY = bytes(range(1, 33))  # its ephemeral private key
ISN = 5000


class ScriptedTarget(Target):
    """A server. Time passes only while the judge waits; what `say` was given arrives at once."""

    name = "scripted"
    families: tuple[Family, ...] = ("ipv4",)
    host = "10.0.0.1"

    def __init__(self) -> None:
        self.sent: list[bytes] = []  # by the judge
        self._waiting: deque[bytes] = deque()
        self._now = 0.0
        self._peers = 0

    def say(self, packet: bytes | Packet) -> None:
        self._waiting.append(packet if isinstance(packet, bytes) else encode(packet))

    def start(self, setup: Setup) -> None:
        pass

    def stop(self) -> None:
        pass

    def address(self) -> str:
        self._peers += 1
        return f"10.0.1.{self._peers}"

    def serve(self, service: Service) -> int:
        return PORT

    def connect(self, address: str, port: int, service: Service) -> None:
        raise NotDriven("this target opens no connections")

    def send(self, packet: bytes) -> None:
        self.sent.append(packet)

    def receive(self, timeout: float) -> Received | None:
        if self._waiting:
            return Received(self._waiting.popleft(), self._now)
        self._now += timeout
        return None

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds

    def key_log(self) -> list[str]:
        return []


class Conversation:
    """A peer on an arena of its own, whose handshake with the target is done, and the target's side of it."""

    def __init__(self, *, tc: bool = True) -> None:
        self.target = ScriptedTarget()
        own = Arithmetic(README, README)
        self.arena = Arena(self.target, Setup(), "client", own, random.Random(1))
        self.peer: Peer = self.arena.peer()
        syn = self.peer.send_syn(tc)
        self._path = Path(self.target.host, PORT, self.peer.address, self.peer.port)
        self.seq = ISN + 1
        offer = find(syn, TC)
        options = [("MSS", 1440), *([TC(public_key=public_key(KEY))] if offer else [])]
        self.protection: Protection | None = None
        self.say("SA", seq=ISN, ack=syn[TCP].seq + 1, options=options)
        if offer:
            self.protection = Protection(KEY, offer.public_key, ISN, self.peer.isn, S2C, own)
        self.peer.expect_syn_ack()
        self.peer.acknowledge()

    def segment(self, flags: str = "A", payload: bytes = b"", **fields: Any) -> Packet:
        """A segment of the target's, with a tag if it needs one; the next in sequence by default."""
        segment = self._path.segment(flags, payload, **{"seq": self.seq, "ack": self.peer.snd_nxt} | fields)
        due = self.protection and (payload or "F" in flags) and not {"R", "S"} & set(flags)
        return protect(segment, self.protection) if due else segment

    def say(self, flags: str = "A", payload: bytes = b"", **fields: Any) -> None:
        """Sends one. What goes beyond all that was sent moves the sequence number on."""
        segment = self.segment(flags, payload, **fields)
        self.target.say(segment)
        self.seq = max(self.seq, segment[TCP].seq + len(payload) + ("F" in flags))
