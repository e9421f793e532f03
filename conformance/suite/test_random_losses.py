"""What the target sends is lost, or our acknowledgements: it sends again, under the same keystream (wire, section 5).

Steps:
  ["say", n]              n more bytes for the target's application to send back
  ["acknowledge", n]      n more bytes of what came; the rest of it is lost
  ["repeat", n]           the last acknowledgement, n times
  ["wait", milliseconds]
"""

from hypothesis import strategies as st

from conformance.arena import Arena
from conformance.explore import Explorer, Steps
from conformance.marks import budget, family, requirement
from conformance.retransmission import expect_same_ciphertext
from conformance.seen import WRAP
from conformance.timing import REPETITION

_say = st.integers(1, 300).map(lambda size: ["say", size])
_acknowledge = st.integers(1, 100).map(lambda size: ["acknowledge", size])
_repeat = st.integers(1, 4).map(lambda times: ["repeat", times])
_wait = st.sampled_from([1, 50, 300, 1200]).map(lambda milliseconds: ["wait", milliseconds])
_next = st.lists(st.one_of(_say, _acknowledge, _wait, _repeat), min_size=3, max_size=7)
_SEQUENCES = st.builds(lambda first, others: [first, *others], _say, _next)


def _play(arena: Arena, steps: Steps) -> None:
    peer = arena.peer()
    peer.open()
    begin = acknowledged = peer.rcv_nxt
    said = b""
    for step in steps:
        match step:
            case ["say", int(size)]:
                data = arena.rng.randbytes(size)
                said += data
                peer.send_data(data, ack=acknowledged)
            case ["acknowledge", int(size)]:
                come = (peer.rcv_nxt - acknowledged) % WRAP
                acknowledged = (acknowledged + min(size, come)) % WRAP
                peer.send(peer.segment(ack=acknowledged))
            case ["repeat", int(times)]:
                for _ in range(times):
                    peer.send(peer.segment(ack=acknowledged))
            case ["wait", int(milliseconds)]:
                arena.wait(milliseconds / 1000)
            case _:
                raise ValueError(f"no such step: {step}")
    peer.acknowledge()
    back = peer.read(len(said), timeout=REPETITION)
    if back != said:
        raise peer.violation(f"the application got or sent other bytes: {back.hex()} for {said.hex()}")
    if (took := (peer.rcv_nxt - begin) % WRAP) != len(said):
        raise peer.violation(f"{len(said)} bytes took {took} sequence numbers", candidates=peer.all)
    expect_same_ciphertext(peer)


@requirement("TCPS-ENC-08", "TCPS-ENC-02", "TCPS-ENC-10", "TCPS-TM-14")
@family("ipv4")
@budget(60)
def test_what_is_lost_comes_again_as_it_was(explore: Explorer) -> None:
    explore(_SEQUENCES, _play)
