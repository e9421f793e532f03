"""tcpslab.stack.Pair: two hosts, one wire, and what a path may do to it."""

import pytest
from tcpslab.stack import SECOND, Config, Pair, Policy
from tcpslab.wire import Flag, Packet, checksums_valid, find_tc, find_tm

ENDS = {"client": ("10.0.0.1", 40001), "server": ("10.0.0.2", 80)}
OTHER = {"client": "server", "server": "client"}
FLOW = (ENDS["client"], ENDS["server"])


def packet(side: str, flags: Flag, sequence: int, acknowledgement: int = 0, payload: bytes = b"") -> bytes:
    return Packet(
        ENDS[side],
        ENDS[OTHER[side]],
        sequence=sequence,
        acknowledgement=acknowledgement,
        flags=flags,
        window=65535,
        payload=payload,
    ).emit()


SYN = packet("client", Flag.SYN, 999)
SYN_ACK = packet("server", Flag.SYN | Flag.ACK, 4999, 1000)
ACK = packet("client", Flag.ACK, 1000, 5000)
SERVER_ACK = packet("server", Flag.ACK, 5000, 1000)
REQUEST = packet("client", Flag.PSH | Flag.ACK, 1000, 5000, b"request")


def handshake(pair: Pair) -> None:
    pair.send("client", SYN)
    pair.send("server", SYN_ACK)
    pair.send("client", ACK)
    pair.send("server", SERVER_ACK)


@pytest.mark.parametrize("dialect", ["readme", "lkm"])
def test_what_is_sent_arrives_and_crosses_the_wire_encrypted(dialect: str) -> None:
    pair = Pair(Config(dialect), Config(dialect))
    handshake(pair)
    crossed = len(pair.wire)
    (arrived,) = pair.send("client", REQUEST)
    assert Packet.parse(arrived).payload == b"request"
    assert checksums_valid(arrived)
    ((side, on_wire),) = pair.wire[crossed:]
    assert side == "client"
    assert b"request" not in on_wire
    assert find_tm(Packet.parse(on_wire).options) is not None
    assert {line.split()[0] for line in pair.key_log} >= {"TCPS_EPHEMERAL_SECRET"}


def test_both_hosts_can_be_asked() -> None:
    pair = Pair()
    handshake(pair)
    for side in ("client", "server"):
        assert pair.state_of(side, *FLOW) == "AUTHENTICATED"
        assert pair.counters(side)["authenticated"] == 1
        assert [event.role for event in pair.events(side) if event.kind == "authenticated"] == [side]
    assert pair.identity("client") != pair.identity("server")


def test_without_tcps_at_one_end_the_connection_falls_back() -> None:
    pair = Pair(Config(), None)
    (syn,) = pair.send("client", SYN)
    assert find_tc(Packet.parse(syn).options) is not None
    pair.send("server", SYN_ACK)
    assert "fell-back" in [event.kind for event in pair.events("client")]
    assert pair.events("server") == []
    with pytest.raises(ValueError, match="has no TCP/S"):
        pair.counters("server")


def test_a_path_sees_changes_and_loses() -> None:
    pair = Pair()
    seen = []

    def strip(side: str, data: bytes) -> bytes:
        seen.append(side)
        stripped = Packet.parse(data)
        stripped.options = b""
        return stripped.emit()

    pair.set_path(strip)
    (syn,) = pair.send("client", SYN)
    assert find_tc(Packet.parse(syn).options) is None
    assert find_tc(Packet.parse(pair.wire[0][1]).options) is not None, "the wire holds what was sent"
    assert seen == ["client"]
    pair.set_path(lambda _side, _data: None)
    assert pair.send("client", SYN) == []
    assert len(pair.wire) == 2
    pair.set_path(None)
    assert len(pair.send("client", SYN)) == 1


def test_what_a_path_raises_comes_out_and_the_pair_goes_on() -> None:
    pair = Pair()

    def broken(_side: str, _data: bytes) -> bytes:
        raise KeyError("the path's own")

    pair.set_path(broken)
    with pytest.raises(KeyError, match="the path's own"):
        pair.send("client", SYN)
    pair.set_path(lambda _side, _data: 5)  # type: ignore[arg-type,return-value]
    with pytest.raises(TypeError, match="bytes or None"):
        pair.send("client", SYN)
    pair.set_path(None)
    handshake(pair)
    assert pair.state_of("server", *FLOW) == "AUTHENTICATED"


def test_a_path_may_replace_itself() -> None:
    pair = Pair()

    def lose_one(_side: str, _data: bytes) -> None:
        pair.set_path(None)

    pair.set_path(lose_one)
    assert pair.send("client", SYN) == []
    assert len(pair.send("client", SYN)) == 1


def test_an_injected_reset_is_ignored_on_a_protected_connection() -> None:
    pair = Pair()
    handshake(pair)
    assert pair.inject("server", packet("client", Flag.RST | Flag.ACK, 1000, 5000)) == []
    assert pair.events("server")[-1].kind == "reset-ignored"


def test_time_collects_what_is_half_open() -> None:
    policy = Policy(half_open_timeout=5 * SECOND, collect_interval=SECOND)
    pair = Pair(Config(policy=policy), Config(policy=policy))
    pair.send("client", SYN)
    assert pair.state_of("server", *FLOW) == "SYN_RECV"
    pair.advance(7 * SECOND)
    assert pair.now == 7 * SECOND
    assert pair.state_of("server", *FLOW) is None
    for duration in (-1, 2**61):
        with pytest.raises(ValueError, match="nanoseconds"):
            pair.advance(duration)
    assert pair.now == 7 * SECOND


def test_a_restarted_host_remembers_nothing() -> None:
    pair = Pair()
    handshake(pair)
    before = pair.identity("server")
    pair.restart("server", Config("lkm"))
    assert pair.state_of("server", *FLOW) is None
    assert pair.identity("server") != before


def test_sides_have_names() -> None:
    with pytest.raises(ValueError, match="client and server"):
        Pair().send("middle", SYN)  # type: ignore[arg-type]
