"""Stream positions: from sequence numbers, over their wrap, beyond 4 GiB (wire, section 4; dialects R11)."""

import pytest

from conformance.failure import SOME
from conformance.forgeries import with_tag
from conformance.leap import leap
from conformance.marks import requirement
from conformance.peer import Peer
from conformance.seen import WRAP

_TEXT = b"as far as it goes"
_HALF = 2**31


@requirement("TCPS-POS-01")
def test_the_first_byte_has_position_0(peer: Peer) -> None:
    peer.open()
    peer.send_data(_TEXT, position=0)
    echo = peer.expect("the echo", payload=SOME)
    if echo.position != 0:
        raise peer.violation(f"the first byte has position {echo.position}", candidates=[echo])
    peer.expect_echo(_TEXT)
    peer.send_data(_TEXT, position=len(_TEXT))
    peer.expect_echo(_TEXT)


@requirement("TCPS-POS-01", "TCPS-POS-02")
@pytest.mark.parametrize("isn", [_HALF - 20, WRAP - 20, WRAP - 2, WRAP - 1])
def test_sequence_numbers_may_wrap(peer: Peer, isn: int) -> None:
    """At the wrap, and where signed numbers change their sign; between segments and within one."""
    peer.start_at(isn)
    peer.open()
    for size in (10, 20, 1, 50):
        peer.echo(peer.arena.rng.randbytes(size))
    peer.close()


@requirement("TCPS-POS-02", "TCPS-ENC-09")
def test_segments_around_the_wrap_in_any_order(peer: Peer) -> None:
    peer.start_at(WRAP - 31)
    peer.open()
    data = peer.arena.rng.randbytes(60)
    for start, end in ((40, 60), (30, 41), (0, 10), (20, 31), (5, 60)):
        peer.send_data(data[start:end], seq=peer.at(start), position=start)
    peer.expect_echo(data)


@requirement("TCPS-POS-03")
def test_positions_go_on_beyond_4_gib(peer: Peer) -> None:
    peer.open()
    peer.echo(bytes(10))
    leap(peer, WRAP - 2**28)
    peer.forge(peer.protected(_TEXT, position=10))  # under the keystream of the first bytes again
    peer.expect_nothing()
    peer.send_data(_TEXT, position=WRAP + 10)
    peer.expect_echo(_TEXT)
    peer.echo()
    peer.close()


@requirement("TCPS-POS-03", "TCPS-POS-02")
def test_a_segment_crosses_4_gib(peer: Peer) -> None:
    """Its first bytes lie before the boundary, where TCP has them already; its last are the next that TCP expects."""
    peer.open()
    leap(peer, WRAP - 2**28)
    data = peer.arena.rng.randbytes(50)
    peer.send_data(data, seq=peer.at(-30), position=WRAP - 30)
    peer.expect_echo(data[30:])
    peer.echo()


@requirement("TCPS-POS-03")
def test_positions_go_on_beyond_12_gib(peer: Peer) -> None:
    peer.open()
    leap(peer, 3 * WRAP - 2**28)
    peer.send_data(_TEXT, position=3 * WRAP)
    peer.expect_echo(_TEXT)


def _turns_at_half_the_space(peer: Peer, ahead: int, position: int) -> None:
    """With the state `ahead` of the next byte, that byte has `position` and not the other that is congruent to it."""
    peer.open()
    for at in (2**30, ahead):
        peer.arena.send(peer.protected(b"?", "A", seq=peer.at(at), position=at))
    peer.forge(peer.protected(_TEXT, position=WRAP - position))
    peer.expect_nothing()
    peer.send_data(_TEXT, position=position)
    peer.expect_echo(_TEXT)


_TURN = pytest.mark.parametrize(
    ("ahead", "position"), [(_HALF - 1, 0), (_HALF + 1, WRAP)], ids=["just-less", "just-more"]
)


@requirement("TCPS-POS-04")
@_TURN
def test_the_nearest_position_counts(peer: Peer, ahead: int, position: int) -> None:
    _turns_at_half_the_space(peer, ahead, position)


@requirement("TCPS-POS-07")
@_TURN
def test_a_position_far_below_the_highest_is_a_wrap(peer: Peer, ahead: int, position: int) -> None:
    _turns_at_half_the_space(peer, ahead, position)


@requirement("TCPS-POS-05")
def test_a_retransmission_from_before_the_boundary_keeps_its_position(peer: Peer) -> None:
    """After the boundary was crossed. Its last bytes are new to TCP, so that the echo shows that it was understood."""
    peer.open()
    leap(peer, WRAP - 2**28)
    peer.echo(bytes(20))
    data = peer.arena.rng.randbytes(60)
    peer.send_data(data, seq=peer.at(-30), position=WRAP - 30)
    peer.expect_echo(data[50:])
    peer.send_data(_TEXT, position=WRAP + 30)
    peer.expect_echo(_TEXT)


@requirement("TCPS-POS-08")
def test_a_retransmission_from_before_the_boundary_counts_as_a_wrap(peer: Peer) -> None:
    """The offsets that were measured; the next byte that TCP expects is at 0x10, then at 0x60."""
    peer.open()
    peer.echo(bytes(0x10))
    for position in (2**30, 0x0FFFFFFF0):
        peer.arena.send(peer.protected(b"?", "A", seq=peer.at(position), position=position))
    data = peer.arena.rng.randbytes(0x50)
    peer.send_data(data, position=0x100000010)
    peer.expect_echo(data)
    peer.forge(peer.protected(b"?", "A", seq=peer.at(0xFFFFFF00), position=0x0FFFFFF00))
    peer.expect_nothing()
    peer.forge(peer.protected(b"?", "A", seq=peer.at(0xFFFFFF00), position=0x1FFFFFF00))
    peer.expect("TCP's ACK of an old segment", pure_ack=True)
    peer.send_data(_TEXT, position=0x200000060)
    peer.expect_echo(_TEXT)


@requirement("TCPS-POS-06")
def test_forgeries_far_ahead_move_nothing(peer: Peer) -> None:
    peer.open()
    peer.echo()
    next_offset = peer.protection.position(peer.snd_nxt) if peer.protection else 0
    for ahead in (2**20, 2**30, _HALF - 1, _HALF, _HALF + 1, WRAP - 2**20, WRAP - 1):
        far = peer.protected(b"?", seq=peer.at(next_offset + ahead))
        peer.forge(with_tag(far, peer.arena.rng.randbytes(16)))
    peer.expect_nothing()
    peer.send_data(_TEXT, position=next_offset)
    peer.expect_echo(_TEXT)


@requirement("TCPS-POS-09")
def test_a_forgery_far_ahead_moves_the_position(peer: Peer) -> None:
    """What follows is understood one wrap further on only: that is the position state, and nothing else."""
    peer.open()
    peer.echo(bytes(10))
    far = peer.protected(b"?", seq=peer.at(10 + _HALF + 1), position=0)
    peer.forge(with_tag(far, bytes(16)))
    peer.forge(peer.protected(_TEXT, position=10))
    peer.expect_nothing()
    peer.send_data(_TEXT, position=WRAP + 10)
    peer.expect_echo(_TEXT)
