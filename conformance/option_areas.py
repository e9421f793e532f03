"""Option areas byte by byte, of a SYN or of protected data, and whether the target finds TC or TM in them."""

from __future__ import annotations

import pytest
from scapy.packet import Packet

from tcpslab.scapy import TC, TM, find, public_key, with_options

from conformance.failure import ABSENT, PRESENT
from conformance.peer import Peer
from conformance.target import NotDriven
from conformance.timing import REACTION

NOP, EOL = b"\x01", b"\x00"
MSS, SACK_PERMITTED, WINDOW_SCALE = b"\x02\x04\x05\xa0", b"\x04\x02", b"\x03\x03\x03"
TIMESTAMPS = b"\x08\x0a" + bytes(8)

_LARGEST = 40  # bytes of options that a header has room for
_KIND = 253

DATA = b"wherever TM stands"

RawOptions = list[tuple[str, bytes]]


def area(*pieces: bytes) -> RawOptions:
    """An option area as it is. Zeros fill it up to a multiple of 4."""
    return [("Unparsed", b"".join(pieces))]


def variants(**cases: tuple[bytes, bytes]) -> pytest.MarkDecorator:
    """A parametrized test's cases by name: what stands before the option in question, and what behind it."""
    names = [name.replace("_", "-") for name in cases]
    return pytest.mark.parametrize(("before", "after"), list(cases.values()), ids=names)


def own_tc(peer: Peer) -> bytes:
    return bytes(TC(public_key=public_key(peer.ephemeral)))


def need_tcp_that_takes(peer: Peer, *pieces: bytes) -> None:
    """Raises NotDriven if the target's TCP itself drops segments with such options, as Linux does since 6.7.

    RFC 9293, section 3.1, leaves it to TCP what it makes of illegal lengths. A plain connection shows it.
    """
    plain = peer.arena.peer(role="client")
    plain.open(tc=False)
    plain.send(plain.segment("PA", DATA, options=area(*pieces)))
    if not plain.arena.pump_until(lambda: bool(plain.stream), REACTION):
        raise NotDriven("its TCP drops plain segments with such options, too")  # as Linux does since 6.7
    plain.expect_echo(DATA)


def check_offer_counts(peer: Peer, options: RawOptions) -> None:
    """Our SYN or SYN-ACK with these options leads to a protected connection."""
    peer.open(options=options)
    if peer.protection is None:
        raise peer.violation("the target did not find the option TC")
    peer.echo()


def check_counts_as_plain(peer: Peer, options: RawOptions) -> None:
    """Our SYN or SYN-ACK with these options counts as one without TC."""
    if peer.role == "client":
        peer.send_syn(options=options)
        peer.expect_syn_ack(tc=ABSENT)
        peer.acknowledge()
    else:
        peer.expect_syn(tc=PRESENT)
        peer.in_clear = True  # whether it is, is the question here and not the monitor's
        peer.send_syn_ack(options=options)
        peer.expect("the ACK of the handshake", flags="A", ack=peer.snd_nxt, ti=ABSENT)
    peer.protection = None
    peer.echo(b"in clear")


def own_tm(packet: Packet) -> bytes:
    tm = find(packet, TM)
    assert tm is not None
    return bytes(tm)


def check_data_accepted(peer: Peer, before: bytes, after: bytes) -> None:
    """Data is delivered whose TM stands between these options."""
    peer.open()
    packet = peer.protected(DATA)
    peer.send(with_options(packet, area(before, own_tm(packet), after)))
    peer.expect_echo(DATA)


def check_data_refused(peer: Peer, packet: Packet) -> None:
    """The open connection neither takes nor answers the packet, and goes on."""
    peer.forge(packet)
    peer.expect_nothing()
    peer.echo()


def built(pieces: list[str], own: bytes, **named: bytes) -> bytes:
    """An area of these pieces, filled up with zeros; what does not fit into 40 bytes beside `own` is left out.

    A piece is "own", another name, or "kind:length:text": the two numbers a byte each, and the text as it is, whether
    or not it is as long as the length says. "kind" alone is an option whose length byte is missing.
    """
    room = _LARGEST - len(own) * pieces.count("own")
    parts = []
    for piece in pieces:
        numbers = piece.split(":", 2)
        if piece == "own":
            part = own
        elif piece in named:
            part = named[piece]
        else:
            part = bytes(map(int, numbers[:2])) + "".join(numbers[2:]).encode("latin-1")
        if piece == "own" or len(part) <= room:
            parts.append(part)
            room -= len(part) * (piece != "own")
    whole = b"".join(parts)
    return whole + EOL * (-len(whole) % 4)


def legal(data: bytes) -> bool:
    """Whether all lengths agree with the area, so that no TCP takes offence (see need_tcp_that_takes)."""
    at = 0
    while at < len(data) and data[at] != EOL[0]:
        length = 1 if data[at] == NOP[0] else data[at + 1] if at + 1 < len(data) else 0
        if length < (1 if data[at] == NOP[0] else 2) or at + length > len(data):
            return False
        at += length
    return True


def first(data: bytes, size: int, magic: bytes) -> bytes | None:
    """The option of the protocol that an area shows: the search of wire, section 2."""
    at = 0
    while at < len(data) and data[at] != EOL[0]:
        if data[at] == NOP[0]:
            at += 1
            continue
        length = data[at + 1] if at + 1 < len(data) else 0
        if length < 2:
            return None
        if data[at] == _KIND and length == size and data[at + 2 : at + 4] == magic:
            return data[at : at + length] if at + length <= len(data) else None
        at += length
    return None
