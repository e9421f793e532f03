"""Hostile conversations with a SimNode: `sim_fuzz.py FIRST LAST`, one for each seed. Nothing may end the process."""

import faulthandler
import random
import sys

from ip_packets import fragments
from sim_peer import FAMILIES, SimPeer
from tcpslab.sim import SimNode
from tcpslab.stack import SECOND, Config
from tcpslab.wire import Flag, Packet, WireError

_NEAR = (0, 0, 0, 0, 1, -1, 100, 536, -536, 1220, -1220, 65535, -65535)
_FLAGS = (*[Flag.ACK] * 8, Flag.PSH | Flag.ACK, Flag.FIN | Flag.ACK, Flag.SYN, Flag.SYN | Flag.ACK, Flag.RST)


def _near(chance: random.Random, number: int) -> int:
    """A sequence number that may matter."""
    return (number + chance.choice((*_NEAR, chance.randrange(-70000, 70000), chance.randrange(2**32)))) % 2**32


def _options(chance: random.Random, sequence: int) -> bytes:
    """Right, wrong and malformed ones; whole words of up to 40 bytes."""
    options = b""
    for _ in range(chance.randrange(4)):
        edges = b"".join(_near(chance, sequence).to_bytes(4) for _ in range(2 * chance.randrange(5)))
        options += chance.choice(
            (
                b"\1",
                b"\0",
                b"\2\4" + chance.choice((0, 1, 48, 536, 65535)).to_bytes(2),
                bytes((3, 3, chance.choice((0, 7, 14, 15, 255)))),
                b"\4\2",
                bytes((5, 2 + len(edges))) + edges,
                b"\x08\x0a" + chance.randbytes(8),
                bytes((253, chance.randrange(40))) + chance.randbytes(chance.randrange(20)),
                chance.randbytes(chance.randrange(12)),
            )
        )
    options = options[:40]
    return options + b"\1" * (-len(options) % 4)


def _segment(chance: random.Random, peer: SimPeer) -> bytes:
    return Packet(
        peer.local if chance.random() < 0.95 else (peer.local[0], chance.randrange(2**16)),
        peer.remote if chance.random() < 0.95 else (peer.remote[0], 7),
        sequence=_near(chance, peer.sequence),
        acknowledgement=_near(chance, peer.acknowledgement),
        flags=chance.choice((*_FLAGS, chance.randrange(256))),
        window=chance.choice((0, 0, 1, 100, 65535, 65535)),
        options=_options(chance, peer.acknowledgement),
        payload=chance.randbytes(chance.choice((0, 0, 0, 1, 8, 100, 1400, 5000))),
    ).emit()


def _packets(chance: random.Random, peer: SimPeer) -> list[bytes]:
    """What arrives next: noise, a segment, one with bits flipped, or fragments: overlapping, lost, repeated."""
    kind = chance.randrange(8)
    if kind == 0:
        return [chance.choice((b"", b"\x45", b"\x4f", b"\x60")) + chance.randbytes(chance.randrange(100))]
    segment = _segment(chance, peer)
    if kind == 1:
        flipped = bytearray(segment)
        for _ in range(chance.randrange(1, 4)):
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        return [bytes(flipped)]
    if kind == 2:
        pieces = [piece for size in chance.sample((8, 24, 64, 512), 2) for piece in fragments(segment, size)]
        return chance.choices(pieces, k=min(60, len(pieces) + 3))
    if kind == 3 and peer.shim:
        try:
            return [peer.shim.outbound(segment, now=peer.node.now).packet or segment]
        except WireError:  # no room for TM
            return [segment]
    return [segment]


def _application(chance: random.Random, node: SimNode, connection: int) -> None:
    match chance.randrange(20):
        case 0:
            node.close(connection)
        case 1:
            node.abort(connection)
        case _:
            node.send(connection, b"a" * chance.randrange(50000))


def converse(seed: int) -> None:
    chance = random.Random(seed)
    config = chance.choice((None, Config(), Config("lkm")))
    with SimNode(config, seed=seed) as node:
        node.listen(7)
        peer = SimPeer(node, chance.choice(FAMILIES), config=chance.choice((None, config)))
        connection = peer.open() if chance.random() < 0.5 else peer.accept()
        for _ in range(chance.randrange(5, 60)):
            for _, data in node.take():
                sent = Packet.parse(data)
                peer.acknowledgement = (sent.sequence + len(sent.payload)) % 2**32
            match chance.randrange(8):
                case 0:
                    node.advance(chance.choice((1, SECOND // 1000, SECOND // 10, SECOND, 10 * SECOND, 1000 * SECOND)))
                case 1:
                    _application(chance, node, connection)
                case _:
                    for packet in _packets(chance, peer):
                        try:
                            node.inject(packet)
                        except WireError:  # noise
                            continue
        node.advance(1000 * SECOND)


if __name__ == "__main__":
    faulthandler.enable()
    for number in range(int(sys.argv[1]), int(sys.argv[2])):
        print(number, flush=True)
        converse(number)
