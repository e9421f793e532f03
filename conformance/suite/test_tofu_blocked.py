"""What a mismatch means in `readme`: the flow is blocked, or, with tofu_enforce=0, nothing (dialects, R6 and R7)."""

from collections.abc import Callable

import pytest
from scapy.packet import Packet

from conformance.identification import (
    OTHER_PROOF,
    accepted,
    acquainted,
    expect_refused,
    expect_rest,
    introduce,
    learn,
    mismatch,
)
from conformance.marks import budget, requirement, role, setup
from conformance.peer import Peer
from conformance.timing import SILENCE

_LATER: dict[str, Callable[[Peer], Packet]] = {
    "data": lambda peer: peer.protected(b"for a blocked flow"),
    "FIN": lambda peer: peer.protected(b"", "FA"),
    "data in clear": lambda peer: peer.segment("PA", b"for a blocked flow"),
    "FIN in clear": lambda peer: peer.segment("FA"),
    "ACK": lambda peer: peer.segment("A"),
    "ACK of old": lambda peer: peer.segment("A", seq=peer.snd_nxt - 1),
    "right TI": lambda peer: peer.segment("A", options=[peer.ti()]),
    "RST": lambda peer: peer.segment("R"),
    "SYN again": lambda peer: peer.segment(_opening(peer), seq=peer.isn, options=peer.syn_options()),
    "SYN in clear": lambda peer: peer.segment("S", seq=peer.snd_nxt + 100000, ack=0),
}


@requirement("TCPS-TOFU-13")
def test_nothing_that_comes_on_a_blocked_flow_is_answered(peer: Peer) -> None:
    again = _blocked(peer)
    count = len(again.all)
    for what, build in _LATER.items():
        again.arena.send(build(again))
        again.arena.wait(SILENCE * again.arena.scale)
        if answers := again.all[count:]:
            raise again.violation(f"an answer to {what} on a flow that must be silent", candidates=answers)


@requirement("TCPS-TOFU-13")
@budget(400)
def test_blocked_flow_stays_blocked(peer: Peer) -> None:
    """No timer ends it, not even that of an idle connection."""
    again = _blocked(peer)
    count = len(again.all)
    again.arena.wait(340)
    for build in (_LATER["data in clear"], _LATER["ACK of old"]):
        again.arena.send(build(again))
    again.arena.wait(SILENCE * again.arena.scale)
    _expect_no_more(again, count)


@requirement("TCPS-TOFU-12")
@pytest.mark.parametrize("wrong", ["key", "tag"])
def test_nothing_leaves_on_a_blocked_flow(peer: Peer, wrong: str) -> None:
    """The target has data and a FIN that nobody acknowledged, and TI to show; TCP would send them again."""
    again = acquainted(peer)
    again.open(service="greet")
    again.expect_fin()
    identity = peer.arena.identity() if wrong == "key" else peer.identity
    old = again.ti(identity=identity, proof=OTHER_PROOF)
    assert again.target_isn is not None
    again.in_clear = True  # nothing at all may leave, so it does not matter how
    again.forge(again.segment("A", options=[old], ack=again.target_isn + 1))
    count = len(again.all)
    again.arena.wait(10.0)
    _expect_no_more(again, count)


@requirement("TCPS-TOFU-12")
def test_own_acks_stop_on_a_blocked_flow(peer: Peer) -> None:
    """The target would otherwise show TI eight times."""
    again = acquainted(peer)
    again.open()
    again.forge(again.segment("A", options=[again.ti(identity=peer.arena.identity())]))
    count = len(again.all)
    again.arena.wait(5.0)
    _expect_no_more(again, count)


@requirement("TCPS-TOFU-13")
def test_other_connections_of_the_host_go_on(peer: Peer) -> None:
    """It is the flow that is blocked, not the host."""
    again = _blocked(peer)
    peer.echo()
    accepted(again.again())


@requirement("TCPS-TOFU-14")
@role("server")
def test_blocked_flow_works_again_with_a_new_connection(peer: Peer) -> None:
    """The mismatch comes when the target's TCP has closed already, so that it takes another SYN on the same ports."""
    again = acquainted(peer)
    again.open()
    learn(again)
    again.close()
    again.settle()
    expect_refused(again, again.ti(proof=OTHER_PROOF))
    fresh = again.successor()
    fresh.open()
    introduce(fresh)
    expect_rest(fresh)


@requirement("TCPS-TOFU-15", "TCPS-TOFU-16")
@setup(tofu_enforce=False)
@pytest.mark.parametrize("wrong", ["key", "tag", "zero tag"])
def test_tolerated_mismatch_leaves_the_connection_as_it_was(peer: Peer, wrong: str) -> None:
    """The first TI judged is the peer's, so none is due any more; data stays protected."""
    again = acquainted(acquainted(peer))
    again.open()
    learn(again)
    identity = peer.arena.identity() if wrong == "key" else peer.identity
    again.send_ti(again.ti(identity=identity, proof=bytes(4) if wrong == "zero tag" else OTHER_PROOF))
    again.echo(b"still protected")
    expect_rest(again)
    again.close()


@requirement("TCPS-TOFU-16")
@setup(tofu_enforce=False)
def test_no_own_acks_after_a_tolerated_mismatch(peer: Peer) -> None:
    again = acquainted(peer)
    again.open()
    learn(again)
    again.send_ti(again.ti(proof=OTHER_PROOF))
    again.settle()
    count = len(again.all)
    again.arena.wait(3.0)
    _expect_no_more(again, count)


@requirement("TCPS-TOFU-16", "TCPS-TI-20")
@setup(tofu_enforce=False)
def test_late_ti_is_answered_after_a_tolerated_mismatch(peer: Peer) -> None:
    """The connection stays ENCRYPTED, where no key is ignored: the TI that was judged counts as the peer's."""
    again = acquainted(peer)
    again.open()
    learn(again)
    wrong = again.ti(identity=peer.arena.identity())
    again.send_ti(wrong)
    expect_rest(again)
    again.arena.wait(0.3)
    again.send_ti(wrong)
    if again.provoke_ack().ti is None:
        raise again.violation("no TI on the first pure ACK after a late TI", candidates=again.all[-1:])


def _opening(peer: Peer) -> str:
    return "S" if peer.role == "client" else "SA"


def _blocked(peer: Peer) -> Peer:
    """A connection of a known host that an attacker's key has blocked."""
    again = acquainted(peer)
    again.open()
    learn(again)
    mismatch(again, again.ti(identity=peer.arena.identity()))
    again.settle()
    return again


def _expect_no_more(peer: Peer, count: int) -> None:
    if more := peer.all[count:]:
        raise peer.violation("a segment left on a flow that must be silent", candidates=more)
