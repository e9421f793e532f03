"""The network card of tcpslab.sim.SimNode: what leaves a host, what reaches it, and what it ignores."""

import pytest
from ip_packets import fragments, with_ipv4_checksum
from scapy.layers.inet import ICMP, IP, defragment
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6, defragment6
from scapy.packet import Raw
from sim_peer import FAMILIES, NODE, PEER, SimPeer
from tcpslab.sim import SimNode
from tcpslab.stack import SECOND, Config, Policy
from tcpslab.wire import Flag, OptionKind, Packet, WireError, parse_options

DATA = Flag.PSH | Flag.ACK


def test_only_tcp_is_on_the_wire() -> None:
    with SimNode(Config()) as node:
        node.advance(60 * SECOND)
        assert node.take() == []


def test_initial_sequence_numbers_can_be_fixed() -> None:
    with SimNode(None, isn=4711) as node:
        node.connect(PEER["ipv4"], 80)
        node.connect(PEER["ipv6"], 80)
        assert [Packet.parse(data).sequence for _, data in node.take()] == [4711, 4711]


def test_the_mtu_bounds_what_is_announced() -> None:
    with SimNode(None, mtu=1280) as node:
        node.connect(PEER["ipv6"], 80)
        ((_, syn),) = node.take()
        # RFC 9293, section 3.7.1: the MTU less the fixed IPv6 and TCP headers
        assert (OptionKind.MAXIMUM_SEGMENT_SIZE, (1280 - 60).to_bytes(2)) in parse_options(Packet.parse(syn).options)


@pytest.mark.parametrize("family", FAMILIES)
def test_fragments_are_put_together(family: str) -> None:
    with SimNode(None) as node:
        node.listen(7)
        peer = SimPeer(node, family)
        connection = peer.open()
        packet = peer.packet(DATA, bytes(range(256)))
        pieces = fragments(packet, 64)
        for piece in reversed(pieces):
            assert node.received(connection) == b""
            assert node.inject(piece)
        assert node.received(connection) == bytes(range(256))


def test_link_layer_padding_and_ipv4_options_change_nothing() -> None:
    with SimNode(None) as node:
        node.listen(7)
        peer = SimPeer(node)
        connection = peer.open()
        padded = peer.packet(DATA, b"padded")
        assert node.inject(padded + b"\0" * 6)
        assert node.received(connection) == b"padded"
        plain = peer.packet(DATA, b"with options")
        options = bytes([1, 1, 1, 0])
        header = b"\x46" + plain[1:2] + (len(plain) + len(options)).to_bytes(2) + plain[4:10] + bytes(2) + plain[12:20]
        assert node.inject(with_ipv4_checksum(header + options) + plain[20:])
        assert node.received(connection) == b"with options"


def test_a_whole_packet_may_have_an_ipv6_fragment_header() -> None:
    with SimNode(None) as node:
        node.listen(7)
        peer = SimPeer(node, "ipv6")
        connection = peer.open()
        packet = peer.packet(DATA, b"atomic")  # RFC 6946
        (only,) = fragments(packet, 1000)
        assert node.inject(only)
        assert node.received(connection) == b"atomic"


@pytest.mark.parametrize("family", FAMILIES)
def test_fragments_that_no_packet_has(family: str) -> None:
    packet = Packet((PEER[family], 40000), (NODE[family], 7), flags=Flag.SYN, payload=bytes(100)).emit()
    first, *_ = fragments(packet, 64)
    with SimNode(None) as node:
        node.listen(7)
        assert not node.inject(_shortened(first, 1)), "not a multiple of 8 bytes, and not the last"
        assert not node.inject(_shortened(first, 64)), "empty"
        assert not node.inject(_moved_to(first, 0xFFF8)), "ends beyond 64 KiB"
        node.advance(100 * SECOND)
        assert node.take() == []


def test_bytes_that_are_no_packet() -> None:
    syn = Packet((PEER["ipv4"], 1), (NODE["ipv4"], 2), flags=Flag.SYN).emit()
    with SimNode(Config()) as node:
        for data, name in (
            (b"", "ip-truncated"),
            (syn[:19], "ip-truncated"),
            (b"\x50" + syn[1:], "ip-version"),
            (b"\x44" + syn[1:], "ip-header-length"),
            (syn[:-1], "ip-total-length"),
        ):
            with pytest.raises(WireError) as error:
                node.inject(data)
            assert error.value.name == name


@pytest.mark.parametrize("family", FAMILIES)
def test_packets_that_a_host_ignores(family: str) -> None:
    local, remote = (PEER[family], 40000), (NODE[family], 7)
    nobody = {
        "ipv4": ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", NODE["ipv4"]],
        "ipv6": ["::", "::1", "ff02::1", "::ffff:10.0.0.1", NODE["ipv6"]],
    }
    elsewhere = {"ipv4": ["10.0.0.3", "10.0.0.255", "255.255.255.255"], "ipv6": ["2001:db8::3", "ff02::1"]}
    with SimNode(Config()) as node:
        node.listen(7)
        for source in nobody[family]:
            assert not node.inject(Packet((source, 1), remote, flags=Flag.SYN).emit())
        for destination in elsewhere[family]:
            assert not node.inject(Packet(local, (destination, 7), flags=Flag.SYN).emit())
        assert not node.inject(_with_protocol(Packet(local, remote, flags=Flag.SYN).emit(), 17))
        node.advance(SECOND)
        assert node.take() == []


def _with_protocol(packet: bytes, protocol: int) -> bytes:
    changed = bytearray(packet)
    if packet[0] >> 4 == 6:
        changed[6] = protocol
    else:
        changed[9] = protocol
        changed[:20] = with_ipv4_checksum(bytes(changed[:20]))
    return bytes(changed)


def _shortened(packet: bytes, by: int) -> bytes:
    length = len(packet) - by
    if packet[0] >> 4 == 4:
        return with_ipv4_checksum(packet[:2] + length.to_bytes(2) + packet[4:20]) + packet[20:length]
    return packet[:4] + (length - 40).to_bytes(2) + packet[6:length]


def _moved_to(packet: bytes, offset: int) -> bytes:
    """A fragment at another offset, with more behind it."""
    if packet[0] >> 4 == 4:
        return with_ipv4_checksum(packet[:6] + (offset // 8 | 0x2000).to_bytes(2) + packet[8:20]) + packet[20:]
    return packet[:42] + (offset | 1).to_bytes(2) + packet[44:]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("config", [None, Config(), Config("readme", policy=Policy(enforce=True))], ids=str)
def test_a_ping_is_answered(config: Config | None, family: str) -> None:
    with SimNode(config) as node:
        node.listen(7)
        assert node.inject(_ping(family, b"what comes back"))
        node.advance(SECOND)
        ((_, data),) = node.take()
        reply = (IP if family == "ipv4" else IPv6)(data)
        assert (reply.src, reply.dst) == (NODE[family], PEER[family])
        back = bytes(reply[ICMP].payload) if family == "ipv4" else reply[ICMPv6EchoReply].data
        assert back == b"what comes back"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("byte", [0, 8])  # what would be the type of an answer or a question, were it the first one
def test_a_long_ping_is_answered_in_fragments(family: str, byte: int) -> None:
    data = bytes([byte]) * 3000
    with SimNode(None) as node:
        assert node.inject(_ping(family, data))
        node.advance(SECOND)
        pieces = [(IP if family == "ipv4" else IPv6)(packet) for _, packet in node.take()]
        whole = defragment(pieces)[0] if family == "ipv4" else defragment6(pieces)
        assert bytes(whole).endswith(data)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_other_icmp_reaches_the_host(family: str) -> None:
    whole = _ping(family, b"")
    with SimNode(None) as node:
        assert not node.inject(_shortened(whole, 7)), "no whole header"
        assert not any(node.inject(piece) for piece in fragments(_ping(family, bytes(64)), 32))
        header = 20 if family == "ipv4" else 40
        answer = bytes([0 if family == "ipv4" else 129])
        assert not node.inject(whole[:header] + answer + whole[header + 1 :]), "an answer that nobody asked for"


def _ping(family: str, data: bytes) -> bytes:
    source, destination = PEER[family], NODE[family]
    if family == "ipv4":
        return bytes(IP(src=source, dst=destination) / ICMP(type="echo-request", id=7, seq=1) / Raw(data))
    return bytes(IPv6(src=source, dst=destination) / ICMPv6EchoRequest(id=7, seq=1, data=data))
