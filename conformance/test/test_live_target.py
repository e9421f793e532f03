"""The target `live` against a real kernel at the other end of a cable: packets, addresses, time."""

import contextlib
import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from tcpslab.rig import Pair
from tcpslab.scapy import TI

from conformance import sanity
from conformance.live_target import LiveTarget
from conformance.services_on_rig import PORTS
from conformance.target import Setup

from kernel_host import FAMILIES, Conversation

MakeTarget = Callable[..., LiveTarget]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_connection_is_opened_used_and_closed(make_target: MakeTarget, family: str) -> None:
    target = make_target()
    target.start(Setup(family=family))
    peer = Conversation(target, family)
    peer.connect(target.serve("echo"))
    peer.send("PA", b"one line\n")
    assert peer.receive().flags == "A"
    echoed = peer.receive()
    assert bytes(echoed.payload) == b"one line\n"
    peer.send("FA")
    assert peer.receive_all("F") == b""
    peer.send("A")
    assert target.receive(0.3) is None


def arrived(frames: socket.socket) -> Iterator[bytes]:
    frames.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            frame, address = frames.recvfrom(2048)
            if address[2] != socket.PACKET_OUTGOING:
                yield frame


@pytest.mark.parametrize("family", FAMILIES)
def test_the_kernel_on_our_side_stays_out_of_it(make_target: MakeTarget, cable: Pair, family: str) -> None:
    """It would reset a connection that it knows nothing of; and all that leaves has our own MAC address."""
    target = make_target()
    with cable.far.packet_socket("far") as far:
        assert sanity.check(target, family) is None
        time.sleep(0.2)
        seen = [packet for packet in map(Ether, arrived(far)) if TCP in packet]
    assert len(seen) >= 5  # SYN, ACK, a line, an ACK, FIN
    assert len({packet.src for packet in seen}) == 1
    assert not any("R" in packet[TCP].flags for packet in seen)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_test_has_addresses_of_its_own(make_target: MakeTarget, family: str) -> None:
    target = make_target()
    seen = []
    for _ in range(5):
        target.start(Setup(family=family))
        seen += [target.address(), target.address()]
        target.stop()
    assert len(set(seen)) == 10
    network = ipaddress.ip_network("10.9.0.0/24" if family == "ipv4" else "fd09::/64")
    assert all(ipaddress.ip_address(address) in network for address in seen)
    assert not target.notes()


def show_an_identity(target: LiveTarget, address: str) -> None:
    """A TI that belongs to no connection; whether the target takes it is its own business."""
    segment = TCP(sport=40000, dport=PORTS["echo"], flags="A", options=[TI(public_key=bytes(32), auth_tag=bytes(4))])
    target.send(bytes(IP(src=address, dst=target.host) / segment))


def test_addresses_are_used_up_by_identities_alone(make_target: MakeTarget) -> None:
    target = make_target(addresses={"ipv4": ipaddress.ip_network("10.9.0.64/30")})
    for _ in range(6):
        target.start(Setup())
        assert ipaddress.ip_address(target.address()) in ipaddress.ip_network("10.9.0.64/30")
    assert not target.notes()
    met = []
    for _ in range(3):  # one of the four addresses asks for the target's MAC address, and is nothing else
        target.start(Setup())
        met.append(target.address())
        show_an_identity(target, met[-1])
    assert len(set(met)) == 3
    assert not target.notes()
    target.start(Setup())
    assert target.address() == met[0]
    (note,) = target.notes()
    assert note.startswith("the ipv4 addresses did not reach")


def test_a_restart_makes_the_addresses_new(make_target: MakeTarget, tmp_path: Path) -> None:
    log = tmp_path / "log"
    target = make_target(
        addresses={"ipv4": ipaddress.ip_network("10.9.0.64/29")},
        restart=f"echo restart {{host}} >> '{log}'",
        configure={"enforce": f"echo enforce={{value}} >> '{log}'"},
    )
    # The first of the eight addresses asks for the target's MAC address, and each test meets the target under one; with
    # less than four left a test might run out of them.
    for _ in range(4):
        target.start(Setup())
        show_an_identity(target, target.address())
    assert log.read_text().splitlines() == ["restart 10.9.0.2", "enforce=0"]  # it always begins with a restart
    target.start(Setup())
    assert log.read_text().splitlines() == ["restart 10.9.0.2", "enforce=0"] * 2
    assert not target.notes()


def test_an_address_of_another_host_is_passed_over_and_that_is_said(make_target: MakeTarget, cable: Pair) -> None:
    cable.far.ip("address", "add", "10.9.0.65/24", "dev", "far")
    target = make_target(addresses={"ipv4": ipaddress.ip_network("10.9.0.64/30")})
    target.start(Setup())
    assert "10.9.0.65" not in [target.address() for _ in range(2)]
    assert "other hosts use 10.9.0.65: these addresses were left alone" in target.notes()


@pytest.mark.parametrize("family", FAMILIES)
def test_connections_of_earlier_tests_are_not_received(make_target: MakeTarget, family: str) -> None:
    """An address that comes again still gets what the target sends on its old connections."""
    network = "10.9.0.64/31" if family == "ipv4" else "fd09::a0/127"
    target = make_target(addresses={family: ipaddress.ip_network(network)})
    target.start(Setup(family=family))
    old = Conversation(target, family)
    old.connect(target.serve("echo"))
    old.send("PA", b"old")  # its echo is never acknowledged, and so comes again and again
    target.advance(0.1)
    target.start(Setup(family=family))
    new = Conversation(target, family, our_port=40001)
    while new.address != old.address:
        new.address = target.address()
    new.connect(target.serve("echo"))
    new.send("PA", b"new")
    assert new.receive().flags == "A"
    assert bytes(new.receive().payload) == b"new"
    new.send("A")
    assert target.receive(1) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_super_frames_are_received_and_reported(make_target: MakeTarget, cable: Pair, family: str) -> None:
    """With segmentation offload the target's kernel leaves the cutting to a device, and a veth device does not cut."""
    cable.far.ip("link", "set", "far", "gso_max_segs", "64")
    target = make_target()
    target.start(Setup(family=family))
    peer = Conversation(target, family)
    peer.connect(target.serve("echo"))
    for _ in range(8):
        peer.send("A", bytes(1400))
    lengths = []
    for _ in range(2):  # a full window first, all of it acknowledged at once, so that the rest leaves at once
        while (received := target.receive(0.3)) is not None:
            lengths.append(len(received.data))
            if payload := bytes(peer.layer(received.data)[TCP].payload):
                peer.ack = peer.layer(received.data)[TCP].seq + len(payload)
        peer.send("A")
    assert max(lengths) > 1500
    (note,) = target.notes()
    assert "longer than the MTU of near: segmentation offload is on" in note


def test_time_is_real_and_packets_wait_meanwhile(make_target: MakeTarget) -> None:
    target = make_target()
    target.start(Setup())
    peer = Conversation(target, "ipv4")
    peer.their_port = target.serve("echo")
    peer.send("S")
    begin = target.now()
    target.advance(0.2)
    assert 0.2 <= target.now() - begin < 1
    received = target.receive(0)
    assert received is not None
    assert received.time < begin + 0.1
    assert target.key_log() == []
