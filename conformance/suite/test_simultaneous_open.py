"""Both ends send a SYN at the same time: there is no client then, and no keys (dialects, R16)."""

from conformance.failure import ABSENT, PRESENT
from conformance.marks import requirement, setup
from conformance.peer import Peer


def _cross(peer: Peer) -> None:
    """Our SYN to a target that has just sent its own."""
    peer.expect_syn(tc=PRESENT)
    peer.send(peer.segment("S", seq=peer.isn, ack=0, options=peer.syn_options()))


def _complete(peer: Peer) -> None:
    """Our SYN-ACK was lost: not every TCP takes it for an ACK (RFC 9293, figure 7), and every one takes this."""
    peer.acknowledge()


@requirement("TCPS-OPEN-12")
def test_simultaneous_open_leads_to_a_plain_connection(peer: Peer) -> None:
    _cross(peer)
    peer.expect("a SYN-ACK", flags="SA", seq=peer.rcv_nxt - 1, ack=peer.snd_nxt)
    _complete(peer)
    peer.echo(b"in clear")
    peer.close()


@requirement("TCPS-OPEN-13")
@setup(enforce=True)
def test_simultaneous_open_is_blocked_by_an_enforcing_host(peer: Peer) -> None:
    _cross(peer)
    peer.expect_nothing()
    for answer in (peer.syn_options(), [("MSS", 1460)]):
        peer.send(peer.segment("SA", seq=peer.isn, options=answer))
        peer.expect_nothing()
    peer.acknowledge()
    peer.send_data(b"in clear")
    peer.expect_nothing()


@requirement("TCPS-OPEN-19")
def test_module_answers_a_crossing_syn_without_tc(peer: Peer) -> None:
    _cross(peer)
    peer.expect("a SYN-ACK", flags="SA", seq=peer.rcv_nxt - 1, ack=peer.snd_nxt, tc=ABSENT)
    _complete(peer)
    peer.echo(b"in clear")
