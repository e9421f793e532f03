"""X25519 public keys of low order: with each of them every private key gives the shared secret zero.

Five coordinates are such. 32 bytes encode them in 14 ways: below 2^255 the prime p and p + 1 are other names of 0 and
1, and a receiver ignores the top bit of the last byte (RFC 7748, section 5).
"""

_P = 2**255 - 19
_TOP_BIT = 2**255

# u-coordinates of the points of order 8; the others are those of order 1, 2 and 4.
_ORDER_8 = (
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)
_VALUES = {
    "0": 0,
    "1": 1,
    "order-8": _ORDER_8[0],
    "order-8-other": _ORDER_8[1],
    "p-1": _P - 1,
    "p": _P,
    "p+1": _P + 1,
}

ENCODINGS: dict[str, bytes] = {
    f"{name}{suffix}": (value + top).to_bytes(32, "little")
    for top, suffix in ((0, ""), (_TOP_BIT, "-top-bit"))
    for name, value in _VALUES.items()
}
