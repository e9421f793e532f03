"""The option TC on SYN and SYN-ACK, and what becomes of the other options (wire, sections 2 and 2.1)."""

import pytest

from tcpslab.scapy import TC, public_key

from conformance.failure import ABSENT, PRESENT, Where
from conformance.marks import requirement, role
from conformance.peer import Peer
from conformance.target import SERVICES

FULL = Where("40 bytes", lambda area: len(area) == 40)


@requirement("TCPS-TC-01")
def test_syn_carries_tc(peer: Peer) -> None:
    peer.expect_syn(tc=PRESENT)


@requirement("TCPS-TC-02")
def test_syn_ack_carries_tc(peer: Peer) -> None:
    peer.send_syn()
    peer.expect_syn_ack(tc=PRESENT)


@requirement("TCPS-TC-03")
def test_syn_without_tc_is_answered_without(peer: Peer) -> None:
    peer.send_syn(tc=False)
    peer.expect_syn_ack(tc=ABSENT)


# PSH has no meaning there, and ECN is negotiated by two more flags (RFC 3168, section 6.1.1).
SYN_ACK = Where("SA, or SAE", {"SA", "SAE"}.__contains__)


@requirement("TCPS-TC-02")
@pytest.mark.parametrize("flags", ["SP", "SEC"])
def test_syn_with_more_flags_is_a_syn(peer: Peer, flags: str) -> None:
    peer.send_syn(flags=flags)
    peer.expect_syn_ack(flags=SYN_ACK, tc=PRESENT)
    peer.acknowledge()
    peer.echo()


@requirement("TCPS-KEY-01", "TCPS-TC-01")
@role("client")
@pytest.mark.parametrize("flags", ["SPA", "SAE"])
def test_syn_ack_with_more_flags_is_a_syn_ack(peer: Peer, flags: str) -> None:
    peer.expect_syn(tc=PRESENT)
    peer.send_syn_ack(flags=flags)
    peer.expect("the ACK of the handshake", ack=peer.snd_nxt)
    peer.echo()


@requirement("TCPS-TC-04", "TCPS-TC-02")
def test_syn_ack_has_a_key_of_its_own(peer: Peer) -> None:
    peer.send_syn()
    own = public_key(peer.ephemeral)
    peer.expect_syn_ack(tc=Where("another key than the SYN's", lambda key: key not in (None, own, own[::-1])))
    peer.acknowledge()
    peer.echo()


@requirement("TCPS-TC-05")
def test_each_connection_shows_a_fresh_key(peer: Peer) -> None:
    connections = [peer, peer.again(), peer.arena.peer()]
    for connection in connections:
        connection.open()
    keys = [connection.target_key for connection in connections]
    if len(set(keys)) != len(keys):
        raise peer.violation("two connections of the host show the same key in TC")


@requirement("TCPS-TC-05")
def test_key_of_tc_is_not_the_identity(peer: Peer) -> None:
    peer.open()
    peer.provoke_ack()
    if peer.target_key == peer.target_identity:
        raise peer.violation("TC and TI show the same key")


@requirement("TCPS-TC-06")
def test_syn_has_mss_and_tc_alone(peer: Peer) -> None:
    peer.expect_syn(options=["MSS", "TC"], option_area=FULL)


@pytest.mark.parametrize(
    "beside", [[("MSS", 1440)], [("WScale", 3)], [("SAckOK", b"")], []], ids=["mss", "window-scale", "sack", "nothing"]
)
@requirement("TCPS-TC-06")
@role("server")
def test_syn_ack_has_mss_and_tc_alone(peer: Peer, beside: list[tuple[str, object]]) -> None:
    """What the SYN offers beside TC makes the host's TCP answer with more options, which have to go."""
    peer.send_syn(options=[*beside, TC(public_key=public_key(peer.ephemeral))])
    peer.expect_syn_ack(options=["MSS", "TC"], option_area=FULL)
    peer.acknowledge()
    peer.echo()


def _make_a_gap(peer: Peer) -> None:
    """The second of two segments comes first: a TCP that may use SACK does so now."""
    build = peer.protected if peer.protection else peer.segment
    start = peer.snd_nxt
    flags = {"flags": "PA", "payload": b"second"}
    peer.send(build(seq=start + 5, **flags))
    peer.expect("a duplicate ACK", pure_ack=True, ack=start)
    peer.send(build(seq=start, **flags | {"payload": b"first"}))
    peer.expect_echo(b"firstsecond")


def _check_no_sack_no_timestamps(peer: Peer) -> None:
    for seen in peer.all:
        if {"SAck", "Timestamp"} & set(seen.options):
            raise peer.violation(f"an option that TC has displaced: {seen}", candidates=[seen])


@requirement("TCPS-TC-10")
def test_protected_connection_has_no_sack_and_no_timestamps(peer: Peer) -> None:
    peer.open()
    peer.send_ti()  # so that ACKs need not carry one, which would take the place of other options
    _make_a_gap(peer)
    _check_no_sack_no_timestamps(peer)


@requirement("TCPS-TC-10")
@role("client")
def test_connection_that_fell_back_has_no_sack_and_no_timestamps(peer: Peer) -> None:
    peer.expect_syn(tc=PRESENT)
    peer.send_syn_ack(tc=False)
    peer.expect("the ACK of the handshake", flags="A", ack=peer.snd_nxt)
    _make_a_gap(peer)
    _check_no_sack_no_timestamps(peer)


@requirement("TCPS-TC-11", "TCPS-TC-13")
def test_all_that_grew_is_well_formed_and_only_syns_carry_tc(peer: Peer) -> None:
    """Every kind of segment: with TC, TM and TI, data and FIN. The monitor reads each of them."""
    peer.open()
    peer.echo()
    peer.send_ti()
    peer.close()


@requirement("TCPS-TC-14")
def test_tc_on_an_ack_does_not_change_the_keys(peer: Peer) -> None:
    peer.open()
    peer.echo()
    peer.forge(peer.segment("A", options=[TC(public_key=peer.arena.identity().public)]))
    peer.echo()


@requirement("TCPS-TC-14")
def test_tc_on_an_ack_does_not_protect_a_plain_connection(peer: Peer) -> None:
    peer.open(tc=False)
    peer.echo()
    peer.forge(peer.segment("A", options=[TC(public_key=public_key(peer.ephemeral))]))
    peer.echo()


@requirement("TCPS-TC-14")
@role("server")
def test_tc_on_an_ack_before_the_syn_is_no_offer(peer: Peer) -> None:
    peer.aim(peer.arena.target.serve("echo"))
    peer.forge(peer.segment("A", ack=peer.isn, options=[TC(public_key=public_key(peer.ephemeral))]))
    peer.settle()
    peer.inbox.clear()  # whether TCP resets it is not the question
    peer.send_syn(tc=False)
    peer.expect_syn_ack(tc=ABSENT)
    peer.acknowledge()
    peer.echo()


@pytest.mark.parametrize("service", SERVICES)
@requirement("TCPS-TC-15")
def test_every_service_is_protected(peer: Peer, service: str) -> None:
    peer.open(service=service)
    if peer.protection is None:
        raise peer.violation(f"service {service} is not protected")
    if service == "greet":
        peer.expect_fin()
        peer.read(max(1, len(peer.stream)))  # all that came before the FIN, whatever its text
