"""Trust on first use: what is remembered of a host, what matches it, what does not (wire, section 6).

What becomes of a connection after a mismatch is in test_tofu_blocked (`readme`) and test_tofu_module (`lkm`).
"""

from collections.abc import Callable

import pytest

from tcpslab.scapy import auth_tag, shared_secret

from conformance.identification import (
    OTHER_PROOF,
    accepted,
    acquainted,
    expect_refused,
    expect_rest,
    introduce,
    learn,
)
from conformance.marks import budget, requirement, setup
from conformance.peer import Peer


@requirement("TCPS-TOFU-01")
@pytest.mark.parametrize("proof", [bytes(4), OTHER_PROOF, None], ids=["zero", "wrong", "right"])
def test_first_key_is_stored_whatever_its_auth_tag(peer: Peer, proof: bytes | None) -> None:
    """The proof that the target shows on the next connection says with which key it was stored."""
    again = accepted(peer, proof)
    again.open()
    _expect_proof(again)


@requirement("TCPS-TOFU-02")
def test_known_key_with_its_auth_tag_is_accepted(peer: Peer) -> None:
    connection = peer
    for _ in range(3):
        connection = accepted(connection)


@requirement("TCPS-TOFU-02")
def test_known_key_is_accepted_on_connections_in_both_directions(peer: Peer) -> None:
    acquainted(peer)
    reverse = peer.again(role="server" if peer.role == "client" else "client")
    accepted(reverse)
    accepted(peer.again())


@requirement("TCPS-TOFU-02", "TCPS-TOFU-21")
def test_hosts_are_told_apart_by_address(peer: Peer) -> None:
    """Four of them, each accepted with its own key on its second connection, in the family of the test."""
    arena = peer.arena
    for again in [acquainted(host) for host in (peer, arena.peer(), arena.peer(), arena.peer())]:
        again.open()
        _expect_proof(again)
        introduce(again)
        expect_rest(again)


@requirement("TCPS-TOFU-03", "TCPS-TOFU-05", "TCPS-TOFU-07")
@pytest.mark.parametrize("proof", ["zero", "its own", "of the known key"])
def test_another_key_is_a_mismatch(peer: Peer, proof: str) -> None:
    """The attacker comes from the same address and another port."""
    again = acquainted(peer)
    again.open()
    learn(again)
    proofs = {"zero": bytes(4), "its own": None, "of the known key": again.ti().auth_tag}
    expect_refused(again, again.ti(identity=peer.arena.identity(), proof=proofs[proof]))


@requirement("TCPS-TOFU-03")
def test_key_that_differs_in_one_bit_is_a_mismatch(peer: Peer) -> None:
    """It comes with the auth tag of the known key."""
    again = acquainted(peer)
    again.open()
    learn(again)
    ti = again.ti()
    ti.public_key = ti.public_key[:-1] + bytes([ti.public_key[-1] ^ 0x40])
    expect_refused(again, ti)


def _with_bit(proof: bytes, index: int, bit: int) -> bytes:
    return proof[:index] + bytes([proof[index] ^ bit]) + proof[index + 1 :]


_WRONG_PROOFS: dict[str, Callable[[Peer, Peer], bytes]] = {
    "first bit": lambda again, first: _with_bit(again.ti().auth_tag, 0, 0x80),
    "last bit": lambda again, first: _with_bit(again.ti().auth_tag, 3, 0x01),
    "of the connection before": lambda again, first: _proof(again, first.client_isn),
    "of the server's number": lambda again, first: _proof(again, _server_isn(again)),
}


@requirement("TCPS-TOFU-04", "TCPS-TOFU-05")
@pytest.mark.parametrize("wrong", _WRONG_PROOFS)
def test_known_key_with_a_wrong_auth_tag_is_a_mismatch(peer: Peer, wrong: str) -> None:
    again = acquainted(peer)
    again.open()
    learn(again)
    expect_refused(again, again.ti(proof=_WRONG_PROOFS[wrong](again, peer)))


@requirement("TCPS-TOFU-06")
@pytest.mark.parametrize("known", [True, False], ids=["wrong tag", "another key"])
def test_mismatch_changes_nothing_in_the_cache(peer: Peer, known: bool) -> None:
    again = acquainted(peer)
    again.open()
    learn(again)
    identity = peer.identity if known else peer.arena.identity()
    expect_refused(again, again.ti(identity=identity, proof=OTHER_PROOF))
    _expect_still_known(peer)


@requirement("TCPS-TOFU-06")
@setup(tofu_enforce=False)
def test_tolerated_mismatch_changes_nothing_in_the_cache(peer: Peer) -> None:
    again = acquainted(peer)
    again.open()
    learn(again)
    again.send_ti(again.ti(identity=peer.arena.identity()))
    again.settle()
    _expect_still_known(peer)


def _expect_still_known(peer: Peer) -> None:
    third = peer.again()
    third.open()
    _expect_proof(third)
    introduce(third)
    expect_rest(third)


@requirement("TCPS-TOFU-07")
def test_same_key_from_another_address_is_a_first_contact(peer: Peer) -> None:
    """A host with two addresses has two entries: the zero tag of the second is no mismatch."""
    again = acquainted(peer)
    again.open()
    introduce(again)
    other = peer.arena.peer(identity=peer.identity)
    other.open()
    if any(tag := learn(other).auth_tag):
        raise other.violation(f"auth tag {tag.hex()} for an address that was not met before")
    introduce(other, bytes(4))
    expect_rest(other)


@requirement("TCPS-TOFU-08")
@budget(750)
def test_entry_outlives_the_connection_by_far(peer: Peer) -> None:
    """Longer than any timer of the protocol."""
    again = acquainted(peer)
    peer.arena.wait(700)
    again.open()
    _expect_proof(again)
    expect_refused(again, again.ti(identity=peer.arena.identity()))


@requirement("TCPS-TOFU-06", "TCPS-TOFU-07")
def test_mismatch_of_one_host_leaves_others_alone(peer: Peer) -> None:
    attacked, bystander = acquainted(peer), acquainted(peer.arena.peer())
    bystander.open()
    introduce(bystander)
    attacked.open()
    learn(attacked)
    expect_refused(attacked, attacked.ti(identity=peer.arena.identity()))
    expect_rest(bystander)


def _expect_proof(peer: Peer) -> None:
    """The target shows that it has this host's key."""
    shown = learn(peer).auth_tag
    if shown != (proof := _proof(peer, peer.client_isn)):
        raise peer.violation(f"auth tag {shown.hex()} instead of {proof.hex()}, that of the key it was shown")


def _proof(peer: Peer, isn: int) -> bytes:
    assert peer.target_identity is not None
    return auth_tag(shared_secret(peer.identity.private, peer.target_identity), isn)


def _server_isn(peer: Peer) -> int:
    isn = peer.isn if peer.role == "server" else peer.target_isn
    assert isn is not None
    return isn
