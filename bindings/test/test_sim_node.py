"""tcpslab.sim.SimNode: ns-3's TCP in virtual time, with the test as its network."""

import gc
import resource
import threading
import time
from typing import Literal

import pytest
from sim_peer import FAMILIES, ISN, NODE, PEER, SimPeer
from tcpslab.sim import SimNode
from tcpslab.stack import SECOND, Config, Policy
from tcpslab.wire import Flag, OptionKind, Packet, WireError, find_tc, find_tm, parse_options

DATA = Flag.PSH | Flag.ACK


def echo(node: SimNode, peer: SimPeer, connection: int, size: int = 1000) -> None:
    """`size` bytes go to the node's application and come back."""
    peer.send(DATA, b"x" * size)
    data = node.received(connection)
    assert data == b"x" * size
    assert node.send(connection, data) == size
    node.advance(SECOND)
    assert b"".join(packet.payload for packet in peer.take()) == data
    peer.send(Flag.ACK)


def conversation(**arguments: object) -> list[tuple[int, bytes]]:
    """All that a node sends in one connection that the peer opens and closes, and one that it opens itself."""
    sent = []
    with SimNode(Config(), **arguments) as node:  # type: ignore[arg-type]
        node.listen(7)
        peer = SimPeer(node, config=Config())
        connection = peer.open()
        echo(node, peer, connection)
        peer.send(Flag.FIN | Flag.ACK)
        node.close(connection)
        sent += peer.wire
        node.connect(PEER["ipv6"], 80)
        node.advance(10 * SECOND)
        sent += node.take()
    return sent


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dialect", [None, "readme", "lkm"])
def test_a_peer_connects_and_its_data_comes_back(dialect: Literal["readme", "lkm"] | None, family: str) -> None:
    config = Config(dialect) if dialect else None
    # dialects R18: the kernel module leaves IPv6 alone
    protected = config is not None and (dialect, family) != ("lkm", "ipv6")
    with SimNode(config) as node:
        node.listen(7)
        assert node.accepted(7) == []
        peer = SimPeer(node, family, config=config)
        connection = peer.open()
        assert node.connection_state(connection) == "open"
        assert node.ends(connection) == (peer.remote, peer.local)
        echo(node, peer, connection)
        with_data = [packet for packet in map(Packet.parse, peer.wire) if packet.payload]
        assert {find_tm(packet.options) is not None for packet in with_data} == {protected}
        if protected:
            assert peer.shim and node.key_log[0] == peer.shim.key_log[0]
            assert node.state_of(peer.local, peer.remote) in ("ENCRYPTED", "AUTHENTICATED")
            assert node.counters["encrypted"] == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_the_node_connects(family: str) -> None:
    with SimNode(Config()) as node:
        peer = SimPeer(node, family, config=Config())
        connection = node.connect(PEER[family], 80)
        assert node.connection_state(connection) == "connecting"
        assert node.send(connection, b"early") == 0
        ((sent_at, syn),) = node.take()
        assert sent_at == node.now == 0
        assert find_tc(Packet.parse(syn).options) is not None
        again = peer.accept(81)
        assert node.connection_state(again) == "open"
        echo(node, peer, again)
        assert [event.role for event in node.events if event.kind == "authenticated"] == ["client"]
        assert {change.role for change in node.state_changes} == {"client"}
        assert node.counters["authenticated"] == 1


def test_application_states_of_an_orderly_end() -> None:
    with SimNode(Config()) as node:
        node.listen(7)
        for closes_first in (True, False):
            peer = SimPeer(node, config=Config(), port=40000 + closes_first)
            connection = peer.open()
            if closes_first:
                node.close(connection)
                assert node.connection_state(connection) == "closing"
                assert peer.take()[-1].flags & Flag.FIN
                peer.send(DATA, b"more")
                assert node.received(connection) == b"more"
                peer.send(Flag.FIN | Flag.ACK)
                peer.take()
            else:
                peer.send(Flag.FIN | Flag.ACK)
                assert node.connection_state(connection) == "peer-closed"
                assert node.send(connection, b"last") == 4
                node.close(connection)
                node.advance(SECOND)
                assert b"".join(packet.payload for packet in peer.take()) == b"last"
                peer.send(Flag.ACK)
            assert node.connection_state(connection) == "closed"
            assert node.send(connection, b"late") == 0


def test_application_states_of_a_violent_end() -> None:
    with SimNode(None) as node:
        node.listen(7)
        peer = SimPeer(node)
        connection = peer.open()
        peer.send(Flag.RST | Flag.ACK)
        assert node.connection_state(connection) == "reset"

        other = SimPeer(node, port=40001)
        connection = other.open()
        node.abort(connection)
        assert other.take()[-1].flags & Flag.RST
        assert node.connection_state(connection) == "closed"

        refused = node.connect(PEER["ipv4"], 80)
        syn = SimPeer(node).take()[-1]
        reset = Packet(
            syn.destination, syn.source, acknowledgement=(syn.sequence + 1) % 2**32, flags=Flag.RST | Flag.ACK
        )
        node.inject(reset.emit())
        assert node.connection_state(refused) == "failed"

        unanswered = node.connect(PEER["ipv4"], 80)
        node.advance(600 * SECOND)
        assert node.connection_state(unanswered) == "failed"


def test_what_the_send_buffer_does_not_take_is_offered_again() -> None:
    with SimNode(None, tcp={"SndBufSize": "10000"}) as node:
        node.listen(7)
        peer = SimPeer(node)
        connection = peer.open()
        assert node.send(connection, b"x" * 15000) == 10000
        assert node.send(connection, b"x") == 0
        received = b""
        while packets := (node.advance(SECOND), peer.take())[1]:
            received += b"".join(packet.payload for packet in packets)
            peer.send(Flag.ACK)
        assert len(received) == 10000
        assert node.send(connection, b"x" * 5000) == 5000


def test_only_tcp_is_on_the_wire() -> None:
    with SimNode(Config()) as node:
        node.advance(60 * SECOND)
        assert node.take() == []


def test_run_until_asks_after_everything_observable() -> None:
    with SimNode(Config()) as node:
        node.connect(PEER["ipv4"], 80)
        sent = node.take()
        asked = []

        def syn_came_again() -> bool:
            asked.append(node.now)
            sent.extend(node.take())
            return len(sent) == 2

        assert node.run_until(syn_came_again, 10 * SECOND)
        assert 0 < node.now < 10 * SECOND
        assert node.now == sent[1][0] == asked[-1]
        before = node.now
        assert not node.run_until(lambda: False, SECOND)
        assert node.now == before + SECOND
        assert node.run_until(lambda: True, SECOND)
        assert node.now == before + SECOND


def test_what_a_predicate_raises_comes_out() -> None:
    with SimNode(None) as node:
        with pytest.raises(KeyError, match="its own"):
            node.run_until(lambda: {}["its own"], SECOND)
        assert not node.run_until(lambda: node.advance(2 * SECOND) is not None, SECOND)
        assert node.now >= 2 * SECOND


def test_equal_arguments_give_equal_packets() -> None:
    first = conversation(seed=7)
    assert first == conversation(seed=7)
    assert first != conversation(seed=8)


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


def fragments(packet: bytes, size: int) -> list[bytes]:
    """A packet without extension headers in fragments of `size` bytes, a multiple of 8 (RFC 791, RFC 8200)."""
    v4 = packet[0] >> 4 == 4
    header = 20 if v4 else 40
    payload = packet[header:]
    pieces = []
    for offset in range(0, len(payload), size):
        part = payload[offset : offset + size]
        more = offset + size < len(payload)
        if v4:
            start = bytearray(packet[:header])
            start[2:4] = (header + len(part)).to_bytes(2)
            start[4:6] = b"\x12\x34"
            start[6:8] = (offset // 8 | more << 13).to_bytes(2)
            start[10:12] = bytes(2)
            total = sum(int.from_bytes(start[i : i + 2]) for i in range(0, header, 2))
            start[10:12] = (~(total % 0xFFFF) & 0xFFFF).to_bytes(2)
            pieces.append(bytes(start) + part)
        else:
            extension = bytes([6, 0]) + (offset | more).to_bytes(2) + b"\0\0\x12\x34"
            length = (len(extension) + len(part)).to_bytes(2)
            pieces.append(packet[:4] + length + bytes([44]) + packet[7:header] + extension + part)
    return pieces


def test_policy_changes_during_the_run() -> None:
    with SimNode(Config(policy=Policy(collect_interval=5 * SECOND))) as node:
        node.listen(7)
        assert not node.policy.enforce
        assert SimPeer(node, port=40000).open()
        policy = node.policy
        policy.enforce = True
        node.policy = policy
        assert node.policy.enforce and node.policy.collect_interval == 5 * SECOND
        SimPeer(node, port=40001).send(Flag.SYN)
        node.advance(SECOND)
        assert node.take() == []
        assert [event.kind for event in node.events] == ["fell-back", "downgrade-refused"]
        policy.collect_interval = 0
        with pytest.raises(ValueError, match="CollectInterval"):
            node.policy = policy
        assert node.policy.collect_interval == 5 * SECOND


def test_restart_forgets_and_tcp_goes_on() -> None:
    with SimNode(Config()) as node:
        node.listen(7)
        peer = SimPeer(node, config=Config())
        connection = peer.open()
        fingerprint = node.fingerprint
        assert node.connections == 1
        node.restart()
        assert node.connections == 0
        assert node.fingerprint != fingerprint
        assert node.state_of(peer.local, peer.remote) is None
        assert node.connection_state(connection) == "open"


def test_deviations_take_effect() -> None:
    for deviations, mss in (([], 1440), (["keep-mss"], 1460)):  # MTU - 40, less 20 for TM (readme, "How it works")
        with SimNode(Config(deviations=deviations)) as node:
            node.connect(PEER["ipv4"], 80)
            ((_, syn),) = node.take()
            assert (OptionKind.MAXIMUM_SEGMENT_SIZE, mss.to_bytes(2)) in parse_options(Packet.parse(syn).options)


def test_one_node_at_a_time() -> None:
    with SimNode(None) as node:
        with pytest.raises(RuntimeError, match="one node at a time"):
            SimNode(None)
        node.advance(SECOND)
    with pytest.raises(RuntimeError, match="stopped"):
        node.advance(SECOND)
    node.stop()
    with SimNode(None) as node:
        assert node.now == 0
    abandoned = SimNode(None)
    del abandoned, node
    gc.collect()
    SimNode(None).stop()


def test_no_call_while_another_thread_runs_it() -> None:
    with SimNode(None) as node:
        node.listen(7)
        started = threading.Event()

        def pings() -> bool:
            started.set()
            return False

        # Whoever comes while ns-3 runs is sent away; in between, calls of other threads are welcome.
        runner = threading.Thread(target=node.run_until, args=(pings, 100 * SECOND))
        runner.start()
        started.wait()
        runner.join()
        assert node.now == 100 * SECOND


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ipv4": "10.0.0.2"}, "prefix"),
        ({"ipv4": "10.0.0.2/33"}, "no address of a host"),
        ({"ipv4": "2001:db8::2/64"}, "no address of a host"),
        ({"ipv6": "::1/128"}, "no address of a host"),
        ({"mtu": 1279}, "1280"),
        ({"tcp": {"NoSuchThing": "1"}}, "NoSuchThing"),
        ({"tcp": {"SegmentSize": "many"}}, "SegmentSize"),
        ({"tcp": {"SegmentSize": "4KiB"}}, "SegmentSize"),
        ({"tcp": {"MinRto": "1 lightyear"}}, "MinRto"),
        ({"tcp": {"Sack": "perhaps"}}, "Sack"),
        ({"tcp": {"TxBuffer": "0"}}, "TxBuffer"),
    ],
)
def test_arguments_that_make_no_sense(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SimNode(None, **arguments)  # type: ignore[arg-type]
    SimNode(None).stop()


def test_calls_that_make_no_sense() -> None:
    with SimNode(None) as node:
        node.listen(7)
        for call in (
            lambda: node.listen(7),
            lambda: node.listen(0),
            lambda: node.accepted(8),
            lambda: node.connect(NODE["ipv4"], 80),
            lambda: node.connect("224.0.0.1", 80),
            lambda: node.connect("::ffff:10.0.0.1", 80),
            lambda: node.connect(PEER["ipv4"], 0),
            lambda: node.send(1, b""),
            lambda: node.close(0),
            lambda: node.advance(-1),
            lambda: node.run_until(lambda: False, 2**62),
        ):
            with pytest.raises(ValueError):
                call()
        for attribute in ("events", "counters", "policy", "key_log", "fingerprint"):
            with pytest.raises(RuntimeError, match="no TCP/S"):
                getattr(node, attribute)


def test_nodes_in_a_row_leave_nothing_behind() -> None:
    conversation()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(100):
        conversation(seed=seed)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 4096, f"{grown} KiB for 100 nodes"


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
        # The sum of the 16-bit words stays what it was (RFC 1071).
        delta = packet[9] - protocol
        changed[9] = protocol
        changed[10:12] = ((int.from_bytes(packet[10:12]) + delta) % 0xFFFF).to_bytes(2)
    return bytes(changed)


def test_padding_and_ipv4_options_change_nothing() -> None:
    with SimNode(None) as node:
        node.listen(7)
        peer = SimPeer(node)
        connection = peer.open()
        data = peer.packet(DATA, b"padded")
        assert node.inject(data + b"\0" * 6)
        assert node.received(connection) == b"padded"
        assert ISN + 1 + 6 == peer.sequence


def test_it_is_fast() -> None:
    start = time.perf_counter()
    for seed in range(10):
        conversation(seed=seed)
    assert (time.perf_counter() - start) / 10 < 0.05, "10 ms is the aim; this allows for a busy machine"
