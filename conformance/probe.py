"""What the target speaks at all, found on connections of their own before the tests: where it breaks one rule
throughout, the tests of that rule are to say so, and not all others as well."""

from tcpslab.scapy import C2S, LKM, README, Dialect, Tag

from conformance.arena import Arena
from conformance.failure import Violation
from conformance.packets import protect
from conformance.peer import Peer
from conformance.protection import Arithmetic, Protection
from conformance.target import NotDriven
from conformance.timing import REACTION

_LINE = b"Which arithmetic?"


def arithmetic(arena: Arena, own: Arithmetic) -> Arithmetic:
    """What the target, as a server, accepts and sends; `own`, the dialect's, where that cannot be seen."""
    arena.monitor = None  # nothing is judged here
    peer = arena.peer()
    try:
        peer.open()
    except (Violation, NotDriven):
        return own
    protection, peer.protection = peer.protection, None
    if protection is None:
        return own
    for accepts in (own.accepts, LKM if own.accepts is README else README):
        if _accepted(arena, peer, accepts):
            return Arithmetic(accepts, _sent(peer, own.sends))
    return own


def protects(arena: Arena) -> bool:
    """Whether the target agrees keys, in the role of this arena; true where that cannot be seen."""
    arena.monitor = None
    peer = arena.peer()
    try:
        peer.open()
    except (Violation, NotDriven):
        return True
    return peer.protection is not None


def _accepted(arena: Arena, peer: Peer, dialect: Dialect) -> bool:
    arena.settle()
    peer.send(protect(peer.segment("PA", _LINE, seq=peer.isn + 1), _protection(peer, dialect)))
    return arena.pump_until(lambda: any(seen.payload for seen in peer.all), REACTION)


def _sent(peer: Peer, own: Dialect) -> Dialect:
    data = next(seen for seen in peer.all if seen.payload)
    for dialect in (README, LKM):
        _protection(peer, dialect).judge(data)
        if data.tag is Tag.VALID:
            return dialect
    return own


def _protection(peer: Peer, dialect: Dialect) -> Protection:
    assert peer.target_key is not None and peer.target_isn is not None
    used = Arithmetic(dialect, dialect)
    return Protection(peer.ephemeral, peer.target_key, peer.isn, peer.target_isn, C2S, used)
