"""The packets of a test in words."""

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.packet import Packet, Raw

from tcpslab.scapy import C2S, README, S2C, TC, public_key, shared_secret
from tcpslab.scapy.keylog import ephemeral_line

from conformance.arena import Traced
from conformance.ladder import climb
from conformance.packets import Path, protect
from conformance.protection import Arithmetic, Protection
from conformance.seen import Seen

PEER, TARGET = b"\x01" * 32, b"\x02" * 32  # ephemeral private keys
ISN, TARGET_ISN = 2**32 - 2, 5000
USED = Arithmetic(README, README)


def sent(packet: Packet, time: float = 0.0) -> Traced:
    return Traced(time, bytes(packet))


def came(packet: Packet, time: float = 0.0) -> Traced:
    seen = Seen(bytes(packet), time)
    return Traced(time, seen.data, seen)


@pytest.fixture(params=[("10.0.1.1", "10.0.0.1"), ("2001:db8::2", "2001:db8::1")], ids=["ipv4", "ipv6"])
def conversation(request: pytest.FixtureRequest) -> list[Traced]:
    """A handshake, one segment of each end, and a forged one."""
    peer, target = request.param
    path, back = Path(peer, 40000, target, 7), Path(target, 7, peer, 40000)
    ours = Protection(PEER, public_key(TARGET), ISN, TARGET_ISN, C2S, USED)
    theirs = Protection(TARGET, public_key(PEER), TARGET_ISN, ISN, S2C, USED)
    start = {"seq": ISN + 1, "ack": TARGET_ISN + 1}
    data = protect(path.segment("PA", b"hello\r\n", **start), ours)
    answer = protect(back.segment("A", bytes(range(40)), seq=TARGET_ISN + 1, ack=ISN + 8), theirs)
    forged = path.segment("PA", b"other", options=data[TCP].options, seq=ISN + 8, ack=TARGET_ISN + 1)
    return [
        sent(path.segment("S", options=[("MSS", 1440), TC(public_key=public_key(PEER))], seq=ISN), 1.5),
        came(back.segment("SA", options=[TC(public_key=public_key(TARGET))], seq=TARGET_ISN, ack=ISN + 1), 1.75),
        sent(data, 2.0),
        came(answer, 2.25),
        sent(forged, 3.0),
    ]


SECRETS = [ephemeral_line(public_key(PEER), shared_secret(PEER, public_key(TARGET)))]


def test_numbers_are_relative_and_exact_ones_are_kept(conversation: list[Traced]):
    steps = list(climb(conversation))
    assert [step.text for step in steps] == [
        "S seq 0",
        "SA seq 0 ack 1",
        "PA seq 1 ack 1 7 bytes",
        "A seq 1 ack 8 40 bytes",
        "PA seq 8 ack 1 5 bytes",
    ]
    assert steps[0].exact == f"S seq {ISN}" and steps[3].exact == "A seq 5001 ack 6 40 bytes"
    assert [step.sender for step in steps] == ["peer", "target", "peer", "target", "peer"]
    assert [step.time for step in steps] == [0.0, 0.25, 0.5, 0.75, 1.5]
    assert {step.peer for step in steps} in ({"10.0.1.1:40000"}, {"[2001:db8::2]:40000"})
    assert steps[0].options == ("MSS 1440", f"TC ephemeral key {public_key(PEER).hex()}")


def test_with_the_secrets_it_says_what_the_packets_say(conversation: list[Traced]):
    notes = [step.note for step in climb(conversation, secrets=SECRETS)]
    data = f"tag valid, “{bytes(range(32)).hex()}…”"
    assert notes == ["", "", "tag valid, “hello\\r\\n”", data, "tag invalid"]
    assert [step.note for step in climb(conversation)][2] == "tag unverifiable"


def test_the_packets_of_the_finding_are_marked(conversation: list[Traced]):
    steps = list(climb(conversation, accused=[conversation[3].seen]))
    assert [step.accused for step in steps] == [False, False, False, True, False]


def test_of_a_long_test_it_tells_the_beginning_and_the_end(conversation: list[Traced]):
    steps = list(climb([*conversation[:2], *[conversation[2]] * 1000, conversation[3]]))
    assert len(steps) == 201 and steps[40].sender == "left out" and steps[40].text == "803 packets"
    assert steps[-1].text == "A seq 1 ack 8 40 bytes"


@pytest.mark.parametrize(
    "packet",
    [
        IP(src="10.0.0.1", dst="10.0.1.1", proto=6) / Raw(b"\x00\x07\x9c\x40"),
        IP(src="10.0.0.1", dst="10.0.1.1", frag=3, proto=6) / Raw(bytes(24)),
        IP(src="10.0.0.1", dst="10.0.1.1") / TCP(dataofs=4),
        IP(src="10.0.0.1", dst="10.0.1.1") / TCP(dataofs=15),
        IP(src="10.0.0.1", dst="10.0.1.1", proto=1) / Raw(b"\x08\x00"),
        IPv6(src="2001:db8::1", dst="2001:db8::2", nh=59),
    ],
    ids=["short", "fragment", "small data offset", "large data offset", "no TCP", "nothing"],
)
def test_what_is_no_segment_is_told_too(packet: Packet):
    (step,) = climb([came(packet)], secrets=SECRETS)
    assert step.sender == "target" and step.text
