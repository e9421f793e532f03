"""tcpslab.sim.SimNode: ns-3's TCP in virtual time, with the test as its network."""

import gc
import resource
import threading
from typing import Literal

import pytest
from sim_peer import FAMILIES, NODE, PEER, SimPeer
from tcpslab.sim import SimNode
from tcpslab.stack import SECOND, Config, Policy
from tcpslab.wire import Flag, Packet, find_tc, find_tm

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


def test_data_that_acknowledges_nothing_new_arrives_at_once() -> None:
    with SimNode(None) as node:
        node.listen(7)
        peer = SimPeer(node)
        connection = peer.open()
        assert node.send(connection, b"in flight") == 9
        node.advance(SECOND // 10)
        for data in (b"one", b"two"):
            peer.send(DATA, data)
            assert node.received(connection) == data


def test_what_acknowledges_the_future_is_challenged() -> None:
    """RFC 9293, section 3.10.7.4, in a state in which ns-3 itself dies of it."""
    with SimNode(None) as node:
        node.listen(7)
        peer = SimPeer(node)
        connection = peer.open()
        node.close(connection)
        peer.take()
        right = peer.acknowledgement
        for _ in range(5):
            peer.acknowledgement = right + 100_000
            peer.send(Flag.ACK)
            (challenge,) = peer.take()
            assert (challenge.flags, challenge.acknowledgement) == (Flag.ACK, peer.sequence)
        peer.acknowledgement = right
        peer.send(Flag.FIN | Flag.ACK)
        assert node.connection_state(connection) == "closed"


def test_a_closed_window_is_probed_by_what_a_receiver_accepts() -> None:
    """RFC 9293, sections 3.8.6.1 and 3.1: every segment of an established connection has the ACK flag."""
    with SimNode(None) as node:
        node.listen(7)
        peer = SimPeer(node)
        connection = peer.open()
        closed = Packet.parse(peer.packet(Flag.ACK))
        closed.window = 0
        node.inject(closed.emit())
        node.send(connection, b"waiting")
        node.advance(10 * SECOND)
        (probe,) = peer.take()
        assert (probe.payload, probe.flags, probe.acknowledgement) == (b"w", Flag.ACK, peer.sequence)


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


def test_a_predicate_may_let_time_pass() -> None:
    with SimNode(None) as node:
        times = []

        def hurries() -> bool:
            node.advance(2 * SECOND)
            times.append(node.now)
            return False

        assert not node.run_until(hurries, SECOND)
        assert times == [2 * SECOND, 4 * SECOND]


def test_equal_arguments_give_equal_packets() -> None:
    first = conversation(seed=7)
    assert first == conversation(seed=7)
    assert first != conversation(seed=8)


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
    with SimNode(Config(deviations=["omit-tc-from-syn"])) as node:
        node.connect(PEER["ipv4"], 80)
        ((_, syn),) = node.take()
        assert find_tc(Packet.parse(syn).options) is None


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
    # Something to do for ns-3: the collector looks at a connection half a million times.
    policy = Policy(collect_interval=SECOND // 2000, half_open_timeout=500 * SECOND)
    with SimNode(Config(policy=policy), tcp={"ConnTimeout": "1000s"}) as node:
        node.connect(PEER["ipv4"], 80)
        runner = threading.Thread(target=node.advance, args=(250 * SECOND,))
        runner.start()
        refused = 0
        while runner.is_alive():
            try:
                node.take()
            except RuntimeError:
                refused += 1
        assert refused
        assert node.now == 250 * SECOND


def test_a_predicate_cannot_stop_the_node() -> None:
    with SimNode(None) as node:
        with pytest.raises(RuntimeError, match="not over"):
            node.run_until(lambda: node.stop() is None, SECOND)
        node.advance(SECOND)


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
        ({"tcp": {"MinRto": "infs"}}, "MinRto"),
        ({"tcp": {"MinRto": "-1s"}}, "MinRto"),
        ({"tcp": {"MinRto": "1" + 40 * "0" + "s"}}, "MinRto"),
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
