"""The two codecs, the reference stack's in C++ and Scapy's in Python, held against each other both ways.

Each was written from the documents (tcps-wire.md, tcps-dialects.md) without a look at the other. Where these tests find
a difference one of the two is wrong, and the document decides which.
"""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.packet import Packet as ScapyPacket
from scapy.packet import Raw

import tcpslab.crypto as stack_crypto
import tcpslab.scapy as ours
import tcpslab.wire as stack
from tcpslab.scapy.crypto import keystream, xor_stream
from tcpslab.stack import SECOND, Config, Endpoint

_keys = st.binary(min_size=32, max_size=32)
_positions = st.one_of(
    st.integers(0, 2**62 - 1),
    st.builds(int.__add__, st.sampled_from([2**31, 2**32, 2**38, 2**62 - 100]), st.integers(-99, 99)),
)
_flags = st.integers(0, 255)
_words = st.integers(0, 2**32 - 1)
_payloads = st.binary(max_size=100)

# Options as any host may send them: whole, cut off, of every length, with the magic of TCP/S or nearly.
_magic = st.sampled_from([b"TC", b"TM", b"TI", b"tm", b""])
_whole = st.sampled_from([(b"TC", 32), (b"TM", 16), (b"TI", 36)]).flatmap(
    lambda kind: st.binary(min_size=kind[1], max_size=kind[1]).map(
        lambda value: bytes([253, 4 + len(value)]) + kind[0] + value
    )
)
_option = st.one_of(
    _whole,
    st.sampled_from([b"\0", b"\1"]),
    st.builds(
        lambda kind, magic, rest: bytes([kind, 2 + len(magic + rest)]) + magic + rest,
        st.sampled_from([2, 3, 4, 5, 8, 19, 34, 253, 254]),
        _magic,
        st.one_of(st.binary(max_size=36), st.sampled_from([16, 32, 36]).map(bytes)),
    ),
    st.builds(bytes, st.lists(st.sampled_from([0, 1, 2, 20, 36, 40, 253]), min_size=1, max_size=4)),
)
_areas = st.lists(_option, max_size=4).map(b"".join).map(lambda area: area[:40] + bytes(-len(area[:40]) % 4))


def _area(options: list[Any]) -> bytes:
    return bytes(TCP(options=options))[20:]


def _found(area: bytes) -> dict[str, Any]:
    """What the Scapy side finds in these option bytes."""
    packet = IP(bytes(IP() / TCP(options=[("Unparsed", area)])))
    tc, tm, ti = (ours.find(packet, option) for option in (ours.TC, ours.TM, ours.TI))
    return {"TC": tc and tc.public_key, "TM": tm and tm.tag, "TI": ti and (ti.public_key, ti.auth_tag)}


@settings(max_examples=500)
@given(area=_areas)
@example(area=b"\xfd\x24TC" + bytes(28))
@example(area=b"\0" * 4 + b"\xfd\x14TM" + bytes(16))
def test_both_find_the_same_options(area: bytes) -> None:
    assert _found(area) == {"TC": stack.find_tc(area), "TM": stack.find_tm(area), "TI": stack.find_ti(area)}


@given(key=_keys, tag=st.binary(min_size=16, max_size=16), proof=st.binary(min_size=4, max_size=4))
def test_each_reads_what_the_other_writes(key: bytes, tag: bytes, proof: bytes) -> None:
    # Sections 2.1 to 2.3: TC lowers the MSS by 20, TM is appended, TI replaces everything.
    before = _area([("MSS", 1460)])
    syn = _area([("MSS", 1440), ours.TC(public_key=key)])
    data = _area([("MSS", 1460), ours.TM(tag=tag)])
    ack = _area([ours.TI(public_key=key, auth_tag=proof)])
    assert (stack.make_syn_options(before, key), stack.find_tc(syn)) == (syn, key)
    assert (stack.append_tm(before, tag), stack.find_tm(data)) == (data, tag)
    assert (stack.make_ti_options(key, proof), stack.find_ti(ack)) == (ack, (key, proof))


def _scapy(ends: tuple[tuple[str, int], tuple[str, int]], **tcp: Any) -> ScapyPacket:
    (source, sport), (destination, dport) = ends
    family = IPv6 if ":" in source else IP
    return family(src=source, dst=destination) / TCP(sport=sport, dport=dport, **tcp)


@pytest.mark.parametrize("hosts", [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")], ids=["ipv4", "ipv6"])
@given(
    ports=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    seq=_words,
    ack=_words,
    flags=_flags,
    window=st.integers(0, 65535),
    area=_areas,
    payload=_payloads,
)
def test_packets_pass_between_the_codecs(
    hosts: tuple[str, str],
    ports: tuple[int, int],
    seq: int,
    ack: int,
    flags: int,
    window: int,
    area: bytes,
    payload: bytes,
) -> None:
    ends = (hosts[0], ports[0]), (hosts[1], ports[1])
    built = stack.Packet(
        *ends, sequence=seq, acknowledgement=ack, flags=flags, window=window, options=area, payload=payload
    ).emit()
    seen = (IPv6 if ":" in hosts[0] else IP)(built)
    tcp = seen[TCP]
    assert (seen.src, seen.dst, tcp.sport, tcp.dport) == (*hosts, *ports)
    assert (tcp.seq, tcp.ack, int(tcp.flags), tcp.window) == (seq, ack, flags, window)
    assert bytes(TCP(options=tcp.options))[20:] == area
    assert tcp.original[4 * tcp.dataofs :] == payload

    sent = bytes(_scapy(ends, seq=seq, ack=ack, flags=flags, window=window, options=tcp.options) / Raw(payload))
    assert stack.checksums_valid(sent)
    parsed = stack.Packet.parse(sent)
    assert (parsed.source, parsed.destination) == ends
    assert (parsed.sequence, parsed.acknowledgement, parsed.flags, parsed.window) == (seq, ack, flags, window)
    assert (parsed.options, parsed.payload) == (area, payload)


@given(private=_keys, peer=_keys)
def test_key_agreement(private: bytes, peer: bytes) -> None:
    assert ours.public_key(private) == stack_crypto.x25519_public(private)
    try:
        shared = ours.shared_secret(private, peer)
    except ours.LowOrderKeyError:
        assert stack_crypto.is_low_order(peer)
    else:
        assert shared == stack_crypto.x25519_agree(private, peer)


@pytest.mark.parametrize("point", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18])
def test_low_order_keys(point: int) -> None:
    peer = point.to_bytes(32, "little")
    assert stack_crypto.is_low_order(peer)
    with pytest.raises(stack_crypto.ProtocolError):
        stack_crypto.x25519_agree(bytes(range(32)), peer)
    with pytest.raises(ours.LowOrderKeyError):
        ours.shared_secret(bytes(range(32)), peer)


@given(shared=_keys)
def test_key_schedule(shared: bytes) -> None:
    stacks, keys = stack_crypto.derive_session_keys(shared), ours.derive_keys(shared)
    assert (keys.c2s.encryption, keys.c2s.mac) == (stacks.enc_c2s, stacks.mac_c2s)
    assert (keys.s2c.encryption, keys.s2c.mac) == (stacks.enc_s2c, stacks.mac_s2c)


@given(key=_keys, position=st.one_of(_positions, st.integers(2**64 - 200, 2**64 - 1)), data=_payloads)
def test_stream(key: bytes, position: int, data: bytes) -> None:
    assert xor_stream(key, position, data) == stack_crypto.xor_keystream(key, position, data)
    assert keystream(key, position, len(data)) == stack_crypto.keystream(key, position, len(data))


@given(
    key=_keys,
    position=_positions,
    flags=_flags,
    ciphertext=st.one_of(_payloads, st.integers(1400, 1460).map(lambda size: b"\xff" * size)),
)
def test_tags_of_both_dialects(key: bytes, position: int, flags: int, ciphertext: bytes) -> None:
    keys = ours.DirectionKeys(bytes(32), key)
    segment = position, flags, ciphertext
    assert keys.tag(ours.README, *segment) == stack_crypto.packet_tag_readme(key, *segment)
    assert keys.tag(ours.LKM, *segment) == stack_crypto.packet_tag_lkm(key, *segment)


@given(static=_keys, isn=_words)
def test_auth_tag(static: bytes, isn: int) -> None:
    assert ours.auth_tag(static, isn) == stack_crypto.auth_tag(static, isn)


@given(key=_keys)
def test_fingerprint(key: bytes) -> None:
    assert ours.TI(public_key=key).fingerprint == stack_crypto.fingerprint(key)


_HOSTS = {"ipv4": ("10.0.0.1", "10.0.0.2"), "ipv6": ("2001:db8::1", "2001:db8::2")}


class _Wire:
    """Two hosts of the reference stack, the plain TCP segments that they are given, and a session that listens."""

    def __init__(self, dialect: ours.Dialect, family: str, listening_at: int) -> None:
        self.hosts = [Endpoint(Config(dialect.name), seed=side + 1) for side in range(2)]
        self.ends = [(host, port) for host, port in zip(_HOSTS[family], (40001, 80), strict=True)]
        self.sessions = ours.Sessions(ours.EndpointKeyLog(self.hosts[listening_at]))
        self.now = 0
        self.delivered = [b"", b""]

    def send(self, side: int, **tcp: Any) -> list[ours.Opened]:
        """What the session says of the packets that this segment causes on the wire."""
        payload = tcp.pop("payload", b"")
        self.now += SECOND // 100
        ends = self.ends[side], self.ends[1 - side]
        passage = self.hosts[side].outbound(bytes(_scapy(ends, **tcp) / Raw(payload)), self.now)
        assert passage.verdict == "pass" and passage.packet
        family = IPv6 if ":" in ends[0][0] else IP
        opened = [self.sessions.feed(family(wire)) for wire in (*passage.to_network, passage.packet)]
        for wire in (*passage.to_network, passage.packet):
            arrived = self.hosts[1 - side].inbound(wire, self.now)
            if arrived.packet:
                self.delivered[1 - side] += stack.Packet.parse(arrived.packet).payload
        assert None not in opened
        return [seen for seen in opened if seen]


@pytest.mark.parametrize("listening_at", [0, 1], ids=["client", "server"])
# tcps-dialects.md, R18: lkm leaves IPv6 alone.
@pytest.mark.parametrize(("dialect", "family"), [(ours.README, "ipv4"), (ours.README, "ipv6"), (ours.LKM, "ipv4")])
def test_a_session_reads_what_two_stacks_say(dialect: ours.Dialect, family: str, listening_at: int) -> None:
    wire = _Wire(dialect, family, listening_at)
    client, server = 0xFFFFFFFE, 77  # the client's numbers wrap within its first bytes
    wire.send(0, flags="S", seq=client, options=[("MSS", 1460)])
    wire.send(1, flags="SA", seq=server, ack=(client + 1) % 2**32, options=[("MSS", 1460)])
    (first,) = wire.send(0, flags="A", seq=(client + 1) % 2**32, ack=server + 1)
    assert first.identity is ours.Identity.ZERO  # section 6: no key of the server is known

    said: list[bytes] = [b"", b""]
    for side, payload in ((0, b"question"), (1, b"answer" * 200), (0, b"\0"), (1, b"."), (0, b"thank you")):
        isn, peers = (client, server) if side == 0 else (server, client)
        seq, ack = (isn + 1 + len(said[side])) % 2**32, (peers + 1 + len(said[1 - side])) % 2**32
        opened = wire.send(side, flags="PA", seq=seq, ack=ack, payload=payload)[-1]
        assert (opened.tag, opened.position, opened.plaintext) == (ours.Tag.VALID, len(said[side]), payload)
        assert payload not in bytes(opened.packet[TCP].payload)
        said[side] += payload

    (session,) = wire.sessions.all
    assert [session.stream(ours.C2S), session.stream(ours.S2C)] == said == wire.delivered[::-1]
    assert session.dialect(ours.C2S) is session.dialect(ours.S2C) is dialect
    assert session.identities[ours.C2S] == wire.hosts[0].identity


@pytest.mark.parametrize("dialect", ours.DIALECTS, ids=lambda d: d.name)
@given(payload=st.binary(min_size=1, max_size=60), flags=st.sampled_from(["A", "PA", "FA", "FPA", "PAU"]))
def test_a_stack_accepts_what_scapy_seals(dialect: ours.Dialect, payload: bytes, flags: str) -> None:
    private, isn, server_isn = bytes(range(32)), 1000, 2000
    server = Endpoint(Config(dialect.name))
    ends = ("10.0.0.1", 40001), ("10.0.0.2", 80)
    syn = _scapy(ends, flags="S", seq=isn, options=[("MSS", 1440), ours.TC(public_key=ours.public_key(private))])
    assert server.inbound(bytes(syn), 0).packet
    syn_ack = _scapy(ends[::-1], flags="SA", seq=server_isn, ack=isn + 1, options=[("MSS", 1460)])
    answer = ours.find(IP(server.outbound(bytes(syn_ack), 0).packet), ours.TC)
    keys = ours.derive_keys(ours.shared_secret(private, answer.public_key))

    data = _scapy(ends, flags=flags, seq=isn + 1, ack=server_isn + 1)
    ciphertext, tag = keys.c2s.seal(dialect, 0, int(data[TCP].flags), payload)
    forged = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
    assert server.inbound(bytes(ours.with_options(data, [ours.TM(tag=tag)]) / Raw(forged)), 1).packet is None
    accepted = server.inbound(bytes(ours.with_options(data, [ours.TM(tag=tag)]) / Raw(ciphertext)), 2)
    assert stack.Packet.parse(accepted.packet).payload == payload
