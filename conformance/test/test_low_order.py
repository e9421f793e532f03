"""The list of low-order keys against a library's X25519, and against the equation of the curve."""

import random

import pytest

from tcpslab.scapy import LowOrderKeyError, shared_secret

from conformance.low_order import ENCODINGS

_P = 2**255 - 19


def _double(u: int) -> int | None:
    """The u-coordinate of twice a point of curve25519 (RFC 7748, section 4.1); None at infinity."""
    z = 4 * u * (u * u + 486662 * u + 1) % _P
    return (u * u - 1) ** 2 * pow(z, -1, _P) % _P if z else None


@pytest.mark.parametrize("key", ENCODINGS.values(), ids=ENCODINGS)
def test_every_private_key_gives_zero(key: bytes) -> None:
    with pytest.raises(LowOrderKeyError):
        shared_secret(random.Random(7).randbytes(32), key)


@pytest.mark.parametrize("key", ENCODINGS.values(), ids=ENCODINGS)
def test_three_doublings_end_at_infinity(key: bytes) -> None:
    u: int | None = int.from_bytes(key, "little") % 2**255 % _P
    for _ in range(3):
        u = None if u is None else _double(u)
    assert u is None


def test_list_is_complete() -> None:
    """Five coordinates are of low order; below 2^255 two of them have a second encoding; the top bit doubles all."""
    assert len(set(ENCODINGS.values())) == 2 * (5 + 2)
    coordinates = {int.from_bytes(key, "little") % 2**255 % _P for key in ENCODINGS.values()}
    assert len(coordinates) == 5
