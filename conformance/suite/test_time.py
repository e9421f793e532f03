"""How long an entry of the connection table lives, and what keeps it alive (wire, section 7; dialects R2, R12, R20).

The timers have their defaults, so that a host that cannot be configured is judged too.
"""

from collections.abc import Callable

import pytest

from conformance.failure import PRESENT
from conformance.identification import expect_rest, expect_unprotected, introduce
from conformance.marks import budget, requirement, role, setup
from conformance.peer import Peer

COLLECTION = 30  # seconds between two runs of the collector
IDLE, DEAD, HALF_OPEN, CLOSED = 300, 60, 60, 120  # seconds
SLACK = 5
# The last time that a TCP sends its SYN or SYN-ACK again, for which it takes its time: RFC 6298 asks for 1, 3, 7, … s,
# and 3, 9, 21, 45, 93 s was the rule before.
GIVEN_UP = 100


@requirement("TCPS-TIME-02", "TCPS-LIM-10")
@setup(limits={"max_connections": 1})
@budget(130)
def test_entry_of_a_fallback_is_removed_after_60_s(peer: Peer) -> None:
    peer.open(tc=False)
    peer.arena.wait(DEAD + COLLECTION + SLACK)
    peer.again().expect_syn(tc=PRESENT)


@requirement("TCPS-TIME-02")
@setup(limits={"max_connections": 1})
@budget(70)
def test_entry_of_a_fallback_is_not_removed_earlier(peer: Peer) -> None:
    peer.open(tc=False)
    peer.arena.wait(DEAD - 2 * SLACK)
    _expect_no_room(peer.again())


@requirement("TCPS-TIME-03")
@budget(330)
def test_keys_outlive_300_s_of_silence(peer: Peer) -> None:
    _rest(peer)
    peer.arena.wait(IDLE - SLACK)
    _expect_protected(peer)


@requirement("TCPS-TIME-04")
@budget(370)
def test_keys_do_not_outlive_330_s_of_silence(peer: Peer) -> None:
    _rest(peer)
    peer.arena.wait(IDLE + COLLECTION + SLACK)
    peer.in_clear = True  # whether it is blocked or goes on so is another matter
    expect_unprotected(peer)


_TRAFFIC: dict[str, Callable[[Peer], None]] = {
    "data": lambda peer: peer.echo(),
    "a pure ACK": lambda peer: peer.forge(peer.segment("A")),
    "data in clear": lambda peer: peer.forge(peer.segment("PA", b"dropped")),
    "data with a wrong tag": lambda peer: peer.forge(peer.protected(b"dropped", position=1)),
    "a RST": lambda peer: peer.forge(peer.segment("R")),
}


@requirement("TCPS-TIME-05")
@budget(580)
@pytest.mark.parametrize("traffic", _TRAFFIC)
def test_every_segment_keeps_a_connection_alive(peer: Peer, traffic: str) -> None:
    """Also one that is dropped. Without it the connection would be idle for longer than any of them may."""
    _rest(peer)
    peer.arena.wait(IDLE - 50)
    _TRAFFIC[traffic](peer)
    peer.arena.wait(IDLE - SLACK)
    _expect_protected(peer)


@requirement("TCPS-TIME-06", "TCPS-LIM-10")
@setup(limits={"max_connections": 2})
@budget(250)
def test_handshake_that_stopped_is_removed_after_60_s(peer: Peer) -> None:
    """Two of them fill the table. TCP gives up before the connection counts as idle."""
    for half_open in (peer, peer.again()):
        if half_open.role == "client":
            half_open.send_syn()
            half_open.expect_syn_ack(tc=PRESENT)
        else:
            half_open.expect_syn(tc=PRESENT)
    peer.arena.wait(GIVEN_UP + HALF_OPEN + COLLECTION + SLACK)
    last = peer.again()
    last.open()
    last.echo()


@requirement("TCPS-TIME-06")
@role("server")
@setup(limits={"max_connections": 2})
@budget(60)
def test_handshake_that_stopped_is_not_removed_earlier(peer: Peer) -> None:
    """The third ACK comes late, and completes it."""
    peer.send_syn()
    peer.expect_syn_ack(tc=PRESENT)
    peer.arena.wait(20)
    peer.acknowledge()
    peer.echo()


@requirement("TCPS-TIME-07", "TCPS-LIM-10")
@setup(limits={"max_connections": 1})
@budget(170)
def test_closed_connection_is_forgotten_after_120_s(peer: Peer) -> None:
    _rest(peer)
    peer.close()
    peer.arena.wait(CLOSED + COLLECTION + SLACK)
    last = peer.again()
    last.open()
    last.echo()


@requirement("TCPS-TIME-07")
@setup(limits={"max_connections": 1})
@budget(130)
def test_closed_connection_is_not_forgotten_earlier(peer: Peer) -> None:
    _rest(peer)
    peer.close()
    peer.arena.wait(CLOSED - 2 * SLACK)
    _expect_no_room(peer.again())


@requirement("TCPS-TIME-07")
@budget(130)
def test_closed_connection_stays_protected(peer: Peer) -> None:
    """A segment in clear is dropped, for which TCP, which has closed, would send a RST."""
    _rest(peer)
    peer.close()
    peer.arena.wait(CLOSED - 2 * SLACK)
    peer.forge(peer.segment("PA", b"dropped"))
    peer.expect_nothing()


@requirement("TCPS-TIME-08")
@budget(370)
def test_module_goes_on_in_clear_after_330_s_of_silence(peer: Peer) -> None:
    _rest(peer)
    peer.arena.wait(IDLE + COLLECTION + SLACK)
    peer.in_clear, peer.protection = True, None
    peer.echo(b"in clear")


def _expect_protected(peer: Peer) -> None:
    """Data is understood and comes back protected; that it came back in clear is a finding on the timers."""
    peer.in_clear = True
    peer.echo()


def _expect_no_room(peer: Peer) -> None:
    """The table has no entry for another connection, so it gets no TC."""
    if peer.role == "client":
        peer.send_syn()
    else:
        peer.connect_target()
    peer.arena.wait(SLACK)
    if early := [seen for seen in peer.all if seen.tc]:
        raise peer.violation("TC although the only entry of the table is taken", candidates=early)
    peer.claim_all()


def _rest(peer: Peer) -> None:
    """A connection on which nothing is due any more, so that only what the test sends is its traffic."""
    peer.open()
    introduce(peer)
    expect_rest(peer)
    peer.settle()
