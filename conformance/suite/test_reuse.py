"""A SYN with another initial sequence number on a four-tuple that has, or had, a connection (dialects, R22)."""

import pytest

from tcpslab.scapy import TC

from conformance.failure import PRESENT
from conformance.marks import requirement, role
from conformance.peer import Peer


def _open_again(first: Peer) -> Peer:
    """The next connection on the four-tuple, the peer showing the key that it showed before."""
    second = first.successor()
    second.ephemeral = first.ephemeral
    second.send_syn()
    second.expect_syn_ack(tc=PRESENT)
    second.acknowledge()
    return second


def _check_fresh(first: Peer, second: Peer) -> None:
    if first.target_key == second.target_key:
        raise second.violation("the target showed the key of the connection before: both have the same session keys")


@requirement("TCPS-OPEN-02")
@role("server")
def test_connections_in_succession_have_different_keys(peer: Peer) -> None:
    peer.open()
    peer.echo()
    peer.close()
    second = _open_again(peer)
    _check_fresh(peer, second)
    second.echo()


@requirement("TCPS-OPEN-09")
@pytest.mark.parametrize("before", ["nothing", "both-identified", "forged-offer"])
def test_new_connection_replaces_a_closed_one(peer: Peer, before: str) -> None:
    """Its TCP has forgotten the connection; that TCP/S still knows it must not show, nor what else was offered."""
    peer.open()
    peer.echo()
    if before == "both-identified":
        peer.send_ti()
    elif before == "forged-offer":
        options = [("MSS", 1440), TC(public_key=peer.arena.identity().public)]
        peer.forge(peer.segment("S", seq=peer.isn - 100_000, ack=0, options=options))
        peer.settle()
        peer.echo()
    peer.close()
    second = _open_again(peer)
    second.echo()
    second.close()


@requirement("TCPS-OPEN-09")
def test_new_connection_replaces_one_that_the_host_aborted(peer: Peer) -> None:
    peer.open(service="abort")
    peer.send_data(b"x")
    peer.expect("a RST", reset=True)
    second = _open_again(peer)
    second.send_data(b"y")
    second.expect("a RST", reset=True)


@requirement("TCPS-OPEN-08")
@pytest.mark.parametrize("offer", ["tc", "tc-and-payload"])
@pytest.mark.parametrize("times", [1, 5])
def test_syn_with_another_number_does_not_disturb(peer: Peer, offer: str, times: int) -> None:
    """Anybody can send it. It lies before the window, so that TCP only acknowledges (RFC 9293, section 3.10.7.4)."""
    peer.open()
    peer.echo(b"before")
    for i in range(times):
        options = [("MSS", 1440), TC(public_key=peer.arena.identity().public)]
        payload = b"of a SYN" if offer == "tc-and-payload" else b""
        peer.forge(peer.segment("S", payload, seq=peer.isn - 100_000 * (i + 1), ack=0, options=options))
    peer.settle()
    peer.echo(b"after")


@requirement("TCPS-OPEN-16")
@pytest.mark.parametrize("back", [0, 100_000], ids=["same-number", "other-number"])
def test_module_lets_a_syn_reach_tcp_and_keeps_its_keys(peer: Peer, back: int) -> None:
    peer.open()
    peer.echo(b"before")
    options = [("MSS", 1440), TC(public_key=peer.arena.identity().public)]
    peer.settle()
    peer.inbox.clear()
    peer.forge(peer.segment("S", seq=peer.isn - back, ack=0, options=options))
    peer.expect("an ACK of what was received before", pure_ack=True, ack=peer.snd_nxt)
    peer.echo(b"after")
