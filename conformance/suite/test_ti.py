"""The option TI: its form, its content, and on which segments it travels (wire, sections 2, 2.3 and 6)."""

import pytest

from tcpslab.scapy import auth_tag, shared_secret

from conformance.failure import PRESENT
from conformance.identification import acquainted, expect_rest, introduce, learn
from conformance.marks import requirement, role
from conformance.peer import Peer
from conformance.seen import FIN


@requirement("TCPS-TI-01")
def test_form_of_the_option(peer: Peer) -> None:
    peer.open()
    peer.provoke_ack()
    shown = [seen for seen in peer.all if seen.pure_ack][-1]
    area = shown.option_area
    if len(area) != 40 or area[:4] != bytes.fromhex("fd285449") or area[36:] != bytes(4):
        raise peer.violation(f"a pure ACK with the options {area.hex() or 'none'}", candidates=[shown])


@requirement("TCPS-TI-03")
def test_replaces_every_other_option(peer: Peer) -> None:
    peer.open()
    peer.echo()
    peer.provoke_ack()
    identified = [seen for seen in peer.all if seen.ti]
    wrong = [seen for seen in identified if seen.options != ["TI"] or seen.tcp.dataofs != 15]
    if wrong or not identified:
        raise peer.violation("not one TI that fills a header of 60 bytes", candidates=wrong)


@requirement("TCPS-TI-02")
def test_data_and_fin_carry_none_although_it_is_due(peer: Peer) -> None:
    peer.open(service="greet")
    peer.expect_fin()
    peer.acknowledge()
    if wrong := [seen for seen in peer.all if seen.ti and not seen.pure_ack]:
        raise peer.violation("TI on a segment that is no pure ACK", candidates=wrong)
    if not any(seen.payload for seen in peer.all) or not any(seen.bits & FIN for seen in peer.all):
        raise peer.violation("no data or no FIN came", candidates=peer.all)


@requirement("TCPS-TI-02")
def test_echoed_data_carries_none_although_it_is_due(peer: Peer) -> None:
    peer.open()
    peer.echo(bytes(100))
    if wrong := [seen for seen in peer.all if seen.ti and not seen.pure_ack]:
        raise peer.violation("TI on a segment that is no pure ACK", candidates=wrong)


@requirement("TCPS-TI-02")
def test_reset_carries_none_although_it_is_due(peer: Peer) -> None:
    peer.open(service="abort")
    peer.in_clear = True  # what follows a reset is not the matter here
    peer.send_data(b"x")
    reset = peer.expect("the reset", reset=True)
    if reset.ti:
        raise peer.violation("TI on a RST", candidates=[reset])


@requirement("TCPS-TI-04")
def test_none_without_keys(peer: Peer) -> None:
    """The peer offers no TC, so no keys are agreed: the pure ACKs of the connection are plain."""
    peer.open(tc=False)
    for _ in range(2):
        if (ack := peer.provoke_ack()).ti:
            raise peer.violation("TI on a connection without keys", candidates=[ack])


@requirement("TCPS-TI-05")
def test_third_segment_of_the_handshake_carries_it(peer: Peer) -> None:
    peer.expect_syn()
    peer.send_syn_ack()
    peer.expect("the ACK of the handshake", flags="A", ack=peer.snd_nxt, pure_ack=True, ti=PRESENT)
    first = next(seen for seen in peer.all[1:] if seen.pure_ack)
    if not first.ti:
        raise peer.violation("the first pure ACK is without TI", candidates=[first])


@requirement("TCPS-TI-06")
def test_key_is_the_same_on_every_connection(peer: Peer) -> None:
    """On a second connection of the same host, and on one of a stranger."""
    again = acquainted(peer)
    stranger = peer.arena.peer()
    keys = set()
    for each in (again, stranger):
        each.open()
        keys.add(learn(each).public_key)
    if keys != {peer.target_identity}:
        raise peer.violation(f"{len(keys | {peer.target_identity})} static keys of one target")


@requirement("TCPS-TI-06")
def test_key_is_no_ephemeral_one(peer: Peer) -> None:
    peer.open()
    if learn(peer).public_key == peer.target_key:
        raise peer.violation("the static key is the ephemeral one of the connection")


@requirement("TCPS-TI-07")
def test_auth_tag_is_zero_for_a_stranger(peer: Peer) -> None:
    """Also for one who comes when the target has other hosts' keys, and again as long as it showed no TI."""
    acquainted(peer)
    stranger = peer.arena.peer()
    for connection in (stranger, stranger.again()):
        connection.open()
        if any(tag := learn(connection).auth_tag):
            raise peer.violation(f"auth tag {tag.hex()} for a host whose key the target cannot know")


@requirement("TCPS-TI-08", "TCPS-TI-09")
@pytest.mark.parametrize("isn", [0, 0x01020304, 0xFFFFFFFF])
def test_auth_tag_for_a_known_host(peer: Peer, isn: int) -> None:
    """It is that of the client's initial sequence number, whichever end the target is; ours takes extreme values."""
    again = acquainted(peer)
    again.start_at(isn)
    again.open()
    _expect_proof(again)


@requirement("TCPS-TI-08", "TCPS-TI-09")
def test_auth_tag_in_the_opposite_direction(peer: Peer) -> None:
    """The key was met on a connection in one direction and is used on one in the other."""
    acquainted(peer)
    reverse = peer.again(role="server" if peer.role == "client" else "client")
    reverse.open()
    _expect_proof(reverse)


@requirement("TCPS-TI-08")
def test_auth_tag_is_made_with_the_key_that_was_shown(peer: Peer) -> None:
    """A third connection, after the second was authenticated with a tag, has a proof of its own."""
    second = acquainted(peer)
    second.open()
    introduce(second)
    third = second.again()
    third.open()
    _expect_proof(third)


@requirement("TCPS-TI-08", "TCPS-TI-20")
def test_auth_tag_for_a_host_met_on_this_connection(peer: Peer) -> None:
    """Its key is cached from its TI on, so what is answered later on the same connection has a proof."""
    peer.open()
    introduce(peer)
    peer.echo()
    peer.arena.wait(0.3)
    peer.send_ti()
    peer.provoke_ack()
    _expect_proof(peer)


def _expect_proof(peer: Peer) -> None:
    ti = learn(peer)
    proof = auth_tag(shared_secret(peer.identity.private, ti.public_key), peer.client_isn)
    if ti.auth_tag != proof:
        raise peer.violation(f"auth tag {ti.auth_tag.hex()} instead of {proof.hex()}")


@requirement("TCPS-TI-11", "TCPS-TI-12")
@role("server")
def test_third_ack_with_ti_completes_the_handshake(peer: Peer) -> None:
    """The usual way: the client's first pure ACK is the only acknowledgement of the SYN-ACK, and its TI is judged."""
    peer.send_syn()
    peer.expect_syn_ack()
    peer.send_ti()
    peer.settle()
    peer.echo()
    peer.provoke_ack()
    expect_rest(peer)


@requirement("TCPS-TI-12")
def test_acknowledgement_on_a_ti_counts(peer: Peer) -> None:
    """Data that only the ACK with TI acknowledges is not sent again."""
    peer.open()
    learn(peer)
    peer.settle()
    payload = b"acknowledged by TI"
    peer.send_data(payload)
    echo = peer.expect("the echo", plaintext=payload)
    peer.send_ti()
    before = len(peer.all)
    peer.expect_nothing(4.0)
    if again := [seen for seen in peer.all[before:] if seen.payload and seen.seq == echo.seq]:
        raise peer.violation("data was sent again that the ACK with TI acknowledged", candidates=again)


@requirement("TCPS-TI-11")
def test_bare_ti_is_judged(peer: Peer) -> None:
    """An ACK without TM is enough: the target is content, and shows no TI any more."""
    peer.open()
    introduce(peer)
    expect_rest(peer)
