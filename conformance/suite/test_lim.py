"""The connection table and the set of blocked flows: what happens when they are full (wire, section 7; dialects R2)."""

from collections.abc import Callable

import pytest
from scapy.packet import Packet

from tcpslab.scapy import TI

from conformance.failure import ABSENT, PRESENT
from conformance.identification import acquainted, introduce, learn, mismatch
from conformance.marks import budget, requirement, role, setup
from conformance.peer import Peer
from conformance.timing import REACTION

TABLE = 4
small_table = setup(limits={"max_connections": TABLE})
CLOSED_PORT = 60999  # on which a target runs nothing


@requirement("TCPS-LIM-01")
@small_table
def test_syn_that_finds_the_table_full_does_not_leave(peer: Peer) -> None:
    _fill(peer)
    extra = peer.again()
    extra.connect_target()
    extra.arena.wait(4.0)
    if extra.all:
        raise extra.violation("a SYN left although the table is full", candidates=extra.all)


@requirement("TCPS-LIM-02")
@small_table
def test_syn_with_tc_that_finds_the_table_full_is_not_answered(peer: Peer) -> None:
    """One without TC needs no entry, and is."""
    _fill(peer)
    extra = peer.again()
    extra.send_syn()
    extra.expect_nothing(4.0)
    plain = peer.again()
    plain.open(tc=False)
    plain.echo()


@requirement("TCPS-LIM-03")
@setup(limits={"max_connections": 2 * TABLE})
@pytest.mark.parametrize("established", [0, TABLE])
def test_half_of_the_table_is_left_to_what_a_flood_of_syns_cannot_take(peer: Peer, established: int) -> None:
    """A port on which nothing listens answers with RST, so the entries stay without a SYN-ACK."""
    connections = _fill(peer, established) if established else []
    for _ in range(3 * TABLE):
        half_open = peer.again()
        half_open.aim(CLOSED_PORT)
        half_open.send_syn()
        half_open.expect("the reset of a closed port", reset=True)
    last = peer.again()
    last.open()
    for connection in [*connections, last]:
        connection.echo()


@requirement("TCPS-LIM-04")
@setup(limits={"max_blocked": 2})
def test_oldest_blocked_flow_is_forgotten(peer: Peer) -> None:
    """Once forgotten, a segment in clear reaches TCP, which knows the connection still and answers."""
    host = acquainted(peer)
    flows = [host, peer.again(), peer.again()]
    for flow in flows:
        flow.target_identity = peer.target_identity
        flow.open()
        learn(flow)
        flow.echo()
        mismatch(flow, flow.ti(identity=peer.arena.identity()))
    forgotten, *kept = flows
    for flow in flows:
        flow.protection = None
    forgotten.provoke_ack()
    for flow in kept:
        count = len(flow.all)
        flow.forge(flow.segment("PA", b"in clear"))
        flow.arena.wait(REACTION * flow.arena.scale)
        if answers := flow.all[count:]:
            raise flow.violation("an answer on a flow that is to be blocked", candidates=answers)


@requirement("TCPS-LIM-05")
@setup(limits={"max_connections": TABLE}, enforce=True)
def test_syn_of_the_module_leaves_in_clear_when_the_table_is_full_although_enforced(peer: Peer) -> None:
    _open_in_clear(peer)


@requirement("TCPS-LIM-05")
@small_table
def test_syn_of_the_module_leaves_in_clear_when_the_table_is_full(peer: Peer) -> None:
    _open_in_clear(peer)


def _open_in_clear(peer: Peer) -> None:
    _fill(peer)
    extra = peer.again()
    extra.expect_syn(tc=ABSENT)
    extra.send_syn_ack(tc=False)
    extra.expect("the ACK of the handshake", flags="A", ack=extra.snd_nxt)
    extra.echo(b"in clear")


@requirement("TCPS-LIM-06")
@small_table
def test_syn_with_tc_is_answered_in_clear_when_the_modules_table_is_full(peer: Peer) -> None:
    _fill(peer)
    extra = peer.again()
    extra.send_syn()
    extra.expect_syn_ack(tc=ABSENT)
    extra.acknowledge()
    extra.echo(b"in clear")


@requirement("TCPS-LIM-09")
@small_table
def test_full_table_does_not_disturb_connections(peer: Peer) -> None:
    connections = _fill(peer)
    _knock(peer)
    for connection in connections:
        connection.echo()
        connection.close()


@requirement("TCPS-LIM-09")
@role("client")
@small_table
def test_full_table_does_not_disturb_a_handshake(peer: Peer) -> None:
    """The SYN that fills the table is sent again with the same TC, and answered."""
    _fill(peer, TABLE - 1)
    last = peer.again()
    last.expect_syn()
    _knock(peer)
    last.expect("the SYN again", 4.0, flags="S", tc=last.target_key)
    last.send_syn_ack()
    last.echo()


def _knock(peer: Peer) -> None:
    """Another connection is tried while the table is full. What becomes of it is not the matter."""
    extra = peer.again()
    if extra.role == "client":
        extra.send_syn()
    else:
        extra.connect_target()
    extra.settle()
    extra.claim_all()


@requirement("TCPS-LIM-10")
@setup(limits={"max_connections": 2})
@budget(400)
def test_expired_entries_make_room(peer: Peer) -> None:
    """Two connections that idle for more than 300 s and were collected at 330 s at the latest."""
    for connection in _fill(peer, 2):
        introduce(connection)  # so that the target has no reason to go on showing its TI
    peer.arena.wait(340)
    last = peer.again()
    last.open()
    last.echo()


_STRAYS: dict[str, Callable[[Peer], Packet]] = {
    "SYN without TC": lambda peer: peer.segment("S", seq=peer.isn, options=[("MSS", 1440)]),
    "SYN-ACK with TC": lambda peer: peer.segment("SA", seq=peer.isn, options=peer.syn_options()),
    "ACK with TI": lambda peer: peer.segment("A", options=[TI(public_key=peer.identity.public)]),
    "data": lambda peer: peer.segment("PA", b"out of the blue"),
    "FIN": lambda peer: peer.segment("FA"),
    "RST": lambda peer: peer.segment("R"),
}


@requirement("TCPS-LIM-11")
@small_table
@pytest.mark.parametrize("stray", _STRAYS)
def test_only_a_syn_with_tc_takes_an_entry(peer: Peer, stray: str) -> None:
    for _ in range(TABLE + 2):
        other = peer.again()
        other.aim(peer.arena.target.serve("echo"))
        other.arena.send(_STRAYS[stray](other))
        other.settle()
        other.claim_all()
    peer.send_syn()
    peer.expect_syn_ack(tc=PRESENT)
    peer.acknowledge()
    peer.echo()


def _fill(peer: Peer, count: int = TABLE) -> list[Peer]:
    """Opens connections of one host until the table is full, or there are `count`."""
    connections = [peer, *(peer.again() for _ in range(count - 1))]
    for connection in connections:
        if connection.open().tc is None:
            raise connection.violation("no TC although the table has room", candidates=connection.all)
    return connections
