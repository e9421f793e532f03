"""The option TC on SYN and SYN-ACK, and what becomes of the other options (wire, sections 2 and 2.1)."""

from conformance.failure import ABSENT, PRESENT
from conformance.marks import requirement
from conformance.peer import Peer


@requirement("TCPS-TC-01")
def test_syn_carries_tc(peer: Peer) -> None:
    peer.expect_syn(tc=PRESENT)


@requirement("TCPS-TC-02")
def test_syn_ack_carries_tc(peer: Peer) -> None:
    peer.send_syn()
    peer.expect_syn_ack(tc=PRESENT)


@requirement("TCPS-TC-03")
def test_syn_without_tc_is_answered_without(peer: Peer) -> None:
    peer.send_syn(tc=False)
    peer.expect_syn_ack(tc=ABSENT)
