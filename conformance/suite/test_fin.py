"""FIN, protected like data, and what comes after both (wire, sections 4, 5 and 7; dialects R5)."""

import pytest

from tcpslab.scapy import Tag

from conformance.failure import ABSENT, PRESENT, SOME
from conformance.forgeries import altered, flipped, tag_of, with_tag, without_tm
from conformance.marks import requirement
from conformance.peer import Peer
from conformance.seen import Seen, flag_bits
from conformance.timing import REPETITION

_TEXT = b"That is all."


@requirement("TCPS-FIN-01", "TCPS-FIN-07")
def test_the_peer_closes(peer: Peer) -> None:
    peer.open()
    peer.echo()
    peer.close()
    if peer.fin is None or peer.fin.tm is None:
        raise peer.violation("a FIN without TM")


@requirement("TCPS-FIN-01", "TCPS-FIN-07")
def test_the_target_closes(peer: Peer) -> None:
    peer.open(service="greet")
    peer.expect_close()
    peer.send_data(b"", "FA")
    peer.expect_acknowledged()


@requirement("TCPS-FIN-02")
def test_a_fin_with_payload_is_accepted(peer: Peer) -> None:
    peer.open()
    peer.send_data(_TEXT, "FPA")
    peer.expect_echo(_TEXT)
    peer.expect_acknowledged()
    peer.expect_close()


@requirement("TCPS-FIN-02", "TCPS-FIN-01")
def test_a_fin_that_follows_waiting_data_is_protected(peer: Peer) -> None:
    """With no window at first, TCP has data and FIN to send at once, and may send them in one segment."""
    peer.open_without_window(service="greet")
    peer.settle()
    peer.acknowledge()
    peer.expect_fin(timeout=REPETITION)
    peer.acknowledge()
    if not peer.stream:
        raise peer.violation("the application's text did not come before its FIN", candidates=peer.all)


@requirement("TCPS-FIN-03", "TCPS-FIN-05", "TCPS-TM-08")
def test_a_fin_without_payload_has_the_position_of_its_own_number(peer: Peer) -> None:
    peer.open()
    peer.echo(_TEXT)
    size = len(_TEXT)
    for wrong in (0, size - 1, size + 1, 2**32 - 1):
        peer.forge(peer.protected(b"", "FA", position=wrong))
    peer.expect_nothing()
    peer.echo(_TEXT)
    peer.send(peer.protected(b"", "FA", position=2 * size))
    peer.expect_acknowledged()
    fin = peer.expect_close()
    if fin.position != 2 * size or fin.payload:
        raise peer.violation(f"the FIN after {2 * size} bytes has position {fin.position}", candidates=[fin])


@requirement("TCPS-FIN-04", "TCPS-TM-06")
def test_a_fin_without_tm_is_dropped(peer: Peer) -> None:
    peer.open()
    peer.echo()
    peer.forge(
        peer.segment("FA"),
        peer.segment("FPA", _TEXT),
        peer.segment("FPUA"),
        without_tm(peer.protected(_TEXT, "FA")),
    )
    peer.expect_nothing()
    peer.echo()
    peer.close()


@requirement("TCPS-FIN-05", "TCPS-TM-06")
def test_a_fin_with_another_tag_is_dropped(peer: Peer) -> None:
    peer.open()
    peer.echo()
    bare, loaded = peer.protected(b"", "FA"), peer.protected(_TEXT, "FPA")
    for fin in (bare, loaded):
        bit = peer.arena.rng.randrange(128)
        peer.forge(with_tag(fin, bytes(16)), with_tag(fin, flipped(tag_of(fin), bit)))
    peer.forge(with_tag(bare, tag_of(loaded)), with_tag(loaded, tag_of(bare)))
    peer.expect_nothing()
    peer.echo()
    peer.close()


@requirement("TCPS-FIN-06", "TCPS-TM-09")
def test_the_fin_flag_cannot_be_set_or_cleared(peer: Peer) -> None:
    peer.open()
    data, fin = peer.protected(_TEXT, "PA"), peer.protected(_TEXT, "FPA")
    peer.forge(
        altered(data, flags=flag_bits("FPA")),
        altered(fin, flags=flag_bits("PA")),
        altered(data, payload=b"", flags=flag_bits("FA")),
        altered(fin, payload=b""),
    )
    peer.expect_nothing()
    peer.echo()
    bare = peer.protected(b"", "FA")
    peer.forge(altered(bare, flags=flag_bits("A")))  # is now a pure ACK, which says nothing
    peer.expect_nothing()
    peer.echo()
    peer.close()


# --- after both FINs -------------------------------------------------------------------------------------------------


def _both_fins(peer: Peer, service: str) -> Seen:
    """The target has sent its FIN and got ours, and waits for the ACK of its own; returns it."""
    peer.open(service=service)
    peer.send_ti()  # so that no TI is due any more, which could be taken for an answer
    start = peer.rcv_nxt
    if service == "echo":
        peer.echo(_TEXT)
        peer.settle()
        peer.send_data(b"", "FA")
    fin = peer.expect_fin()
    if service == "greet":
        peer.send_data(b"", "FA", ack=start if fin.payload else fin.seq)
    _judge_what_follows(peer)
    peer.expect_acknowledged()
    return fin


def _both_fins_and_data(peer: Peer, service: str) -> Seen:
    """Likewise, but its data is not acknowledged either; returns the first segment of that."""
    peer.open(service=service)
    start = peer.rcv_nxt
    if service == "echo":
        peer.send_data(_TEXT, "FPA")
    data = peer.expect("data", payload=SOME, seq=start)
    peer.expect_fin()
    if service == "greet":
        peer.send_data(b"", "FA", ack=start)
    _judge_what_follows(peer)
    peer.expect_acknowledged()
    return data


def _judge_what_follows(peer: Peer) -> None:
    peer.in_clear = peer.arena.setup.dialect == "lkm"


_CLOSER = pytest.mark.parametrize("service", ["echo", "greet"], ids=["peer-closes-first", "target-closes-first"])


@requirement("TCPS-FIN-08")
@_CLOSER
def test_a_fin_is_sent_again_with_tm(peer: Peer, service: str) -> None:
    fin = _both_fins(peer, service)
    peer.expect("the FIN again", REPETITION, seq=fin.seq, fin=True, tm=PRESENT, tag=Tag.VALID)
    peer.acknowledge()


@requirement("TCPS-FIN-09")
@_CLOSER
def test_data_is_sent_again_encrypted(peer: Peer, service: str) -> None:
    data = _both_fins_and_data(peer, service)
    peer.expect("data again", REPETITION, seq=data.seq, payload=SOME, tm=PRESENT, tag=Tag.VALID)
    peer.acknowledge()


@requirement("TCPS-FIN-10")
def test_untagged_segments_are_dropped_after_both_fins(peer: Peer) -> None:
    """An old octet asks for an ACK (RFC 9293, section 3.10.7.4) in every state, but only with a valid tag."""
    fin = _both_fins(peer, "echo")
    first, last = {"seq": peer.at(0), "ack": fin.seq}, {"seq": peer.snd_nxt - 1, "ack": fin.seq}
    peer.forge(
        peer.segment("PA", _TEXT[:1], **first),
        with_tag(peer.protected(_TEXT[:1], **first), bytes(16)),
        peer.segment("FA", **last),
        with_tag(peer.protected(b"", "FA", **last), bytes(16)),
    )
    peer.expect_nothing()
    peer.provoke_ack()
    peer.acknowledge()


@requirement("TCPS-FIN-11")
@_CLOSER
def test_the_module_sends_its_fin_again_without_tm(peer: Peer, service: str) -> None:
    fin = _both_fins(peer, service)
    peer.expect("the FIN again", REPETITION, seq=fin.seq, fin=True, tm=ABSENT)
    peer.acknowledge()


@requirement("TCPS-FIN-12")
@_CLOSER
def test_the_module_sends_data_again_in_clear(peer: Peer, service: str) -> None:
    data = _both_fins_and_data(peer, service)
    again = peer.expect("data again", REPETITION, seq=data.seq, payload=SOME, tm=ABSENT)
    if data.plaintext is None or again.payload[: len(data.plaintext)] != data.plaintext:
        raise peer.violation("data that was sent again is not what was sent before, in clear", candidates=[data, again])
    peer.acknowledge()


@requirement("TCPS-FIN-13")
def test_the_module_passes_untagged_segments_after_both_fins(peer: Peer) -> None:
    """An old octet asks for an ACK (RFC 9293, section 3.10.7.4) once TCP sees it."""
    fin = _both_fins(peer, "echo")
    peer.send(peer.segment("PA", _TEXT[:1], seq=peer.at(0), ack=fin.seq))
    peer.expect("the ACK of an octet that came again", pure_ack=True)
    peer.acknowledge()
