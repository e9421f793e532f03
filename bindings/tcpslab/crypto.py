"""X25519 and the constructions of TCP/S (spec tcps-wire.md, sections 3, 5 and 6): bytes in, bytes out.

Keys and secrets are 32 bytes (ValueError otherwise), positions 64 bits. A peer's key that must not be used is the
ProtocolError "low-order-key". Python cannot wipe what it holds: this is for tests and study.
"""

from tcpslab._core import (
    SessionKeys,
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
from tcpslab.errors import ProtocolError

__all__ = [
    "ProtocolError",
    "SessionKeys",
    "auth_tag",
    "derive_session_keys",
    "fingerprint",
    "is_low_order",
    "keystream",
    "one_time_key",
    "packet_tag_lkm",
    "packet_tag_readme",
    "x25519_agree",
    "x25519_public",
    "xor_keystream",
]
