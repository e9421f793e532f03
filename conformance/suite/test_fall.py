"""Fallback to plain TCP where only one end speaks TCP/S (readme, "Downgrade and RST injection protection")."""

import pytest

from tcpslab.scapy import TC, TI, TM, public_key

from conformance.failure import ABSENT, PRESENT
from conformance.marks import requirement, role
from conformance.peer import Peer


@requirement("TCPS-FALL-01")
def test_client_without_tc_is_served_in_clear(peer: Peer) -> None:
    peer.send_syn(tc=False)
    peer.expect_syn_ack(tc=ABSENT)
    peer.acknowledge()
    peer.echo(b"in clear")
    peer.close()


@requirement("TCPS-FALL-01")
@pytest.mark.parametrize(
    "options",
    [[], [("MSS", 1460)], [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)]],
    ids=["none", "mss", "as-linux"],
)
def test_plain_syn_may_have_any_options(peer: Peer, options: list[tuple[str, object]]) -> None:
    peer.send_syn(options=options)
    peer.expect_syn_ack(tc=ABSENT)


@requirement("TCPS-FALL-02")
def test_client_falls_back_when_the_server_has_no_tc(peer: Peer) -> None:
    peer.expect_syn(tc=PRESENT)
    peer.send_syn_ack(tc=False)
    peer.expect("the ACK of the handshake", flags="A", ack=peer.snd_nxt, ti=ABSENT)
    peer.echo(b"in clear")
    peer.close()


@requirement("TCPS-FALL-01")
def test_server_takes_plain_data_as_it_comes(peer: Peer) -> None:
    _check_options_mean_nothing(peer)


@requirement("TCPS-FALL-02")
def test_client_takes_plain_data_as_it_comes(peer: Peer) -> None:
    _check_options_mean_nothing(peer)


def _check_options_mean_nothing(peer: Peer) -> None:
    """Without keys a TM is an unknown option, and a TI is nobody's business."""
    peer.open(tc=False)
    tag = peer.arena.rng.randbytes(16)
    peer.send(peer.segment("PA", b"in clear", options=[TM(tag=tag)]))
    peer.expect_echo(b"in clear")
    peer.send(peer.segment("A", options=[TI(public_key=peer.identity.public, auth_tag=bytes(4))]))
    peer.echo(b"in clear as before")


@requirement("TCPS-FALL-03")
@pytest.mark.parametrize("used", [False, True], ids=["at-once", "after-data"])
def test_later_syn_ack_with_tc_does_not_protect_a_plain_connection(peer: Peer, used: bool) -> None:
    peer.open(tc=False)
    if used:
        peer.echo()
    offer = [("MSS", 1440), TC(public_key=public_key(peer.ephemeral))]
    peer.forge(peer.segment("SA", seq=peer.isn, options=offer))
    peer.echo(b"still in clear")


@requirement("TCPS-FALL-05")
@role("server")
def test_tc_is_answered_on_the_four_tuple_of_a_plain_connection(peer: Peer) -> None:
    peer.open(tc=False)
    peer.echo()
    peer.close()
    second = peer.successor()
    second.send_syn()
    second.expect_syn_ack(tc=PRESENT)
    second.acknowledge()
    second.echo()
