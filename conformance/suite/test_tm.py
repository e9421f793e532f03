"""The option TM: who carries it, and what becomes of segments without a valid one (wire, sections 2.2 and 7)."""

from scapy.packet import Packet

from tcpslab.scapy import TC, TM

from conformance.failure import PRESENT, SOME
from conformance.forgeries import altered, flipped, tag_of, with_tag, without_tm
from conformance.marks import family, requirement
from conformance.peer import Peer

_TEXT = b"Take this for what I said."


@requirement("TCPS-TM-01", "TCPS-TM-25", "TCPS-ENC-10")
def test_data_is_protected_both_ways(peer: Peer) -> None:
    peer.open()
    peer.echo()


@requirement("TCPS-TM-25")
def test_data_does_not_wait_for_our_identity(peer: Peer) -> None:
    peer.open()
    peer.echo()
    peer.arena.pump_until(lambda: False, 2.0)
    peer.echo()


@requirement("TCPS-TM-02")
def test_tm_is_all_that_a_data_segment_carries(peer: Peer) -> None:
    """No option was agreed upon, so TCP itself puts none in (wire, section 2.1)."""
    peer.open()
    peer.send_data(_TEXT)
    echo = peer.expect("the echo", payload=SOME, tm=PRESENT)
    if echo.option_area != bytes(TM(tag=echo.tm)):
        raise peer.violation(f"the options are {echo.option_area.hex()}", candidates=[echo])
    peer.expect_echo(_TEXT)


@requirement("TCPS-TM-03", "TCPS-ACK-03")
def test_a_pure_ack_carries_no_tm(peer: Peer) -> None:
    """Neither while a TI is due, nor with the room that it leaves afterwards."""
    peer.open()
    peer.echo()
    peer.provoke_ack()
    peer.send_ti()
    for _ in range(3):
        peer.settle()
        seen = peer.provoke_ack()
        if seen.tm is not None:
            raise peer.violation("TM on a pure ACK", candidates=[seen])


@requirement("TCPS-TM-04", "TCPS-TM-06")
def test_data_without_tm_is_dropped(peer: Peer) -> None:
    peer.open()
    peer.forge(
        peer.segment("PA", _TEXT),
        peer.segment("A", _TEXT),
        peer.segment("PA", b"."),
        without_tm(peer.protected(_TEXT)),
    )
    peer.expect_nothing()
    peer.echo()


@requirement("TCPS-TM-04", "TCPS-TM-06")
def test_no_other_option_takes_the_place_of_tm(peer: Peer) -> None:
    peer.open()
    peer.echo()
    sealed = peer.protected(_TEXT)
    tag = tag_of(sealed)
    others = [TC(public_key=bytes(32)), (253, b"TX" + tag), (254, b"TM" + tag)]
    peer.forge(*(peer.segment("PA", _TEXT, options=[option]) for option in others))
    peer.expect_nothing()
    peer.echo()


def _untrue(peer: Peer, sealed: Packet) -> list[bytes]:
    """Tags that are not this segment's."""
    assert peer.protection is not None
    genuine, earlier = tag_of(sealed), tag_of(peer.protected(_TEXT, seq=peer.at(0)))
    dialect, position = peer.protection.arithmetic.accepts, peer.protection.position(peer.snd_nxt)
    ciphertext, flags = bytes(sealed["TCP"].payload), int(sealed["TCP"].flags)
    return [
        bytes(16),
        b"\xff" * 16,
        genuine[::-1],
        genuine[:8] + bytes(8),
        bytes(8) + genuine[8:],
        earlier,
        peer.protection.incoming.tag(dialect, position, flags, ciphertext),  # of the target's own direction
        peer.arena.rng.randbytes(16),
    ]


@requirement("TCPS-TM-05", "TCPS-TM-06", "TCPS-TM-07")
def test_data_with_another_tag_is_dropped(peer: Peer) -> None:
    peer.open()
    peer.echo(bytes(20))
    sealed = peer.protected(_TEXT)
    peer.forge(*(with_tag(sealed, tag) for tag in _untrue(peer, sealed)))
    peer.expect_nothing()
    peer.echo()


@requirement("TCPS-TM-07", "TCPS-TM-05", "TCPS-TM-06")
@family("ipv4")
def test_every_bit_of_the_tag_counts(peer: Peer) -> None:
    peer.open()
    sealed = peer.protected(_TEXT)
    peer.forge(*(with_tag(sealed, flipped(tag_of(sealed), bit)) for bit in range(128)))
    peer.expect_nothing()
    peer.echo()


@requirement("TCPS-TM-04", "TCPS-TM-05", "TCPS-FIN-04", "TCPS-FIN-05", "TCPS-TM-06")
def test_forgeries_are_dropped_once_authenticated(peer: Peer) -> None:
    peer.open()
    peer.echo()
    peer.send_ti()
    peer.echo()
    data, fin = peer.protected(_TEXT), peer.protected(b"", "FA")
    peer.forge(without_tm(data), with_tag(data, bytes(16)), peer.segment("PA", _TEXT))
    peer.forge(without_tm(fin), with_tag(fin, bytes(16)), altered(data, flags="FPA"))
    peer.expect_nothing()
    peer.echo()


@requirement("TCPS-TM-24", "TCPS-TM-05")
def test_the_genuine_segment_is_accepted_after_forgeries_of_it(peer: Peer) -> None:
    peer.open()
    genuine = peer.protected(_TEXT)
    ciphertext = bytes(genuine["TCP"].payload)
    peer.forge(
        with_tag(genuine, bytes(16)),
        altered(genuine, payload=flipped(ciphertext, 3)),
        altered(genuine, payload=ciphertext + ciphertext),
        without_tm(genuine),
        peer.segment("PA", bytes(len(_TEXT))),
    )
    peer.expect_nothing()
    peer.send(genuine)
    peer.expect_echo(_TEXT)
    peer.echo()


@requirement("TCPS-TM-05", "TCPS-TM-06")
def test_a_forgery_among_genuine_segments_is_not_answered(peer: Peer) -> None:
    """Ahead of the next byte by a little, where TCP would keep it and ask for what is missing."""
    peer.open()
    peer.echo()
    ahead = peer.protected(_TEXT, seq=peer.snd_nxt + 100)
    peer.forge(with_tag(ahead, bytes(16)), without_tm(ahead))
    peer.expect_nothing()
    peer.echo(bytes(200))


@requirement("TCPS-TM-04", "TCPS-TM-06")
def test_what_was_delivered_is_not_acknowledged_again_without_tm(peer: Peer) -> None:
    """An old segment asks for an ACK (RFC 9293, section 3.10.7.4), but only once its tag is valid."""
    peer.open()
    peer.echo(_TEXT)
    peer.forge(peer.segment("PA", _TEXT, seq=peer.at(0)))
    peer.expect_nothing()
    peer.provoke_ack()


