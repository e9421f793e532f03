"""IP fragments, received and not sent (wire, sections 1 and 9; dialects R13)."""

from conformance.forgeries import with_tag
from conformance.marks import requirement, setup
from conformance.packets import Pieces
from conformance.peer import Peer
from conformance.seen import RST
from conformance.timing import REACTION

_TEXT = b"Cut into pieces, so that nobody sees it whole."

# Where a packet is cut: bytes from the start of the TCP header, which is 20 without options.
_ETHERNET = 1500  # bytes; a target may keep room for TM by a smaller MTU of its own

_CUTS: list[Pieces] = [
    [(0, 24), (24, None)],
    [(0, 8), (8, None)],
    [(24, None), (0, 24)],
    [(0, 8), (8, 16), (16, 24), (24, 32), (32, None)],
]
_OVERLAPS: list[Pieces] = [[(0, 32), (24, None)], [(0, 24), (0, 24), (24, None)]]
_INCOMPLETE: list[Pieces] = [[(0, 24), (32, None)], [(0, 24)], [(24, None)]]


@requirement("TCPS-FRAG-01")
def test_plaintext_in_fragments_is_dropped(peer: Peer) -> None:
    """In two and in many, with the header cut as well, the last one first, overlapping, and never complete."""
    peer.open()
    peer.echo()
    for pieces in _CUTS + _OVERLAPS + _INCOMPLETE:
        peer.forge_in(pieces, peer.segment("PA", peer.arena.rng.randbytes(46)))
        peer.expect_nothing()
    peer.echo()


@requirement("TCPS-FRAG-01")
def test_invalid_tags_in_fragments_are_dropped(peer: Peer) -> None:
    peer.open()
    peer.echo()
    for forged in (peer.protected(_TEXT), peer.protected(_TEXT, "FPA")):
        peer.forge_in([(0, 40), (40, None)], with_tag(forged, bytes(16)))
    peer.forge_in([(0, 8), (8, None)], peer.segment("FA"))
    peer.expect_nothing()
    peer.echo()


@requirement("TCPS-FRAG-02")
def test_a_reset_in_fragments_is_dropped(peer: Peer) -> None:
    """The flags are bytes 12 and 13 of the header."""
    peer.open()
    peer.echo()
    padding = [("NOP", None)] * 12
    for pieces in ([(0, 8), (8, None)], [(0, 24), (24, None)], [(8, None), (0, 8)], [(0, 8), (8, 16), (16, None)]):
        for flags in ("R", "RA"):
            peer.forge_in(pieces, peer.segment(flags, options=padding))
        peer.expect_nothing()
    peer.echo()


@requirement("TCPS-FRAG-03")
@setup(enforce=True)
def test_a_plain_syn_in_fragments_is_refused(peer: Peer) -> None:
    peer.aim(peer.arena.target.serve("echo"))
    syn = peer.segment("S", seq=peer.isn, ack=0, options=peer.syn_options(tc=False))
    for pieces in ([(0, 8), (8, None)], [(0, 16), (16, None)]):
        peer.forge_in(pieces, syn)
    peer.expect_nothing()
    peer.open()
    peer.echo()


@requirement("TCPS-FRAG-04", "TCPS-MSS-04")
def test_full_segments_fit_into_packets(peer: Peer) -> None:
    """The target has much to send and may send it in large segments; TM has to fit beside them."""
    shaken = peer.open(options=peer.syn_options(mss=65000))
    data = peer.arena.rng.randbytes(6000)
    for start in range(0, len(data), 1000):
        peer.send_data(data[start : start + 1000], window=0)
    peer.settle()
    peer.acknowledge()  # and opens the window
    peer.expect_echo(data)
    headers = 60 if ":" in peer.address else 40
    mtu = max(_ETHERNET, (shaken.mss or 0) + 20 + headers)  # TC lowered its MSS by 20
    largest = max(peer.all, key=lambda seen: len(seen.data))
    if len(largest.data) > mtu:
        raise peer.violation(f"{len(largest.data)} bytes, and the target's link takes {mtu}", candidates=[largest])


@requirement("TCPS-FRAG-05")
def test_a_genuine_segment_in_fragments_may_be_taken(peer: Peer) -> None:
    """It arrives, or it does not and is sent again whole: it harms nothing."""
    peer.open()
    peer.echo()
    for pieces in _CUTS:
        peer.send(peer.protected(_TEXT), pieces=pieces)
        if not peer.arena.pump_until(lambda: bool(peer.stream), REACTION):
            peer.send_data(_TEXT, seq=peer.snd_nxt - len(_TEXT))
        peer.expect_echo(_TEXT)
    peer.echo()


@requirement("TCPS-FRAG-06")
def test_the_module_passes_plaintext_in_fragments(peer: Peer) -> None:
    peer.open()
    peer.echo()
    for pieces in _CUTS:
        peer.send(peer.segment("PA", _TEXT), pieces=pieces)
        peer.expect_echo(_TEXT)


@requirement("TCPS-FRAG-07")
def test_the_module_passes_a_reset_in_fragments(peer: Peer) -> None:
    peer.open()
    peer.echo()
    peer.settle()
    peer.send(peer.segment("R"), pieces=[(0, 8), (8, None)])
    before = len(peer.all)
    peer.send_data(_TEXT)
    peer.settle()
    if alive := [seen for seen in peer.all[before:] if not seen.bits & RST]:
        raise peer.violation("the connection lives on after a RST in fragments", candidates=alive)
    peer.inbox.clear()  # a RST may be the answer to data for no connection
