"""The parameter enforce, and attempts to downgrade a connection (readme, "Downgrade and RST injection protection";
dialects, R3 and R25).
"""

import pytest

from conformance.failure import PRESENT
from conformance.marks import requirement, role, setup
from conformance.option_areas import EOL, MSS, NOP, area, own_tc
from conformance.peer import Peer
from conformance.timing import REPETITION, SILENCE

CLOSED_PORT = 1  # nothing listens there, so that TCP answers what reaches it with a RST (RFC 9293, section 3.10.7.1)

# Segments that open no connection, by their flags and payload.
out_of_nowhere = pytest.mark.parametrize(
    ("flags", "payload"), [("A", b""), ("SA", b""), ("PA", b"in clear"), ("FA", b""), ("FPA", b"in clear")]
)

# Of the size of TC, with another magic or kind; and TC itself where no receiver looks for it.
like_tc = pytest.mark.parametrize(
    "head",
    [b"\xfd\x24XC", b"\xfe\x24TC", b"\xfd\x25TC", EOL + b"\xfd\x24TC"],
    ids=["other-magic", "other-kind", "too-long", "behind-eol"],
)


@requirement("TCPS-ENF-01")
@setup(enforce=True)
def test_syn_without_tc_is_refused_each_time(peer: Peer) -> None:
    for _ in range(3):
        peer.send_syn(tc=False)
        peer.expect_nothing()


@requirement("TCPS-ENF-01")
@setup(enforce=True)
@pytest.mark.parametrize("flags", ["SP", "SEC"])
def test_plain_syn_with_more_flags_is_refused(peer: Peer, flags: str) -> None:
    peer.send_syn(tc=False, flags=flags)
    peer.expect_nothing()


@requirement("TCPS-ENF-01", "TCPS-OPT-05")
@setup(enforce=True)
@like_tc
def test_syn_with_what_only_resembles_tc_is_refused(peer: Peer, head: bytes) -> None:
    peer.send_syn(options=area((head + own_tc(peer)[4:]).ljust(40, b"\0")))
    peer.expect_nothing()


@requirement("TCPS-ENF-01", "TCPS-OPT-08")
@setup(enforce=True)
def test_syn_with_a_tc_that_does_not_fit_is_refused(peer: Peer) -> None:
    peer.send_syn(options=area(MSS, NOP * 4, own_tc(peer)[:32]))
    peer.expect_nothing()


@requirement("TCPS-ENF-01")
@setup(enforce=True)
def test_syn_with_tc_is_served_after_a_refused_one(peer: Peer) -> None:
    peer.send_syn(tc=False)
    peer.expect_nothing()
    peer.open()
    if peer.protection is None:
        raise peer.violation("the target agreed on no keys although it enforces")
    peer.echo()


@requirement("TCPS-ENF-01", "TCPS-FAIL-07")
@setup(enforce=True)
def test_plain_syn_of_another_host_does_not_disturb(peer: Peer) -> None:
    peer.open()
    plain = peer.arena.peer()
    plain.send_syn(tc=False)
    plain.expect_nothing()
    peer.echo()


@requirement("TCPS-ENF-04")
@setup(enforce=True)
def test_each_syn_ack_without_tc_is_refused(peer: Peer) -> None:
    peer.expect_syn()
    for _ in range(3):
        peer.send_syn_ack(tc=False)
        peer.expect_nothing()


@requirement("TCPS-ENF-04", "TCPS-OPT-05")
@setup(enforce=True)
@like_tc
def test_syn_ack_with_what_only_resembles_tc_is_refused(peer: Peer, head: bytes) -> None:
    peer.expect_syn()
    peer.send_syn_ack(options=area((head + own_tc(peer)[4:]).ljust(40, b"\0")))
    peer.expect_nothing()


@requirement("TCPS-ENF-05")
@setup(enforce=True)
def test_handshake_completes_after_a_refused_syn_ack(peer: Peer) -> None:
    peer.expect_syn(tc=PRESENT)
    for _ in range(2):
        peer.send_syn_ack(tc=False)
        peer.settle()
    peer.in_clear = True  # whether it is, is the question here and not the monitor's
    peer.send_syn_ack()
    peer.expect("the ACK of the handshake", flags="A", ack=peer.snd_nxt)
    peer.echo()


@requirement("TCPS-ENF-06")
@setup(enforce=True)
def test_syn_after_a_refused_syn_ack_carries_the_same_tc(peer: Peer) -> None:
    syn = peer.expect_syn(tc=PRESENT)
    peer.send_syn_ack(tc=False)
    peer.expect("the SYN again", REPETITION, flags="S", seq=syn.seq, tc=syn.tc)


@requirement("TCPS-ENF-07")
@role("server")
@setup(enforce=True)
@out_of_nowhere
def test_enforcing_host_does_not_answer_what_belongs_to_no_connection(peer: Peer, flags: str, payload: bytes) -> None:
    peer.aim(CLOSED_PORT)
    peer.forge(peer.segment(flags, payload, ack=peer.isn))
    peer.expect_nothing()


@requirement("TCPS-ENF-10")
@role("server")
@out_of_nowhere
def test_segment_of_no_connection_is_reset_by_tcp(peer: Peer, flags: str, payload: bytes) -> None:
    peer.aim(CLOSED_PORT)
    peer.forge(peer.segment(flags, payload, ack=peer.isn))
    peer.expect("a RST", flags="R", seq=peer.isn)


@requirement("TCPS-ENF-12")
@setup(enforce=True)
def test_module_takes_the_second_syn_ack_without_tc(peer: Peer) -> None:
    """The second one comes before the target's own SYN comes again, after 1 s: with that it would begin anew."""
    peer.expect_syn(tc=PRESENT)
    peer.send_syn_ack(tc=False)
    peer.expect_nothing(SILENCE / peer.arena.scale)
    peer.send_syn_ack(tc=False)
    peer.expect("the ACK of the handshake", flags="A", ack=peer.snd_nxt)
    peer.echo()


@requirement("TCPS-ENF-13")
@role("server")
@setup(enforce=True)
@out_of_nowhere
def test_module_passes_what_belongs_to_no_connection(peer: Peer, flags: str, payload: bytes) -> None:
    peer.aim(CLOSED_PORT)
    peer.forge(peer.segment(flags, payload, ack=peer.isn))
    peer.expect("a RST", flags="R", seq=peer.isn)
