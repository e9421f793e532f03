"""The packets of one test in words, one below the other, as reports show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from scapy.packet import Packet

from tcpslab.scapy import Identity, KeyLog, Sessions, Tag, TcpsOption

from conformance.seen import ACK, SYN, WRAP, Seen

if TYPE_CHECKING:
    from conformance.arena import Traced

Host = tuple[str, int]

# Packets of a long test that are told: its beginning and its end.
_FIRST, _LAST = 40, 160
_MOST_SHOWN = 32  # bytes of plaintext
_ESCAPES = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True)
class Step:
    """One packet, or a number of packets that are left out.

    Sequence numbers in `text` are relative to the SYN of their direction where the trace has it, those in `exact` are
    as on the wire.
    """

    time: float  # seconds since the first packet
    sender: Literal["peer", "target", "left out"]
    text: str  # `SA seq 0 ack 1`
    peer: str = ""  # its address and port
    exact: str = ""
    options: tuple[str, ...] = ()
    note: str = ""  # the verdict on its tag, and what it says
    accused: bool = False  # it is one of those that the finding shows


def climb(trace: Sequence[Traced], accused: Sequence[Seen] = (), secrets: Sequence[str] = ()) -> Iterator[Step]:
    """The steps of a test. `accused`: the packets that its finding shows; `secrets`: lines of a key log."""
    sessions = Sessions(KeyLog.parse("\n".join(secrets)))
    starts: dict[tuple[Host, Host], int] = {}  # initial sequence numbers, by sender and receiver
    marked = {id(seen) for seen in accused}
    hidden = max(0, len(trace) - _FIRST - _LAST)
    for number, traced in enumerate(trace):
        since = traced.time - trace[0].time
        if hidden and number == _FIRST:
            yield Step(since, "left out", f"{hidden} packets")
        if not (hidden and _FIRST <= number < _FIRST + hidden):
            yield _step(traced, since, sessions, starts, id(traced.seen) in marked)


def _step(
    traced: Traced, since: float, sessions: Sessions, starts: dict[tuple[Host, Host], int], accused: bool
) -> Step:
    seen = traced.seen or Seen(traced.data, traced.time)
    sender: Literal["peer", "target"] = "peer" if traced.seen is None else "target"
    if not seen.is_whole:
        return Step(since, sender, seen.packet.summary(), accused=accused)
    source, destination = (seen.packet.src, seen.tcp.sport), (seen.packet.dst, seen.tcp.dport)
    if seen.bits & SYN:
        starts[source, destination] = seen.seq
    return Step(
        time=since,
        sender=sender,
        text=_text(seen, starts.get((source, destination), 0), starts.get((destination, source), 0)),
        peer=_name(source if sender == "peer" else destination),
        exact=_text(seen, 0, 0),
        options=tuple(_option(name, value) for name, value in seen.tcp.options),
        note=_note(seen.packet, sessions),
        accused=accused,
    )


def _name(host: Host) -> str:
    address, port = host
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _text(seen: Seen, isn: int, peer_isn: int) -> str:
    parts = [seen.flags, f"seq {(seen.seq - isn) % WRAP}"]
    if seen.bits & ACK:
        parts.append(f"ack {(seen.ack - peer_isn) % WRAP}")
    if seen.payload:
        parts.append(f"{len(seen.payload)} bytes")
    return " ".join(parts)


def _option(name: Any, value: Any) -> str:
    if isinstance(value, TcpsOption):
        return f"{name} {value.words()}"
    kind = f"kind {name}" if isinstance(name, int) else str(name)
    shown = value.hex() if isinstance(value, bytes) else "" if value in (None, "", ()) else str(value)
    return f"{kind} {shown}".rstrip()


def _note(packet: Packet, sessions: Sessions) -> str:
    """What somebody with the key log says of it."""
    opened = sessions.feed(packet)
    if opened is None:
        return ""
    parts = [] if opened.tag is Tag.NOT_DUE else [f"tag {opened.tag.value}"]
    if opened.plaintext:
        parts.append(f"“{_readable(opened.plaintext)}”")
    if opened.identity not in (None, Identity.ZERO):
        parts.append(f"auth tag {opened.identity.value}")
    return ", ".join(parts)


def _readable(data: bytes) -> str:
    """Text as text, everything else in hexadecimal; only the beginning if it is long."""
    shown = data[:_MOST_SHOWN]
    text = shown.decode("latin-1").translate(_ESCAPES)
    words = text if text.isascii() and text.isprintable() else shown.hex()
    return words if len(data) <= _MOST_SHOWN else f"{words}…"
