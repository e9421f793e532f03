"""What holds for every packet that a target sends, in every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6ExtHdrFragment

from tcpslab.scapy import Tag
from tcpslab.wire import checksums_valid

from conformance.failure import Violation
from conformance.seen import ACK, FIN, RST, SYN, Seen, after
from conformance.target import Setup

if TYPE_CHECKING:
    from conformance.peer import Peer


class Monitor:
    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def packet(self, seen: Seen) -> None:
        """Of any IP packet."""
        packet = seen.packet
        if IPv6ExtHdrFragment in packet or (IP in packet and (packet.flags.MF or packet.frag)):
            raise Violation(f"the target sent an IP fragment: {packet.summary()}", ("TCPS-FRAG-01",), candidates=())
        if seen.checksums and not checksums_valid(seen.data):
            raise Violation(f"a checksum is wrong: {seen}", ("TCPS-TC-01",), candidates=[seen])

    def segment(self, peer: Peer, seen: Seen) -> None:
        """Of a segment of a connection with this peer, whose tag has been judged."""
        self._options(seen)
        if peer.protection:
            self._protection(peer, seen)

    def _options(self, seen: Seen) -> None:
        pass

    def _protection(self, peer: Peer, seen: Seen) -> None:
        if seen.tag is Tag.MISSING:
            raise Violation(f"a segment with payload or FIN has no TM: {seen}", ("TCPS-TM-01",), candidates=[seen])
        if seen.tag is Tag.INVALID:
            raise Violation(f"a tag is wrong: {seen}", ("TCPS-TM-02",), candidates=[seen])
        if seen.bits & ACK and not seen.bits & (SYN | RST | FIN) and after(seen.ack, peer.sent_end):
            raise Violation(f"bytes are acknowledged that were only forged: {seen}", ("TCPS-TM-03",), candidates=[seen])
