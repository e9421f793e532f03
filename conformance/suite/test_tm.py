"""The option TM: who carries it, what it covers, and what becomes of segments without a valid one (wire, section 5)."""

from conformance.marks import requirement
from conformance.peer import Peer


@requirement("TCPS-TM-01", "TCPS-ENC-10")
def test_data_is_protected_both_ways(peer: Peer) -> None:
    peer.open()
    peer.echo()


@requirement("TCPS-TM-04", "TCPS-TM-06")
def test_data_without_tm_is_dropped(peer: Peer) -> None:
    peer.open()
    peer.forge(peer.segment("PA", b"in clear"))
    peer.expect_nothing()
    peer.echo()
