"""When `readme` takes a zero auth tag for a first contact, and when for an attack (dialects, R10 and R21)."""

import pytest

from conformance.identification import accepted, acquainted, expect_refused, expect_rest, introduce, learn
from conformance.marks import requirement, role
from conformance.peer import Peer

ZERO = bytes(4)


@requirement("TCPS-TOFU-17")
def test_second_connection_is_authenticated_on_both_sides(peer: Peer) -> None:
    again = acquainted(peer, ZERO)
    again.open()
    if not any(learn(again).auth_tag):
        raise again.violation("a zero auth tag although the peer's key is known")
    introduce(again)
    expect_rest(again)


@requirement("TCPS-TOFU-17")
@role("server")
def test_second_connection_is_authenticated_when_the_client_begins(peer: Peer) -> None:
    """The client's third ACK shows its TI before the server's."""
    again = acquainted(peer, ZERO)
    again.send_syn()
    again.expect_syn_ack()
    again.send_ti()
    ti = again.expect_ti()
    if not any(ti.auth_tag):
        raise again.violation("a zero auth tag although the peer's key is known")
    expect_rest(again)


@requirement("TCPS-TOFU-18")
@pytest.mark.parametrize("times", [1, 3])
def test_zero_tag_is_accepted_while_none_was_verified(peer: Peer, times: int) -> None:
    """As of a host that lost the target's TI each time; it may prove itself later."""
    connection = peer
    for _ in range(times + 1):
        connection = accepted(connection, ZERO)
    accepted(connection)


@requirement("TCPS-TOFU-18")
def test_mismatch_verifies_nothing(peer: Peer) -> None:
    """After a wrong tag a zero one is as acceptable as before."""
    again = acquainted(peer, ZERO)
    again.open()
    learn(again)
    expect_refused(again, again.ti(proof=bytes.fromhex("00000001")))
    accepted(peer.again(), ZERO)


@requirement("TCPS-TOFU-19")
def test_zero_tag_is_a_mismatch_once_one_was_verified(peer: Peer) -> None:
    third = _proven(peer)
    third.open()
    learn(third)
    expect_refused(third, third.ti(proof=ZERO))


@requirement("TCPS-TOFU-19")
def test_proof_in_one_direction_counts_in_the_other(peer: Peer) -> None:
    _proven(peer)
    reverse = peer.again(role="server" if peer.role == "client" else "client")
    reverse.open()
    learn(reverse)
    expect_refused(reverse, reverse.ti(proof=ZERO))


@requirement("TCPS-TOFU-20", "TCPS-TOFU-19")
@pytest.mark.parametrize("opened", [True, False], ids=["open before", "SYN before"])
def test_zero_tag_is_accepted_on_a_connection_that_began_before(peer: Peer, opened: bool) -> None:
    """Parallel first connections: this one's SYN was seen before another one's tag was verified."""
    parallel = acquainted(peer, ZERO)
    if opened:
        parallel.open()
    elif parallel.role == "client":
        parallel.send_syn()
        parallel.expect_syn_ack()
    else:
        parallel.expect_syn()
    accepted(peer.again())
    if not opened and parallel.role == "client":
        parallel.acknowledge()
    elif not opened:
        parallel.send_syn_ack()
    introduce(parallel, ZERO)
    expect_rest(parallel)
    later = peer.again()  # what was verified stays so
    later.open()
    learn(later)
    expect_refused(later, later.ti(proof=ZERO))


def _proven(peer: Peer) -> Peer:
    """The next connection of a host that has shown a zero tag first and proven itself then."""
    return accepted(acquainted(peer, ZERO))
