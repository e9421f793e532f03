"""The two tag arithmetics over the same blocks (tcps-wire.md, section 5). No library has either of them.

A block is 16 bytes and whether 2^128 is added to it. Both functions take a one-time key of 32 bytes (r, clamped here as
in RFC 8439, then s) and return 16 bytes.
"""

from collections.abc import Iterable, Iterator

Block = tuple[bytes, bool]

_CLAMP = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
_P = 2**130 - 5
_LIMB = 2**26 - 1


def blocks(position: int, flags: int, ciphertext: bytes) -> Iterator[Block]:
    """What a tag covers: the stream position, all eight flags of byte 13 of the TCP header, and the ciphertext."""
    yield position.to_bytes(8, "little") + bytes([flags, 1]) + bytes(6), False
    whole = len(ciphertext) // 16 * 16
    for start in range(0, whole, 16):
        yield ciphertext[start : start + 16], True
    if rest := ciphertext[whole:]:
        yield (rest + b"\x01").ljust(16, b"\0"), False
    # Ten header bytes are covered, and eight are stated: so it is on the wire.
    yield (8).to_bytes(8, "little") + len(ciphertext).to_bytes(8, "little"), True


def standard_tag(one_time_key: bytes, message: Iterable[Block]) -> bytes:
    """Poly1305's arithmetic (section 5.2): what the readme promises."""
    r, s = _split(one_time_key)
    h = 0
    for data, hi in message:
        h = (h + _number(data, hi)) * r % _P
    return ((h + s) % 2**128).to_bytes(16, "little")


def lkm_tag(one_time_key: bytes, message: Iterable[Block]) -> bytes:
    """What the kernel module puts on the wire (section 5.1).

    Limbs of 26 bits, as there: the last step depends on the representation that the partial reduction leaves behind,
    which arithmetic on whole numbers would not show.
    """
    r, s = _split(one_time_key)
    r0, r1, r2, r3, r4 = _limbs(r)
    h0 = h1 = h2 = h3 = h4 = 0
    for data, hi in message:
        m0, m1, m2, m3, m4 = _limbs(_number(data, hi))
        h0, h1, h2, h3, h4 = h0 + m0, h1 + m1, h2 + m2, h3 + m3, h4 + m4
        # 2^130 is 5 modulo p, so what overflows the top limb comes back five times at the bottom.
        d0 = h0 * r0 + 5 * (h1 * r4 + h2 * r3 + h3 * r2 + h4 * r1)
        d1 = h0 * r1 + h1 * r0 + 5 * (h2 * r4 + h3 * r3 + h4 * r2)
        d2 = h0 * r2 + h1 * r1 + h2 * r0 + 5 * (h3 * r4 + h4 * r3)
        d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + 5 * h4 * r4
        d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0
        h0, h1, h2, h3, h4 = _carry(d0, d1, d2, d3, d4)
    h0, h1, h2, h3, _ = _carry(h0, h1, h2, h3, h4)
    # Neither reduced below p nor packed: each limb takes a word of 32 bits, and the top one is lost.
    return ((h0 + (h1 << 32) + (h2 << 64) + (h3 << 96) + s) % 2**128).to_bytes(16, "little")


def _split(one_time_key: bytes) -> tuple[int, int]:
    return int.from_bytes(one_time_key[:16], "little") & _CLAMP, int.from_bytes(one_time_key[16:], "little")


def _number(data: bytes, hi: bool) -> int:
    return int.from_bytes(data, "little") + (hi << 128)


def _limbs(value: int) -> tuple[int, int, int, int, int]:
    return value & _LIMB, value >> 26 & _LIMB, value >> 52 & _LIMB, value >> 78 & _LIMB, value >> 104


def _carry(h0: int, h1: int, h2: int, h3: int, h4: int) -> tuple[int, int, int, int, int]:
    """One pass from the lowest limb around to the second lowest, which may keep a carry."""
    h1 += h0 >> 26
    h2 += h1 >> 26
    h3 += h2 >> 26
    h4 += h3 >> 26
    h0 = (h0 & _LIMB) + 5 * (h4 >> 26)
    return h0 & _LIMB, (h1 & _LIMB) + (h0 >> 26), h2 & _LIMB, h3 & _LIMB, h4 & _LIMB
