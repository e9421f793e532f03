"""When the kernel module sends TI, and which it judges (wire, sections 6 and 7)."""

import pytest

from conformance.identification import OTHER_PROOF, expect_rest, identified, introduce, learn
from conformance.marks import requirement, role
from conformance.peer import Peer


@requirement("TCPS-TI-13")
def test_every_pure_ack_carries_it_until_the_peers_came(peer: Peer) -> None:
    peer.open()
    for _ in range(8):
        peer.echo()
        peer.provoke_ack()
    if plain := [seen for seen in peer.all if seen.pure_ack and not seen.ti]:
        raise peer.violation("a pure ACK without TI, before any TI of the peer", candidates=plain)


@requirement("TCPS-TI-14")
@role("server")
def test_none_is_sent_once_the_peers_came_although_none_was_before(peer: Peer) -> None:
    peer.send_syn()
    peer.expect_syn_ack()
    peer.send_ti()
    _expect_no_more(peer)


@requirement("TCPS-TI-14")
def test_none_is_sent_once_the_peers_came(peer: Peer) -> None:
    peer.open()
    introduce(peer)
    _expect_no_more(peer)


@requirement("TCPS-TI-14")
def test_repeated_ti_is_not_answered(peer: Peer) -> None:
    peer.open()
    introduce(peer)
    peer.settle()
    peer.send_ti()
    _expect_no_more(peer)


def _expect_no_more(peer: Peer) -> None:
    count = len(identified(peer))
    for _ in range(3):
        peer.echo()
        peer.provoke_ack()
    peer.arena.wait(2.0)
    if more := identified(peer)[count:]:
        raise peer.violation("TI after the peer's was accepted", candidates=more)


@requirement("TCPS-TI-15")
def test_nothing_is_sent_of_its_own_accord(peer: Peer) -> None:
    """Neither on an idle connection on which nobody showed TI, nor before a FIN."""
    peer.open()
    peer.settle()
    count = len(peer.all)
    peer.arena.wait(5.0)
    if more := peer.all[count:]:
        raise peer.violation("a segment that no TCP has a reason to send", candidates=more)


@requirement("TCPS-TI-15")
@role("server")
def test_nothing_is_sent_before_a_fin(peer: Peer) -> None:
    peer.open(service="greet")
    peer.expect_fin()
    peer.acknowledge()
    if early := [seen for seen in peer.all if seen.ti]:
        raise peer.violation("an ACK that acknowledges nothing new", candidates=early)


@requirement("TCPS-TI-16")
def test_first_pure_ack_of_the_server_carries_it(peer: Peer) -> None:
    """The client's third ACK is merged into its data, so the server has seen no TI."""
    peer.send_syn()
    peer.expect_syn_ack()
    payload = b"instead of an ACK"
    peer.send_data(payload)
    peer.expect_echo(payload)
    peer.provoke_ack()
    first = next(seen for seen in peer.all if seen.pure_ack)
    if not first.ti:
        raise peer.violation("the server's first pure ACK is without TI", candidates=[first])


@requirement("TCPS-TI-36")
@pytest.mark.parametrize("numbers", ["sequence", "acknowledgement", "both"])
def test_ti_counts_whatever_its_numbers(peer: Peer, numbers: str) -> None:
    peer.open()
    learn(peer)
    fields = {"seq": peer.snd_nxt + 2**30, "ack": peer.rcv_nxt + 2**30}
    if numbers != "both":
        del fields["ack" if numbers == "sequence" else "seq"]
    peer.forge(peer.segment("A", options=[peer.ti()], **fields))
    peer.settle()
    expect_rest(peer)


@requirement("TCPS-TI-37")
@pytest.mark.parametrize(("flags", "payload"), [("PA", b"with TI"), ("FA", b"")])
def test_ti_counts_with_data_and_with_fin(peer: Peer, flags: str, payload: bytes) -> None:
    """The segment itself is dropped, for it has no TM."""
    peer.open()
    learn(peer)
    peer.forge(peer.segment(flags, payload, options=[peer.ti()]))
    peer.expect_nothing()
    expect_rest(peer)


@requirement("TCPS-TI-38")
@pytest.mark.parametrize("own", [True, False], ids=["wrong tag", "another key"])
def test_ti_is_ignored_on_an_authenticated_connection(peer: Peer, own: bool) -> None:
    peer.open()
    introduce(peer)
    expect_rest(peer)
    identity = peer.identity if own else peer.arena.identity()
    peer.forge(peer.segment("A", options=[peer.ti(identity=identity, proof=OTHER_PROOF)]))
    peer.expect_nothing()
    peer.echo()
    again = peer.again()
    again.open()
    introduce(again)
    expect_rest(again)
