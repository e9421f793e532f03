"""What is on the wire: options, sizes, fragments."""

import pytest
from scapy.layers.inet import IP, TCP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from tcpslab.rig import Pair, Rig, Tcpsd

from live_capture import Capture, readable
from live_traffic import FAMILIES, PORT, carry, connected, document, receive

DOCUMENT = document(60_000)
ETHERNET_HEADER = 14
MSS, OURS = 2, 253  # kinds of option


def segments(capture: Capture) -> list[Packet]:
    return [frame for frame in map(Ether, capture.frames()) if TCP in frame]


# Readme, "tcpdump", and wire §2: TC takes the room of all options but MSS, which leaves 20 bytes for TM.
@pytest.mark.parametrize(("family", "mss"), [("ipv4", 1440), ("ipv6", 1420)])
def test_options_of_a_protected_connection(
    pair: Pair, daemons: tuple[Tcpsd, Tcpsd], family: str, mss: int
) -> None:
    capture = Capture(pair.near, "near")
    with connected(pair.near, pair.far, family) as (ours, theirs):
        assert carry(ours, theirs, DOCUMENT) == DOCUMENT
    seen = segments(capture)
    first = [segment[TCP] for segment in seen if segment[TCP].flags.S]
    assert len(first) == 2
    for syn in first:
        raw = bytes(syn)[20:60]
        assert raw[:4] == bytes([MSS, 4]) + mss.to_bytes(2, "big")
        assert raw[4:8] == bytes([OURS, 36]) + b"TC"
    with_data = [segment[TCP] for segment in seen if segment[TCP].dport == PORT and Raw in segment]
    assert with_data
    for tcp in with_data:
        assert bytes(tcp)[20:24] == bytes([OURS, 20]) + b"TM"
        assert tcp.dataofs == 10
        assert len(tcp[Raw]) <= mss


# The daemon grows what the kernel cut for the whole of its link.
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("mtu", [1500, 1280])
def test_no_packet_is_longer_than_the_link_or_a_fragment(rig: Rig, family: str, mtu: int) -> None:
    pair = rig.pair(mtu=mtu)
    Tcpsd(pair.near), Tcpsd(pair.far)
    capture = Capture(pair.near, "near")
    with connected(pair.near, pair.far, family) as (ours, theirs):
        assert carry(ours, theirs, DOCUMENT) == DOCUMENT
        assert carry(theirs, ours, DOCUMENT) == DOCUMENT
    assert readable(capture.frames(), DOCUMENT) == 0
    assert max(map(len, capture.frames())) == mtu + ETHERNET_HEADER
    assert not any(map(is_fragment, capture.frames()))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_path_narrower_than_both_links(rig: Rig, family: str) -> None:
    narrow = 1300
    routed = rig.routed()
    for number, device in ((1, "left"), (2, "right")):
        # The kernel's own routes, which have these metrics.
        for network, metric in ((f"10.9.{number}.0/24", 0), (f"fd09:0:0:{number}::/64", 256)):
            words = [network, "dev", device, "metric", str(metric), "mtu", str(narrow)]
            routed.router.ip("route", "replace", *words)
    Tcpsd(routed.left), Tcpsd(routed.right)
    left, right = Capture(routed.left, "eth0"), Capture(routed.right, "eth0")
    with connected(routed.left, routed.right, family) as (ours, theirs):
        assert carry(ours, theirs, DOCUMENT) == DOCUMENT
        assert carry(theirs, ours, DOCUMENT) == DOCUMENT
    for capture in (left, right):
        assert readable(capture.frames(), DOCUMENT) == 0
        assert not any(map(is_fragment, capture.frames()))
    # Both hosts tried their whole link first; what the router passed on is no longer than it said.
    sizes = {}
    for name, capture in (("left", left), ("right", right)):
        for segment in segments(capture):
            way = "client to server" if segment[TCP].dport == PORT else "server to client"
            sizes[name, way] = max(sizes.get((name, way), 0), len(segment) - ETHERNET_HEADER)
    assert sizes["left", "client to server"] == sizes["right", "server to client"] == 1500
    assert sizes["right", "client to server"] <= narrow
    assert sizes["left", "server to client"] <= narrow


def is_fragment(frame: bytes) -> bool:
    packet = Ether(frame)
    return IPv6ExtHdrFragment in packet or (IP in packet and (packet.flags.MF or packet.frag > 0))


# R13: whole or in pieces, a segment without a tag never reaches TCP.
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("pieces", [1, 3])
def test_fragments_do_not_get_around_the_tag(
    pair: Pair, daemons: tuple[Tcpsd, Tcpsd], family: str, pieces: int
) -> None:
    forged = b"never to be seen" * 40
    capture = Capture(pair.near, "near")
    with connected(pair.near, pair.far, family) as (ours, theirs):
        assert carry(ours, theirs, DOCUMENT) == DOCUMENT
        assert carry(theirs, ours, DOCUMENT) == DOCUMENT
        last = next(s for s in reversed(segments(capture)) if s[TCP].dport == PORT)
        with pair.near.packet_socket("near") as wire:
            for frame in cut(next_segment(last, forged), pieces):
                wire.send(bytes(frame))
        daemons[1].wait_for_log("no MAC option, dropping")
        assert carry(ours, theirs, DOCUMENT) == DOCUMENT
        theirs.settimeout(0.2)
        with pytest.raises(TimeoutError):
            receive(theirs, 1)


def next_segment(last: Packet, payload: bytes) -> Packet:
    """What the sender of `last` could send after it, but without a tag."""
    tcp = last[TCP]
    after = tcp.seq + (len(tcp[Raw]) if Raw in tcp else 0)
    made = TCP(sport=tcp.sport, dport=tcp.dport, seq=after, ack=tcp.ack, flags="PA", window=tcp.window)
    kind = IP if IP in last else IPv6
    network = kind(src=last[kind].src, dst=last[kind].dst)
    # Once through bytes: that works out the checksum of the whole.
    return Ether(bytes(Ether(src=last.src, dst=last.dst, type=last.type) / network / made / payload))


def cut(frame: Packet, pieces: int) -> list[Packet]:
    """As IP fragments of about the same size."""
    if pieces == 1:
        return [frame]
    size = (len(frame[TCP]) // pieces + 7) // 8 * 8
    if IP in frame:
        return [Ether(src=frame.src, dst=frame.dst) / part for part in fragment(frame[IP], fragsize=size)]
    ether, network = frame[Ether].copy(), frame[IPv6]
    ether.remove_payload()
    whole = IPv6(src=network.src, dst=network.dst) / IPv6ExtHdrFragment(id=4711) / network.payload
    return [ether / part for part in fragment6(whole, size + 48)]
