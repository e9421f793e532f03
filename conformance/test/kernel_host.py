"""The kernel at the far end of a cable as a live target, and a simple TCP to talk to it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6

from tcpslab.rig import Pair, Rig

from conformance import services_on_rig
from conformance.target import Family, Target
from conformance.target_file import TargetFile

FAMILIES: tuple[Family, ...] = ("ipv4", "ipv6")
HOST = {"ipv4": "10.9.0.2", "ipv6": "fd09::2"}  # the far end of a rig's pair


def need_root() -> None:
    """Skips the test of a user who may not make network namespaces; CI runs as root."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")


@contextmanager
def plugged_in() -> Iterator[Pair]:
    """A pair of hosts for as long as it is needed. What the far one's kernel sends is not glued together."""
    need_root()
    with Rig() as rig:
        pair = rig.pair()
        pair.far.ip("link", "set", "far", "gso_max_segs", "1")
        yield pair


def target_file(cable: Pair, **changes: object) -> TargetFile:
    values = {
        "name": "a Linux host",
        "target": "live",
        "host": HOST,
        "interface": "near",
        "services": dict(services_on_rig.PORTS),
        "connect": services_on_rig.connect_command(cable.far),
    }
    return TargetFile(**{**values, **changes})


class Conversation:
    """A TCP of the simplest kind, in Scapy packets: everything arrives once and in order on this cable."""

    def __init__(self, target: Target, family: str, our_port: int = 40000) -> None:
        self.target = target
        self.layer = IP if family == "ipv4" else IPv6
        self.address, self.our_port, self.their_port = target.address(), our_port, 0
        self.seq, self.ack = 1000, 0

    def send(self, flags: str, payload: bytes = b"") -> None:
        segment = TCP(
            sport=self.our_port, dport=self.their_port, flags=flags, seq=self.seq, ack=self.ack, window=60000
        )
        self.target.send(bytes(self.layer(src=self.address, dst=self.target.host) / segment / payload))
        self.seq += len(payload) + ("S" in flags) + ("F" in flags)

    def receive(self) -> TCP:
        received = self.target.receive(3)
        assert received is not None
        segment = self.layer(received.data)[TCP]
        payload = bytes(segment.payload)
        self.ack = (segment.seq + len(payload) + ("S" in segment.flags) + ("F" in segment.flags)) % 2**32
        return segment

    def receive_all(self, flag: str) -> bytes:
        """The payload of all segments up to the one with `flag`."""
        payload = b""
        while flag not in (segment := self.receive()).flags:
            payload += bytes(segment.payload)
        return payload + bytes(segment.payload)

    def connect(self, port: int) -> None:
        self.their_port = port
        self.send("S")
        assert self.receive().flags == "SA"
        self.send("A")

    def accept(self) -> None:
        syn = self.receive()
        assert syn.flags & "SA" == "S"
        assert syn.dport == self.our_port
        self.their_port = syn.sport
        self.send("SA")
