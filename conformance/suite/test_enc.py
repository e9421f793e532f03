"""Encryption and its keystream (wire, sections 3 and 5)."""

from itertools import pairwise

import pytest

from conformance.failure import PRESENT, SOME
from conformance.leap import leap
from conformance.marks import family, requirement, role
from conformance.peer import Peer
from conformance.retransmission import expect_same_ciphertext
from conformance.seen import WRAP
from conformance.timing import REPETITION

_LEAST_MSS = 536  # of a host that states none (RFC 9293, section 3.7.1)
_WINDOW = 8  # bytes of plaintext in a row that ciphertext does not show by chance


def _shows(ciphertext: bytes, plaintext: bytes) -> bool:
    windows = {plaintext[i : i + _WINDOW] for i in range(len(plaintext) - _WINDOW + 1)}
    return any(ciphertext[i : i + _WINDOW] in windows for i in range(len(ciphertext) - _WINDOW + 1))


@requirement("TCPS-ENC-01", "TCPS-ENC-02")
def test_what_the_application_sends_is_not_on_the_wire(peer: Peer) -> None:
    peer.open()
    secret = b"Nobody on the path reads this line of text."
    peer.echo(secret)
    for seen in peer.all:
        if _shows(seen.payload, secret):
            raise peer.violation(f"plaintext on the wire: {seen}", candidates=[seen])


@requirement("TCPS-ENC-01", "TCPS-TM-25")
def test_the_first_data_of_the_target_is_encrypted(peer: Peer) -> None:
    peer.open(service="greet")
    peer.expect("the greeting", payload=SOME, tm=PRESENT, plaintext=PRESENT)
    peer.expect_fin()
    peer.acknowledge()


@requirement("TCPS-ENC-02", "TCPS-ENC-04", "TCPS-ENC-05", "TCPS-ENC-10", "TCPS-TM-14")
def test_segments_begin_and_end_anywhere_in_a_keystream_block(peer: Peer) -> None:
    """After 1, 15, 31, ... bytes, up to a block and over one boundary or two."""
    peer.open()
    starts = [0, 1, 15, 31, 63, 64, 103, 192, 255, 352, 417, 1001]
    for start, end in pairwise(starts):
        peer.echo(peer.arena.rng.randbytes(end - start))


@requirement("TCPS-ENC-10", "TCPS-ENC-02")
def test_every_byte_value_arrives_unchanged(peer: Peer) -> None:
    peer.open()
    peer.echo(bytes(range(256)))
    peer.echo(bytes(100))
    peer.echo(b"\xff" * 100)


@requirement("TCPS-ENC-10", "TCPS-ENC-05")
def test_many_segments_make_one_stream(peer: Peer) -> None:
    peer.open()
    data = peer.arena.rng.randbytes(4000)
    cuts = [0, 1, 701, 702, 1400, 2000, 3333, 4000]
    for start, end in pairwise(cuts):
        peer.send_data(data[start:end])
    peer.expect_echo(data)


@requirement("TCPS-ENC-10", "TCPS-TM-11")
def test_the_largest_segment_arrives(peer: Peer) -> None:
    """As much payload as the target's MSS allows, TM beside it."""
    shaken = peer.open()
    peer.echo(peer.arena.rng.randbytes(shaken.mss or _LEAST_MSS))


@requirement("TCPS-ENC-01", "TCPS-ENC-08", "TCPS-ENC-10")
def test_probes_of_a_closed_window_are_encrypted(peer: Peer) -> None:
    """Data waits for a window; TCP asks for it with or without an octet of that data (RFC 9293, section 3.8.6.1)."""
    peer.open()
    data = peer.arena.rng.randbytes(40)
    peer.send_data(data, window=0)
    peer.arena.pump_until(lambda: False, REPETITION)
    expect_same_ciphertext(peer)
    peer.acknowledge()
    peer.expect_echo(data)


@requirement("TCPS-ENC-03")
def test_encryption_keeps_length_and_numbers(peer: Peer) -> None:
    peer.open()
    for size in (1, 16, 100):
        before = peer.rcv_nxt
        data = peer.arena.rng.randbytes(size)
        peer.send_data(data)
        peer.expect("an acknowledgement of as many bytes as were sent", ack=peer.snd_nxt)
        peer.expect_echo(data)
        peer.settle()
        if (took := (peer.rcv_nxt - before) % WRAP) != size:
            raise peer.violation(f"{size} bytes took {took} sequence numbers", candidates=peer.all)


@requirement("TCPS-ENC-08")
def test_a_retransmission_has_the_same_ciphertext(peer: Peer) -> None:
    peer.open()
    data = peer.arena.rng.randbytes(50)
    peer.send_data(data)
    first = peer.expect("the echo", payload=SOME)
    peer.expect("the echo again", timeout=REPETITION, seq=first.seq, payload=SOME)
    expect_same_ciphertext(peer)
    peer.expect_echo(data)


@requirement("TCPS-ENC-08")
def test_bytes_cut_anew_have_the_same_ciphertext(peer: Peer) -> None:
    """Half a segment is acknowledged, so that the retransmission begins in the middle of it."""
    peer.open()
    data = peer.arena.rng.randbytes(100)
    peer.send_data(data)
    first = peer.expect("the echo", payload=SOME)
    peer.send(peer.segment(ack=first.seq + 37))
    peer.expect("the rest of the echo again", timeout=REPETITION, seq=(first.seq + 37) % WRAP, payload=SOME)
    expect_same_ciphertext(peer)
    peer.expect_echo(data)


# Segments of 80 bytes, in the order in which they are sent: (from, to).
_ORDERS = {
    "out-of-order": [
        [(60, 80), (40, 60), (20, 40), (0, 20)],
        [(0, 10), (30, 80), (10, 30)],
        [(2, 3), (1, 2), (0, 1), (3, 80)],
    ],
    "overlapping": [
        [(0, 30), (13, 50), (49, 80)],
        [(40, 80), (25, 60), (0, 33)],
    ],
    "cut-anew": [
        [(0, 7), (0, 23), (0, 80)],
        [(0, 64), (5, 9), (63, 64), (60, 80)],
        [(0, 40), (0, 40), (40, 80), (40, 80)],
    ],
}


@requirement("TCPS-ENC-09", "TCPS-ENC-10", "TCPS-TM-14")
@pytest.mark.parametrize("orders", _ORDERS.values(), ids=_ORDERS.keys())
def test_segments_in_any_order_and_cut(peer: Peer, orders: list[list[tuple[int, int]]]) -> None:
    peer.open()
    for number, order in enumerate(orders):
        data = peer.arena.rng.randbytes(80)
        for start, end in order:
            peer.send_data(data[start:end], seq=peer.at(80 * number + start))
        peer.expect_echo(data)


@requirement("TCPS-ENC-09", "TCPS-ENC-10")
def test_our_retransmission_is_a_duplicate(peer: Peer) -> None:
    """The same segment again, once delivered: the application gets nothing twice."""
    peer.open()
    data = peer.arena.rng.randbytes(30)
    peer.echo(data)
    peer.send_data(data, seq=peer.at(0))
    peer.echo(b"and what comes next")


@requirement("TCPS-ENC-06", "TCPS-POS-03")
@role("server")
@family("ipv4")
def test_the_block_counter_has_64_bits(peer: Peer) -> None:
    """Over position 2^38, where block number 2^32 begins: TCP expects the last bytes of the first segment."""
    peer.open()
    leap(peer, 2**38 - 2**30)
    data = peer.arena.rng.randbytes(50)
    peer.send_data(data, seq=peer.at(-30), position=2**38 - 30)
    peer.expect_echo(data[30:])
    peer.send_data(data, position=2**38 + 20)
    peer.expect_echo(data)
