"""Which traffic is concerned: both address families, TCP alone, each connection by itself (wire, section 1;
dialects, R18).
"""

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.packet import Packet, Raw

from conformance.arena import Arena
from conformance.failure import ABSENT
from conformance.marks import family, requirement, role, setup
from conformance.peer import Peer
from conformance.timing import REACTION

PATTERN = bytes(range(200))


@requirement("TCPS-LOOP-03")
@family("ipv6")
def test_ipv6_is_protected(peer: Peer) -> None:
    peer.open()
    if peer.protection is None:
        raise peer.violation("no keys were agreed")
    peer.echo()
    peer.close()


@requirement("TCPS-LOOP-04")
@family("ipv6")
def test_module_leaves_ipv6_alone(peer: Peer) -> None:
    _check_untouched(peer)


@requirement("TCPS-LOOP-04")
@family("ipv6")
@setup(enforce=True)
def test_enforcing_module_leaves_ipv6_alone(peer: Peer) -> None:
    _check_untouched(peer)


def _check_untouched(peer: Peer) -> None:
    if peer.role == "client":
        peer.send_syn()
        peer.expect_syn_ack(tc=ABSENT)
        peer.acknowledge()
    else:
        peer.expect_syn(tc=ABSENT)
        peer.send_syn_ack()
        peer.expect("the ACK of the handshake", flags="A", ack=peer.snd_nxt, ti=ABSENT)
    peer.echo(b"in clear")


def _ping(arena: Arena) -> None:
    """An echo request is answered with the same bytes."""
    address, host = arena.target.address(), arena.target.host
    request: Packet = (
        IPv6(src=address, dst=host) / ICMPv6EchoRequest(id=253, seq=1, data=PATTERN)
        if ":" in host
        else IP(src=address, dst=host) / ICMP(type="echo-request", id=253, seq=1) / Raw(PATTERN)
    )
    arena.send(request)

    def answered() -> bool:
        return any(_echoed(seen.packet) == PATTERN for seen in arena.others if seen.packet.dst == address)

    if not arena.pump_until(answered, REACTION):
        raise arena.peer().violation("a ping was not answered, or not with the same bytes")


def _echoed(packet: Packet) -> bytes | None:
    if ICMPv6EchoReply in packet:
        return packet[ICMPv6EchoReply].data
    return bytes(packet[ICMP].payload) if ICMP in packet and packet[ICMP].type == 0 else None


@requirement("TCPS-LOOP-05")
@role("server")
def test_ping_passes(arena: Arena) -> None:
    _ping(arena)


@requirement("TCPS-LOOP-05")
@role("server")
@setup(enforce=True)
def test_ping_passes_an_enforcing_host(arena: Arena) -> None:
    _ping(arena)


@requirement("TCPS-LOOP-05")
def test_ping_passes_beside_a_protected_connection(peer: Peer) -> None:
    peer.open()
    _ping(peer.arena)
    peer.echo()


@requirement("TCPS-LOOP-06")
@pytest.mark.parametrize("same", ["address", "port", "neither"])
def test_connections_side_by_side_are_independent(peer: Peer, same: str) -> None:
    """They are opened, used and closed in turn, each with keys and positions of its own."""
    first, second = peer, peer.again(role=peer.role) if same == "address" else peer.arena.peer()
    if same == "port":
        second.port = first.port
    first.open()
    first.echo(b"only the first one is open")
    second.open()
    if first.target_key == second.target_key:
        raise second.violation("both connections have the same key of the target")
    second.echo(b"second")
    first.echo(b"first")
    second.close()
    first.echo(b"first again")


@requirement("TCPS-LOOP-06", "TCPS-FALL-01", "TCPS-FALL-02")
def test_plain_and_protected_connections_side_by_side(peer: Peer) -> None:
    protected, plain = peer, peer.again(role=peer.role)
    protected.open()
    plain.open(tc=False)
    protected.echo(b"encrypted")
    plain.echo(b"in clear")
    protected.echo(b"encrypted as before")


@requirement("TCPS-LOOP-06")
def test_segment_of_one_connection_is_not_valid_on_another(peer: Peer) -> None:
    peer.open()
    other = peer.again(role=peer.role)
    other.open()
    stolen = other.protected(b"of the other one")
    tcp = stolen["TCP"]
    peer.forge(peer.segment("PA", bytes(tcp.payload), options=tcp.options))
    peer.expect_nothing()
    peer.echo()
    other.echo()
