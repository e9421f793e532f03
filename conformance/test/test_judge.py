"""What the judge makes of a target's packets: a wrong target does not get past it, and a right one does."""

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.packet import Raw

from tcpslab.scapy import TC, TI, TM, auth_tag, public_key, shared_secret

from conformance.failure import Violation
from conformance.forgeries import altered
from conformance.packets import encode

from scripted_target import KEY, Conversation

OTHER_KEY = bytes(range(2, 34))


@pytest.fixture
def talk() -> Conversation:
    return Conversation()


def finding(talk: Conversation) -> Violation:
    """What the judge says of the packets that have been said."""
    with pytest.raises(Violation) as caught:
        talk.arena.finish()
    return caught.value


# --- the target's stream -----------------------------------------------------------------------------------------------


def test_what_a_right_target_sends_passes(talk: Conversation):
    talk.say("PA", b"hello")
    talk.say("FA")
    talk.peer.expect_echo(b"hello")
    talk.peer.expect_fin()
    talk.arena.finish()


@pytest.mark.parametrize("again", [(0, b"hello world"), (3, b"lo world")], ids=["from the start", "from the middle"])
def test_retransmission_may_be_longer_than_the_segment_was(talk: Conversation, again: tuple[int, bytes]):
    """TCP may put waiting data behind what it repeats (RFC 9293, section 3.8.1); Linux does."""
    start, data = talk.seq, again[1]
    talk.say("PA", b"hello")
    talk.say("PA", data, seq=start + again[0])
    assert talk.peer.read(11) == b"hello world"
    talk.arena.finish()


def test_segments_beyond_a_gap_may_overlap(talk: Conversation):
    start = talk.seq
    for offset, data in ((6, b"world"), (8, b"rld!"), (4, b"o world"), (0, b"hello ")):
        talk.say("PA", data, seq=start + offset)
    assert talk.peer.read(12) == b"hello world!"
    talk.arena.finish()


def test_retransmission_with_other_bytes_is_found(talk: Conversation):
    start = talk.seq
    talk.say("PA", b"hello")
    assert talk.peer.read(5) == b"hello"
    talk.say("PA", b"help!", seq=start)
    assert finding(talk).requirements == ("TCPS-ENC-08",)


def test_bytes_beyond_the_echo_in_the_same_segment_are_found(talk: Conversation):
    talk.say("PA", b"hellohello")
    talk.peer.expect_echo(b"hello")
    assert "more came from the target's application than expected" in str(finding(talk))


def test_bytes_that_are_read_in_two_parts_are_all_expected(talk: Conversation):
    talk.say("PA", b"hello")
    assert talk.peer.read(2) + talk.peer.read(3) == b"hello"
    talk.say("PFA", b"bye")
    assert talk.peer.read(3) == b"bye"
    talk.peer.expect_fin()
    talk.arena.finish()


def test_payload_of_a_reset_is_not_data(talk: Conversation):
    talk.peer.in_clear = True
    talk.say("RA", b"hello")
    with pytest.raises(Violation, match="0 of 5 bytes"):
        talk.peer.read(5)


def test_reset_is_no_acknowledgement(talk: Conversation):
    talk.peer.send_data(b"hello")
    talk.say("RA")
    with pytest.raises(Violation, match="not acknowledged"):
        talk.peer.expect_acknowledged()


# --- what holds for every packet ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "payload", "fields", "requirement"),
    [
        ("A", b"", {"options": [TC(public_key=bytes(32))]}, "TCPS-TC-13"),
        ("A", b"", {"options": [TM(tag=bytes(16))]}, "TCPS-TM-03"),
        ("A", b"", {"options": [("Timestamp", (1, 2))]}, "TCPS-TC-10"),
        ("A", b"", {"options": [TI(public_key=public_key(OTHER_KEY), auth_tag=b"abcd")]}, "TCPS-TI-08"),
        ("PA", b"hi", {"options": [TI(public_key=public_key(OTHER_KEY), auth_tag=bytes(4))]}, "TCPS-TI-02"),
        ("RA", b"", {"options": [TM(tag=bytes(16))]}, "TCPS-RST-06"),
        ("RA", b"hi", {}, "TCPS-RST-07"),
        ("PA", bytes(1441), {}, "TCPS-MSS-04"),
    ],
)
def test_packet_that_breaks_a_rule_is_found(
    talk: Conversation, flags: str, payload: bytes, fields: dict[str, object], requirement: str
):
    if requirement == "TCPS-TI-02":  # TI and TM do not fit into one header
        talk.protection = None
    talk.say(flags, payload, **fields)
    assert requirement in finding(talk).requirements


@pytest.mark.parametrize(("payload", "flags", "requirement"), [(b"hi", "PA", "TCPS-TM-01"), (b"", "FA", "TCPS-FIN-01")])
def test_missing_tag_is_found(talk: Conversation, payload: bytes, flags: str, requirement: str):
    talk.protection = None
    talk.say(flags, payload)
    assert requirement in finding(talk).requirements


def test_wrong_tag_is_found(talk: Conversation):
    talk.say("PA", b"hi", options=[TM(tag=bytes(16))])
    assert "TCPS-TM-14" in finding(talk).requirements


def test_right_ti_passes(talk: Conversation):
    for proof in (bytes(4), auth_tag(shared_secret(OTHER_KEY, talk.peer.identity.public), talk.peer.isn)):
        talk.say(options=[TI(public_key=public_key(OTHER_KEY), auth_tag=proof)])
    talk.arena.finish()


def test_another_identity_is_found(talk: Conversation):
    for key in (OTHER_KEY, KEY):
        talk.say(options=[TI(public_key=public_key(key), auth_tag=bytes(4))])
    assert finding(talk).requirements == ("TCPS-TI-06",)


def test_acknowledgement_of_a_forgery_is_found(talk: Conversation):
    talk.say(ack=talk.peer.snd_nxt + 1)
    assert "what only forgeries carried" in str(finding(talk))


def test_tm_without_keys_is_found():
    plain = Conversation(tc=False)
    plain.say("PA", b"hi", options=[TM(tag=bytes(16))])
    assert "TCPS-FALL-01" in finding(plain).requirements


def test_wrong_checksum_is_found(talk: Conversation):
    talk.say(chksum=1)
    assert finding(talk).requirements == ("TCPS-TC-11",)


def test_segment_of_no_connection_is_found(talk: Conversation):
    talk.target.say(altered(talk.segment(), dport=1))
    assert "belongs to no connection" in str(finding(talk))


# --- packets that are no segments --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 3, 4, 8, 16, 19])
def test_segment_whose_header_is_cut_off_is_a_finding(talk: Conversation, size: int):
    whole = encode(talk.segment("A"))
    cut = IP(whole[:20])
    del cut.len, cut.chksum
    cut.remove_payload()
    talk.target.say(bytes(cut / Raw(whole[20 : 20 + size])))
    assert finding(talk).requirements == ("TCPS-TC-11",)


@pytest.mark.parametrize("offset", [0, 4, 15])
def test_data_offset_that_does_not_fit_is_a_finding(talk: Conversation, offset: int):
    talk.say(dataofs=offset)
    assert finding(talk).requirements == ("TCPS-TC-11",)


@pytest.mark.parametrize("quoted", [8, 28, 40])
def test_icmp_error_about_a_segment_is_no_segment(talk: Conversation, quoted: int):
    ours = IP(talk.target.sent[-1])
    error = IP(src=ours.dst, dst=ours.src) / ICMP(type=3, code=3) / Raw(bytes(ours)[:quoted])
    talk.target.say(bytes(error))
    talk.arena.finish()
    assert [seen.data for seen in talk.arena.others] == [bytes(error)]


@pytest.mark.parametrize("data", [b"", b"E", b"garbage", b"\x60" + bytes(20), bytes(60), b"\xff" * 60])
def test_what_is_no_ip_packet_does_not_end_the_run(talk: Conversation, data: bytes):
    talk.target.say(data)
    talk.arena.finish()
    assert [seen.data for seen in talk.arena.others] == [data]
    assert str(talk.arena.others[0])
