"""Segments, fragments and forgeries as the suite sends them: what is on the wire agrees with itself."""

import random

import pytest
from scapy.layers.inet import IP, TCP, defragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, defragment6
from scapy.packet import Packet

from tcpslab.scapy import C2S, LKM, README, public_key
from tcpslab.wire import checksums_valid

from conformance.forgeries import altered, flipped, tag_of, with_tag, without_tm
from conformance.packets import Path, encode, fragments, protect
from conformance.protection import Arithmetic, Protection

_PATHS = {
    "ipv4": Path("10.0.0.2", 40000, "10.0.0.1", 7),
    "ipv6": Path("2001:db8::2", 40000, "2001:db8::1", 7),
}
_TEXT = bytes(range(50))


@pytest.fixture(params=_PATHS)
def path(request: pytest.FixtureRequest) -> Path:
    return _PATHS[request.param]


def _segment(path: Path) -> Packet:
    return path.segment("PA", _TEXT, seq=1001, ack=7, options=[("NOP", None)] * 4)


def _sealed(path: Path) -> Packet:
    protection = Protection(bytes(31) + b"\x01", public_key(bytes(31) + b"\x02"), 1000, 6, C2S, Arithmetic(README, LKM))
    return protect(_segment(path), protection)


def _reassembled(parts: list[Packet]) -> bytes:
    received = [type(part)(encode(part)) for part in parts]
    if IPv6 in received[0]:
        received.sort(key=lambda part: part[IPv6ExtHdrFragment].offset)  # the function expects them in order
        return bytes(defragment6(received))
    (whole,) = defragment(received)
    return bytes(whole)


@pytest.mark.parametrize(
    "pieces", [[(0, 8), (8, None)], [(24, None), (0, 24)], [(0, 8), (8, 16), (16, 40), (40, None)]]
)
def test_fragments_are_the_packet_again(path: Path, pieces: list[tuple[int, int | None]]) -> None:
    packet = _segment(path)
    whole = type(packet)(_reassembled(fragments(packet, pieces)))
    assert bytes(whole[TCP]) == bytes(type(packet)(encode(packet))[TCP])


def test_fragments_may_overlap(path: Path) -> None:
    packet = _segment(path)
    data = bytes(type(packet)(encode(packet))[TCP])
    parts = [type(part)(encode(part)) for part in fragments(packet, [(0, 32), (24, None)])]
    if IPv6 in packet:
        headers = [part[IPv6ExtHdrFragment] for part in parts]
        fields = [(header.offset, bool(header.m)) for header in headers]
    else:
        headers = [part[IP] for part in parts]
        fields = [(header.frag, bool(header.flags.MF)) for header in headers]
    assert [bytes(header.payload) for header in headers] == [data[:32], data[24:]]
    assert fields == [(0, True), (3, False)]
    assert headers[0].id == headers[1].id


def test_a_fragment_begins_at_a_multiple_of_8(path: Path) -> None:
    with pytest.raises(AssertionError, match="boundary"):
        fragments(_segment(path), [(0, 20), (20, None)])


def test_forgeries_are_well_formed(path: Path) -> None:
    sealed = _sealed(path)
    for forged in (
        altered(sealed, payload=b"short"),
        altered(sealed, payload=b""),
        altered(sealed, flags="FPA", window=3),
        with_tag(sealed, bytes(16)),
        without_tm(sealed),
    ):
        assert checksums_valid(encode(forged))


def test_forgeries_change_one_thing(path: Path) -> None:
    sealed = _sealed(path)
    before = encode(sealed)
    other = type(sealed)(encode(altered(sealed, payload=b"short")))
    assert (bytes(other[TCP].payload), tag_of(other)) == (b"short", tag_of(sealed))
    other = type(sealed)(encode(with_tag(sealed, b"\xff" * 16)))
    assert (bytes(other[TCP].payload), tag_of(other)) == (bytes(sealed[TCP].payload), b"\xff" * 16)
    other = type(sealed)(encode(without_tm(sealed)))
    assert [name for name, _ in other[TCP].options] == ["NOP"] * 4
    assert encode(sealed) == before


def test_a_flipped_bit() -> None:
    data = random.Random(1).randbytes(16)
    for bit in range(128):
        difference = int.from_bytes(data, "little") ^ int.from_bytes(flipped(data, bit), "little")
        assert difference == 1 << bit
