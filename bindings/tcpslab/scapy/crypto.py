"""Keys, keystream and auth tag (tcps-wire.md, sections 3, 5 and 6). Byte strings are in wire order."""

import hmac
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tcpslab.scapy.dialects import Dialect
from tcpslab.scapy.tags import blocks

# Where in a key's keystream each use of it begins; payload begins at 0.
_SESSION_KEYS_AT = 2**63
_ONE_TIME_KEYS_AT = 2**62
_AUTH_TAG_AT = 3 * 2**62

_BLOCK = 64
_LABELS = (b"TCPS enc_c2s", b"TCPS enc_s2c", b"TCPS mac_c2s", b"TCPS mac_s2c")


class LowOrderKeyError(ValueError):
    """The peer's key is of low order: the shared secret would be all zeros."""


@lru_cache(maxsize=64)
def _private(key: bytes) -> X25519PrivateKey:
    """Loading a key takes the library longer than using it, and a conversation uses the same two again and again."""
    return X25519PrivateKey.from_private_bytes(key)


def public_key(private_key: bytes) -> bytes:
    return _private(private_key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def shared_secret(private_key: bytes, peer: bytes) -> bytes:
    """X25519 (RFC 7748) of two 32-byte keys."""
    private, public = _private(private_key), X25519PublicKey.from_public_bytes(peer)
    try:
        return private.exchange(public)
    except ValueError as error:
        raise LowOrderKeyError("the peer's X25519 key is of low order") from error


def keystream(key: bytes, position: int, size: int) -> bytes:
    """ChaCha20 with the original 64-bit block counter and a zero nonce, from any byte position on."""
    return xor_stream(key, position, bytes(size))


def xor_stream(key: bytes, position: int, data: bytes) -> bytes:
    """`data` encrypted, or decrypted, at this position of the key's stream."""
    block, skip = divmod(position, _BLOCK)
    counter_and_nonce = block.to_bytes(8, "little") + bytes(8)
    cipher = Cipher(ChaCha20(key, counter_and_nonce), mode=None).encryptor()
    return cipher.update(bytes(skip) + data)[skip:]


@dataclass(frozen=True)
class DirectionKeys:
    """The two keys of one direction of a connection."""

    encryption: bytes
    mac: bytes

    def seal(self, dialect: Dialect, position: int, flags: int, payload: bytes) -> tuple[bytes, bytes]:
        """Ciphertext and tag of a segment with these flags (byte 13 of the TCP header)."""
        ciphertext = xor_stream(self.encryption, position, payload)
        return ciphertext, self.tag(dialect, position, flags, ciphertext)

    def open(self, dialect: Dialect, position: int, flags: int, ciphertext: bytes, tag: bytes) -> bytes | None:
        """The payload, or None if the tag is not this segment's."""
        if not hmac.compare_digest(self.tag(dialect, position, flags, ciphertext), tag):
            return None
        return xor_stream(self.encryption, position, ciphertext)

    def tag(self, dialect: Dialect, position: int, flags: int, ciphertext: bytes) -> bytes:
        one_time_key = keystream(self.mac, _ONE_TIME_KEYS_AT + position, 32)
        return dialect.tag(one_time_key, blocks(position, flags, ciphertext))


@dataclass(frozen=True)
class SessionKeys:
    c2s: DirectionKeys
    s2c: DirectionKeys


def derive_keys(shared: bytes) -> SessionKeys:
    """The keys of a connection. Its initial sequence numbers have no influence (tcps-wire.md, section 3)."""
    enc_c2s, enc_s2c, mac_c2s, mac_s2c = (
        xor_stream(shared, _SESSION_KEYS_AT + _BLOCK * i, label.ljust(32, b"\0")) for i, label in enumerate(_LABELS)
    )
    return SessionKeys(DirectionKeys(enc_c2s, mac_c2s), DirectionKeys(enc_s2c, mac_s2c))


def auth_tag(static_shared: bytes, client_isn: int) -> bytes:
    """The 4 bytes that prove an identity in TI: of either role, whatever the server's initial sequence number."""
    return xor_stream(static_shared, _AUTH_TAG_AT, client_isn.to_bytes(4, "big"))
