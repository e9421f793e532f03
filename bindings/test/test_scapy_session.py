"""Sessions of the Scapy side: conversations of the real kernel module, conversations built here, and hostile ones."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Padding
from scapy.utils import rdpcap

import vectors
from small_tree import ROOT
from tcpslab.scapy import (
    C2S,
    DIALECTS,
    LKM,
    README,
    S2C,
    TC,
    TI,
    TM,
    Dialect,
    Direction,
    Identity,
    KeyLog,
    KeyLogError,
    Opened,
    Sessions,
    Tag,
    auth_tag,
    derive_keys,
    public_key,
    shared_secret,
    with_options,
)

_CAPTURES = ROOT / "reference" / "tcps" / "test" / "vectors" / "captures"
_FRAME = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")  # given, or Scapy would ask the network for them


# Conversations of the kernel module


def _capture(name: str) -> tuple[dict[str, Any], list[Packet]]:
    return vectors.session(name).facts, list(rdpcap(str(_CAPTURES / f"{name}.pcap")))


def _key_log(known: dict[str, Any]) -> KeyLog:
    connection = known["connection"]
    identities = sorted(known[host]["static_pub"] for host in ("client", "server"))
    return KeyLog.parse(
        f"TCPS_EPHEMERAL_SECRET {connection['client_eph_pub']} {connection['shared']}\n"
        f"TCPS_STATIC_SECRET {identities[0]} {identities[1]} {known['static_shared']}\n"
    )


@pytest.mark.parametrize("name", vectors.SESSIONS)
def test_kernel_conversation_is_verified_and_decrypted(name: str) -> None:
    known, packets = _capture(name)
    sessions = Sessions(_key_log(known))
    opened = [sessions.feed(packet) for packet in packets]

    (session,) = sessions.all
    connection = known["connection"]
    assert session.client == (known["client"]["ip"], known["client"]["port"])
    assert session.server == (known["server"]["ip"], known["server"]["port"])
    assert (session.client_isn, session.server_isn) == (connection["client_isn"], connection["server_isn"])
    assert session.client_key == bytes.fromhex(connection["client_eph_pub"])
    assert session.server_key == bytes.fromhex(connection["server_eph_pub"])

    assert len(opened) == len(known["frames"])
    for frame, seen in zip(known["frames"], opened, strict=True):
        assert seen is not None
        assert seen.direction is Direction(frame["dir"])
        expected = Tag.NOT_DUE
        if frame.get("tm_valid"):
            expected = Tag.VALID
        elif frame.get("unprotected"):
            expected = Tag.MISSING
        assert (frame["frame"], seen.tag, seen.position) == (frame["frame"], expected, frame.get("pos"))
        if tag := frame.get("ti_auth_tag"):
            # Section 6: a sender that does not know its peer puts zeros, any other tag proves the identity.
            assert seen.identity is (Identity.VALID if int(tag, 16) else Identity.ZERO)
        else:
            assert seen.identity is None
    for direction in Direction:
        assert session.stream(direction) == bytes.fromhex(known["plaintext"].get(direction.value, ""))
        assert session.dialect(direction) is (LKM if direction.value in known["plaintext"] else None)
    assert session.identities == {C2S: bytes.fromhex(known["client"]["static_pub"])}


@pytest.mark.parametrize("name", sorted({*vectors.EVERY_SESSION} - {*vectors.SESSIONS}))
def test_kernel_conversation_in_clear(name: str) -> None:
    known, packets = _capture(name)
    sessions = Sessions(KeyLog())
    opened = [sessions.feed(packet) for packet in packets]
    assert all(seen is not None and seen.tag is Tag.NOT_DUE and seen.plaintext is None for seen in opened)
    assert not any(session.encrypted for session in sessions.all)
    assert [TC.__name__ in dict(p[TCP].options) for p in packets] == ["TC" in f["options"] for f in known["frames"]]


@pytest.mark.parametrize("name", vectors.SESSIONS)
def test_every_captured_packet_is_rebuilt_from_its_fields(name: str) -> None:
    for packet in _capture(name)[1]:
        fields = packet[TCP].fields | {"options": [(key, value) for key, value in packet[TCP].options]}
        assert bytes(TCP(**fields)) == packet[TCP].original[: 4 * packet[TCP].dataofs]


@pytest.mark.parametrize("name", vectors.SESSIONS)
def test_without_secrets_tags_are_unverifiable(name: str) -> None:
    known, packets = _capture(name)
    sessions = Sessions(KeyLog())
    for frame, packet in zip(known["frames"], packets, strict=True):
        seen = sessions.feed(packet)
        assert seen is not None and seen.plaintext is None
        assert (seen.tag is Tag.UNVERIFIABLE) == frame.get("tm_valid", False)
        if int(frame.get("ti_auth_tag", "0"), 16):
            assert seen.identity is Identity.UNVERIFIABLE


def test_wrong_secrets_make_invalid_tags() -> None:
    known, packets = _capture("b-verified")
    log = KeyLog()
    log.add_ephemeral(bytes.fromhex(known["connection"]["client_eph_pub"]), bytes(31) + b"\1")
    log.add_static(bytes.fromhex(known["client"]["static_pub"]), bytes(32), bytes(31) + b"\1")
    sessions = Sessions(log)
    opened = [seen for packet in packets if (seen := sessions.feed(packet))]
    assert {seen.tag for seen in opened} == {Tag.NOT_DUE, Tag.INVALID}
    assert {seen.identity for seen in opened} == {None, Identity.INVALID}


def test_readable_packets_hold_the_plaintext_under_right_checksums() -> None:
    known, packets = _capture("a-first")
    sessions = Sessions(_key_log(known))
    readable = [seen.readable() for packet in packets if (seen := sessions.feed(packet))]
    for packet, before in zip(readable, packets, strict=True):
        assert packet[TCP].seq == before[TCP].seq
        again = IP(bytes(packet))
        del again[TCP].chksum
        assert IP(bytes(again))[TCP].chksum == IP(bytes(packet))[TCP].chksum
    text = b"".join(bytes(packet[TCP].payload) for packet in readable)
    assert text == bytes.fromhex(known["plaintext"]["c2s"] + known["plaintext"]["s2c"])


# Conversations built here, in both dialects. The codec seals what it opens: the kernel's captures and vectors are what
# holds it to the specification; these tests are about order, loss, boundaries and hostility.


@dataclass
class _Conversation:
    """The segments of one connection, in any order and number."""

    dialect: Dialect = README
    family: type[Packet] = IP
    client_isn: int = 0xFFFFFFF0
    server_isn: int = 5
    log: KeyLog = field(default_factory=KeyLog)

    def __post_init__(self) -> None:
        client, server = bytes(range(32)), bytes(range(32, 64))
        self.client_key, self.server_key = public_key(client), public_key(server)
        shared = shared_secret(client, self.server_key)
        self.keys = derive_keys(shared)
        self.log.add_ephemeral(self.client_key, shared)

    def packet(self, direction: Direction, **tcp: Any) -> Packet:
        ports = (40000, 80) if direction is C2S else (80, 40000)
        addresses = ("10.0.0.1", "10.0.0.2") if self.family is IP else ("fd00::1", "fd00::2")
        source, destination = addresses if direction is C2S else addresses[::-1]
        return self.family(src=source, dst=destination) / TCP(sport=ports[0], dport=ports[1], **tcp)

    def syn(self) -> Packet:
        return self.packet(C2S, flags="S", seq=self.client_isn, options=[("MSS", 1440), TC(public_key=self.client_key)])

    def syn_ack(self) -> Packet:
        ack = (self.client_isn + 1) % 2**32
        options = [("MSS", 1440), TC(public_key=self.server_key)]
        return self.packet(S2C, flags="SA", seq=self.server_isn, ack=ack, options=options)

    def data(self, direction: Direction, position: int, payload: bytes, flags: str = "PA") -> Packet:
        isn, keys = (self.client_isn, self.keys.c2s) if direction is C2S else (self.server_isn, self.keys.s2c)
        packet = self.packet(direction, flags=flags, seq=(isn + 1 + position) % 2**32)
        ciphertext, tag = keys.seal(self.dialect, position, int(packet[TCP].flags), payload)
        return with_options(packet, [TM(tag=tag)]) / ciphertext

    def sessions(self) -> Sessions:
        """Right after the handshake."""
        sessions = Sessions(self.log)
        sessions.feed(self.syn())
        sessions.feed(self.syn_ack())
        return sessions


@pytest.fixture(params=[(d, f) for d in DIALECTS for f in (IP, IPv6)], ids=lambda p: f"{p[0].name}-{p[1].__name__}")
def conversation(request: pytest.FixtureRequest) -> Iterator[_Conversation]:
    yield _Conversation(*request.param)


def _feed(sessions: Sessions, packet: Packet) -> Opened:
    seen = sessions.feed(packet)
    assert seen is not None
    return seen


def test_two_way_conversation(conversation: _Conversation) -> None:
    sessions = conversation.sessions()
    session = sessions.all[0]
    assert session.encrypted and session.dialect(C2S) is None
    for direction, position, payload, flags in (
        (C2S, 0, b"question", "PA"),
        (S2C, 0, b"answer", "A"),
        (S2C, 6, b"more", "FPA"),
        (C2S, 8, b"", "FA"),
    ):
        seen = _feed(sessions, conversation.data(direction, position, payload, flags))
        assert (seen.tag, seen.position, seen.plaintext) == (Tag.VALID, position, payload)
    assert (session.stream(C2S), session.stream(S2C)) == (b"question", b"answermore")
    assert session.dialect(C2S) is session.dialect(S2C) is conversation.dialect


def test_each_direction_has_its_own_dialect() -> None:
    one, other = _Conversation(LKM), _Conversation(README)
    sessions = one.sessions()
    assert _feed(sessions, one.data(C2S, 0, b"x")).tag is Tag.VALID
    assert _feed(sessions, other.data(S2C, 0, b"x")).tag is Tag.VALID
    session = sessions.all[0]
    assert (session.dialect(C2S), session.dialect(S2C)) == (LKM, README)
    assert _feed(sessions, other.data(C2S, 1, b"y")).tag is Tag.INVALID


@given(
    pieces=st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=8),
    order=st.randoms(use_true_random=False),
    dialect=st.sampled_from(DIALECTS),
    isn=st.integers(0, 2**32 - 1),
)
def test_any_order_and_duplication(pieces: list[bytes], order: Any, dialect: Dialect, isn: int) -> None:
    conversation = _Conversation(dialect, client_isn=isn)
    segments, position = [], 0
    for piece in pieces:
        segments.append((position, piece))
        position += len(piece)
    segments.append((0, b"".join(pieces)[: len(pieces[0]) + 1]))  # coalesced by a retransmission
    segments += segments[: len(segments) // 2]
    order.shuffle(segments)
    sessions = conversation.sessions()
    for at, piece in segments:
        seen = _feed(sessions, conversation.data(C2S, at, piece))
        assert (seen.tag, seen.position, seen.plaintext) == (Tag.VALID, at, piece)
    assert sessions.all[0].stream(C2S) == b"".join(pieces)


def test_stream_ends_at_a_gap() -> None:
    conversation = _Conversation()
    sessions = conversation.sessions()
    for position, payload in ((0, b"one"), (4, b"three"), (2, b"e")):
        _feed(sessions, conversation.data(C2S, position, payload))
    assert sessions.all[0].stream(C2S) == b"one"
    _feed(sessions, conversation.data(C2S, 3, b" th"))
    assert sessions.all[0].stream(C2S) == b"one three"


def test_crossing_four_gigabytes() -> None:
    conversation = _Conversation(README)
    sessions = conversation.sessions()
    # R11: also a retransmission from before the boundary, after it.
    for position in (0, 2**30, 2**31, 3 * 2**30, 2**32 - 4, 2**32, 2**32 - 4, 2**32 + 4):
        assert _feed(sessions, conversation.data(C2S, position, b"data")).position == position


def test_the_kernel_module_counts_such_a_retransmission_a_whole_wrap_too_high() -> None:
    # Section 4: 0xfffffff0, 0x10, 0xffffff00, 0x60 become 0xfffffff0, 0x100000010, 0x1ffffff00, 0x200000060.
    conversation = _Conversation(LKM)
    sessions = conversation.sessions()
    for position in (0, 2**30, 2**31, 3 * 2**30, 0xFFFFFFF0, 0x100000010, 0x1FFFFFF00, 0x200000060):
        assert _feed(sessions, conversation.data(C2S, position, b"data")).position == position


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
def test_one_forged_segment_far_ahead_does_not_mislead_a_session(dialect: Dialect) -> None:
    # It misleads the kernel module as a receiver (section 4), but the sender goes on as before.
    conversation = _Conversation(dialect)
    sessions = conversation.sessions()
    assert _feed(sessions, conversation.data(C2S, 0, b"data")).tag is Tag.VALID
    forged = conversation.packet(C2S, flags="PA", seq=conversation.client_isn + 2**31 - 2**32 + 100, options=[TM()])
    assert _feed(sessions, forged / b"forged").tag is Tag.INVALID
    assert _feed(sessions, conversation.data(C2S, 4, b"data")).tag is Tag.VALID


def test_forgeries_yield_nothing(conversation: _Conversation) -> None:
    sessions = conversation.sessions()
    genuine = conversation.data(C2S, 0, b"genuine")
    mangled = genuine.copy()
    mangled[TCP].flags = "A"
    later = genuine.copy()
    later[TCP].seq = (later[TCP].seq + 1) % 2**32
    for forged in (mangled, later, genuine / b"!"):
        seen = _feed(sessions, forged)
        assert (seen.tag, seen.position, seen.plaintext) == (Tag.INVALID, None, None)
    assert _feed(sessions, with_options(genuine, [("MSS", 1)])).tag is Tag.MISSING
    assert _feed(sessions, conversation.packet(S2C, flags="FA", seq=conversation.server_isn + 1)).tag is Tag.MISSING
    assert sessions.all[0].stream(C2S) == b""
    assert _feed(sessions, genuine).plaintext == b"genuine"


def test_what_the_tag_does_not_cover(conversation: _Conversation) -> None:
    # Section 5: flags and payload are covered, acknowledgement, window and other options are not.
    packet = conversation.data(S2C, 0, b"data")
    packet[TCP].ack, packet[TCP].window, packet[TCP].urgptr = 77, 1, 2
    packet[TCP].options.insert(0, ("NOP", None))
    assert _feed(conversation.sessions(), packet).tag is Tag.VALID


@pytest.mark.parametrize("flags", ["R", "RA", "A"])
def test_resets_and_pure_acks_need_no_tag(conversation: _Conversation, flags: str) -> None:
    assert _feed(conversation.sessions(), conversation.packet(C2S, flags=flags)).tag is Tag.NOT_DUE


def test_a_reset_needs_no_tag_even_with_a_diagnostic_payload(conversation: _Conversation) -> None:
    # Section 7: RST leaves without a MAC; RFC 9293, 3.5.3: it may carry data.
    assert _feed(conversation.sessions(), conversation.packet(C2S, flags="R") / b"why").tag is Tag.NOT_DUE


@pytest.mark.parametrize("sender", list(Direction))
def test_identities(conversation: _Conversation, sender: Direction) -> None:
    # Section 6: one function of the static secret and the client's ISN, for both directions.
    own, peer = bytes([1]) * 32, bytes([2]) * 32
    secret = shared_secret(own, public_key(peer))
    conversation.log.add_static(public_key(peer), public_key(own), secret)
    sessions = conversation.sessions()
    for key, tag, verdict in (
        (public_key(own), auth_tag(secret, conversation.client_isn), Identity.VALID),
        (public_key(own), auth_tag(secret, conversation.client_isn ^ 1), Identity.INVALID),
        (public_key(own), bytes(4), Identity.ZERO),
        (bytes(31) + b"\1", b"\1\2\3\4", Identity.UNVERIFIABLE),
    ):
        ack = conversation.packet(sender, flags="A", options=[TI(public_key=key, auth_tag=tag)])
        assert _feed(sessions, ack).identity is verdict
    assert sessions.all[0].identities == {sender: public_key(own)}


def test_two_secrets_for_one_client_key(conversation: _Conversation) -> None:
    # An attacker who replaced the server's key: the ends log different secrets.
    log = KeyLog()
    log.add_ephemeral(conversation.client_key, bytes([9]) * 32)
    for shared in conversation.log.ephemeral(conversation.client_key):
        log.add_ephemeral(conversation.client_key, shared)
    assert _feed(replace(conversation, log=log).sessions(), conversation.data(C2S, 0, b"data")).tag is Tag.VALID


def test_retransmitted_handshake_changes_nothing(conversation: _Conversation) -> None:
    sessions = conversation.sessions()
    sessions.feed(conversation.data(C2S, 0, b"da"))
    bare = with_options(conversation.syn_ack(), [("MSS", 1460)])  # as the kernel module sends it again
    for again in (conversation.syn(), bare, conversation.syn_ack()):
        _feed(sessions, again)
    assert _feed(sessions, conversation.data(C2S, 2, b"ta")).tag is Tag.VALID
    assert [session.stream(C2S) for session in sessions.all] == [b"data"]


def test_forged_syn_does_not_end_a_session(conversation: _Conversation) -> None:
    sessions = conversation.sessions()
    _feed(sessions, conversation.packet(C2S, flags="S", seq=1, options=[TC(public_key=bytes(32))]))
    _feed(sessions, conversation.packet(S2C, flags="S", seq=1))
    assert _feed(sessions, conversation.data(C2S, 0, b"data")).tag is Tag.VALID
    assert len(sessions.all) == 1


def test_same_ports_again(conversation: _Conversation) -> None:
    sessions = conversation.sessions()
    _feed(sessions, conversation.data(C2S, 0, b"first"))
    second = replace(conversation, client_isn=1000, server_isn=2000)
    for packet in (second.syn(), second.syn_ack(), second.data(C2S, 0, b"second")):
        _feed(sessions, packet)
    assert [session.stream(C2S) for session in sessions.all] == [b"first", b"second"]


def test_syn_ack_of_another_connection_agrees_nothing(conversation: _Conversation) -> None:
    sessions = Sessions(conversation.log)
    sessions.feed(conversation.syn())
    stray = conversation.syn_ack()
    stray[TCP].ack += 1
    _feed(sessions, stray)
    assert not sessions.all[0].encrypted
    _feed(sessions, conversation.syn_ack())
    assert sessions.all[0].encrypted


@pytest.mark.parametrize("stripped", ["syn", "syn_ack"])
def test_without_both_keys_nothing_is_encrypted(conversation: _Conversation, stripped: str) -> None:
    sessions = Sessions(conversation.log)
    for name in ("syn", "syn_ack"):
        packet = getattr(conversation, name)()
        sessions.feed(with_options(packet, [("MSS", 1460)]) if name == stripped else packet)
    seen = _feed(sessions, conversation.data(C2S, 0, b"data"))
    assert (seen.tag, seen.plaintext, sessions.all[0].encrypted) == (Tag.NOT_DUE, None, False)


def test_padding_of_a_short_frame_is_no_payload(conversation: _Conversation) -> None:
    ack = conversation.packet(C2S, flags="A") / Padding(b"\1" * 6)
    assert _feed(conversation.sessions(), Ether(bytes(_FRAME / ack))).tag is Tag.NOT_DUE


def test_packets_of_no_session(conversation: _Conversation) -> None:
    sessions = conversation.sessions()
    data = conversation.data(C2S, 0, b"x" * 100)
    if conversation.family is IP:
        fragments = [IP(bytes(part)) for part in fragment(data, 64)]
    else:
        fragments = [IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrFragment(nh=6, m=1) / data[TCP]]
    other = data.copy()
    other[TCP].sport += 1
    short = conversation.packet(C2S, flags="A", dataofs=4)
    beyond = conversation.packet(C2S, flags="A", dataofs=15)
    udp = conversation.family() / UDP() / b"data"
    for packet in (*fragments, other, short, beyond, udp, _FRAME / b"data", _FRAME, conversation.family()):
        assert sessions.feed(packet) is None
    assert _feed(sessions, data).tag is Tag.VALID


@given(kept=st.integers(0, 120), wire=st.binary(max_size=100))
def test_cut_off_and_random_packets_are_survived(kept: int, wire: bytes) -> None:
    conversation = _Conversation()
    sessions = conversation.sessions()
    data = conversation.data(C2S, 0, b"data" * 10)
    frame = bytes(_FRAME / data)
    sessions.feed(Ether(frame[: 14 + min(kept, len(frame) - 15)] + wire[kept:]))
    sessions.feed(Ether(frame[:14] + wire))
    sessions.feed(IP(bytes(IP(src="10.0.0.1", dst="10.0.0.2", proto=6) / wire)))
    sessions.feed(IP(bytes(conversation.packet(C2S, flags="PA", dataofs=15)) + wire))
    assert _feed(sessions, data).tag is Tag.VALID


# The key log


def test_key_log_ignores_what_is_not_ours() -> None:
    one, two, three = ("11" * 32, "aa" * 32, "33" * 32)
    log = KeyLog.parse(
        f"# comment\n\nCLIENT_RANDOM 00 11\nTCPS_EPHEMERAL_SECRET {one} {two}\r\n"
        f" TCPS_STATIC_SECRET {one} {two.upper()} {three}"
    )
    assert list(log.ephemeral(bytes.fromhex(one))) == [bytes.fromhex(two)]
    for identity in (one, two):
        assert list(log.static(bytes.fromhex(identity))) == [bytes.fromhex(three)]
    assert not log.ephemeral(bytes.fromhex(two)) and not log.static(bytes.fromhex(three))


@pytest.mark.parametrize(
    "line",
    [
        "TCPS_EPHEMERAL_SECRET",
        "TCPS_EPHEMERAL_SECRET " + "11" * 32,
        "TCPS_EPHEMERAL_SECRET " + " ".join(["11" * 32] * 3),
        "TCPS_EPHEMERAL_SECRET " + "11" * 31 + " " + "11" * 32,
        "TCPS_EPHEMERAL_SECRET " + "zz" * 32 + " " + "11" * 32,
        "TCPS_STATIC_SECRET " + " ".join(["11" * 32] * 2),
    ],
)
def test_broken_key_log_lines_are_errors_that_show_no_secret(line: str) -> None:
    with pytest.raises(KeyLogError, match=r"^line 2: ") as caught:
        KeyLog.parse(f"# first\n{line}\n")
    assert "11" not in str(caught.value) and "zz" not in str(caught.value)
