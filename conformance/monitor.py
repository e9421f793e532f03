"""What holds for every packet that a target sends, in every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6ExtHdrFragment

from tcpslab.errors import WireError
from tcpslab.scapy import TM, Tag, auth_tag, shared_secret
from tcpslab.wire import checksums_valid

from conformance.failure import Violation
from conformance.seen import FIN, RST, SYN, Seen, after
from conformance.target import Setup

if TYPE_CHECKING:
    from conformance.peer import Peer

_TM_SIZE = 20


class Monitor:
    """Raises the Violation of the requirement that a packet breaks.

    A test in which the document says that a connection is unprotected from some point on sets `Peer.in_clear` there; so
    does one whose own question is whether keys were agreed.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._identity: bytes | None = None

    def packet(self, seen: Seen) -> None:
        """Of any IP packet."""
        packet = seen.packet
        if IPv6ExtHdrFragment in packet or (IP in packet and (packet.flags.MF or packet.frag)):
            raise Violation(f"an IP fragment: {packet.summary()}", ("TCPS-FRAG-04",))
        if seen.is_tcp and not seen.is_whole:
            raise _wrong("a segment whose header is cut off", seen, "TCPS-TC-11")
        if seen.is_tcp and seen.checksums and not _agree(seen.data):
            raise _wrong("lengths and checksums do not agree", seen, "TCPS-TC-11")

    def segment(self, peer: Peer, seen: Seen) -> None:
        """Of a segment of a connection with this peer, whose tag has been judged."""
        if peer.mss is not None and len(seen.payload) > peer.mss:
            raise _wrong(f"more payload than the MSS of {peer.mss} allows", seen, "TCPS-MSS-04")
        if seen.bits & SYN:
            self._syn(seen)
        elif seen.tc is not None:
            raise _wrong("TC on a segment without SYN", seen, "TCPS-TC-13")
        if seen.bits & RST and (seen.tm or seen.ti or seen.tc):
            raise _wrong("a RST with an option of the protocol", seen, "TCPS-RST-06")
        if seen.ti is not None:
            self._identification(peer, seen)
        if peer.protection is None:
            if seen.tm is not None:
                raise _wrong("TM on a connection without keys", seen, "TCPS-FALL-01", "TCPS-FALL-02", of_state=True)
        elif not peer.in_clear and not seen.bits & SYN:
            self._protected(peer, seen)

    def _syn(self, seen: Seen) -> None:
        if seen.ti is not None or seen.tm is not None:
            raise _wrong("TM or TI on a SYN", seen, "TCPS-TI-02", "TCPS-TM-03")
        if seen.tc is not None and seen.mss is not None and seen.options != ["MSS", "TC"]:
            raise _wrong("other options than MSS and TC beside TC", seen, "TCPS-TC-06")

    def _identification(self, peer: Peer, seen: Seen) -> None:
        assert seen.ti is not None
        if not seen.pure_ack:
            raise _wrong("TI on a segment that is no pure ACK", seen, "TCPS-TI-02")
        if peer.protection is None and peer.before is not None and seen.ack == peer.before.snd_nxt:
            return  # a late one of the connection before
        if peer.protection is None and not peer.in_clear:
            ids = ("TCPS-TI-04", "TCPS-FALL-01", "TCPS-FALL-02")
            raise _wrong("TI before keys are agreed", seen, *ids, of_state=True)
        identity = seen.ti.public_key
        if self._identity not in (None, identity):
            raise _wrong("another static key than on the connection before", seen, "TCPS-TI-06")
        self._identity = identity
        if any(seen.ti.auth_tag):
            shared = shared_secret(peer.identity.private, identity)
            if seen.ti.auth_tag != auth_tag(shared, peer.client_isn):
                raise _wrong("a wrong auth tag", seen, "TCPS-TI-08")

    def _protected(self, peer: Peer, seen: Seen) -> None:
        if seen.tag is Tag.MISSING and self._setup.dialect == "lkm" and peer.fin is not None and peer.closed:
            return  # R5: both FINs ended it, and what TCP sends again leaves as it is
        if seen.tag is Tag.MISSING:
            ids = ("TCPS-TM-01", "TCPS-ENC-01") if seen.payload else ("TCPS-FIN-01",)
            raise _wrong("payload or FIN without TM", seen, *ids, of_state=True)
        if seen.tag is Tag.INVALID:
            raise _wrong("a tag that does not verify", seen, "TCPS-TM-14", of_state=True)
        if seen.bits & RST:
            if seen.payload and self._setup.dialect == "readme":
                raise _wrong("a RST with payload", seen, "TCPS-RST-07")
            return
        if seen.tm is not None and not (seen.payload or seen.bits & FIN):
            raise _wrong("TM on a segment with neither payload nor FIN", seen, "TCPS-TM-03")
        if seen.tm is not None and seen.option_area[-_TM_SIZE:] != bytes(TM(tag=seen.tm)):
            raise _wrong("TM is not the last of the options, or padded", seen, "TCPS-TM-02")
        if seen.tag is Tag.VALID and peer.said_otherwise(seen):
            raise _wrong("bytes that came before are other bytes now", seen, "TCPS-ENC-08")
        if others := set(seen.options) - {"TM", "TI", "NOP", "EOL"}:
            raise _wrong(f"{', '.join(sorted(others))} on a protected connection", seen, "TCPS-TC-10")
        if after(seen.ack, peer.sent_end):
            raise _wrong("it acknowledges what only forgeries carried", seen)  # of what kind, the test knows


def _agree(packet: bytes) -> bool:
    """Lengths and checksums."""
    try:
        return checksums_valid(packet)
    except WireError:
        return False


def _wrong(what: str, seen: Seen, *requirements: str, of_state: bool = False) -> Violation:
    return Violation(f"{what}: {seen}", requirements, candidates=[seen], of_state=of_state)
