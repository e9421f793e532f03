"""Finding TC and TM in a TCP header: order, padding, strangers of the same kind (wire, section 2).

Beside a TC there is room for 4 bytes, beside a TM for 20. A header of TCP is the same over IPv4 and IPv6: most variants
run over one of them.
"""

import pytest

from tcpslab.scapy import TM, with_options

from conformance.marks import family, requirement
from conformance.option_areas import (
    EOL,
    MSS,
    NOP,
    SACK_PERMITTED,
    TIMESTAMPS,
    WINDOW_SCALE,
    area,
    check_counts_as_plain,
    check_data_accepted,
    check_data_refused,
    check_offer_counts,
    need_tcp_that_takes,
    own_tc,
    own_tm,
    variants,
)
from conformance.peer import Peer

TAG = bytes(range(16))
# None of them says where the next option begins.
no_length = variants(
    length_0=(b"\xfe\x00", b""),
    length_1=(b"\xfe\x01", b""),
    own_kind_length_0=(b"\xfd\x00", b""),
    own_kind_length_1=(b"\xfd\x01", b""),
    behind_nop=(NOP + b"\xfe\x00", b""),
)


@requirement("TCPS-OPT-01")
@variants(first=(EOL, b""), behind_nop=(NOP + EOL, b""), word=(EOL * 4, b""))
def test_tc_behind_eol_does_not_exist(peer: Peer, before: bytes, after: bytes) -> None:
    check_counts_as_plain(peer, area(before, own_tc(peer), after))


@requirement("TCPS-OPT-01")
@family("ipv4")
@variants(first=(EOL, b""), behind_nop=(NOP + EOL, b""), behind_mss=(MSS + EOL, b""), word=(EOL * 4, b""))
def test_tm_behind_eol_does_not_exist(peer: Peer, before: bytes, after: bytes) -> None:
    peer.open()
    packet = peer.protected(b"no tag that counts")
    check_data_refused(peer, with_options(packet, area(before, own_tm(packet), after)))


@requirement("TCPS-OPT-02")
@family("ipv4")
@variants(one=(NOP, b""), two=(NOP * 2, b""), four=(NOP * 4, b""), around=(NOP, NOP * 3), behind=(b"", NOP * 4))
def test_nops_around_tc_are_skipped(peer: Peer, before: bytes, after: bytes) -> None:
    check_offer_counts(peer, area(before, own_tc(peer), after))


@requirement("TCPS-OPT-02")
@family("ipv4")
@variants(one=(NOP, b""), three=(NOP * 3, b""), twenty=(NOP * 20, b""), around=(NOP * 9, NOP * 11))
def test_nops_around_tm_are_skipped(peer: Peer, before: bytes, after: bytes) -> None:
    check_data_accepted(peer, before, after)


@requirement("TCPS-OPT-03")
@family("ipv4")
@no_length
def test_tc_behind_an_option_without_length_does_not_exist(peer: Peer, before: bytes, after: bytes) -> None:
    need_tcp_that_takes(peer, before, NOP * 36)
    check_counts_as_plain(peer, area(before, own_tc(peer), after))


@requirement("TCPS-OPT-03")
@family("ipv4")
@no_length
def test_tm_behind_an_option_without_length_does_not_exist(peer: Peer, before: bytes, after: bytes) -> None:
    peer.open()
    packet = peer.protected(b"no tag that counts")
    check_data_refused(peer, with_options(packet, area(before, own_tm(packet), after)))


@requirement("TCPS-OPT-03")
@family("ipv4")
@variants(
    length_0=(b"", b"\xfe\x00"),
    length_1=(b"", b"\xfd\x01"),
    without_length=(b"", NOP * 3 + b"\xfe"),
    own_kind_without_length=(b"", NOP * 3 + b"\xfd"),
)
def test_what_is_broken_behind_tc_does_not_matter(peer: Peer, before: bytes, after: bytes) -> None:
    need_tcp_that_takes(peer, NOP * 36, after)
    check_offer_counts(peer, area(before, own_tc(peer), after))


@requirement("TCPS-OPT-03")
@family("ipv4")
@variants(length_0=(b"", b"\xfe\x00"), length_1=(b"", b"\xfd\x01"), without_length=(b"", NOP * 3 + b"\xfd"))
def test_what_is_broken_behind_tm_does_not_matter(peer: Peer, before: bytes, after: bytes) -> None:
    need_tcp_that_takes(peer, NOP * 20, after)
    check_data_accepted(peer, before, after)


@requirement("TCPS-OPT-04")
@family("ipv4")
def test_second_tm_is_ignored(peer: Peer) -> None:
    check_data_accepted(peer, b"", bytes(TM(tag=TAG)))


@requirement("TCPS-OPT-04")
@family("ipv4")
def test_first_tm_counts_also_if_it_is_wrong(peer: Peer) -> None:
    peer.open()
    packet = peer.protected(b"the right tag comes second")
    check_data_refused(peer, with_options(packet, area(bytes(TM(tag=TAG)), own_tm(packet))))


@requirement("TCPS-OPT-05")
@family("ipv4")
@variants(
    tc_too_short=(b"\xfd\x04TC", b""),
    tm_too_short=(b"\xfd\x04TM", b""),
    no_magic=(b"\xfd\x02", NOP * 2),
    half_a_magic=(b"\xfd\x03T", NOP),
    other_magic=(b"\xfd\x04\xf9\x89", b""),
    behind=(b"", b"\xfd\x04TC"),
)
def test_other_experiments_beside_tc_do_not_matter(peer: Peer, before: bytes, after: bytes) -> None:
    check_offer_counts(peer, area(before, own_tc(peer), after))


@requirement("TCPS-OPT-05")
@family("ipv4")
@variants(
    other_magic=(b"\xfd\x14TX" + TAG, b""),
    small_letters=(b"\xfd\x14tm" + TAG, b""),
    too_short=(b"\xfd\x13TM" + TAG[:15] + NOP, b""),
    too_short_for_a_magic=(b"\xfd\x02\xfd\x03T", b""),
    identity_too_short=(b"\xfd\x08TI" + TAG[:4], b""),
    behind=(b"", b"\xfd\x14TX" + TAG),
)
def test_other_experiments_beside_tm_do_not_matter(peer: Peer, before: bytes, after: bytes) -> None:
    check_data_accepted(peer, before, after)


# Of the right size or nearly so, but not TC.
strangers_like_tc = pytest.mark.parametrize(
    ("head", "size"),
    [
        (b"\xfd\x24CT", 36),
        (b"\xfd\x24tc", 36),
        (b"\xfd\x24TM", 36),
        (b"\xfe\x24TC", 36),
        (b"\xfd\x23TC", 35),
        (b"\xfd\x25TC", 37),
    ],
    ids=["reversed", "small-letters", "tm", "kind-254", "too-short", "too-long"],
)


@requirement("TCPS-OPT-05")
@family("ipv4")
@strangers_like_tc
def test_stranger_like_tc_is_no_offer(peer: Peer, head: bytes, size: int) -> None:
    key = own_tc(peer)[4:]
    check_counts_as_plain(peer, area((head + key).ljust(size, b"\0")[:size]))


@requirement("TCPS-OPT-05")
@family("ipv4")
@pytest.mark.parametrize(
    ("head", "size"),
    [
        (b"\xfd\x14MT", 20),
        (b"\xfd\x14tm", 20),
        (b"\xfd\x14TC", 20),
        (b"\xfe\x14TM", 20),
        (b"\xfd\x13TM", 19),
        (b"\xfd\x15TM", 21),
    ],
    ids=["reversed", "small-letters", "tc", "kind-254", "too-short", "too-long"],
)
def test_stranger_like_tm_is_no_tag(peer: Peer, head: bytes, size: int) -> None:
    peer.open()
    packet = peer.protected(b"no tag that counts")
    option = (head + own_tm(packet)[4:]).ljust(size, b"\0")[:size]
    check_data_refused(peer, with_options(packet, area(option)))


@requirement("TCPS-OPT-06")
@variants(
    alone=(b"", b""),
    mss_first=(MSS, b""),
    mss_behind=(b"", MSS),
    sack_first=(SACK_PERMITTED, b""),
    sack_behind=(b"", NOP * 2 + SACK_PERMITTED),
    window_scale_first=(NOP + WINDOW_SCALE, b""),
    window_scale_behind=(b"", WINDOW_SCALE + EOL),
    between=(SACK_PERMITTED, b"\xfe\x02"),
)
def test_tc_is_found_wherever_it_stands(peer: Peer, before: bytes, after: bytes) -> None:
    check_offer_counts(peer, area(before, own_tc(peer), after))


@requirement("TCPS-OPT-07")
@variants(
    alone=(b"", b""),
    timestamps_first=(NOP * 2 + TIMESTAMPS, b""),
    timestamps_behind=(b"", NOP * 2 + TIMESTAMPS),
    odd_offset=(b"\xfe\x03x", b""),
    unknown_of_20_bytes=(b"\xfe\x14" + bytes(18), b""),
    unknown_around=(b"\xfe\x07hello", b"\xfe\x0bhello also"),
)
def test_tm_is_found_wherever_it_stands(peer: Peer, before: bytes, after: bytes) -> None:
    check_data_accepted(peer, before, after)
