"""Key agreement and key schedule: X25519, four keys with labels, two for each direction (wire, section 3)."""

import pytest

from tcpslab.scapy import TM, keystream, public_key

from conformance.failure import Where
from conformance.marks import requirement
from conformance.peer import Peer
from conformance.protection import Protection
from conformance.seen import ACK, PSH, WRAP, Seen


def _protection(peer: Peer) -> Protection:
    if peer.protection is None:
        raise peer.violation("the target did not agree on keys")
    return peer.protection


def _echo_of(peer: Peer, payload: bytes) -> Seen:
    """The first segment of the answer."""
    peer.send_data(payload)
    answer = peer.expect("the echo", payload=Where("some bytes", bool))
    peer.expect_echo(payload)
    return answer


@requirement("TCPS-KEY-01", "TCPS-KEY-02", "TCPS-TC-04")
def test_both_ends_come_to_the_same_keys(peer: Peer) -> None:
    peer.open()
    _protection(peer)
    peer.echo()


@requirement("TCPS-KEY-02", "TCPS-KEY-03", "TCPS-KEY-04")
def test_each_direction_is_encrypted_under_its_own_key(peer: Peer) -> None:
    """An application that sends back what it received shows both keys: zeros come back as the keystream itself."""
    peer.open()
    incoming = _protection(peer).incoming
    answer = _echo_of(peer, bytes(100))
    if answer.payload != keystream(incoming.encryption, 0, len(answer.payload)):
        raise peer.violation("the answer is encrypted under another key", candidates=[answer])


@requirement("TCPS-KEY-02", "TCPS-KEY-05", "TCPS-KEY-06")
def test_each_direction_is_tagged_under_its_own_key(peer: Peer) -> None:
    """A tag under the key of the other direction would let an attacker reflect segments."""
    peer.open()
    protection = _protection(peer)
    ciphertext, _ = protection.out.seal(protection.arithmetic.accepts, 0, PSH | ACK, b"reflected")
    tag = protection.incoming.tag(protection.arithmetic.accepts, 0, PSH | ACK, ciphertext)
    peer.forge(peer.segment("PA", ciphertext, options=[TM(tag=tag)]))
    peer.expect_nothing()
    peer.echo()


@requirement("TCPS-KEY-07")
@pytest.mark.parametrize("isn", [0, 1, WRAP // 2, WRAP - 1])
def test_initial_sequence_number_does_not_change_the_keys(peer: Peer, isn: int) -> None:
    peer.start_at(isn)
    peer.open()
    _protection(peer)
    peer.echo()


@requirement("TCPS-KEY-08")
@pytest.mark.parametrize("port", [9, 65000])
def test_client_is_who_sent_the_syn_whatever_its_port(peer: Peer, port: int) -> None:
    """A port below those of the target's services, and one above all that a target is likely to use."""
    peer.port = port
    peer.open()
    _protection(peer)
    peer.echo()


@requirement("TCPS-KEY-09")
def test_top_bit_of_a_key_is_ignored(peer: Peer) -> None:
    key = public_key(peer.ephemeral)
    peer.open(tc=key[:31] + bytes([key[31] | 0x80]))
    _protection(peer)
    peer.echo()
