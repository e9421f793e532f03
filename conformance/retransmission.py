"""What retransmissions of the target have to agree in."""

from conformance.peer import Peer
from conformance.seen import WRAP


def expect_same_ciphertext(peer: Peer) -> None:
    """No two segments of the target's say different things of the same byte of its stream."""
    known: dict[int, int] = {}
    for seen in peer.all:
        for sequence, byte in enumerate(seen.payload, start=seen.seq):
            if known.setdefault(sequence % WRAP, byte) != byte:
                raise peer.violation(f"a byte is encrypted differently the second time: {seen}", candidates=[seen])
