"""The tag: what it covers, and how it is computed (wire, section 5; dialects R1)."""

from scapy.layers.inet import TCP

from tcpslab.scapy import DIALECTS, Dialect, with_options

from conformance.failure import SOME, Violation
from conformance.forgeries import altered, flipped, with_tag
from conformance.marks import requirement
from conformance.peer import Peer
from conformance.seen import WRAP, flag_bits

_TEXT = b"Two whole blocks of sixteen, and five"
_NO_URGENT_BYTE = 5000  # an urgent pointer beyond all that the test sends: no byte is taken out of the stream


@requirement("TCPS-TM-14", "TCPS-TM-15", "TCPS-TM-16", "TCPS-TM-17", "TCPS-TM-18", "TCPS-TM-19")
def test_tags_of_every_number_of_blocks(peer: Peer) -> None:
    """Whole blocks with and without a remainder, at positions that are aligned to nothing, both ways."""
    peer.open()
    for size in (1, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100):
        peer.echo(peer.arena.rng.randbytes(size))


@requirement("TCPS-TM-14")
def test_a_tag_depends_on_nothing_that_was_sent_before(peer: Peer) -> None:
    """The same position again, with other length and flags: the one-time key is the same, and the tag is valid."""
    peer.open()
    peer.send_data(_TEXT[:4], "A")
    peer.send_data(_TEXT[:8], "PA", seq=peer.at(0))
    peer.send_data(_TEXT, "A", seq=peer.at(0))
    peer.expect_echo(_TEXT)


@requirement("TCPS-TM-08", "TCPS-TM-06")
def test_the_tag_covers_the_position(peer: Peer) -> None:
    """Ciphertext and tag of another position, under the sequence number that TCP expects next."""
    peer.open()
    peer.echo(bytes(200))
    for away in (-200, -64, -16, -1, 1, 16, 64, 256, WRAP):
        peer.forge(peer.protected(_TEXT, position=200 + away))
    peer.expect_nothing()
    peer.echo()


@requirement("TCPS-TM-09", "TCPS-TM-06")
def test_the_tag_covers_each_flag(peer: Peer) -> None:
    """A genuine segment with one flag turned over."""
    peer.open()
    genuine = peer.protected(_TEXT, "PA", urgptr=_NO_URGENT_BYTE)
    for flag in "FRPAUEC":
        peer.forge(altered(genuine, flags=flag_bits("PA") ^ flag_bits(flag)))
        peer.expect_nothing()
    peer.echo()


@requirement("TCPS-TM-09")
def test_the_tag_covers_syn(peer: Peer) -> None:
    """It is TCP that sees a SYN-ACK, and may answer (RFC 5961, section 4). Its payload goes nowhere."""
    peer.open()
    peer.forge(altered(peer.protected(_TEXT, "PA"), flags=flag_bits("SPA")))
    peer.settle()
    peer.echo()


@requirement("TCPS-TM-09")
def test_the_tag_is_over_the_flags_as_sent(peer: Peer) -> None:
    peer.open()
    for flags in ("A", "PA", "PAU", "PAE", "PAC", "AUEC"):
        peer.send_data(_TEXT, flags, urgptr=_NO_URGENT_BYTE)
        peer.expect_echo(_TEXT)


@requirement("TCPS-TM-10", "TCPS-TM-06")
def test_the_tag_covers_every_byte(peer: Peer) -> None:
    """Of a whole block, of another, and of what remains; and of a payload that is smaller than a block."""
    peer.open()
    for size in (37, 1):
        genuine = peer.protected(_TEXT[:size])
        ciphertext = bytes(genuine[TCP].payload)
        bits = [8 * i + peer.arena.rng.randrange(8) for i in range(size)]
        peer.forge(*(altered(genuine, payload=flipped(ciphertext, bit)) for bit in bits))
        peer.expect_nothing()
    peer.echo()


@requirement("TCPS-TM-11", "TCPS-TM-06")
def test_the_tag_covers_the_length(peer: Peer) -> None:
    peer.open()
    for size in (16, 37):
        genuine = peer.protected(_TEXT[:size])
        ciphertext = bytes(genuine[TCP].payload)
        padding = b"\x01".ljust(16 - size % 16, b"\0")  # what the tag itself fills the last block with
        others = [ciphertext[:-1], ciphertext[: size // 2], ciphertext[:1]]
        others += [ciphertext + more for more in (b"\0", b"\x01", padding, bytes(16), bytes(256))]
        peer.forge(*(altered(genuine, payload=other) for other in others))
        peer.expect_nothing()
    peer.echo()


@requirement("TCPS-TM-12", "TCPS-TM-06")
def test_the_tag_is_not_over_the_plaintext(peer: Peer) -> None:
    peer.open()
    protection = peer.protection
    assert protection is not None
    tag = protection.out.tag(protection.arithmetic.accepts, 0, flag_bits("PA"), _TEXT)
    peer.forge(with_tag(peer.protected(_TEXT), tag))
    peer.expect_nothing()
    peer.echo()


@requirement("TCPS-TM-13")
def test_the_tag_does_not_cover_other_fields(peer: Peer) -> None:
    """What is changed on the way. 0x100 is the flag beside the eight of byte 13."""
    peer.open()
    for fields in ({"window": 4321}, {"urgptr": 9}, {"reserved": 7}, {"flags": 0x100 | flag_bits("PA")}):
        peer.send(altered(peer.protected(_TEXT), **fields))
        peer.expect_echo(_TEXT)


@requirement("TCPS-TM-13")
def test_the_tag_does_not_cover_the_acknowledgement(peer: Peer) -> None:
    peer.open()
    peer.send_data(bytes(10))
    echo = peer.expect("the echo, not acknowledged yet", payload=SOME)
    peer.send(altered(peer.protected(_TEXT), ack=(echo.seq + 3) % WRAP))
    peer.expect_echo(bytes(10) + _TEXT)


@requirement("TCPS-TM-13")
def test_the_tag_does_not_cover_other_options(peer: Peer) -> None:
    peer.open()
    pad, unknown = ("NOP", None), (254, b"\0\0")
    around = [([pad] * 4, []), ([unknown], []), ([], [pad] * 4), ([pad, pad, unknown, pad, pad], [unknown])]
    for before, behind in around:
        genuine = peer.protected(_TEXT)
        peer.send(with_options(genuine, [*before, *genuine[TCP].options, *behind]))
        peer.expect_echo(_TEXT)


def _own(peer: Peer) -> Dialect:
    return next(dialect for dialect in DIALECTS if dialect.name == peer.arena.setup.dialect)


def _accepts_its_own_arithmetic_alone(peer: Peer) -> None:
    peer.open()
    protection = peer.protection
    assert protection is not None
    genuine = peer.protected(_TEXT, position=0)
    own = _own(peer)
    tags = {
        dialect.name: protection.out.tag(dialect, 0, flag_bits("PA"), bytes(genuine[TCP].payload))
        for dialect in DIALECTS
    }
    peer.forge(*(with_tag(genuine, tag) for name, tag in tags.items() if name != own.name))
    peer.expect_nothing()
    peer.send(with_tag(genuine, tags[own.name]))
    peer.expect_echo(_TEXT)


def _sends_its_own_arithmetic(peer: Peer) -> None:
    peer.open()
    for size in (1, 16, 37):
        peer.echo(_TEXT[:size])
    peer.close()
    protection = peer.protection
    assert protection is not None
    for seen in peer.all:
        if seen.tm is None or seen.position is None:
            continue
        if protection.incoming.tag(_own(peer), seen.position, seen.bits, seen.payload) != seen.tm:
            raise Violation(f"a tag of another arithmetic: {seen}", candidates=[seen])


@requirement("TCPS-TM-20")
def test_readme_tags_are_accepted_and_no_others(peer: Peer) -> None:
    _accepts_its_own_arithmetic_alone(peer)


@requirement("TCPS-TM-20")
def test_readme_tags_are_sent(peer: Peer) -> None:
    _sends_its_own_arithmetic(peer)


@requirement("TCPS-TM-21")
def test_lkm_tags_are_accepted_and_no_others(peer: Peer) -> None:
    _accepts_its_own_arithmetic_alone(peer)


@requirement("TCPS-TM-21")
def test_lkm_tags_are_sent(peer: Peer) -> None:
    _sends_its_own_arithmetic(peer)
