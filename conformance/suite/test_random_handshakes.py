"""Handshakes in which segments are lost, late and repeated: one connection comes of them (wire, section 7).

Steps, the first ones of them before our SYN-ACK where the target is the client:
  ["lose"]                the target's SYN was lost: it sends it again
  ["again"]               our SYN or SYN-ACK once more
  ["acknowledge"], ["identify"]   a pure ACK, without and with TI
  ["data", n]             the next n bytes for the target's application to send back
  ["wait", milliseconds]
"""

from hypothesis import strategies as st

from conformance.arena import Arena
from conformance.explore import Explorer, Steps
from conformance.failure import Where
from conformance.marks import budget, requirement
from conformance.peer import Peer
from conformance.timing import REPETITION

_STEPS = st.one_of(
    st.just(["again"]),
    st.integers(1, 100).map(lambda size: ["data", size]),
    st.sampled_from([["acknowledge"], ["identify"]]),
    st.sampled_from([1, 300, 1200]).map(lambda milliseconds: ["wait", milliseconds]),
)
_AFTERWARDS = st.lists(_STEPS, min_size=3, max_size=7)
_LOSSES = st.lists(st.just(["lose"]), max_size=2)


def _accept(peer: Peer, losses: int) -> None:
    """The target's SYN, and its repetitions, which offer the same."""
    syn = peer.expect_syn()
    same = Where("the same key", lambda key: key == syn.tc)
    for number in range(losses):  # it waits twice as long each time (RFC 6298, section 5.5)
        peer.expect("the SYN again", timeout=REPETITION * 2**number, flags="S", seq=syn.seq, tc=same)
    peer.send_syn_ack()


def _play(arena: Arena, steps: Steps) -> None:
    peer = arena.peer()
    losses = 0
    while losses < len(steps) and steps[losses] == ["lose"]:
        losses += 1
    if peer.role == "server":
        _accept(peer, losses)
    else:
        peer.send_syn()
        peer.expect_syn_ack()
    said = b""
    for step in steps[losses:]:
        match step:
            case ["again"]:
                peer.send_syn() if peer.role == "client" else peer.send_syn_ack()
            case ["acknowledge"]:
                peer.acknowledge()
            case ["identify"]:
                peer.send_ti()
            case ["data", int(size)]:
                data = arena.rng.randbytes(size)
                said += data
                peer.send_data(data)
            case ["wait", int(milliseconds)]:
                arena.wait(milliseconds / 1000)
            case _:
                raise ValueError(f"no such step: {step}")
    peer.acknowledge()
    peer.expect_echo(said)
    peer.echo(b"and what comes next")
    peer.close()


@requirement("TCPS-OPEN-03", "TCPS-TM-25")
@budget(60)
def test_a_server_takes_a_connection_as_it_comes(explore: Explorer) -> None:
    explore(_AFTERWARDS, _play)


@requirement("TCPS-OPEN-01", "TCPS-OPEN-04", "TCPS-TM-25")
@budget(60)
def test_a_client_takes_a_connection_as_it_comes(explore: Explorer) -> None:
    explore(st.builds(lambda losses, steps: [*losses, *steps], _LOSSES, _AFTERWARDS), _play)
