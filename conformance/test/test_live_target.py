"""The target `live` against a real kernel at the other end of a cable."""

import contextlib
import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

import namespaces
from conformance import sanity
from conformance.live_target import LiveTarget
from conformance.target import NotDriven, Setup, Target
from conformance.target_file import TargetFile
from namespaces import ABORT, ECHO, GREET, Cable
from tcpslab.outcome import InfrastructureError, RequestError

FAMILIES = ("ipv4", "ipv6")
MakeTarget = Callable[..., LiveTarget]


def target_file(cable: Cable, **changes: object) -> TargetFile:
    connect = cable.theirs.command(["python3", str(namespaces.SERVICES), "connect", "{address}", "{port}", "{service}"])
    values = {
        "name": "a Linux host",
        "target": "live",
        "host": Cable.host,
        "interface": "near",
        "services": {"echo": ECHO, "greet": GREET, "abort": ABORT},
        "connect": " ".join(connect),
    }
    return TargetFile(**{**values, **changes})


@pytest.fixture
def make_target(cable: Cable) -> Iterator[MakeTarget]:
    made: list[LiveTarget] = []

    def make(**changes: object) -> LiveTarget:
        made.append(LiveTarget(target_file(cable, **changes), run=1))
        return made[-1]

    cable.serve()
    with cable.ours.entered():
        yield make
        for target in made:
            target.close()


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
def test_the_kernel_on_our_side_stays_out_of_it(make_target: MakeTarget, cable: Cable, family: str) -> None:
    """It would reset a connection that it knows nothing of; and all that leaves has our own MAC address."""
    target = make_target()
    with cable.far_packets() as far:
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


def test_addresses_that_do_not_reach_are_used_again_and_that_is_said(make_target: MakeTarget) -> None:
    target = make_target(addresses={"ipv4": ipaddress.ip_network("10.9.0.64/30")})
    seen = set()
    for _ in range(6):
        target.start(Setup())
        seen.add(target.address())
    assert seen <= {f"10.9.0.{last}" for last in range(64, 68)}
    (note,) = target.notes()
    assert note.startswith("the ipv4 addresses did not reach")


def test_a_restart_makes_the_addresses_new(make_target: MakeTarget, tmp_path: Path) -> None:
    log = tmp_path / "log"
    target = make_target(
        addresses={"ipv4": ipaddress.ip_network("10.9.0.64/29")},
        restart=f"echo restart {{host}} >> '{log}'",
        configure={"enforce": f"echo enforce={{value}} >> '{log}'"},
    )
    # The first of the eight addresses asks for the target's MAC address, and each test takes one; with less than four
    # left a test might run out of them.
    for _ in range(4):
        target.start(Setup())
        assert target.address()
    assert log.read_text().splitlines() == ["restart 10.9.0.2", "enforce=0"]  # it always begins with a restart
    target.start(Setup())
    assert target.address()
    assert log.read_text().splitlines() == ["restart 10.9.0.2", "enforce=0"] * 2
    assert not target.notes()


def test_an_address_of_another_host_is_passed_over_and_that_is_said(make_target: MakeTarget, cable: Cable) -> None:
    cable.theirs.ip("address", "add", "10.9.0.65/24", "dev", "far")
    target = make_target(addresses={"ipv4": ipaddress.ip_network("10.9.0.64/30")})
    target.start(Setup())
    assert "10.9.0.65" not in [target.address() for _ in range(4)]
    assert "other hosts use 10.9.0.65: these addresses were left alone" in target.notes()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_target_opens_a_connection(make_target: MakeTarget, family: str) -> None:
    target = make_target()
    target.start(Setup(family=family))
    peer = Conversation(target, family)
    target.connect(peer.address, peer.our_port, "echo")
    peer.accept()
    assert peer.receive().flags == "A"
    peer.send("PA", b"hello")
    assert peer.receive().flags == "A"
    assert bytes(peer.receive().payload) == b"hello"
    peer.send("FA")
    assert peer.receive_all("F") == b""


def test_the_target_greets_and_closes_first(make_target: MakeTarget) -> None:
    target = make_target()
    target.start(Setup())
    peer = Conversation(target, "ipv4")
    target.connect(peer.address, peer.our_port, "greet")
    peer.accept()
    line = peer.receive_all("F")
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


def test_the_target_aborts_after_the_first_byte(make_target: MakeTarget) -> None:
    target = make_target()
    target.start(Setup())
    peer = Conversation(target, "ipv4")
    peer.connect(target.serve("abort"))
    peer.send("PA", b"x")
    assert peer.receive_all("R") == b""


def test_an_application_that_waits_ends_with_the_test(make_target: MakeTarget, cable: Cable, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    target = make_target(connect=f"echo $$ > '{pid_file}'; exec {target_file(cable).connect}")
    target.start(Setup())
    target.connect(target.address(), 40000, "echo")  # nobody answers its SYN
    pid = int(pid_file.read_text())
    assert Path(f"/proc/{pid}").exists()
    target.stop()
    assert not Path(f"/proc/{pid}").exists()


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


def test_what_a_target_file_does_not_say_is_not_driven(make_target: MakeTarget) -> None:
    target = make_target(host={"ipv4": Cable.host["ipv4"]}, connect=None, services={"echo": ECHO})
    assert target.families == ("ipv4",)
    with pytest.raises(NotDriven, match="has no ipv6 address"):
        target.start(Setup(family="ipv6"))
    with pytest.raises(NotDriven, match="no command for enforce=1"):
        target.start(Setup(enforce=True))
    with pytest.raises(NotDriven, match="no command for tofu_enforce=0"):
        target.start(Setup(tofu_enforce=False))
    with pytest.raises(NotDriven, match="limits cannot be set: max_connections"):
        target.start(Setup(limits={"max_connections": 4}))
    with pytest.raises(NotDriven, match="no deviations"):
        target.start(Setup(deviations=("accept-bad-tag",)))
    target.start(Setup())
    with pytest.raises(NotDriven, match="no port for the service greet"):
        target.serve("greet")
    with pytest.raises(NotDriven, match="no 'connect' command"):
        target.connect(target.address(), 40000, "echo")


def test_a_command_that_opens_no_connection_is_shown(make_target: MakeTarget) -> None:
    target = make_target(connect="echo no route; exit 7  # {address} {port}")
    target.start(Setup())
    with pytest.raises(NotDriven, match=r"opened no connection: .* ended with exit code 7 and said:\nno route"):
        target.connect(target.address(), 40000, "echo")
    with pytest.raises(NotDriven, match="cannot run greet"):
        target.connect(target.address(), 40000, "greet")


def test_settings_are_made_when_they_differ_and_taken_back_at_the_end(make_target: MakeTarget, tmp_path: Path) -> None:
    log = tmp_path / "log"
    target = make_target(
        configure={name: f"echo {name}={{value}} >> '{log}'" for name in ("enforce", "tofu_enforce")}
    )
    target.start(Setup())
    target.start(Setup(enforce=True))
    target.start(Setup(enforce=True))
    target.start(Setup(enforce=True, tofu_enforce=False))
    target.close()
    assert log.read_text().split() == [
        *("enforce=0", "tofu_enforce=1"),
        *("enforce=1", "tofu_enforce=0"),
        *("enforce=0", "tofu_enforce=1"),
    ]


def test_a_setting_that_cannot_be_made_is_an_error_with_the_output(make_target: MakeTarget) -> None:
    target = make_target(configure={"enforce": "echo {value}: permission denied; exit 1"})
    with pytest.raises(InfrastructureError, match=r"setting enforce=0: .* exit code 1 and said:\n0: permission denied"):
        target.start(Setup())


@pytest.mark.parametrize("family", FAMILIES)
def test_super_frames_are_received_and_reported(make_target: MakeTarget, cable: Cable, family: str) -> None:
    """With segmentation offload the target's kernel leaves the cutting to a device, and a veth device does not cut."""
    cable.theirs.ip("link", "set", "far", "gso_max_segs", "64")
    target = make_target()
    target.start(Setup(family=family))
    peer = Conversation(target, family)
    peer.connect(target.serve("echo"))
    for _ in range(8):
        peer.send("A", bytes(1400))
    lengths = []
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


def test_what_a_run_needs_is_asked_for(cable: Cable) -> None:
    with pytest.raises(RequestError, match="needs an address"):
        LiveTarget(TargetFile("x", "live", interface="near"))
    with pytest.raises(RequestError, match="needs an interface"):
        LiveTarget(TargetFile("x", "live", host=Cable.host))


@pytest.mark.parametrize("family", FAMILIES)
def test_sanity_of_a_healthy_host(make_target: MakeTarget, family: str) -> None:
    assert sanity.check(make_target(), family) is None


def test_sanity_says_what_is_wrong(make_target: MakeTarget, cable: Cable) -> None:
    def reason(**changes: object) -> str | None:
        return sanity.check(make_target(time_scale=0.2, **changes), "ipv4")

    assert reason(services={"echo": 9999}) == "10.9.0.2 port 9999 refuses connections: nothing listens there"
    assert "no echo service" in str(reason(services={"echo": GREET}))
    assert reason(services={"echo": ABORT}) == f"10.9.0.2 port {ABORT} resets the connection"
    cable.theirs.ip("rule", "add", "prohibit", "to", "10.9.0.0/24", "iif", "lo")
    assert "does not answer a plain SYN: a packet filter, or TCP/S with enforce=1" in str(reason())
