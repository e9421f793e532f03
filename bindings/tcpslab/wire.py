"""Packets, TCP option lists, and the options of TCP/S: bytes in, bytes out.

>>> packet = Packet(("10.0.0.1", 40001), ("10.0.0.2", 80), flags=Flag.SYN, options=emit_options([(2, b"\\x05\\xb4")]))
>>> Packet.parse(packet.emit()).destination
('10.0.0.2', 80)

Defects of bytes are WireErrors, which carry the defect's name; numbers that do not fit their field are TypeErrors.
"""

import enum

from tcpslab._core import (
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
from tcpslab.errors import WireError

__all__ = [
    "Flag",
    "OptionKind",
    "Packet",
    "WireError",
    "append_tm",
    "checksums_valid",
    "emit_options",
    "find_tc",
    "find_ti",
    "find_tm",
    "make_syn_options",
    "make_ti_options",
    "parse_options",
]


class Flag(enum.IntFlag):
    """Byte 13 of the TCP header (RFC 9293, section 3.1)."""

    FIN = 0x01
    SYN = 0x02
    RST = 0x04
    PSH = 0x08
    ACK = 0x10
    URG = 0x20
    ECE = 0x40
    CWR = 0x80


class OptionKind(enum.IntEnum):
    """Kinds of TCP options; those of TCP/S are all EXPERIMENT_253."""

    END_OF_OPTIONS = 0
    NO_OPERATION = 1
    MAXIMUM_SEGMENT_SIZE = 2
    WINDOW_SCALE = 3
    SACK_PERMITTED = 4
    SACK = 5
    TIMESTAMPS = 8
    MD5_SIGNATURE = 19
    FAST_OPEN = 34
    EXPERIMENT_253 = 253
    EXPERIMENT_254 = 254
