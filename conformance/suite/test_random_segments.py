"""A stream cut, repeated, shuffled and forged at random: the application gets it and nothing else (wire, section 4).

Steps:
  ["isn", n]                 our initial sequence number is n before 0; first step only
  ["send", from, to, flags]  a genuine segment of these bytes of the stream, whatever was sent before; before its begin
                             there are bytes only after a leap
  ["forge", how, from, to]   a forgery in their place (forgeries.spoiled)
  ["wait", milliseconds]
  ["leap"]                   all positions from here on are 4 GiB farther

What was not sent in the end, or was lost as a TCP may lose it, follows.
"""

from hypothesis import strategies as st

from conformance.arena import Arena
from conformance.explore import Explorer, Steps
from conformance.forgeries import SPOILED, spoiled
from conformance.leap import leap
from conformance.marks import budget, requirement
from conformance.peer import Peer
from conformance.seen import ACK, SYN, WRAP

_SIZE = 200  # bytes of the stream
_BEFORE = 40  # bytes before its begin, that a segment after a leap may go back


def _spans(first: int) -> st.SearchStrategy[list[int]]:
    ends = st.integers(first, _SIZE)
    return st.tuples(ends, ends).filter(lambda span: span[0] != span[1]).map(sorted)


def _sequences(first: int, *more: st.SearchStrategy[list[object]]) -> st.SearchStrategy[Steps]:
    flags = st.sampled_from(["A", "PA", "CA", "EPA"])
    send = st.builds(lambda span, letters: ["send", *span, letters], _spans(first), flags)
    forge = st.builds(lambda how, span: ["forge", how, *span], st.sampled_from(SPOILED), _spans(0))
    wait = st.sampled_from([1, 50, 300]).map(lambda milliseconds: ["wait", milliseconds])
    begin = st.lists(st.one_of(st.integers(1, _SIZE), st.integers(2**31 + 1, 2**31 + _SIZE)), max_size=1)
    steps = st.lists(st.one_of(send, send, send, forge, wait, *more), min_size=4, max_size=8)
    return st.builds(lambda isn, rest: [*(["isn", n] for n in isn), *rest], begin, steps)


def _acknowledged(peer: Peer) -> int:
    """Bytes of our stream that the target has acknowledged."""
    acks = [(seen.ack - peer.at(0)) % WRAP for seen in peer.all if seen.bits & (ACK | SYN) == ACK]
    return max(acks, default=0)


def _play(arena: Arena, steps: Steps) -> None:
    peer = arena.peer()
    if steps and steps[0][0] == "isn":
        peer.start_at(-steps[0][1] % WRAP)
        steps = steps[1:]
    peer.open()
    data = arena.rng.randbytes(_BEFORE + _SIZE)
    leaps = in_order = 0  # what a TCP has that keeps nothing out of order
    for step in steps:
        match step:
            case ["send", int(start), int(end), str(flags)]:
                start, end = (max(at, -_BEFORE if leaps else 0) for at in (start, end))
                if start == end:
                    continue
                peer.send_data(data[_BEFORE + start : _BEFORE + end], flags, seq=peer.at(start))
                if start <= in_order < end:
                    in_order = end
            case ["forge", str(how), int(start), int(end)]:
                payload = arena.rng.randbytes(end - start)
                arena.send(spoiled(peer, how, "PA", payload, seq=peer.at(start)))
            case ["wait", int(milliseconds)]:
                arena.wait(milliseconds / 1000)
            case ["leap"]:
                leaps += 1
                leap(peer, leaps * WRAP - 2**28)
            case _:
                raise ValueError(f"no such step: {step}")
    arena.settle()
    if (acknowledged := _acknowledged(peer)) < in_order:
        raise peer.violation(f"{in_order} bytes were sent in order, {acknowledged} acknowledged", candidates=peer.all)
    if acknowledged < _SIZE:
        peer.send_data(data[_BEFORE + acknowledged :], seq=peer.at(acknowledged))
    peer.expect_echo(data[_BEFORE:])
    peer.close()


@requirement("TCPS-ENC-09", "TCPS-ENC-10", "TCPS-TM-05", "TCPS-TM-24", "TCPS-POS-01", "TCPS-POS-02", "TCPS-TM-14")
@budget(60)
def test_the_stream_arrives_however_it_is_sent(explore: Explorer) -> None:
    explore(_sequences(0), _play)


@requirement("TCPS-POS-03", "TCPS-POS-04", "TCPS-POS-05")
@budget(60)
def test_the_stream_arrives_beyond_4_gib(explore: Explorer) -> None:
    """Segments that begin before a multiple of 2^32 are retransmissions of what TCP has, in part or whole."""
    explore(_sequences(-_BEFORE, st.just(["leap"])), _play)
