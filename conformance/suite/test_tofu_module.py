"""What a mismatch means to the kernel module, and how easily it finds one (wire, sections 6 and 9)."""

import pytest

from conformance.failure import ABSENT
from conformance.identification import OTHER_PROOF, acquainted, expect_refused, expect_rest, identified, learn, mismatch
from conformance.marks import requirement, setup
from conformance.peer import Peer


@requirement("TCPS-TOFU-05", "TCPS-TOFU-22")
def test_mismatch_costs_one_segment_and_then_data_leaves_in_clear(peer: Peer) -> None:
    """The segment with TI acknowledges data. It is dropped, so the data is sent again, and now in clear."""
    again = acquainted(peer)
    again.open()
    learn(again)
    again.settle()
    payload = b"not acknowledged"
    again.send_data(payload)
    echo = again.expect("the echo", plaintext=payload)
    again.in_clear = True
    again.arena.send(again.segment("A", options=[again.ti(identity=peer.arena.identity())], ack=echo.end))
    again.expect("the same data in clear", 4.0, payload=payload, seq=echo.seq, tm=ABSENT)
    again.protection = None
    again.expect_echo(payload)
    again.acknowledge()
    again.echo(b"all in clear")
    again.close()


@requirement("TCPS-TOFU-22", "TCPS-TOFU-23")
@pytest.mark.parametrize("known", [True, False], ids=["wrong tag", "another key"])
def test_after_a_mismatch_the_connection_runs_in_clear(peer: Peer, known: bool) -> None:
    again = acquainted(peer)
    again.open()
    learn(again)
    identity = peer.identity if known else peer.arena.identity()
    mismatch(again, again.ti(identity=identity, proof=OTHER_PROOF))
    again.protection = None
    again.echo(b"in clear")
    if again.provoke_ack().ti:
        raise again.violation("TI on a connection that runs in clear", candidates=again.all[-1:])
    again.close()


@requirement("TCPS-TOFU-23")
def test_after_a_mismatch_ciphertext_reaches_the_application(peer: Peer) -> None:
    again = acquainted(peer)
    again.open()
    learn(again)
    mismatch(again, again.ti(identity=peer.arena.identity()))
    sealed = again.protected(b"nobody decrypts this")
    again.protection = None
    again.send(sealed)
    again.expect_echo(bytes(sealed["Raw"].load))


@requirement("TCPS-TOFU-24")
@setup(tofu_enforce=False)
@pytest.mark.parametrize("wrong", ["key", "tag", "zero tag"])
def test_tolerated_mismatch_authenticates(peer: Peer, wrong: str) -> None:
    again = acquainted(peer)
    again.open()
    learn(again)
    count = len(identified(again))
    identity = peer.arena.identity() if wrong == "key" else peer.identity
    again.send_ti(again.ti(identity=identity, proof=bytes(4) if wrong == "zero tag" else OTHER_PROOF))
    expect_rest(again)
    again.close()
    if more := identified(again)[count:]:
        raise again.violation("TI after the peer's was counted", candidates=more)


@requirement("TCPS-TOFU-25")
@pytest.mark.parametrize("proven", [True, False])
def test_zero_tag_with_the_known_key_is_a_mismatch(peer: Peer, proven: bool) -> None:
    again = acquainted(peer, bytes(4))
    if proven:
        again = acquainted(again)
    again.open()
    learn(again)
    expect_refused(again, again.ti(proof=bytes(4)))


@requirement("TCPS-TOFU-26")
def test_second_connection_of_a_client_that_saw_no_key_is_a_mismatch(peer: Peer) -> None:
    """Its first ACK shows TI, so the server never shows its own, and the client has nothing to prove itself with."""
    for connection in (peer, peer.again()):
        connection.send_syn()
        connection.expect_syn_ack()
        ti = connection.ti()
        assert not any(ti.auth_tag)
        if connection is peer:
            connection.send_ti(ti)
            expect_rest(connection)
        else:
            expect_refused(connection, ti)
