"""tcpslab.wire: packets and option lists as RFC 9293 and tcps-wire.md, section 2, have them."""

import struct

import pytest
from tcpslab.errors import WireError
from tcpslab.wire import (
    Flag,
    OptionKind,
    Packet,
    append_tm,
    checksums_valid,
    emit_options,
    find_tc,
    find_ti,
    find_tm,
    make_syn_options,
    make_ti_options,
    parse_options,
)

import vectors

V4 = ("10.0.0.1", 40001), ("10.0.0.2", 80)
V6 = ("2001:db8::1", 40001), ("2001:db8::2", 80)
KEY = bytes(range(32))
TAG = bytes(range(100, 116))
# RFC 9293, 3.2: an MSS of 1460; RFC 2018: SACK-permitted; RFC 7323: timestamps and, behind a NOP, a window scale of 7.
LINUX_SYN = bytes.fromhex("020405b4" "0402" "080a0000000100000000" "01" "030307")


def syn(ends: tuple[tuple[str, int], tuple[str, int]] = V4) -> Packet:
    return Packet(*ends, sequence=7, flags=Flag.SYN, window=64240, options=LINUX_SYN)


@pytest.mark.parametrize("name", vectors.EVERY_SESSION)
def test_recorded_packets_parse_to_what_is_known_of_them_and_emit_to_the_same_bytes(name: str) -> None:
    for frame in vectors.session(name).frames:
        packet = Packet.parse(frame.packet)
        assert packet.flags == frame.facts["flags"]
        assert len(packet.payload) == frame.facts["payload_len"]
        found = {
            "TC": find_tc(packet.options) is not None,
            "TM": find_tm(packet.options) is not None,
            "TI": find_ti(packet.options) is not None,
        }
        assert [name for name, here in found.items() if here] == [o for o in frame.facts["options"] if o in found]
        emitted = packet.emit()
        assert emitted == frame.packet[: len(emitted)]
        assert checksums_valid(emitted)


def test_header_fields_lie_where_the_rfc_has_them() -> None:
    packet = Packet(*V4, sequence=0x01020304, acknowledgement=0x05060708, flags=Flag.ACK | Flag.PSH, window=0x1234)
    packet.urgent_pointer, packet.reserved_bits, packet.payload = 0x4321, 0b1010, b"data"
    data = packet.emit()
    assert struct.unpack(">HHIIBBHxxH", data[20:40]) == (
        40001, 80, 0x01020304, 0x05060708, 0x5A, 0x18, 0x1234, 0x4321,
    )  # fmt: skip
    assert data[12:20] == bytes([10, 0, 0, 1, 10, 0, 0, 2])
    assert data[40:] == b"data"
    assert int.from_bytes(data[2:4]) == len(data) == 44


@pytest.mark.parametrize("ends", [V4, V6])
def test_what_was_emitted_parses_to_the_same(ends: tuple[tuple[str, int], tuple[str, int]]) -> None:
    packet = syn(ends)
    packet.payload = b"early"
    again = Packet.parse(packet.emit() + b"link-layer padding")
    assert (again.source, again.destination) == ends
    assert (again.sequence, again.flags, again.window, again.payload) == (7, Flag.SYN, 64240, b"early")
    assert again.options == LINUX_SYN
    assert again.emit() == packet.emit()


@pytest.mark.parametrize("ends", [V4, V6])
@pytest.mark.parametrize("offset", [-1, 14])
def test_a_changed_byte_makes_the_tcp_checksum_wrong(
    ends: tuple[tuple[str, int], tuple[str, int]], offset: int
) -> None:
    data = bytearray(syn(ends).emit())
    assert checksums_valid(data)
    start = len(data) - 40
    data[offset if offset < 0 else start + offset] ^= 1
    assert not checksums_valid(data)


def test_without_checksum_the_field_is_zero() -> None:
    assert syn().emit(checksum=False)[36:38] == b"\0\0"


def test_new_addresses_are_in_the_ip_header_too() -> None:
    packet = Packet.parse(syn().emit())
    packet.source, packet.destination = ("192.0.2.9", 5), ("198.51.100.7", 6)
    data = packet.emit()
    assert checksums_valid(data)
    again = Packet.parse(data)
    assert (again.source, again.destination) == (("192.0.2.9", 5), ("198.51.100.7", 6))
    with pytest.raises(ValueError, match="other family"):
        packet.source = V6[0]
    assert packet.source == ("192.0.2.9", 5)


def broken(offset: int, value: int) -> bytes:
    data = bytearray(syn().emit())
    data[offset] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "ip-truncated"),
        (syn().emit()[:19], "ip-truncated"),
        (broken(0, 0x55), "ip-version"),
        (broken(0, 0x44), "ip-header-length"),
        (syn().emit()[:-1], "ip-total-length"),
        (broken(6, 0x20), "ip-fragment"),
        (broken(9, 17), "not-tcp"),
        (broken(32, 0x40), "data-offset-too-small"),
        (broken(32, 0xF0), "data-offset-too-large"),
    ],
)
def test_a_malformed_packet_is_an_error_with_a_name(data: bytes, name: str) -> None:
    with pytest.raises(WireError) as caught:
        Packet.parse(data)
    assert caught.value.name == name
    assert isinstance(caught.value, ValueError)


def test_packets_that_cannot_be_are_errors() -> None:
    with pytest.raises(WireError, match="ip-version"):
        Packet(V4[0], V6[1])
    with pytest.raises(WireError, match="options-too-long"):
        Packet(*V4, options=bytes([1] * 41))
    with pytest.raises(WireError, match="packet-too-long"):
        Packet(*V4, payload=bytes(65496)).emit()
    with pytest.raises(ValueError, match="not an IP address: 10.0.0"):
        Packet(("10.0.0", 1), V4[1])
    for port in (-1, 65536):
        with pytest.raises(TypeError):
            Packet(("10.0.0.1", port), V4[1])
    with pytest.raises(TypeError):
        Packet(*V4, sequence=1 << 32)
    with pytest.raises(TypeError):
        Packet(*V4, payload="text")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="four reserved bits"):
        syn().reserved_bits = 16


def test_options_in_order_with_their_bodies() -> None:
    assert parse_options(LINUX_SYN) == [
        (OptionKind.MAXIMUM_SEGMENT_SIZE, b"\x05\xb4"),
        (OptionKind.SACK_PERMITTED, b""),
        (OptionKind.TIMESTAMPS, bytes([0, 0, 0, 1, 0, 0, 0, 0])),
        (OptionKind.NO_OPERATION, b""),
        (OptionKind.WINDOW_SCALE, b"\x07"),
    ]
    assert emit_options(parse_options(LINUX_SYN)) == LINUX_SYN
    assert parse_options(b"") == []
    assert parse_options(bytes([1, 0, 2, 4])) == [(1, b"")], "RFC 9293, 3.1: EOL ends the list"


@pytest.mark.parametrize(
    ("area", "name"),
    [
        (bytes([2, 1]), "option-too-short"),
        (bytes([2, 0]), "option-too-short"),
        (bytes([2, 4, 5]), "option-overrun"),
        (bytes([1, 2]), "option-overrun"),
        (bytes([1] * 41), "options-too-long"),
    ],
)
def test_malformed_options_are_errors_with_names(area: bytes, name: str) -> None:
    with pytest.raises(WireError) as caught:
        parse_options(area)
    assert caught.value.name == name


def test_malformed_options_of_a_packet_are_kept() -> None:
    packet = syn()
    packet.options = bytes([2, 0, 9, 9])
    assert Packet.parse(packet.emit()).options == bytes([2, 0, 9, 9])


def test_options_that_do_not_fit_are_errors() -> None:
    assert len(emit_options([(253, bytes(38))])) == 40
    for options in ([(253, bytes(39))], [(253, bytes(300))], [(253, bytes(38)), (1, b"")]):
        with pytest.raises(WireError, match="options-too-long"):
            emit_options(options)
    with pytest.raises(ValueError, match="no body"):
        emit_options([(1, b"x")])


def test_tc_takes_the_place_of_all_but_one_option() -> None:
    options = make_syn_options(LINUX_SYN, KEY)
    # tcps-wire.md, 2.1: the MSS, 20 lower, then TC; 253 36 'T' 'C' key.
    assert options == bytes.fromhex("020405a0") + bytes([253, 36]) + b"TC" + KEY
    assert find_tc(options) == KEY
    assert make_syn_options(LINUX_SYN, KEY, lower_mss=False)[:4] == LINUX_SYN[:4]
    assert find_tc(LINUX_SYN) is None


def test_tm_stands_behind_the_others() -> None:
    timestamps = emit_options([(1, b""), (1, b""), (8, bytes(8))])
    options = append_tm(timestamps, TAG)
    assert options == timestamps + bytes([253, 20]) + b"TM" + TAG
    assert find_tm(options) == TAG
    with pytest.raises(WireError, match="options-too-long"):
        append_tm(bytes([1] * 21), TAG)


def test_ti_fills_the_option_space() -> None:
    options = make_ti_options(KEY, b"auth")
    assert options == bytes([253, 40]) + b"TI" + KEY + b"auth"
    assert find_ti(options) == (KEY, b"auth")
    assert find_ti(make_ti_options(KEY, b"auth")[:-1]) is None


@pytest.mark.parametrize("size", [0, 31, 33])
def test_keys_of_another_size_are_errors(size: int) -> None:
    with pytest.raises(ValueError, match=f"expected 32 bytes, got {size}"):
        make_syn_options(b"", bytes(size))
