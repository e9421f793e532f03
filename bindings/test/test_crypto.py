"""tcpslab.crypto against RFC 7748, the upstream module's own answers and its recorded sessions."""

from typing import Any

import pytest
from tcpslab.crypto import (
    ProtocolError,
    auth_tag,
    derive_session_keys,
    fingerprint,
    is_low_order,
    keystream,
    one_time_key,
    packet_tag_lkm,
    packet_tag_readme,
    x25519_agree,
    x25519_public,
    xor_keystream,
)
from tcpslab.wire import Packet, find_tc, find_ti, find_tm

import vectors

# RFC 7748, section 6.1.
ALICE = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
ALICE_PUBLIC = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
BOB = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
BOB_PUBLIC = bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
SHARED = bytes.fromhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")


def secret(values: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(values[name])


def test_agreement_of_rfc_7748() -> None:
    assert (x25519_public(ALICE), x25519_public(BOB)) == (ALICE_PUBLIC, BOB_PUBLIC)
    assert x25519_agree(ALICE, BOB_PUBLIC) == x25519_agree(BOB, ALICE_PUBLIC) == SHARED


# RFC 7748, section 6.1: an all-zero secret is refused; the points 0, 1 and p - 1, and p itself, which is 0.
@pytest.mark.parametrize("point", [0, 1, 2**255 - 20, 2**255 - 19])
def test_a_key_of_low_order_is_an_error_with_the_name_of_the_event(point: int) -> None:
    key = point.to_bytes(32, "little")
    assert is_low_order(key)
    with pytest.raises(ProtocolError) as caught:
        x25519_agree(ALICE, key)
    assert caught.value.name == "low-order-key"
    assert not is_low_order(ALICE_PUBLIC)


@pytest.mark.parametrize("vector", vectors.tcps_vectors("key_schedule"))
def test_key_schedule(vector: dict[str, Any]) -> None:
    keys = derive_session_keys(secret(vector, "shared"))
    for name in ("enc_c2s", "enc_s2c", "mac_c2s", "mac_s2c"):
        assert getattr(keys, name) == secret(vector, name)


@pytest.mark.parametrize("vector", vectors.crypto_vectors("stream_xor"))
def test_keystream(vector: dict[str, Any]) -> None:
    key, position, data = secret(vector, "key"), int(vector["pos_hex"], 16), secret(vector, "input")
    output = xor_keystream(key, position, data)
    assert output == secret(vector, "output")
    assert keystream(key, position, len(data)) == bytes(a ^ b for a, b in zip(data, output, strict=True))
    assert xor_keystream(key, position, bytearray(output)) == data


@pytest.mark.parametrize("vector", vectors.tcps_vectors("packet_mac"))
def test_tags(vector: dict[str, Any]) -> None:
    key, position, flags = secret(vector, "mac_key"), vector["pos"], vector["tcp_flags"]
    ciphertext = secret(vector, "ciphertext")
    assert one_time_key(key, position) == secret(vector, "poly_key")
    assert packet_tag_lkm(key, position, flags, ciphertext) == secret(vector, "tag_lkm_compat")
    assert packet_tag_readme(key, position, flags, memoryview(ciphertext)) == secret(vector, "tag_standard_arithmetic")


@pytest.mark.parametrize("vector", vectors.tcps_vectors("auth_tag"))
def test_auth_tag(vector: dict[str, Any]) -> None:
    assert auth_tag(secret(vector, "static_shared"), vector["client_isn"]) == secret(vector, "auth_tag")


@pytest.mark.parametrize("name", vectors.SESSIONS)
def test_recorded_session_opens_with_its_private_keys(name: str) -> None:
    """Everything that TCP/S does to a connection, done with this API alone."""
    session = vectors.session(name)
    connection = session.facts["connection"]
    shared = x25519_agree(secret(connection, "client_eph_priv"), secret(connection, "server_eph_pub"))
    keys = derive_session_keys(shared)
    static_shared = x25519_agree(
        secret(session.facts["client"], "static_priv"), secret(session.facts["server"], "static_pub")
    )
    seen = set()
    for frame in session.frames:
        packet = Packet.parse(frame.packet)
        client = frame.facts["dir"] == "c2s"
        if key := find_tc(packet.options):
            assert key == secret(connection, "client_eph_pub" if client else "server_eph_pub")
            seen.add("TC")
        if identity := find_ti(packet.options):
            assert identity[0] == secret(session.facts["client" if client else "server"], "static_pub")
            assert identity[1] in (bytes(4), auth_tag(static_shared, connection["client_isn"]))
            assert identity[1] == secret(frame.facts, "ti_auth_tag")
            seen.add("TI")
        if tag := find_tm(packet.options):
            isn = connection["client_isn" if client else "server_isn"]
            position = (packet.sequence - isn - 1) % 2**32
            assert position == frame.facts["pos"]
            mac, enc = (keys.mac_c2s, keys.enc_c2s) if client else (keys.mac_s2c, keys.enc_s2c)
            right = packet_tag_lkm(mac, position, packet.flags, packet.payload) == tag
            assert right == frame.facts["tm_valid"]
            text = xor_keystream(enc, position, packet.payload)
            if text:
                assert text == secret(session.facts["plaintext"], frame.facts["dir"])
            seen.add("TM")
    assert seen == {"TC", "TI", "TM"}


def test_fingerprint_is_the_first_eight_bytes() -> None:
    assert fingerprint(ALICE_PUBLIC) == "8520f0098930a754"


def test_arguments_of_the_wrong_size_are_errors() -> None:
    for call in (
        lambda: derive_session_keys(bytes(31)),
        lambda: keystream(bytes(33), 0, 1),
        lambda: packet_tag_lkm(b"", 0, 0, b""),
        lambda: auth_tag(bytes(31), 0),
    ):
        with pytest.raises(ValueError, match="expected 32 bytes"):
            call()
    for call in (
        lambda: keystream(bytes(32), 1 << 64, 1),
        lambda: keystream(bytes(32), -1, 1),
        lambda: packet_tag_lkm(bytes(32), 0, 256, b""),
        lambda: auth_tag(bytes(32), 1 << 32),
    ):
        with pytest.raises(TypeError):
            call()
