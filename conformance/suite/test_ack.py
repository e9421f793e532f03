"""Pure ACKs, which carry no tag and need none (wire, sections 2.3 and 7)."""

import pytest

from tcpslab.scapy import TM

from conformance.failure import PRESENT, SOME
from conformance.marks import requirement, role
from conformance.peer import Peer
from conformance.timing import REPETITION


def _expect_no_repetition(peer: Peer) -> None:
    before = len(peer.all)
    peer.arena.pump_until(lambda: False, REPETITION)
    if again := [seen for seen in peer.all[before:] if seen.payload]:
        raise peer.violation("data is sent again although a pure ACK acknowledged it", candidates=again)


@requirement("TCPS-ACK-01")
@role("server")
def test_the_ack_of_the_handshake_is_accepted(peer: Peer) -> None:
    """The server's application speaks first, which it does once that ACK has come."""
    peer.open(service="greet")
    peer.expect("the greeting", payload=SOME, tm=PRESENT)
    peer.expect_fin()
    peer.acknowledge()


@requirement("TCPS-ACK-01")
def test_a_pure_ack_acknowledges(peer: Peer) -> None:
    peer.open()
    peer.echo()
    _expect_no_repetition(peer)


@requirement("TCPS-ACK-01")
@pytest.mark.parametrize("flags", ["PA", "EA", "CA"])
def test_a_pure_ack_with_more_flags_acknowledges(peer: Peer, flags: str) -> None:
    """Only payload and FIN ask for a tag."""
    peer.open()
    data = peer.arena.rng.randbytes(30)
    peer.send_data(data)
    peer.expect("the echo", payload=SOME, tm=PRESENT)
    peer.send(peer.segment(flags))
    _expect_no_repetition(peer)
    peer.expect_echo(data)


@requirement("TCPS-ACK-02")
def test_tm_on_a_pure_ack_is_not_verified(peer: Peer) -> None:
    """A wrong one, a right one, and one of an old position: each acknowledges."""
    peer.open()
    data = peer.arena.rng.randbytes(30)
    for tag in (peer.arena.rng.randbytes(16), bytes(16), None):
        peer.send_data(data)
        peer.expect("the echo", payload=SOME, tm=PRESENT)
        ack = peer.protected(b"", "A") if tag is None else peer.segment("A", options=[TM(tag=tag)])
        peer.send(ack)
        _expect_no_repetition(peer)
        peer.stream = b""
        peer.inbox.clear()
    peer.echo()


@requirement("TCPS-ACK-04")
def test_a_pure_ack_leaves_as_tcp_made_it(peer: Peer) -> None:
    """Once both ends have shown who they are, no TI is due; other options were not agreed upon."""
    peer.open()
    peer.echo()
    peer.send_ti()
    peer.settle()
    peer.provoke_ack()
    peer.settle()
    ack = peer.provoke_ack()
    if ack.option_area:
        raise peer.violation(f"a pure ACK with options {ack.option_area.hex()}", candidates=[ack])
