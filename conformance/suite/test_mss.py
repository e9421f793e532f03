"""Room for TM: the MSS in SYN and SYN-ACK, and the segments that it allows (wire, sections 2.1 and 2.2)."""

import pytest

from tcpslab.scapy import TC, public_key

from conformance.marks import requirement
from conformance.peer import Peer

ROOM = 20  # bytes of TM


def _own_mss(peer: Peer) -> int:
    """That of the host's TCP, as it shows on a plain connection."""
    plain = peer.arena.peer(role="client")
    plain.send_syn(tc=False)
    mss = plain.expect_syn_ack().mss
    plain.acknowledge()
    if mss is None:
        raise plain.violation("no MSS on a plain SYN-ACK")
    return mss


@requirement("TCPS-MSS-01")
def test_mss_leaves_room_for_tm(peer: Peer) -> None:
    shaken = peer.open()
    if shaken.mss != (expected := _own_mss(peer) - ROOM):
        raise peer.violation(f"MSS {shaken.mss} beside TC instead of {expected}", candidates=[shaken])


@requirement("TCPS-MSS-03")
def test_plain_syn_ack_keeps_the_mss(peer: Peer) -> None:
    protected = peer.open().mss
    if protected is None or (own := _own_mss(peer)) != protected + ROOM:
        raise peer.violation(f"MSS {own} without TC, {protected} with it")


@requirement("TCPS-MSS-04")
@pytest.mark.parametrize(("mss", "pieces"), [(100, (150, 150)), (536, (600, 600)), (1400, (1400, 1400))])
def test_no_segment_exceeds_the_peers_mss(peer: Peer, mss: int, pieces: tuple[int, ...]) -> None:
    """The monitor compares each; more than one segment's worth comes back."""
    peer.open(options=[("MSS", mss), TC(public_key=public_key(peer.ephemeral))])
    sent = b""
    for size in pieces:
        sent += (piece := peer.arena.rng.randbytes(size))
        peer.send_data(piece)
    peer.expect_echo(sent)
    longest = max(len(seen.payload) for seen in peer.all)
    if longest > mss:
        raise peer.violation(f"{longest} bytes of payload although the MSS is {mss}")
