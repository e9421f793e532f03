"""When TI is sent, by the TI rule of `readme`: due, answered, on an ACK of the host's own (dialects, the TI rule)."""

import pytest

from conformance.failure import PRESENT
from conformance.identification import expect_rest, identified, introduce
from conformance.marks import budget, requirement, role
from conformance.peer import Peer
from conformance.seen import SYN, Seen
from conformance.target import NotDriven
from conformance.timing import REPETITION

INTERVAL = 0.2  # seconds
LIMIT = 8  # of ACKs of the host's own, and of answers


@requirement("TCPS-TI-17")
def test_every_pure_ack_carries_it_until_the_peers_came(peer: Peer) -> None:
    peer.open()
    for _ in range(4):
        peer.echo()
        peer.provoke_ack()
    if plain := [seen for seen in peer.all if seen.pure_ack and not seen.ti]:
        raise peer.violation("a pure ACK without TI, before any TI of the peer", candidates=plain)


@requirement("TCPS-TI-18")
@role("server")
def test_first_pure_ack_carries_it_although_the_peers_came(peer: Peer) -> None:
    """The client's TI is on the third segment of the handshake, before the server had an ACK to send."""
    _open_with_ti(peer)
    peer.provoke_ack()
    first = next(seen for seen in peer.all if seen.pure_ack)
    if not first.ti:
        raise peer.violation("the first pure ACK is without TI, and none was sent before", candidates=[first])
    expect_rest(peer)


@requirement("TCPS-TI-18", "TCPS-TI-23")
@role("server")
def test_it_is_sent_once_although_the_host_may_send_only_data(peer: Peer) -> None:
    _open_with_ti(peer)
    peer.echo()
    peer.expect_ti(2 * INTERVAL)
    peer.arena.wait(3.0)
    if len(identified(peer)) != 1:
        raise peer.violation("TI again, although both sides have the other's", candidates=identified(peer))


def _open_with_ti(peer: Peer) -> None:
    peer.send_syn()
    peer.expect_syn_ack()
    peer.send_ti()


@requirement("TCPS-TI-19")
def test_nothing_is_due_once_both_have_shown_theirs(peer: Peer) -> None:
    peer.open()
    introduce(peer)
    count = len(identified(peer))
    peer.arena.wait(2.0)
    peer.echo()
    for _ in range(3):
        peer.provoke_ack()
    if more := identified(peer)[count:]:
        raise peer.violation("TI although none is due", candidates=more)


# --- answers ---------------------------------------------------------------------------------------------------------


@requirement("TCPS-TI-20")
def test_late_ti_is_answered_on_the_next_pure_ack(peer: Peer) -> None:
    _rest(peer)
    peer.send_ti()
    if peer.provoke_ack().ti is None:
        raise peer.violation("no TI on the first pure ACK after a late TI", candidates=peer.all[-1:])
    if peer.provoke_ack().ti is not None:
        raise peer.violation("a late TI was answered twice", candidates=peer.all[-1:])


@requirement("TCPS-TI-20", "TCPS-TI-23")
def test_late_ti_is_answered_although_the_host_sends_nothing(peer: Peer) -> None:
    _rest(peer)
    peer.send_ti()
    peer.expect_ti(2 * INTERVAL)


@requirement("TCPS-TI-21")
def test_ti_right_after_the_targets_own_is_not_answered(peer: Peer) -> None:
    """As it comes when the first two cross, or when the path duplicates."""
    peer.open()
    introduce(peer)
    peer.send_ti()
    count, last = len(identified(peer)), identified(peer)[-1]
    if peer.arena.target.now() - last.time > 0.75 * INTERVAL:
        raise NotDriven("the target is too far away to be answered within 200 ms")
    if peer.provoke_ack().ti is not None:
        raise peer.violation("an answer to a TI that came right after the target's own", candidates=peer.all[-1:])
    peer.arena.wait(2.0)
    if more := identified(peer)[count:]:
        raise peer.violation("an answer to a TI that came right after the target's own", candidates=more)


@requirement("TCPS-TI-20", "TCPS-TI-22")
def test_eight_answers_and_no_more(peer: Peer) -> None:
    _rest(peer)
    count = len(identified(peer))
    for _ in range(LIMIT + 4):
        peer.arena.wait(1.25 * INTERVAL)
        peer.send_ti()
        peer.provoke_ack()
    answers = identified(peer)[count:]
    if len(answers) != LIMIT:
        raise peer.violation(f"{len(answers)} answers to {LIMIT + 4} late TIs instead of {LIMIT}", candidates=answers)


@requirement("TCPS-TI-30")
@budget(400)
def test_exchange_comes_to_rest_on_a_path_that_duplicates(peer: Peer) -> None:
    """The peer answers each TI, twice and late enough to be answered itself, and data comes twice as well."""
    peer.open()
    introduce(peer)
    for _ in range(2 * LIMIT):
        count = len(identified(peer))
        peer.arena.wait(1.25 * INTERVAL)
        for _ in range(2):
            peer.send_ti()
            peer.provoke_ack()
        if not peer.arena.pump_until(lambda known=count: len(identified(peer)) > known, 40.0):
            return
    raise peer.violation("TI is answered for ever", candidates=identified(peer)[-3:])


def _rest(peer: Peer) -> None:
    """Both have shown theirs, and the target's is old enough that another TI of the peer is owed an answer."""
    peer.open()
    introduce(peer)
    peer.echo()
    peer.arena.wait(1.5 * INTERVAL)


# --- ACKs of the host's own ------------------------------------------------------------------------------------------


@requirement("TCPS-TI-23")
def test_idle_host_sends_it_after_200_ms(peer: Peer) -> None:
    peer.open()
    _expect_between(peer, _last_ack(peer), INTERVAL)


@requirement("TCPS-TI-23")
def test_host_that_sends_pure_acks_needs_none_of_its_own(peer: Peer) -> None:
    peer.open()
    peer.echo()
    before = len([seen for seen in peer.all if seen.pure_ack])
    for _ in range(8):
        peer.provoke_ack()
        peer.arena.wait(INTERVAL / 2)
    acks = [seen for seen in peer.all if seen.pure_ack][before:]
    if len(acks) != 8:
        raise peer.violation("ACKs of its own beside those of TCP, which come every 100 ms", candidates=acks)


@requirement("TCPS-TI-24")
def test_waits_double(peer: Peer) -> None:
    peer.open()
    last = _last_ack(peer)
    for n in range(4):
        last = _expect_between(peer, last, INTERVAL * 2**n).time


@requirement("TCPS-TI-24", "TCPS-TI-25")
@budget(200)
def test_eight_own_acks_and_no_more(peer: Peer) -> None:
    peer.open()
    last = _last_ack(peer)
    for n in range(LIMIT):
        last = _expect_between(peer, last, INTERVAL * 2**n).time
    peer.expect_nothing(1.0)
    count = len(identified(peer))
    peer.arena.wait(2.5 * INTERVAL * 2**LIMIT)
    if more := identified(peer)[count:]:
        raise peer.violation(f"more than {LIMIT} ACKs of its own on one connection", candidates=more)


@requirement("TCPS-TI-26", "TCPS-TI-27")
@pytest.mark.parametrize("acknowledged", [True, False])
def test_own_ack_has_the_numbers_of_what_was_sent_last(peer: Peer, acknowledged: bool) -> None:
    """Also when the peer did not acknowledge that yet."""
    peer.open()
    payload = b"the last segment"
    peer.send_data(payload)
    last = peer.expect("the echo", plaintext=payload)
    if acknowledged:
        peer.acknowledge()
    peer.inbox.clear()  # of the ACK that TCP may have sent before the echo
    own = peer.expect("an ACK with TI", 4 * INTERVAL, pure_ack=True, ti=PRESENT)
    expected = {"seq": last.end, "ack": last.ack, "window": last.window}
    got = {name: getattr(own, name) for name in expected}
    if got != expected:
        raise peer.violation(f"an ACK of its own with {got} instead of {expected}", candidates=[last, own])


@requirement("TCPS-TI-26")
@budget(30)
def test_own_ack_after_a_retransmission_has_the_highest_number(peer: Peer) -> None:
    """What was sent last is not what was sent highest then. Nobody acknowledges more than one segment's worth."""
    peer.open()
    for _ in range(3):
        peer.send_data(peer.arena.rng.randbytes(1400))
    peer.settle()
    sent = [seen for seen in peer.all if seen.length and not seen.bits & SYN]
    count, highest = len(peer.all), peer.rcv_nxt

    def lower() -> bool:
        return any(seen.length and seen.end != highest for seen in peer.all[count:])

    if len(sent) < 2 or not peer.arena.pump_until(lower, 2 * REPETITION):
        raise NotDriven("the target sent nothing again that lies before what it sent last")
    peer.claim_all()
    own = peer.expect("an ACK with TI", 16 * INTERVAL, pure_ack=True, ti=PRESENT)
    if own.seq != highest:
        raise peer.violation(f"an ACK of its own with seq {own.seq} instead of {highest}", candidates=[*sent, own])


@requirement("TCPS-TI-26")
def test_own_ack_before_any_data_counts_the_syn(peer: Peer) -> None:
    peer.open()
    own = peer.expect("an ACK with TI", pure_ack=True, ti=PRESENT)
    if own.seq != peer.rcv_nxt:
        raise peer.violation(f"an ACK of its own with seq {own.seq} instead of {peer.rcv_nxt}", candidates=[own])


@requirement("TCPS-TI-26")
def test_own_ack_counts_the_fin(peer: Peer) -> None:
    peer.open(service="greet")
    fin = peer.expect_fin()
    peer.acknowledge()
    peer.inbox.clear()
    own = peer.expect("an ACK with TI", 3 * INTERVAL, pure_ack=True, ti=PRESENT)
    if own.seq != fin.end:
        raise peer.violation(f"an ACK of its own with seq {own.seq} instead of {fin.end}", candidates=[fin, own])


@requirement("TCPS-TI-28", "TCPS-TI-29")
@role("server")
def test_ti_before_a_fin_if_none_was_sent(peer: Peer) -> None:
    """The server's application closes at once; no ACK was due until then."""
    peer.open(service="greet")
    peer.expect_fin()
    peer.acknowledge()
    _expect_ti_before_the_fin(peer)


@requirement("TCPS-TI-28")
def test_answer_is_paid_before_the_fin(peer: Peer) -> None:
    """The target owes an answer when its application closes: some pure ACK before its FIN carries it."""
    _rest(peer)
    count = len(identified(peer))
    peer.send_ti()
    peer.send_data(b"", "FA")
    fin = peer.expect_fin()
    peer.acknowledge()
    answers = [seen for seen in identified(peer)[count:] if peer.all.index(seen) < peer.all.index(fin)]
    if not answers:
        raise peer.violation("a FIN without an answer to the TI before it", candidates=[fin])


def _expect_ti_before_the_fin(peer: Peer, count: int = 0) -> None:
    """Among what the target sent after the first `count` segments."""
    at = next(i for i, seen in enumerate(peer.all) if seen.fin)
    fin, before = peer.all[at], peer.all[at - 1]
    if at == count or before.ti is None:
        raise peer.violation("no ACK with TI before the FIN", candidates=[before, fin])
    differing = [name for name in ("seq", "ack", "window") if getattr(before, name) != getattr(fin, name)]
    if differing:
        raise peer.violation(f"the ACK before the FIN has another {', '.join(differing)}", candidates=[before, fin])


@requirement("TCPS-TI-28", "TCPS-TI-29")
def test_answer_is_paid_directly_before_the_fin(peer: Peer) -> None:
    """With no window at first, the target has text and FIN waiting. The ACK that opens it carries the late TI."""
    peer.open_without_window(service="greet")
    peer.arena.wait(2 * INTERVAL)  # in which the target shows its own
    peer.send(peer.segment(window=0, options=[peer.ti()]))
    peer.arena.wait(1.5 * INTERVAL)
    count = len(peer.all)
    peer.send_ti()
    peer.expect_fin(REPETITION)
    peer.acknowledge()
    _expect_ti_before_the_fin(peer, count)


@requirement("TCPS-TI-28")
def test_no_ti_before_a_fin_if_all_is_said(peer: Peer) -> None:
    """Neither (b) nor (c) of the rule holds, so closing adds no segment."""
    _rest(peer)
    count = len(identified(peer))
    peer.close()
    if more := identified(peer)[count:]:
        raise peer.violation("TI although none is due", candidates=more)


def _last_ack(peer: Peer) -> float:
    """When the target's last pure ACK came, or the ACK went to it that completed the handshake."""
    sent = peer.arena.last_sent()
    assert sent is not None
    return next((seen.time for seen in reversed(peer.all) if seen.pure_ack), sent.time)


def _expect_between(peer: Peer, start: float, nominal: float) -> Seen:
    """An ACK with TI, `nominal` seconds after `start` as far as a network lets that be seen."""
    peer.inbox = [seen for seen in peer.inbox if not seen.ti]
    own = peer.expect("an ACK with TI", 1.3 * nominal + 0.14, pure_ack=True, ti=PRESENT)
    waited = own.time - start
    if waited < 0.75 * nominal:
        raise peer.violation(f"an ACK of its own after {waited:.3f} s instead of {nominal:g} s", candidates=[own])
    return own
