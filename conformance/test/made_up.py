"""A run that nobody made: one test of each outcome, for the tests of the reports."""

import re
from dataclasses import replace

from scapy.layers.inet import IP, TCP
from scapy.packet import Raw

from tcpslab.scapy import TC, Tag

from conformance.arena import Traced
from conformance.catalogue import Catalogue
from conformance.failure import ABSENT, Expectation, Violation
from conformance.outcome import Outcome, Status
from conformance.report import Report
from conformance.seen import Seen
from conformance.target_file import KnownDeviation

CATALOGUE = Catalogue.of("tcps")
MADE_UP = "TCPS-TM-01"
KNOWN = KnownDeviation("TCPS-FIN-01", re.compile("no TM"), "as version 1 of it does", tests="*fin*")


def segment(flags: str = "A", payload: bytes = b"", *, seq: int = 1, time: float = 0.25, to_peer: bool = True) -> Seen:
    """A segment between the target, 10.0.0.1:7, and a peer, 10.0.1.1:40000."""
    ends = ("10.0.0.1", 7, "10.0.1.1", 40000) if to_peer else ("10.0.1.1", 40000, "10.0.0.1", 7)
    source, sport, destination, dport = ends
    options = [("MSS", 1440), TC(public_key=bytes(range(32)))] if "S" in flags else []
    tcp = TCP(sport=sport, dport=dport, seq=seq, ack=9, flags=flags, options=options)
    packet = IP(src=source, dst=destination) / tcp
    return Seen(bytes(packet / Raw(payload) if payload else packet), time)


RESET = segment("RA", seq=5)
UNTAGGED = replace(segment("PA", b"hello", time=0.5), tag=Tag.MISSING)
SYN = segment("S", seq=1000, time=0.125, to_peer=False)
TRACE = [Traced(SYN.time, SYN.data), Traced(0.25, RESET.data, RESET)]

FOUND = Violation(
    "a SYN-ACK did not come",
    sent=SYN,
    expectation=Expectation("a SYN-ACK", {"flags": "SA", "ack": 1, "mss": ABSENT}),
    candidates=[RESET, UNTAGGED],
)


def outcome(test: str, status: Status, *requirements: str, **fields: object) -> Outcome:
    name = f"test_made_up.py::{test}[server-ipv4]"
    return Outcome(name, requirements or (MADE_UP,), status, **{"role": "server", "family": "ipv4"} | fields)


PASSED = outcome("test_pass", Status.PASS, duration=0.0123)
FAILED = outcome(
    "test_fail",
    Status.FAIL,
    summary=FOUND.summary,
    violation=FOUND,
    duration=1.5,
    places=("test_made_up.py:42: peer.open()",),
    notes=("Falsifying example: test_fail(steps=[1])",),
    replay="lab conform --target sim --dialect readme --seed 1 --test 'test_made_up.py::test_fail[server-ipv4]'",
    artefacts={
        "capture": "test_made_up/test_fail-server-ipv4/capture.pcap",
        "keylog": "test_made_up/test_fail-server-ipv4/keys.log",
    },
)
DEVIATES = outcome(
    "test_fin",
    Status.KNOWN_DEVIATION,
    "TCPS-FIN-01",
    summary="no TM on a FIN",
    violation=Violation("no TM on a FIN", candidates=[UNTAGGED]),
    reason=KNOWN.reason,
)
NOT_DRIVEN = outcome("test_client", Status.INCONCLUSIVE, summary="no command makes it connect")
OTHER_DIALECT = outcome("test_other", Status.NOT_APPLICABLE, summary="it is about the other dialect than readme")
ALL = (PASSED, FAILED, DEVIATES, NOT_DRIVEN, OTHER_DIALECT)


def report(*outcomes: Outcome, **fields: object) -> Report:
    values = {"target": "made up", "kind": "sim", "protocol": "tcps", "dialect": "readme", "seed": 1}
    return Report(**values | {"catalogue": CATALOGUE, "outcomes": outcomes or ALL} | fields)
