"""Which TIs of the peer count in `readme`: by their segment's numbers and content, by what was shown (dialects, R9)."""

import pytest

from conformance.identification import (
    OTHER_PROOF,
    acquainted,
    expect_due,
    expect_rest,
    identified,
    introduce,
    learn,
)
from conformance.marks import requirement
from conformance.peer import Peer
from conformance.seen import WRAP

REACH = 65535  # of a TI's sequence number, around what is in order
# Whether "the highest in-order one" is the last byte or the next one is a matter of one, so that is left open.
FAR = REACH + 2
NEAR = REACH - 1


@requirement("TCPS-TI-31")
@pytest.mark.parametrize("offset", [FAR, -FAR, 2**31 - 1, -(2**31)])
def test_ti_with_a_far_sequence_number_is_ignored(peer: Peer, offset: int) -> None:
    """Whether its segment reaches TCP does not show: not every TCP answers an ACK from outside the window."""
    peer.open()
    learn(peer)
    peer.forge(peer.segment("A", options=[peer.ti()], seq=peer.snd_nxt + offset))
    expect_due(peer)
    introduce(peer)
    expect_rest(peer)


@requirement("TCPS-TI-31")
@pytest.mark.parametrize("offset", [NEAR, -NEAR])
def test_ti_with_a_near_sequence_number_counts(peer: Peer, offset: int) -> None:
    peer.open()
    learn(peer)
    peer.forge(peer.segment("A", options=[peer.ti()], seq=peer.snd_nxt + offset))
    expect_rest(peer)


@requirement("TCPS-TI-32")
@pytest.mark.parametrize("place", ["own ISN", "after all sent", "far after", "far before"])
def test_ti_with_an_impossible_acknowledgement_is_ignored(peer: Peer, place: str) -> None:
    peer.open()
    peer.echo()
    learn(peer)
    isn, end = _isn(peer), peer.rcv_nxt
    ack = {"own ISN": isn, "after all sent": end + 1, "far after": isn + 2**31 - 1, "far before": isn - 2**31}
    peer.forge(peer.segment("A", options=[peer.ti()], ack=ack[place] % WRAP))
    peer.settle()
    expect_due(peer)
    introduce(peer)
    expect_rest(peer)


@requirement("TCPS-TI-32")
@pytest.mark.parametrize("place", ["first", "within", "all sent"])
def test_ti_with_a_possible_acknowledgement_counts(peer: Peer, place: str) -> None:
    """From the byte after the target's SYN to the end of what it sent."""
    peer.open()
    peer.echo()
    learn(peer)
    first = _isn(peer) + 1
    ack = {"first": first, "within": first + 5, "all sent": peer.rcv_nxt}
    peer.forge(peer.segment("A", options=[peer.ti()], ack=ack[place] % WRAP))
    expect_rest(peer)


@requirement("TCPS-TI-33")
@pytest.mark.parametrize("proof", [bytes(4), OTHER_PROOF, None], ids=["zero", "wrong", "its own"])
def test_another_key_is_ignored_on_an_authenticated_connection(peer: Peer, proof: bytes | None) -> None:
    """It is not an attack on the connection, owes no answer, and is not remembered either."""
    peer.open()
    introduce(peer)
    expect_rest(peer)
    count = len(identified(peer))
    stranger = peer.arena.identity()
    peer.forge(peer.segment("A", options=[peer.ti(identity=stranger, proof=proof)]))
    peer.expect_nothing()
    peer.echo()
    peer.provoke_ack()
    if more := identified(peer)[count:]:
        raise peer.violation("an answer to the TI of another host", candidates=more)
    again = peer.again()
    again.open()
    introduce(again)
    expect_rest(again)


@requirement("TCPS-TI-34")
@pytest.mark.parametrize("proof", [bytes(4), OTHER_PROOF], ids=["zero", "wrong"])
def test_auth_tag_is_not_compared_on_an_authenticated_connection(peer: Peer, proof: bytes) -> None:
    """The peer had proven who it is, on this connection and for the one after it."""
    again = acquainted(peer)
    again.open()
    introduce(again)
    expect_rest(again)
    again.forge(again.segment("A", options=[again.ti(proof=proof)]))
    again.expect_nothing()
    again.echo()


@requirement("TCPS-TI-35")
@pytest.mark.parametrize(("flags", "payload"), [("PA", b"with TI"), ("FA", b""), ("FPA", b"with TI")])
def test_ti_with_data_or_fin_is_not_judged(peer: Peer, flags: str, payload: bytes) -> None:
    """The segment is dropped, as TI leaves no room for TM; an attacker's key in it is not remembered."""
    peer.open()
    learn(peer)
    stranger = peer.arena.identity()
    peer.forge(peer.segment(flags, payload, options=[peer.ti(identity=stranger)]))
    peer.expect_nothing()
    expect_due(peer)
    introduce(peer)
    expect_rest(peer)


@requirement("TCPS-TI-35")
@pytest.mark.parametrize(("flags", "payload"), [("PA", b"with TI"), ("FA", b"")])
def test_mismatch_with_data_or_fin_is_no_mismatch(peer: Peer, flags: str, payload: bytes) -> None:
    """The target knows the host, so a judgement of the attacker's key would end the connection."""
    again = acquainted(peer)
    again.open()
    learn(again)
    stranger = peer.arena.identity()
    again.forge(again.segment(flags, payload, options=[again.ti(identity=stranger)]))
    again.expect_nothing()
    introduce(again)
    expect_rest(again)


def _isn(peer: Peer) -> int:
    assert peer.target_isn is not None
    return peer.target_isn
