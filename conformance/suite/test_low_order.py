"""Keys of low order in TC: no secret comes of them (wire, section 3; dialects, R23)."""

import pytest

from conformance.failure import ABSENT, PRESENT
from conformance.low_order import ENCODINGS
from conformance.marks import family, requirement, setup
from conformance.peer import Peer

every_encoding = pytest.mark.parametrize("key", ENCODINGS.values(), ids=ENCODINGS)
SOME = ("0", "order-8-other", "p-1-top-bit")
some_encodings = pytest.mark.parametrize("key", [ENCODINGS[name] for name in SOME], ids=SOME)


@requirement("TCPS-KEY-14", "TCPS-KEY-18")
@family("ipv4")
@every_encoding
def test_syn_with_low_order_key_counts_as_plain(peer: Peer, key: bytes) -> None:
    peer.send_syn(tc=key)
    peer.expect_syn_ack(tc=ABSENT)
    peer.acknowledge()
    peer.echo()


@requirement("TCPS-KEY-15")
@setup(enforce=True)
@some_encodings
def test_syn_with_low_order_key_is_refused(peer: Peer, key: bytes) -> None:
    peer.send_syn(tc=key)
    peer.expect_nothing()
    peer.send_syn()
    peer.expect_syn_ack(tc=PRESENT)
    peer.acknowledge()
    peer.echo()


@requirement("TCPS-KEY-16", "TCPS-KEY-18")
@family("ipv4")
@every_encoding
def test_syn_ack_with_low_order_key_counts_as_plain(peer: Peer, key: bytes) -> None:
    peer.open(tc=key)
    peer.echo()


@requirement("TCPS-KEY-17")
@setup(enforce=True)
@some_encodings
def test_syn_ack_with_low_order_key_is_refused(peer: Peer, key: bytes) -> None:
    peer.expect_syn()
    peer.send_syn_ack(tc=key)
    peer.expect_nothing()
    peer.send_syn_ack()
    peer.expect("the ACK of the handshake", flags="A", ack=peer.snd_nxt)
    peer.echo()


@requirement("TCPS-KEY-19")
@some_encodings
def test_module_answers_a_low_order_key_and_runs_in_clear(peer: Peer, key: bytes) -> None:
    peer.open(tc=key)
    peer.echo()


@requirement("TCPS-KEY-19")
@setup(enforce=True)
@some_encodings
def test_module_runs_in_clear_after_a_low_order_syn_although_enforcing(peer: Peer, key: bytes) -> None:
    peer.open(tc=key)
    peer.echo()


@requirement("TCPS-KEY-20")
@some_encodings
def test_module_takes_a_low_order_key_in_a_syn_ack_and_runs_in_clear(peer: Peer, key: bytes) -> None:
    peer.open(tc=key)
    peer.echo()


@requirement("TCPS-KEY-20")
@setup(enforce=True)
@some_encodings
def test_module_runs_in_clear_after_a_low_order_syn_ack_although_enforcing(peer: Peer, key: bytes) -> None:
    peer.open(tc=key)
    peer.echo()
