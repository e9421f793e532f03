"""Opening a connection on a path that loses, repeats and forges: SYN, SYN-ACK and the third ACK.

Wire, sections 7 and 9; dialects, R4, R22 and R24.
"""

import pytest

from tcpslab.scapy import TC

from conformance.failure import ABSENT, PRESENT
from conformance.low_order import ENCODINGS
from conformance.marks import requirement
from conformance.peer import Peer
from conformance.seen import WRAP, Seen
from conformance.target import NotDriven
from conformance.timing import REPETITION

ROOM_FOR_TM = 20


def _answer(peer: Peer) -> None:
    peer.send_syn_ack()
    peer.expect("the ACK of the handshake", flags="A", ack=peer.snd_nxt)


def _forged_key(peer: Peer) -> TC:
    return TC(public_key=peer.arena.identity().public)


@requirement("TCPS-OPEN-01")
def test_syn_comes_again_with_the_same_key(peer: Peer) -> None:
    syn = peer.expect_syn(tc=PRESENT)
    again = peer.expect("the SYN again", REPETITION, flags="S", seq=syn.seq)
    if (again.tc, again.mss, again.options) != (syn.tc, syn.mss, syn.options):
        raise peer.violation("the SYN that came again has other options than the first", candidates=[syn, again])
    _answer(peer)
    peer.echo()


@requirement("TCPS-OPEN-03")
def test_data_completes_the_handshake_without_the_third_ack(peer: Peer) -> None:
    peer.send_syn()
    peer.expect_syn_ack(tc=PRESENT)
    peer.echo()


@requirement("TCPS-OPEN-03")
@pytest.mark.parametrize("payload", [b"", b"all at once"], ids=["bare", "with-payload"])
def test_fin_completes_the_handshake_without_the_third_ack(peer: Peer, payload: bytes) -> None:
    peer.send_syn()
    peer.expect_syn_ack(tc=PRESENT)
    peer.send_data(payload, "FPA")
    peer.expect_echo(payload)
    peer.expect_fin()
    peer.acknowledge()


@requirement("TCPS-OPEN-04")
@pytest.mark.parametrize("used", [False, True], ids=["at-once", "after-data"])
@pytest.mark.parametrize("copy", ["same", "other-key", "without-tc", "other-number"])
def test_later_syn_ack_changes_nothing(peer: Peer, copy: str, used: bool) -> None:
    peer.open()
    if used:
        peer.echo()
    options = {"other-key": [("MSS", 1440), _forged_key(peer)], "without-tc": [("MSS", 1460)]}
    seq = peer.isn - 1_000_000 if copy == "other-number" else peer.isn
    peer.forge(peer.segment("SA", seq=seq, ack=_target_isn(peer) + 1, options=options.get(copy, peer.syn_options())))
    peer.settle()
    peer.echo(b"under the keys of the first SYN-ACK")


def _target_isn(peer: Peer) -> int:
    assert peer.target_isn is not None
    return peer.target_isn


@requirement("TCPS-OPEN-05")
def test_syn_ack_comes_again_with_the_same_tc(peer: Peer) -> None:
    peer.send_syn()
    first = peer.expect_syn_ack(tc=PRESENT)
    again = peer.expect("the SYN-ACK again", REPETITION, flags="SA", seq=first.seq, ack=first.ack)
    if (again.tc, again.mss, again.options) != (first.tc, first.mss, first.options):
        raise peer.violation("the SYN-ACK that came again has other options than the first", candidates=[first, again])
    peer.acknowledge()
    peer.echo()


@requirement("TCPS-OPEN-14")
def test_module_repeats_the_syn_ack_without_tc(peer: Peer) -> None:
    peer.send_syn()
    first = peer.expect_syn_ack(tc=PRESENT)
    full = (first.mss or 0) + ROOM_FOR_TM
    peer.expect("the SYN-ACK again", REPETITION, flags="SA", seq=first.seq, tc=ABSENT, mss=full)
    peer.acknowledge()
    peer.echo()


def _check_same_answers(peer: Peer, first: Seen) -> None:
    for seen in peer.all:
        if seen.tc is not None and seen.tc != first.tc:
            raise peer.violation("another key for the same SYN", candidates=[first, seen])


@requirement("TCPS-OPEN-06")
@pytest.mark.parametrize("key", ["same", "other", "low-order"])
@pytest.mark.parametrize("when", ["before-the-ack", "after-data"])
def test_syn_that_comes_again_changes_nothing(peer: Peer, key: str, when: str) -> None:
    peer.send_syn()
    first = peer.expect_syn_ack(tc=PRESENT)
    if when == "after-data":
        peer.acknowledge()
        peer.echo()
    options = {"other": [("MSS", 1440), _forged_key(peer)], "low-order": [TC(public_key=ENCODINGS["1"])]}
    copy = peer.segment("S", seq=peer.isn, ack=0, options=options.get(key, peer.syn_options()))
    for _ in range(2):
        peer.forge(copy)
    peer.settle()
    peer.echo(b"under the keys of the first SYN")
    _check_same_answers(peer, first)


# From the one right value, that of the SYN + 1.
wrong_numbers = pytest.mark.parametrize("distance", [-1, 1, 1000, WRAP // 2, -1_000_000])


@requirement("TCPS-OPEN-10")
@wrong_numbers
@pytest.mark.parametrize("tc", [True, False], ids=["with-tc", "without-tc"])
def test_syn_ack_with_a_wrong_number_changes_nothing(peer: Peer, distance: int, tc: bool) -> None:
    """Neither are keys agreed with it, nor is it a reason to fall back."""
    peer.expect_syn()
    wrong = (peer.rcv_nxt + distance) % WRAP
    options = [("MSS", 1440), *([_forged_key(peer)] if tc else [])]
    peer.forge(peer.segment("SA", seq=peer.isn + 5000, ack=wrong, options=options))
    peer.settle()
    peer.inbox = [seen for seen in peer.inbox if not seen.reset]  # whether TCP refuses it is another question
    peer.in_clear = True  # whether it is, is the question here and not the monitor's
    _answer(peer)
    peer.echo()


@requirement("TCPS-OPEN-11")
@wrong_numbers
def test_syn_ack_with_a_wrong_number_is_refused_by_tcp(peer: Peer, distance: int) -> None:
    peer.expect_syn()
    wrong = (peer.rcv_nxt + distance) % WRAP
    peer.forge(peer.segment("SA", seq=peer.isn + 5000, ack=wrong, options=[("MSS", 1440), _forged_key(peer)]))
    peer.expect("a RST", flags="R", seq=wrong)  # RFC 9293, section 3.10.7.3


@requirement("TCPS-OPEN-18")
@pytest.mark.parametrize("distance", [1, 1000])
def test_module_agrees_keys_on_a_wrong_number_too(peer: Peer, distance: int) -> None:
    """Its TCP refuses the SYN-ACK with a RST, which ends the protection that was just agreed: nothing is left of it."""
    peer.expect_syn(tc=PRESENT)
    wrong = (peer.rcv_nxt + distance) % WRAP
    peer.forge(peer.segment("SA", seq=peer.isn, ack=wrong, options=[("MSS", 1440), _forged_key(peer)]))
    peer.expect("a RST", flags="R", seq=wrong)
    while peer.arena.pump(0) is not None:
        pass
    if sum(seen.flags == "S" for seen in peer.all) > 1:
        raise NotDriven("its TCP sent the SYN again at once, as Linux does some ms later: it all began anew")
    peer.send_syn_ack()
    peer.protection = None
    peer.expect("the ACK of the handshake", flags="A", ack=peer.snd_nxt, ti=ABSENT)
    peer.echo(b"in clear")
