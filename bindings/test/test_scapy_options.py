"""TC, TM and TI in Scapy's TCP layer: dissecting, building, printing, what does not fit (tcps-wire.md, section 2)."""

import copy
import doctest
import struct

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, IPerror, TCPerror
from scapy.layers.inet6 import IPv6
from scapy.packet import Packet, Raw

import tcpslab.scapy
from tcpslab.scapy import TC, TI, TM, OptionSpaceError, TcpsOption, find, with_options

_KEY = bytes(range(32))
_TAG = bytes(range(0x80, 0x90))
_TYPED = [
    (TC(public_key=_KEY), b"\xfd\x24TC" + _KEY),
    (TM(tag=_TAG), b"\xfd\x14TM" + _TAG),
    (TI(public_key=_KEY, auth_tag=b"\1\2\3\4"), b"\xfd\x28TI" + _KEY + b"\1\2\3\4"),
]
_IDS = ["TC", "TM", "TI"]

_keys = st.binary(min_size=32, max_size=32)
_typed = st.one_of(
    st.builds(lambda k: TC(public_key=k), _keys),
    st.builds(lambda t: TM(tag=t), st.binary(min_size=16, max_size=16)),
    st.builds(lambda k, t: TI(public_key=k, auth_tag=t), _keys, st.binary(min_size=4, max_size=4)),
)
_others = st.one_of(
    st.tuples(st.just("MSS"), st.integers(0, 0xFFFF)),
    st.tuples(st.just("WScale"), st.integers(0, 255)),
    st.just(("SAckOK", b"")),
    st.just(("NOP", None)),
    st.tuples(st.just("Timestamp"), st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))),
    st.tuples(st.sampled_from([69, 253, 254]), st.binary(max_size=12)),
)


def _header(options: bytes) -> bytes:
    """A TCP header with exactly these option bytes, written by hand."""
    assert len(options) % 4 == 0
    return struct.pack("!HHIIBBHHH", 1, 2, 3, 4, (20 + len(options)) // 4 << 4, 0x10, 5, 6, 7) + options


def _dissect(options: bytes) -> list[tuple[object, object]]:
    return TCP(_header(options)).options


@pytest.mark.parametrize(("option", "wire"), _TYPED, ids=_IDS)
def test_each_builds_and_dissects(option: TcpsOption, wire: bytes) -> None:
    assert bytes(option) == wire
    assert len(wire) == option.size
    packet = TCP(bytes(TCP(options=[option])))
    assert packet.options == [(option.name, option)]
    assert packet.dataofs == 5 + len(wire) // 4
    assert type(packet.options[0][1]) is type(option)


@pytest.mark.parametrize("family", [IP, IPv6])
@pytest.mark.parametrize(("option", "wire"), _TYPED, ids=_IDS)
def test_found_in_a_packet(family: type[Packet], option: TcpsOption, wire: bytes) -> None:
    built = family() / TCP(options=[option]) / b"payload"
    for packet in (built, family(bytes(built))):
        assert find(packet, type(option)) == option
        assert all(find(packet, other) is None for other in (TC, TM, TI) if other is not type(option))
    assert bytes(family(bytes(built))[TCP].payload) == b"payload"


@pytest.mark.parametrize(
    "area",
    [
        pytest.param(b"\xfd\x28TC" + bytes(36), id="TC as long as TI"),
        pytest.param(b"\xfd\x23TC" + bytes(31) + b"\1", id="TC one short"),
        pytest.param(b"\xfd\x24TI" + bytes(32), id="TI as long as TC"),
        pytest.param(b"\xfd\x14tm" + bytes(16), id="magic in small letters"),
        pytest.param(b"\xfe\x14TM" + bytes(16), id="the other experimental kind"),
        pytest.param(b"\xfd\x04TM", id="magic alone"),
        pytest.param(b"\xfd\x02\1\1", id="nothing"),
        pytest.param(b"\xfd\x14TM" + bytes(12), id="TM beyond the header"),
        pytest.param(b"\1\1\1\xfd", id="no length"),
        pytest.param(b"\xfd\x01TM" + bytes(16), id="length 1"),
        pytest.param(b"\xfd\x00TM" + bytes(16), id="length 0"),
        pytest.param(b"\0\1\1\1\xfd\x14TM" + bytes(16), id="after the end of the list"),
        pytest.param(b"\5\1\1\1\xfd\x14TM" + bytes(16), id="after a broken option"),
    ],
)
def test_what_is_none_of_them_stays_raw(area: bytes) -> None:
    packet = TCP(_header(area))
    assert not any(isinstance(value, TcpsOption) for _, value in packet.options)
    assert not any(find(IP() / packet, option) for option in (TC, TM, TI))
    assert bytes(TCP(options=packet.options))[20:] == area


def test_experiment_id_and_others_kind_253_live_together() -> None:
    (others, ours) = _dissect(b"\xfd\x08\xbe\xefABCD" + bytes(TM(tag=_TAG)))
    assert others == (253, b"\xbe\xefABCD")
    assert ours == ("TM", TM(tag=_TAG))


def test_the_first_match_wins() -> None:
    first, second = TM(tag=_TAG), TM(tag=bytes(16))
    assert find(IP(bytes(IP() / TCP(options=[first, second]))), TM) == first


@given(area=st.integers(0, 10).flatmap(lambda words: st.binary(min_size=4 * words, max_size=4 * words)))
def test_no_byte_is_lost_in_random_options(area: bytes) -> None:
    assert bytes(TCP(options=_dissect(area)))[20:] == area


_piece = st.one_of(
    st.builds(bytes, _typed),
    st.builds(
        lambda kind, size, rest: bytes([kind, size]) + rest,
        st.sampled_from([2, 3, 4, 5, 8, 14, 15, 19, 25, 28, 29, 30, 34, 253, 254]),
        st.integers(0, 41),
        st.one_of(st.binary(max_size=18), st.sampled_from([b"TC", b"TM", b"TI"]).map(lambda m: m + bytes(16))),
    ),
    st.sampled_from([b"\0", b"\1"]),
)


@given(pieces=st.lists(_piece, max_size=4))
def test_no_byte_is_lost_in_nearly_valid_options(pieces: list[bytes]) -> None:
    area = b"".join(pieces)[:40]
    area += bytes(-len(area) % 4)
    assert bytes(TCP(options=_dissect(area)))[20:] == area


@given(options=st.lists(st.one_of(_others, _typed), max_size=5), payload=st.binary(max_size=20))
def test_built_is_dissected(options: list[object], payload: bytes) -> None:
    try:
        wire = bytes(IP() / TCP(options=options) / payload)
    except OptionSpaceError:
        assume(False)
    packet = IP(wire)
    pairs = [(o.name, o) if isinstance(o, TcpsOption) else o for o in options]
    parsed = [pair for pair in packet[TCP].options if pair[0] != "EOL"]
    assert [p for p in parsed if isinstance(p[1], TcpsOption)] == [p for p in pairs if isinstance(p[1], TcpsOption)]
    assert parsed == pairs or any(kind == 253 for kind, _ in pairs)  # a raw pair may spell one of the three
    assert packet[TCP].original[4 * packet[TCP].dataofs :] == payload


@pytest.mark.parametrize(
    "options",
    [
        [("MSS", 1440), ("SAckOK", b""), TC()],
        [TI(), ("NOP", None)],
        [TM(), TM(), ("WScale", 7)],
        [("Timestamp", (1, 2))] * 5,
        [("TC", TC()), (254, b"12345")],
    ],
)
def test_more_than_a_header_holds_is_an_error(options: list[object]) -> None:
    with pytest.raises(OptionSpaceError, match="a header holds 40"):
        bytes(IP() / TCP(options=options))


@given(size=st.integers(0, 80))
def test_forty_bytes_are_the_limit(size: int) -> None:
    packet = IP() / TCP(options=[("NOP", None)] * size)
    if size > 40:
        with pytest.raises(OptionSpaceError):
            bytes(packet)
    else:
        assert IP(bytes(packet))[TCP].dataofs == 5 + (size + 3) // 4


def test_the_limit_also_guards_what_was_appended_in_place() -> None:
    packet = IP() / TCP(options=[("MSS", 1440), TC()])
    bytes(packet)
    packet[TCP].options.append(TM())
    with pytest.raises(OptionSpaceError, match="MSS, TC, TM"):
        bytes(packet)


def test_a_given_data_offset_is_the_callers_word() -> None:
    wire = bytes(TCP(dataofs=15, options=[TI(), TM()]))
    assert wire[12] >> 4 == 15
    assert wire[20:] == bytes(TI()) + bytes(TM())


@pytest.mark.parametrize("family", [IP, IPv6])
def test_other_options_for_a_dissected_packet(family: type[Packet]) -> None:
    packet = family(bytes(family() / TCP(options=[("MSS", 1460)]) / b"data"))
    grown = family(bytes(with_options(packet, [("NOP", None), TM(tag=_TAG)])))
    assert grown[TCP].options == [("NOP", None), ("TM", TM(tag=_TAG)), ("EOL", None)]
    assert bytes(grown[TCP].payload) == b"data"
    checked = grown.copy()
    del checked[TCP].chksum
    assert family(bytes(checked))[TCP].chksum == grown[TCP].chksum
    assert packet[TCP].options == [("MSS", 1460)]


@pytest.mark.parametrize(
    ("option", "field", "size"), [(TC, "public_key", 32), (TM, "tag", 16), (TI, "public_key", 32), (TI, "auth_tag", 4)]
)
@pytest.mark.parametrize("difference", [-1, 1])
def test_values_have_their_length(option: type[TcpsOption], field: str, size: int, difference: int) -> None:
    with pytest.raises(ValueError, match=f"{size + difference} bytes instead of {size}"):
        option(**{field: bytes(size + difference)})


def test_a_name_without_its_type_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"made by TC\(\.\.\.\)"):
        bytes(TCP(options=[("TC", _KEY)]))


def test_copies_share_nothing() -> None:
    packet = IP(bytes(IP() / TCP(options=[TM(tag=_TAG)])))
    for duplicate in (packet.copy(), copy.deepcopy(packet)):
        find(duplicate, TM).tag = bytes(16)
        assert find(packet, TM).tag == _TAG
        assert bytes(TM(tag=bytes(16))) in bytes(duplicate)


def test_a_change_within_a_dissected_option_is_built() -> None:
    packet = IP(bytes(IP() / TCP(options=[TM(tag=_TAG)])))
    find(packet, TM).tag = bytes(16)
    assert bytes(packet)[-16:] == bytes(16)


def test_show_in_words() -> None:
    packet = IP(bytes(IP() / TCP(options=[("MSS", 1440), TC(public_key=_KEY)])))
    assert f"options   = ('MSS', 1440), TC: ephemeral key {_KEY.hex()}\n" in packet.show(dump=True)
    assert f"TM: tag {_TAG.hex()}" in (IP() / TCP(options=[TM(tag=_TAG)])).show2(dump=True)
    identity = TI(public_key=_KEY, auth_tag=b"\1\2\3\4")
    assert identity.words() == f"identity {_KEY.hex()} (fingerprint 0001020304050607), auth tag 01020304"
    assert TI(public_key=_KEY).words().endswith("no auth tag")
    assert f"public_key= {_KEY.hex()}" in TC(public_key=_KEY).show(dump=True)


def test_packets_of_others_are_as_scapy_has_them() -> None:
    options = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)]
    packet = IP() / TCP(options=options)
    assert IP(bytes(packet))[TCP].options == options
    assert f"options   = {options}\n" in packet.show(dump=True)
    assert TCP().options == []
    assert bytes(TCP(options=[(253, b"hello")]))[20:] == b"\xfd\x07hello\0"


def test_quoted_in_an_icmp_error() -> None:
    # Scapy's layer for the quoted segment derives from TCP.
    error = IP(bytes(IP() / ICMP(type=3, code=4) / IPerror(proto=6) / TCPerror(options=[TM(tag=_TAG)]) / Raw(b"data")))
    assert error[TCPerror].options == [("TM", TM(tag=_TAG))]


def test_the_documented_example() -> None:
    result = doctest.testmod(tcpslab.scapy)
    assert (result.attempted, result.failed) == (4, 0)
