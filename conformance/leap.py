"""Positions that a stream reaches only after gigabytes, reached without sending them."""

from conformance.peer import Peer
from conformance.seen import WRAP

_STEP = 2**31 - 2**20  # below 2^31, where the rules of both dialects still agree (wire, section 4; dialects R11)
_WINDOW = 2**24  # beyond every receive window: without window scaling none is above 65535


def leap(peer: Peer, position: int) -> None:
    """Brings the target's position state for our stream to `position`, from what was sent before.

    Segments with a valid tag, each far ahead of the last, move the state of the protocol. TCP discards them as outside
    its window, so that it expects the same sequence number as before. `position` and the peer's next sequence number
    have to be more than a window apart, mod 2^32.
    """
    protection = peer.protection
    assert protection is not None, "the connection is not encrypted"
    next_offset = (peer.snd_nxt - peer.isn - 1) % WRAP
    at = protection.position(peer.snd_nxt)
    while at < position:
        at = min(at + _STEP, position)
        if min((at - next_offset) % WRAP, (next_offset - at) % WRAP) < _WINDOW:
            at -= _WINDOW
        peer.arena.send(peer.protected(b"?", "A", seq=peer.at(at)))
    peer.settle()
