"""RST: ignored once the connection is protected, obeyed before; the target's own (wire, section 7)."""

from tcpslab.scapy import TI

from conformance.failure import ABSENT, Where
from conformance.marks import requirement, role
from conformance.peer import Peer
from conformance.seen import RST, SYN
from conformance.timing import REPETITION

_TEXT = b"Not a word more."
_A_RST = Where("with RST", lambda bits: bits & RST)


def _forge_resets(peer: Peer) -> None:
    peer.forge(
        peer.segment("R"),
        peer.segment("RA"),
        peer.segment("R", ack=0),
        peer.segment("R", seq=peer.snd_nxt + 1),
        peer.segment("RA", seq=peer.snd_nxt + 1000),
    )


@requirement("TCPS-RST-01")
def test_a_reset_is_dropped(peer: Peer) -> None:
    """With exactly the next sequence number, which TCP would obey, and within the window, which it would answer."""
    peer.open()
    _forge_resets(peer)
    peer.expect_nothing()
    peer.echo()


@requirement("TCPS-RST-01")
def test_a_reset_in_the_middle_of_a_conversation_is_dropped(peer: Peer) -> None:
    peer.open()
    for _ in range(2):
        peer.echo()
        _forge_resets(peer)
        peer.expect_nothing()
    peer.echo()
    peer.close()


@requirement("TCPS-RST-02")
def test_a_reset_is_dropped_once_authenticated(peer: Peer) -> None:
    peer.open()
    peer.echo()
    peer.send_ti()
    _forge_resets(peer)
    peer.expect_nothing()
    peer.echo()


@requirement("TCPS-RST-03")
def test_our_own_reset_is_dropped(peer: Peer) -> None:
    """In every form: with payload, with a valid TM, with both."""
    peer.open()
    peer.echo()
    peer.forge(
        peer.segment("R", _TEXT),
        peer.segment("RPA", _TEXT),
        peer.protected(b"", "RA"),
        peer.protected(_TEXT, "RA"),
        peer.protected(_TEXT, "R"),
        peer.segment("FRA"),
        peer.protected(b"", "FRA"),
    )
    peer.expect_nothing()
    peer.echo()


@requirement("TCPS-RST-08")
def test_a_reset_with_syn_is_dropped(peer: Peer) -> None:
    peer.open()
    peer.echo()
    for flags in ("RS", "RSA", "RSPA", "FRSA"):
        peer.forge(peer.segment(flags), peer.segment(flags, options=peer.syn_options()))
        peer.expect_nothing()
    peer.echo()


@requirement("TCPS-RST-04")
def test_a_reset_refuses_the_connection(peer: Peer) -> None:
    """No SYN comes again after it."""
    peer.expect_syn()
    peer.arena.send(peer.segment("RA", seq=0))
    before = len(peer.all)
    peer.arena.pump_until(lambda: False, REPETITION)
    if again := [seen for seen in peer.all[before:] if seen.bits & SYN]:
        raise peer.violation("a SYN after the connection was refused", candidates=again)


@requirement("TCPS-RST-05")
def test_a_reset_ends_a_connection_in_clear(peer: Peer) -> None:
    peer.open(tc=False)
    peer.echo()
    peer.settle()
    peer.send(peer.segment("RA"))
    before = len(peer.all)
    peer.send_data(_TEXT)
    peer.settle()
    if alive := [seen for seen in peer.all[before:] if not seen.bits & RST]:
        raise peer.violation("the connection lives on after a RST", candidates=alive)
    peer.inbox.clear()  # a RST may be the answer to data for no connection


@requirement("TCPS-RST-06", "TCPS-RST-07")
def test_the_reset_of_the_target_carries_no_option(peer: Peer) -> None:
    peer.open(service="abort")
    peer.send_data(_TEXT)
    peer.expect("the target's RST", bits=_A_RST, tm=ABSENT, ti=ABSENT, tc=ABSENT, option_area=b"", payload=b"")


@requirement("TCPS-RST-06")
def test_the_reset_of_an_authenticated_target_carries_no_option(peer: Peer) -> None:
    peer.open(service="abort")
    peer.send_ti(TI(public_key=peer.identity.public, auth_tag=bytes(4)))
    peer.settle()
    peer.send_data(_TEXT)
    peer.expect("the target's RST", bits=_A_RST, option_area=b"")


@requirement("TCPS-RST-09")
@role("client")
def test_the_module_passes_segments_after_its_reset(peer: Peer) -> None:
    """TCP, which has no connection any more, answers data in clear with a RST."""
    peer.open(service="abort")
    peer.send_data(_TEXT)
    peer.expect("the target's RST", bits=_A_RST)
    peer.in_clear = True
    peer.settle()
    peer.send(peer.segment("PA", _TEXT))
    peer.expect("the RST for a segment of no connection", bits=_A_RST)
