"""A host of our own on a cable whose other end is a real kernel."""

import ipaddress
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import IPv6

from tcpslab.outcome import Exit, InfrastructureError, RequestError
from tcpslab.rig import Pair
from tcpslab.tree import ROOT

from conformance import neighbours
from conformance.interface import read_interface
from conformance.link import Link, own_mac
from conformance.target import NotDriven

from kernel_host import FAMILIES, HOST

MAC = own_mac(1)
OURS = {"ipv4": ipaddress.ip_address("10.9.0.77"), "ipv6": ipaddress.ip_address("fd09::77")}
FAR = {family: ipaddress.ip_address(address) for family, address in HOST.items()}


@pytest.fixture
def link(cable: Pair) -> Iterator[Link]:
    with cable.near.entered(), Link(read_interface("near"), MAC) as opened:
        yield opened


def far_socket(cable: Pair, family: str) -> socket.socket:
    with cable.far.entered():
        return socket.socket(socket.AF_INET if family == "ipv4" else socket.AF_INET6, socket.SOCK_DGRAM)


def far_neighbours(cable: Pair) -> dict[str, str]:
    entries = json.loads(cable.far.ip("-json", "neighbour", "show", "dev", "far"))
    return {entry["dst"]: entry.get("lladdr", "") for entry in entries}


def test_the_mac_address_is_a_locally_administered_unicast_one_of_the_seed() -> None:
    assert own_mac(1) == own_mac(1) != own_mac(2)
    for seed in range(-3, 50):
        assert int(own_mac(seed)[:2], 16) & 0b11 == 0b10


@pytest.mark.parametrize("family", FAMILIES)
def test_we_find_the_target(link: Link, cable: Pair, family: str) -> None:
    link.acquire([OURS[family]])
    far = json.loads(cable.far.ip("-json", "link", "show", "far"))[0]["address"]
    assert link.resolve(FAR[family], OURS[family], 2) == far


@pytest.mark.parametrize("family", FAMILIES)
def test_the_target_finds_us(link: Link, cable: Pair, family: str) -> None:
    assert link.acquire([OURS[family]]) == [OURS[family]]
    cable.far.ip("neighbour", "flush", "dev", "far")
    with far_socket(cable, family) as sender:
        sender.sendto(b"a datagram", (str(OURS[family]), 9000))
    received = link.receive(2)
    assert received is not None
    packet = (IP if family == "ipv4" else IPv6)(received.data)
    assert bytes(packet[UDP].payload) == b"a datagram"
    assert packet.dst == str(OURS[family])
    assert far_neighbours(cable)[str(OURS[family])] == MAC


def test_only_our_addresses_are_answered_for(link: Link, cable: Pair) -> None:
    link.acquire([OURS["ipv4"]])
    with far_socket(cable, "ipv4") as sender:
        sender.sendto(b"a datagram", ("10.9.0.78", 9000))
    assert link.receive(0.3) is None
    assert far_neighbours(cable).get("10.9.0.78", "") == ""


@pytest.mark.parametrize("family", FAMILIES)
def test_a_probe_for_one_of_our_addresses_is_answered(link: Link, cable: Pair, family: str) -> None:
    """RFC 5227, section 2.1.1, and RFC 4862, section 5.4: another host asks before it would use the address."""
    link.acquire([OURS[family]])
    with cable.far.packet_socket("far") as far:
        far.send(neighbours.question("02:00:00:00:00:99", None, OURS[family]))
        while not neighbours.is_neighbour_frame(frame := far.recv(2048)):
            pass
    assert (OURS[family], MAC) in neighbours.Heard(frame).claims
    assert link.receive(0) is None  # and that is no conflict


@pytest.mark.parametrize("family", FAMILIES)
def test_an_address_that_another_host_has_is_left_alone(link: Link, family: str) -> None:
    assert link.acquire([OURS[family], FAR[family]]) == [OURS[family]]


@pytest.mark.parametrize("family", FAMILIES)
def test_an_address_that_another_host_is_about_to_use_is_left_alone(link: Link, cable: Pair, family: str) -> None:
    def probe() -> None:
        for _ in range(6):
            far.send(neighbours.question("02:00:00:00:00:99", None, OURS[family]))
            time.sleep(0.05)

    with cable.far.packet_socket("far") as far:
        other = threading.Thread(target=probe)
        other.start()
        assert link.acquire([OURS[family]]) == []
        other.join()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_conflict_later_on_ends_the_run(link: Link, cable: Pair, family: str) -> None:
    link.acquire([OURS[family]])
    with cable.far.packet_socket("far") as far:
        far.send(neighbours.announcement("02:00:00:00:00:99", OURS[family]))
        with pytest.raises(InfrastructureError, match="is also used by 02:00:00:00:00:99"):
            link.receive(2)


def test_a_host_that_is_not_there_does_not_answer(link: Link) -> None:
    link.acquire([OURS["ipv4"]])
    with pytest.raises(InfrastructureError, match=r"10\.9\.0\.200 does not answer ARP on near"):
        link.resolve(ipaddress.ip_address("10.9.0.200"), OURS["ipv4"], 0.1)


def test_packets_are_stamped_on_arrival_and_kept_in_order(link: Link, cable: Pair) -> None:
    link.acquire([OURS["ipv4"]])
    sent = []
    with far_socket(cable, "ipv4") as sender:
        sender.sendto(b"first", (str(OURS["ipv4"]), 9000))  # has to wait for ARP
        assert link.receive(2)
        for number in range(5):
            before = time.monotonic()
            sender.sendto(bytes([number]), (str(OURS["ipv4"]), 9000))
            sent.append((before, time.monotonic()))
            time.sleep(0.05)
    time.sleep(0.2)  # nobody receives meanwhile
    received = [link.receive(0) for _ in sent]
    assert link.receive(0) is None
    for number, (packet, (before, after)) in enumerate(zip(received, sent, strict=True)):
        assert packet is not None
        assert bytes(IP(packet.data)[UDP].payload) == bytes([number])
        assert before - 0.02 < packet.time < after + 0.02


def test_waiting_for_a_packet_leaves_it_there(link: Link, cable: Pair) -> None:
    link.acquire([OURS["ipv4"]])
    with far_socket(cable, "ipv4") as sender:
        sender.sendto(b"first", (str(OURS["ipv4"]), 9000))
        sender.sendto(b"second", (str(OURS["ipv4"]), 9000))
    assert link.wait_for(lambda packet: b"second" in packet.data, 2)
    assert not link.wait_for(lambda packet: b"third" in packet.data, 0.1)
    first = link.receive(0)
    assert first is not None
    assert b"first" in first.data
    link.drain()
    assert link.receive(0) is None


def test_a_checksum_that_was_left_to_offload_is_not_to_be_judged(link: Link, cable: Pair) -> None:
    """A veth device offloads the checksum of TCP and UDP, and never computes it; that of ICMP is the stack's own."""
    link.acquire([OURS["ipv4"]])
    mac = link.resolve(FAR["ipv4"], OURS["ipv4"], 2)
    with far_socket(cable, "ipv4") as sender:
        sender.sendto(b"a datagram", (str(OURS["ipv4"]), 9000))
    datagram = link.receive(2)
    link.send(bytes(IP(src=str(OURS["ipv4"]), dst=str(FAR["ipv4"])) / ICMP() / b"ping"), mac)
    reply = link.receive(2)
    assert datagram is not None
    assert reply is not None
    assert not datagram.checksums
    assert reply.checksums
    assert bytes(IP(reply.data)[ICMP].payload) == b"ping"


def test_padding_to_the_least_length_of_ethernet_is_removed(link: Link, cable: Pair) -> None:
    packet = bytes(IP(src="10.9.0.2", dst=str(OURS["ipv4"])) / UDP(sport=1, dport=2) / b"x")
    header = bytes.fromhex(MAC.replace(":", "")) + bytes.fromhex("020000000099") + b"\x08\x00"
    with cable.far.packet_socket("far") as far:
        far.send((header + packet).ljust(60, b"\xee"))
    received = link.receive(2)
    assert received is not None
    assert received.data == packet


def test_a_packet_beyond_the_mtu_is_not_driven(link: Link) -> None:
    with pytest.raises(NotDriven, match="near takes no IP packet of 1501 bytes: its MTU is 1500"):
        link.send(b"\x45".ljust(1501, b"\0"), MAC)
    link.send(b"\x45".ljust(1500, b"\0"), MAC)


def test_an_interface_that_goes_away_ends_the_run(link: Link, cable: Pair) -> None:
    cable.near.ip("link", "delete", "near")
    with pytest.raises(InfrastructureError, match="near: "):
        link.receive(2)


def test_an_interface_must_be_there_and_up_and_ethernet(cable: Pair) -> None:
    with cable.near.entered():
        with pytest.raises(RequestError, match="interface nowhere: Device .* does not exist"):
            read_interface("nowhere")
        with pytest.raises(RequestError, match="interface lo: is of type loopback"):
            read_interface("lo")
        cable.near.ip("link", "set", "near", "down")
        with pytest.raises(InfrastructureError, match="interface near: is down"):
            read_interface("near")
        cable.near.ip("link", "set", "near", "up")
        cable.far.ip("link", "set", "far", "down")
        with pytest.raises(InfrastructureError, match="interface near: has no carrier"):
            read_interface("near")


_OPEN = """
import sys
from conformance.interface import read_interface
from conformance.link import Link, own_mac
from tcpslab.outcome import LabError
try:
    Link(read_interface("near"), own_mac(1)).close()
except LabError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def _open_with(cable: Pair, *capabilities: str) -> "subprocess.CompletedProcess[str]":
    words = ",".join(capabilities)
    limits = ["setpriv", f"--bounding-set={words}", f"--inh-caps={words}"]
    return subprocess.run(
        cable.near.command([*limits, "env", f"PYTHONPATH={ROOT}:{ROOT / 'bindings'}", sys.executable, "-c", _OPEN]),
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_capability_but_that_for_raw_sockets_is_needed(cable: Pair) -> None:
    opened = _open_with(cable, "-all", "+net_raw")
    assert (opened.returncode, opened.stdout, opened.stderr) == (0, "", "")


def test_without_the_capability_for_raw_sockets_the_error_says_so(cable: Pair) -> None:
    refused = _open_with(cable, "-net_raw")
    assert refused.returncode == Exit.INFRASTRUCTURE, refused.stderr
    assert "need the capability CAP_NET_RAW" in refused.stdout
