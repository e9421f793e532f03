"""After a failure: never in clear once encrypted, and no harm to what did not fail (dialects R6, R12, R22)."""

from tcpslab.scapy import TM

from conformance.failure import SOME, Where
from conformance.identification import OTHER_PROOF, acquainted, expect_refused
from conformance.marks import budget, requirement, role, setup
from conformance.peer import Peer
from conformance.seen import RST
from conformance.timing import REPETITION

_TEXT = b"Nothing of this in clear."
_A_RST = Where("with RST", lambda bits: bits & RST)
_FORGOTTEN = 335.0  # seconds idle after which the connection has been collected: 300, and the next collection
_IDLE, _COLLECT = 3.0, 1.0  # seconds, where the target can be told


def _wait(peer: Peer, seconds: float) -> None:
    peer.arena.pump_until(lambda: False, seconds)


def _clear_and_genuine(peer: Peer) -> None:
    """In clear, and as if nothing had happened."""
    peer.forge(
        peer.segment("PA", _TEXT),
        peer.protected(_TEXT),
        peer.segment("FA"),
        peer.protected(b"", "FA"),
        peer.segment("R"),
        peer.segment("A"),
    )


@requirement("TCPS-FAIL-01")
def test_data_in_flight_is_not_repeated_in_clear_after_a_mismatch(peer: Peer) -> None:
    """The target waits for the ACK of its data when it finds that the peer is not who it was."""
    later = acquainted(peer)
    later.open()
    later.echo()
    later.send_data(_TEXT)
    later.expect("the echo", payload=SOME)
    later.send_ti(later.ti(proof=OTHER_PROOF))
    _wait(later, REPETITION)
    _clear_and_genuine(later)
    later.expect_nothing()


@requirement("TCPS-FAIL-01")
def test_data_in_flight_is_repeated_encrypted_whatever_comes(peer: Peer) -> None:
    peer.open()
    peer.send_data(_TEXT)
    echo = peer.expect("the echo", payload=SOME)
    peer.arena.send(peer.segment("R"))
    peer.arena.send(peer.segment("FA"))
    peer.arena.send(peer.segment("PA", _TEXT))
    peer.arena.send(peer.segment("PA", _TEXT, options=[TM(tag=bytes(16))]))
    peer.expect("the echo again", REPETITION, seq=echo.seq, payload=SOME, plaintext=SOME)
    peer.expect_echo(_TEXT)
    peer.echo()


@requirement("TCPS-FAIL-02", "TCPS-FAIL-01")
@setup(limits={"idle_timeout": _IDLE, "collect_interval": _COLLECT})
def test_nothing_leaves_on_a_connection_that_was_collected(peer: Peer) -> None:
    """TCP repeats its data after twice the time each, until the pause is longer than the connection is kept."""
    peer.open()
    peer.send_ti()
    peer.echo()
    peer.send_data(_TEXT)
    peer.expect("the echo", payload=SOME)
    _wait(peer, 20.0)
    longest = _IDLE + 2 * _COLLECT
    times = [seen.time / peer.arena.scale for seen in peer.all]
    if late := [seen for seen, a, b in zip(peer.all[1:], times, times[1:], strict=False) if b - a > longest]:
        raise peer.violation("a segment of a connection that was collected", candidates=late)


@requirement("TCPS-FAIL-03", "TCPS-FAIL-01")
@budget(400)
def test_nothing_is_answered_on_a_connection_that_was_collected(peer: Peer) -> None:
    peer.open()
    peer.send_ti()
    peer.echo()
    _wait(peer, _FORGOTTEN)
    _clear_and_genuine(peer)
    peer.expect_nothing(REPETITION)


@requirement("TCPS-FAIL-07")
@budget(400)
def test_expiry_of_one_connection_leaves_others_alone(peer: Peer) -> None:
    peer.open()
    peer.echo()
    other = peer.arena.peer()
    other.open()
    for _ in range(5):
        _wait(peer, _FORGOTTEN / 5)
        other.echo()
    other.close()


@requirement("TCPS-FAIL-04", "TCPS-FAIL-03")
@role("server")
@budget(900)
def test_a_new_connection_replaces_one_that_was_collected(peer: Peer) -> None:
    """The target's TCP gives up first, since nothing is ever acknowledged; then the connection is forgotten."""
    peer.open(service="greet")
    peer.expect_fin()
    while _heard(peer, _FORGOTTEN):
        pass
    peer.forge(peer.segment("PA", _TEXT), peer.protected(_TEXT))
    peer.expect_nothing()
    new = peer.successor()
    new.open(service="greet")
    new.expect_fin()
    new.acknowledge()


def _heard(peer: Peer, seconds: float) -> bool:
    """Whether the target sent anything within this time; stops at the first."""
    before = len(peer.all)
    return peer.arena.pump_until(lambda: len(peer.all) > before, seconds)


@requirement("TCPS-FAIL-05", "TCPS-FAIL-01")
def test_nothing_in_clear_after_the_target_aborted(peer: Peer) -> None:
    peer.open(service="abort")
    peer.send_data(_TEXT)
    peer.expect("the target's RST", bits=_A_RST)
    peer.forge(peer.segment("PA", _TEXT), peer.segment("FA"), peer.segment("PA", _TEXT, seq=peer.at(0)))
    peer.expect_nothing(REPETITION)


@requirement("TCPS-FAIL-06")
def test_many_forgeries_leave_the_connection_usable(peer: Peer) -> None:
    peer.open()
    peer.echo()
    rng = peer.arena.rng
    options = [[], [TM(tag=bytes(16))], [(253, b"TM")], [(254, rng.randbytes(9))], [("NOP", None)] * 40]
    for _ in range(3):
        forgeries = []
        for flags in ("PA", "A", "FA", "FPA", "R", "RA", "PAU", "AEC"):
            for extra in options:
                seq = peer.snd_nxt + rng.choice([0, 0, 0, 1, 700, -9])
                bare = flags in ("A", "AEC")  # without payload it would be a pure ACK, which may be answered
                forgeries.append(peer.segment(flags, rng.randbytes(rng.randint(bare, 60)), seq=seq, options=extra))
        peer.forge(*forgeries)
        peer.expect_nothing()
        peer.echo()
    peer.close()


@requirement("TCPS-FAIL-07")
def test_failure_of_one_connection_leaves_others_alone(peer: Peer) -> None:
    """Of the same host and of another one: one meets forgeries, one is not who it was before."""
    other = peer.arena.peer()
    other.open()
    other.echo()
    refused = acquainted(peer)
    refused.open()
    refused.echo()
    expect_refused(refused, refused.ti(proof=OTHER_PROOF))
    other.forge(other.segment("PA", _TEXT), other.segment("FA"), other.segment("R"))
    other.expect_nothing()
    other.echo()
    peer.echo()
