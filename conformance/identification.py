"""What tests of identity do on a connection: making the target show TI, showing ours, and seeing what became of it."""

from __future__ import annotations

from tcpslab.scapy import TI

from conformance.peer import Peer
from conformance.seen import Seen
from conformance.timing import SILENCE

OTHER_PROOF = bytes.fromhex("5a17c0de")  # an auth tag that no computation gave


def learn(peer: Peer) -> TI:
    """The target's TI on this connection, which it shows on a pure ACK at the latest; ours was not sent yet."""
    shown = identified(peer)
    ti = (shown[-1] if shown else peer.provoke_ack()).ti
    if ti is None:
        raise peer.violation("a pure ACK without TI, before any TI of the peer", candidates=peer.all[-1:])
    return ti


def introduce(peer: Peer, proof: bytes | None = None) -> None:
    """Both ends show who they are: the target first, then this one, once. The connection is open."""
    learn(peer)
    peer.send_ti(peer.ti(proof=proof))


def acquainted(peer: Peer, proof: bytes | None = None) -> Peer:
    """A first connection on which both ends show who they are; returns the host's next one, not opened yet.

    The target holds this host's key from then on. A zero `proof` is that of a host which does not know the target.
    """
    peer.open()
    introduce(peer, proof)
    return peer.again()


def accepted(peer: Peer, proof: bytes | None = None) -> Peer:
    """The same, and the target was content with what it was shown."""
    again = acquainted(peer, proof)
    expect_rest(peer)
    return again


def expect_rest(peer: Peer) -> None:
    """Both ends have shown who they are and the target was content: no TI is due, and data is protected both ways."""
    # A target that found a mismatch may go on in clear. That its data is unprotected is then this finding, no other.
    before, peer.in_clear = peer.in_clear, True
    peer.settle()
    peer.echo()
    if peer.provoke_ack().ti is not None:
        raise peer.violation("TI although none is due", candidates=peer.all[-1:])
    peer.in_clear = before


def expect_due(peer: Peer) -> None:
    """The target did not count any TI so far: it still shows its own."""
    if peer.provoke_ack().ti is None:
        raise peer.violation("no TI on a pure ACK although none of the peer was accepted", candidates=peer.all[-1:])


def identified(peer: Peer) -> list[Seen]:
    """The segments with TI that the target sent on this connection so far."""
    return [seen for seen in peer.all if seen.ti]


def expect_refused(peer: Peer, ti: TI) -> None:
    """The target finds a mismatch in a TI: the segment is not answered, and nothing is protected any more."""
    mismatch(peer, ti)
    peer.expect_nothing()
    expect_unprotected(peer)


def mismatch(peer: Peer, ti: TI) -> None:
    """Shows a TI that does not match. What becomes of the connection differs between the dialects."""
    peer.settle()
    peer.in_clear = True
    peer.send_ti(ti)


def expect_unprotected(peer: Peer) -> None:
    """Protected data is no longer understood: it comes back as something else, or not at all."""
    before = len(peer.all)
    payload = b"Who goes there?"
    peer.send_data(payload)
    peer.arena.wait(SILENCE * peer.arena.scale)
    answers = peer.all[before:]
    if any(seen.plaintext for seen in answers):
        raise peer.violation("the connection is protected as before", candidates=answers)
    for seen in [seen for seen in peer.inbox if seen in answers]:
        peer.claim(seen)
