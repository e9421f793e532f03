"""The known answers in the tree (reference/*/test/vectors), and the packets of its captures."""

import json
import struct
from dataclasses import dataclass
from typing import Any

from small_tree import ROOT

_TCPS = ROOT / "reference" / "tcps" / "test" / "vectors"
_CRYPTO = ROOT / "reference" / "crypto" / "test" / "vectors"
_ETHERNET_HEADER = 14
_RAW_IP = 101

SESSIONS = ("a-first", "b0-second-natural", "b1-reverse", "b-verified")
EVERY_SESSION = (*SESSIONS, "d-only-client", "d-only-server", "e-enforce-server", "e2-enforce-client")


def tcps_vectors(name: str) -> list[dict[str, Any]]:
    return json.loads((_TCPS / f"{name}.json").read_text())["vectors"]


def crypto_vectors(name: str) -> list[dict[str, Any]]:
    return json.loads((_CRYPTO / f"{name}.json").read_text())["vectors"]


@dataclass(frozen=True)
class Frame:
    """A frame of a recorded session: the IP packet, and what the JSON file beside the capture says of it."""

    packet: bytes
    facts: dict[str, Any]


@dataclass(frozen=True)
class Session:
    facts: dict[str, Any]
    frames: list[Frame]


def session(name: str) -> Session:
    """The upstream kernel module talking to itself."""
    facts = json.loads((_TCPS / "captures" / f"{name}.json").read_text())
    packets = _read_pcap((_TCPS / "captures" / f"{name}.pcap").read_bytes())
    return Session(facts, [Frame(*pair) for pair in zip(packets, facts["frames"], strict=True)])


def _read_pcap(data: bytes) -> list[bytes]:
    magic, link_type = struct.unpack_from("<I16xI", data)
    assert magic in (0xA1B2C3D4, 0xA1B23C4D), "a little-endian pcap file"
    skip = 0 if link_type == _RAW_IP else _ETHERNET_HEADER
    packets, offset = [], 24
    while offset < len(data):
        (held,) = struct.unpack_from("<8xI", data, offset)
        offset += 16
        packets.append(data[offset + skip : offset + held])
        offset += held
    return packets
