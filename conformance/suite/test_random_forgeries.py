"""Forged segments between two echoes: none is delivered, and TCP alone may answer what is its affair (wire, section 7).

Steps:
  [flags, how, size, at, acknowledging, option]

A segment has these flags (letters as in Scapy), a payload of this size made as `how` says (forgeries.spoiled), and
sequence and acknowledgement numbers this much away from the right ones. With neither payload nor FIN it carries a TM
of no meaning, or none. `option` names what such a segment carries instead. Where one of them carries TI both ends have
shown theirs before.
"""

from itertools import combinations

from hypothesis import strategies as st
from scapy.layers.inet import TCP
from scapy.packet import Packet

from tcpslab.scapy import TC, TI, TM, public_key

from conformance.arena import QUIET, Arena
from conformance.explore import Explorer, Steps
from conformance.forgeries import SPOILED, spoiled
from conformance.marks import budget, family, requirement
from conformance.peer import Peer
from conformance.seen import FIN, RST, SYN

_NEAR = [0, 1, -5, 100, 70000]
_FAR = [2**31 - 1, -(2**31), -70000, 0x70000000, -0x20000000]
_OPTIONS = ["TC", "TI of a stranger", "TI without proof"]


def _sequences(flags: list[str], offsets: list[int], options: tuple[str, ...] = ("",)) -> st.SearchStrategy[Steps]:
    """Of segments with one of these sets of flags."""
    one = st.tuples(
        st.sampled_from(flags),
        st.sampled_from(SPOILED),
        st.one_of(st.just(0), st.integers(1, 40)),
        st.sampled_from(offsets),
        st.sampled_from([0, 0, 1000, -1000]),
        st.sampled_from(options),
    )
    return st.lists(one.map(list), min_size=4, max_size=6)


def _sets(letters: str) -> list[str]:
    """All sets of these flags, small ones first."""
    return ["".join(chosen) for size in range(len(letters) + 1) for chosen in combinations(letters, size)]


def _forged(peer: Peer, step: list[object]) -> Packet:
    match step:
        case [str(flags), str(how), int(size), int(at), int(acknowledging), str(option)]:
            pass
        case _:
            raise ValueError(f"no such step: {step}")
    rng = peer.arena.rng
    numbers = {"seq": peer.snd_nxt + at, "ack": peer.rcv_nxt + acknowledging}
    if "S" not in flags and (size or "F" in flags):
        return spoiled(peer, how, flags, rng.randbytes(size), **numbers)
    match option:
        case "TC":
            options = [TC(public_key=public_key(rng.randbytes(32)))]
        case "TI of a stranger":
            options = [TI(public_key=public_key(rng.randbytes(32)), auth_tag=rng.randbytes(4))]
        case "TI without proof":
            options = [TI(public_key=peer.identity.public, auth_tag=rng.randbytes(4))]
        case _:
            options = [] if how == "untagged" else [TM(tag=rng.randbytes(16))]
    # Nothing protects the urgent pointer (dialects, weakness 6): TCP would take the next byte out of the stream.
    return peer.segment(flags.replace("U", ""), options=options, **numbers)


def _is_of_tcp(packet: Packet) -> bool:
    """Whether the segment reaches TCP, which may acknowledge what it expects: a pure ACK, or a SYN."""
    bits = int(packet[TCP].flags)
    if bits & RST:
        return False
    return bool(bits & SYN) or not (bits & FIN or packet[TCP].payload)


def _play(arena: Arena, steps: Steps) -> None:
    peer = arena.peer()
    peer.open()
    peer.echo()
    if any("TI" in step[-1] for step in steps):
        peer.send_ti()
    peer.settle()
    for step in steps:
        packet = _forged(peer, step)
        arena.send(packet)
        if _is_of_tcp(packet):
            peer.settle()  # but pure ACKs, what it sends is too much
        else:
            peer.expect_nothing(QUIET)
    peer.echo(b"And now the genuine one again")
    peer.close()


@requirement("TCPS-TM-04", "TCPS-TM-05", "TCPS-TM-06", "TCPS-TM-24", "TCPS-FIN-04", "TCPS-FIN-05", "TCPS-RST-01")
@requirement("TCPS-RST-03", "TCPS-FAIL-06", "TCPS-ACK-02")
@budget(60)
def test_forgeries_change_nothing(explore: Explorer) -> None:
    explore(_sequences(_sets("AFRPUEC"), _NEAR), _play)


@requirement("TCPS-POS-06", "TCPS-FAIL-06")
@family("ipv4")
@budget(60)
def test_forgeries_far_away_change_nothing(explore: Explorer) -> None:
    explore(_sequences(_sets("AFRP"), _FAR), _play)


@requirement("TCPS-TC-14", "TCPS-FAIL-06", "TCPS-RST-02")
@family("ipv4")
@budget(60)
def test_forged_options_change_nothing(explore: Explorer) -> None:
    """SYN included, which TCP answers with an ACK of what it expects (RFC 5961, section 4)."""
    explore(_sequences(["A", "S", "SA", "", "SP", "PA", "RA", "FA"], _NEAR, ("", *_OPTIONS)), _play)
