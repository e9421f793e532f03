"""Payload of a SYN: it could not be protected, so it does not reach TCP (dialects, R14)."""

from conformance.marks import requirement, role
from conformance.peer import Peer

EARLY = b"before any key is agreed"


@requirement("TCPS-SYN-02")
@role("server")
def test_payload_of_a_syn_is_neither_acknowledged_nor_delivered(peer: Peer) -> None:
    peer.send_syn(payload=EARLY)
    peer.snd_nxt = peer.at(0)
    peer.expect_syn_ack(ack=peer.snd_nxt)
    peer.acknowledge()
    peer.echo()


@requirement("TCPS-SYN-02")
@role("client")
def test_payload_of_a_syn_ack_is_neither_acknowledged_nor_delivered(peer: Peer) -> None:
    peer.expect_syn()
    peer.send_syn_ack(payload=EARLY)
    peer.snd_nxt = peer.at(0)
    peer.expect("the ACK of the handshake", flags="A", ack=peer.snd_nxt)
    peer.echo()


@requirement("TCPS-SYN-02")
@role("client")
def test_payload_of_a_syn_ack_that_comes_again_is_not_delivered(peer: Peer) -> None:
    """A forger may add payload to the copy of a genuine SYN-ACK."""
    peer.open()
    peer.forge(peer.segment("SA", EARLY, seq=peer.isn, options=peer.syn_options()))
    peer.settle()
    peer.echo()


@requirement("TCPS-SYN-02")
@role("server")
def test_payload_of_a_syn_that_comes_again_is_not_delivered(peer: Peer) -> None:
    peer.open()
    peer.forge(peer.segment("S", EARLY, seq=peer.isn, ack=0, options=peer.syn_options()))
    peer.settle()
    peer.echo()
