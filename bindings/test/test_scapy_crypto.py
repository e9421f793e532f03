"""Known answers of the kernel module's own functions for the Python side's keys, keystream, tags and positions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vectors
from tcpslab.scapy import (
    DIALECTS,
    LKM,
    README,
    Dialect,
    DirectionKeys,
    ForwardPosition,
    LowOrderKeyError,
    NearestPosition,
    auth_tag,
    derive_keys,
    keystream,
    public_key,
    shared_secret,
    xor_stream,
)
from tcpslab.scapy.tags import blocks, lkm_tag, standard_tag

_KEY = st.binary(min_size=32, max_size=32)


def _hex(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize("v", vectors.tcps_vectors("key_schedule"))
def test_key_schedule(v: dict[str, Any]) -> None:
    keys = derive_keys(_hex(v["shared"]))
    assert keys.c2s == DirectionKeys(_hex(v["enc_c2s"]), _hex(v["mac_c2s"]))
    assert keys.s2c == DirectionKeys(_hex(v["enc_s2c"]), _hex(v["mac_s2c"]))


@pytest.mark.parametrize("v", vectors.crypto_vectors("stream_xor"))
def test_stream(v: dict[str, Any]) -> None:
    assert xor_stream(_hex(v["key"]), int(v["pos_hex"], 16), _hex(v["input"])) == _hex(v["output"])


@pytest.mark.parametrize("v", vectors.crypto_vectors("poly_blocks"))
def test_polynomial(v: dict[str, Any]) -> None:
    message = [(_hex(block["bytes"]), bool(block["hibit"])) for block in v["blocks"]]
    assert lkm_tag(_hex(v["key"]), message) == _hex(v["tag_lkm_compat"])
    assert standard_tag(_hex(v["key"]), message) == _hex(v["tag_standard_arithmetic"])


def test_last_carry_runs_through_the_limb_that_a_reduction_left_full() -> None:
    # Section 5.1. With r = 1 the blocks add up to 2^130 + low; the reduction leaves 5 + low in limbs of which the second
    # is 2^26. The carry at the end moves that on, so that the tag is made of the limbs of 5 + low themselves.
    low = 2**52 - 1
    blocks_ = [2**130 + low - 2 * (2**129 - 1), 2**129 - 1, 2**129 - 1]
    message = [((value % 2**128).to_bytes(16, "little"), value >= 2**128) for value in blocks_]
    spread = sum(((5 + low) >> 26 * i & (2**26 - 1)) << 32 * i for i in range(4))
    assert lkm_tag((1).to_bytes(16, "little") + bytes(16), message) == spread.to_bytes(16, "little")


@pytest.mark.parametrize("v", vectors.tcps_vectors("packet_mac"))
def test_segment_tag(v: dict[str, Any]) -> None:
    keys = DirectionKeys(bytes(32), _hex(v["mac_key"]))
    segment = (v["pos"], v["tcp_flags"], _hex(v["ciphertext"]))
    assert keystream(keys.mac, 2**62 + v["pos"], 32) == _hex(v["poly_key"])
    assert keys.tag(LKM, *segment) == _hex(v["tag_lkm_compat"])
    assert keys.tag(README, *segment) == _hex(v["tag_standard_arithmetic"])


@pytest.mark.parametrize("v", vectors.tcps_vectors("auth_tag"))
def test_auth_tag(v: dict[str, Any]) -> None:
    assert auth_tag(_hex(v["static_shared"]), v["client_isn"]) == _hex(v["auth_tag"])


@pytest.mark.parametrize("v", vectors.tcps_vectors("stream_position"))
def test_positions_of_the_kernel_module(v: dict[str, Any]) -> None:
    position, seen = ForwardPosition(), []
    for seq in v["seqs"]:
        seen.append(position.candidate((seq - v["isn"] - 1) % 2**32))
        position.accept(seen[-1])
    assert seen == v["positions"]


@pytest.mark.parametrize("name", vectors.SESSIONS)
def test_key_agreement_of_captured_connections(name: str) -> None:
    known = vectors.session(name).facts
    connection, client, server = known["connection"], known["client"], known["server"]
    assert public_key(_hex(connection["client_eph_priv"])) == _hex(connection["client_eph_pub"])
    for private, public, shared in (
        (connection["client_eph_priv"], connection["server_eph_pub"], connection["shared"]),
        (connection["server_eph_priv"], connection["client_eph_pub"], connection["shared"]),
        (client["static_priv"], server["static_pub"], known["static_shared"]),
        (server["static_priv"], client["static_pub"], known["static_shared"]),
    ):
        assert shared_secret(_hex(private), _hex(public)) == _hex(shared)


@pytest.mark.parametrize("point", [0, 1, 2**255 - 19, 2**255 - 18])  # points of order 4, 1 and 2, and one not reduced
def test_low_order_keys_are_refused(point: int) -> None:
    with pytest.raises(LowOrderKeyError):
        shared_secret(bytes(range(32)), point.to_bytes(32, "little"))


@given(key=_KEY, position=st.integers(0, 2**64 - 1), before=st.integers(0, 200), size=st.integers(0, 200))
def test_stream_is_addressed_by_the_byte(key: bytes, position: int, before: int, size: int) -> None:
    start = max(0, position - before)
    assert keystream(key, start, position - start + size)[position - start :] == keystream(key, position, size)


@given(key=_KEY, message=st.lists(st.tuples(st.binary(min_size=16, max_size=16), st.just(True)), max_size=8))
def test_standard_arithmetic_is_poly1305_where_a_library_can_express_it(
    key: bytes, message: list[tuple[bytes, bool]]
) -> None:
    from cryptography.hazmat.primitives.poly1305 import Poly1305

    assert standard_tag(key, message) == Poly1305.generate_tag(key, b"".join(data for data, _ in message))


@given(position=st.integers(0, 2**62 - 1), flags=st.integers(0, 255), ciphertext=st.binary(max_size=70))
def test_covered_blocks_are_whole_and_distinguish_messages(position: int, flags: int, ciphertext: bytes) -> None:
    fed = list(blocks(position, flags, ciphertext))
    assert all(len(data) == 16 for data, _ in fed)
    assert len(fed) == 2 + -(-len(ciphertext) // 16)
    assert fed != list(blocks(position, flags ^ 1, ciphertext))
    assert fed != list(blocks(position, flags, ciphertext + b"\0"))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
@given(keys=st.builds(DirectionKeys, _KEY, _KEY), position=st.integers(0, 2**40), payload=st.binary(max_size=80))
def test_sealed_is_opened_and_every_change_is_noticed(
    dialect: Dialect, keys: DirectionKeys, position: int, payload: bytes
) -> None:
    flags = 0x18
    ciphertext, tag = keys.seal(dialect, position, flags, payload)
    assert keys.open(dialect, position, flags, ciphertext, tag) == payload
    assert keys.open(dialect, position + 1, flags, ciphertext, tag) is None
    assert keys.open(dialect, position, flags, ciphertext + b"\0", tag) is None
    assert keys.open(dialect, position, flags, ciphertext, bytes([tag[0] ^ 1]) + tag[1:]) is None
    for bit in range(8):
        assert keys.open(dialect, position, flags ^ 1 << bit, ciphertext, tag) is None
    for at in range(len(ciphertext)):
        changed = ciphertext[:at] + bytes([ciphertext[at] ^ 0x80]) + ciphertext[at + 1 :]
        assert keys.open(dialect, position, flags, changed, tag) is None


def test_positions_of_the_readme_survive_a_retransmission_across_the_boundary() -> None:
    # tcps-dialects.md, R11, with the offsets that desynchronise the kernel module (tcps-wire.md, section 4).
    position = NearestPosition()
    position.accept(0xFFFF0000)
    for offset, expected in (
        (0xFFFFFFF0, 0x0FFFFFFF0),
        (0x10, 0x100000010),
        (0xFFFFFF00, 0x0FFFFFF00),
        (0x60, 0x100000060),
    ):
        assert position.candidate(offset) == expected
        position.accept(expected)


@pytest.mark.parametrize("new_position", [ForwardPosition, NearestPosition])
def test_positions_move_only_when_accepted(new_position: type) -> None:
    position = new_position()
    position.accept(7)
    for _ in range(3):
        assert position.candidate(0x80000100) == 0x80000100
    assert position.candidate(8) == 8


def test_positions_of_the_readme_are_nearest_to_the_highest_valid_one() -> None:
    position = NearestPosition()
    for _ in range(3):
        position.candidate(0x80000001)  # forged: never accepted
    assert position.candidate(0) == 0
    position.accept(3 * 2**32)
    assert position.candidate(0xFFFFFFFF) == 3 * 2**32 - 1
    assert position.candidate(5) == 3 * 2**32 + 5
    assert NearestPosition().candidate(0xFFFFFFFF) == 0xFFFFFFFF  # no position is below the first byte


@pytest.mark.parametrize("new_position", [ForwardPosition, NearestPosition])
@given(steps=st.lists(st.integers(0, 2**30), max_size=40))
def test_both_agree_while_the_stream_moves_forwards(new_position: type, steps: list[int]) -> None:
    position, expected = new_position(), 0
    for step in steps:
        expected += step
        assert position.candidate(expected % 2**32) == expected
        position.accept(expected)
