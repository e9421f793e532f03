"""tcpslab.stack.Endpoint: two hosts that the test joins by hand; what crosses is judged by tcps-wire.md."""

import doctest
from collections.abc import Iterator

import pytest
import tcpslab.stack
import tcpslab.wire
from tcpslab.crypto import derive_session_keys, packet_tag_lkm, packet_tag_readme, xor_keystream
from tcpslab.errors import WireError
from tcpslab.stack import SECOND, Config, Endpoint, Passage, Policy, all_deviations
from tcpslab.wire import Flag, Packet, checksums_valid, find_tc, find_ti, find_tm

V4 = ("10.0.0.1", 40001), ("10.0.0.2", 80)
V6 = ("2001:db8::1", 40001), ("2001:db8::2", 80)
CLIENT_ISN, SERVER_ISN = 0xFFFFFFF0, 500_000


class Talk:
    """A client and a server: says who sends what next, and carries it from one to the other."""

    def __init__(self, config: Config | None = None, server: Config | None = None, *, ends=V4, seed: int = 1) -> None:
        config = config or Config()
        self.ends = ends
        self.hosts = Endpoint(config, seed=seed, stream=0), Endpoint(server or config, seed=seed, stream=1)
        self.next = [CLIENT_ISN, SERVER_ISN]
        self.now = 0

    def packet(self, side: int, flags: Flag, payload: bytes = b"") -> Packet:
        acknowledgement = self.next[1 - side] if flags & Flag.ACK else 0
        return Packet(
            self.ends[side],
            self.ends[1 - side],
            sequence=self.next[side],
            acknowledgement=acknowledgement,
            flags=flags,
            window=65535,
            payload=payload,
        )

    def leave(self, side: int, flags: Flag, payload: bytes = b"") -> Passage:
        packet = self.packet(side, flags, payload)
        taken = len(payload) + bool(flags & Flag.SYN) + bool(flags & Flag.FIN)
        self.next[side] = (self.next[side] + taken) % 2**32
        return self.hosts[side].outbound(packet.emit(), self.now)

    def arrive(self, side: int, packet: bytes) -> Passage:
        return self.hosts[side].inbound(packet, self.now)

    def send(self, side: int, flags: Flag, payload: bytes = b"") -> tuple[bytes, Passage]:
        """What was put on the wire, and what became of it at the other host."""
        left = self.leave(side, flags, payload)
        for packet in left.to_network:
            self.arrive(1 - side, packet)
        assert left.packet is not None
        return left.packet, self.arrive(1 - side, left.packet)

    def handshake(self) -> Iterator[bytes]:
        yield self.send(0, Flag.SYN)[0]
        yield self.send(1, Flag.SYN | Flag.ACK)[0]
        yield self.send(0, Flag.ACK)[0]

    def kinds(self, side: int) -> list[str]:
        return [event.kind for event in self.hosts[side].events]

    def state(self, side: int) -> str | None:
        return self.hosts[side].state_of(*self.ends)


# tcps-dialects.md, R18: lkm leaves IPv6 alone.
@pytest.mark.parametrize(("dialect", "ends"), [("readme", V4), ("readme", V6), ("lkm", V4)])
def test_a_connection_from_syn_to_data(dialect: str, ends: tuple[tuple[str, int], tuple[str, int]]) -> None:
    talk = Talk(Config(dialect), ends=ends)
    syn, syn_ack, _ack = talk.handshake()
    client_key = find_tc(Packet.parse(syn).options)
    assert client_key is not None
    assert find_tc(Packet.parse(syn_ack).options) is not None
    assert talk.state(0) in ("ENCRYPTED", "AUTHENTICATED")

    (line,) = [line for line in talk.hosts[0].key_log if line.startswith("TCPS_EPHEMERAL_SECRET ")]
    assert line in talk.hosts[1].key_log
    _, key, shared = line.split(" ")
    assert bytes.fromhex(key) == client_key
    keys = derive_session_keys(bytes.fromhex(shared))

    # 32 bytes from 16 before the sequence numbers wrap.
    text = b"thirty-two bytes of a request..."
    for position in (0, 32):
        on_wire, arrived = talk.send(0, Flag.PSH | Flag.ACK, text)
        assert checksums_valid(on_wire)
        sent = Packet.parse(on_wire)
        assert sent.payload == xor_keystream(keys.enc_c2s, position, text)
        tag = {"readme": packet_tag_readme, "lkm": packet_tag_lkm}[dialect]
        assert find_tm(sent.options) == tag(keys.mac_c2s, position, sent.flags, sent.payload)
        assert arrived.verdict == "pass"
        assert arrived.packet is not None
        assert checksums_valid(arrived.packet)
        assert Packet.parse(arrived.packet).payload == text
        assert Packet.parse(arrived.packet).options == sent.options, "tcps-wire.md, section 7: TM is left in the header"


def test_both_sides_authenticate() -> None:
    talk = Talk()
    list(talk.handshake())
    on_wire, _ = talk.send(1, Flag.ACK)
    assert talk.state(0) == talk.state(1) == "AUTHENTICATED"
    client, server = talk.hosts
    identity = find_ti(Packet.parse(on_wire).options)
    assert identity is not None
    assert identity[0] == server.identity == client.peer_identity(V4[1][0])
    assert server.peer_identity(V4[0][0]) == client.identity
    assert client.peer_identity("10.0.0.99") is None
    assert {"encrypted", "peer-new", "authenticated"} <= set(talk.kinds(0))
    states = [client.state_changes[0].before, *(change.after for change in client.state_changes)]
    assert states == ["NONE", "SYN_SENT", "ENCRYPTED", "AUTHENTICATED"]
    event = client.events[0]
    assert (event.local, event.remote, event.role, event.time, event.alarm) == (*V4, "client", 0, False)
    client.clear_records()
    assert (client.events, client.state_changes, client.key_log) == ([], [], [])
    assert client.counters["encrypted"] == 1, "counters are monotonic"


def test_a_flipped_bit_is_dropped_with_an_alarm() -> None:
    talk = Talk()
    list(talk.handshake())
    left = talk.leave(0, Flag.PSH | Flag.ACK, b"hello")
    assert left.packet is not None
    arrived = talk.arrive(1, left.packet[:-1] + bytes([left.packet[-1] ^ 1]))
    assert (arrived.verdict, arrived.packet) == ("drop", None)
    event = talk.hosts[1].events[-1]
    assert (event.kind, event.alarm, event.role) == ("tag-invalid", True, "server")
    counters = talk.hosts[1].counters
    assert (counters["tag-invalid"], counters["inbound-dropped"]) == (1, 1)
    assert talk.arrive(1, left.packet).verdict == "pass"


def test_policy_can_be_changed_while_it_runs() -> None:
    talk = Talk()
    assert (talk.hosts[0].policy.enforce, talk.hosts[0].policy.tofu_enforce) == (False, True)
    talk.hosts[0].policy = Policy(enforce=True)
    talk.leave(0, Flag.SYN)
    plain = talk.packet(1, Flag.SYN | Flag.ACK)
    assert talk.arrive(0, plain.emit()).verdict == "drop"
    assert "downgrade-refused" in talk.kinds(0)


def test_deadlines_are_the_callers_to_keep() -> None:
    policy = Policy(half_open_timeout=5 * SECOND, collect_interval=SECOND)
    talk = Talk(Config(policy=policy))
    talk.leave(0, Flag.SYN)
    host = talk.hosts[0]
    while host.connections:
        deadline = host.next_deadline
        assert deadline is not None
        assert deadline <= 6 * SECOND, "the first collection after the half-open time"
        host.expire(deadline)
    assert talk.state(0) is None
    with pytest.raises(ValueError, match="backwards"):
        host.expire(0)


def test_deviations_are_chosen_by_name() -> None:
    config = Config(deviations=["wrong-tag"])
    assert config.deviations == ["wrong-tag"]
    talk = Talk(config, Config())
    list(talk.handshake())
    assert talk.send(0, Flag.PSH | Flag.ACK, b"hello")[1].verdict == "drop"
    assert "tag-invalid" in talk.kinds(1)
    assert Config(deviations=all_deviations()).deviations == all_deviations()


def test_equal_seeds_give_equal_bytes() -> None:
    syns = [next(Talk(seed=seed).handshake()) for seed in (1, 1, 2)]
    assert syns[0] == syns[1] != syns[2]
    assert Endpoint(seed=1, stream=0).identity != Endpoint(seed=1, stream=1).identity


def test_what_came_in_fragments_can_be_said() -> None:
    """tcps-dialects.md, R13: lkm passes it unseen, readme checks it."""
    for dialect, verdict in (("lkm", "pass"), ("readme", "drop")):
        talk = Talk(Config(dialect))
        list(talk.handshake())
        forged = talk.packet(0, Flag.PSH | Flag.ACK, b"forged").emit()
        assert talk.hosts[1].inbound(forged, 0, reassembled=True).verdict == verdict


def test_what_is_no_packet_is_an_error_and_changes_nothing() -> None:
    host = Endpoint()
    for call in (host.outbound, host.inbound):
        with pytest.raises(WireError, match="ip-truncated"):
            call(b"", 5)
    assert (host.connections, sum(host.counters.values())) == (0, 0)
    host.expire(0)


def test_wrong_requests_are_errors() -> None:
    with pytest.raises(ValueError, match="no dialect tcpcrypt"):
        Config("tcpcrypt")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no deviation kindness"):
        Config(deviations=["kindness"])
    with pytest.raises(TypeError, match="no policy kindness"):
        Policy(kindness=True)  # type: ignore[call-arg]
    for time in (-1, 2**61 + 1):
        with pytest.raises(ValueError, match="nanoseconds"):
            Policy(idle_timeout=time)
        with pytest.raises(ValueError, match="nanoseconds"):
            Endpoint().expire(time)


@pytest.mark.parametrize("module", [tcpslab.stack, tcpslab.wire])
def test_examples_in_the_documentation(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted
    assert not result.failed
