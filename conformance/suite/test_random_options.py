"""Option areas at random: options of all sorts around TC and TM, in any order (wire, section 2).

Pieces of an area are as `option_areas.built` has them. TCP itself knows none of those that are of kind 253, 254 or 200.
"""

from hypothesis import strategies as st

from tcpslab.scapy import with_options

from conformance.arena import Arena
from conformance.explore import Explorer, Steps
from conformance.marks import budget, family, requirement
from conformance.option_areas import (
    MSS,
    NOP,
    SACK_PERMITTED,
    TIMESTAMPS,
    WINDOW_SCALE,
    area,
    built,
    check_counts_as_plain,
    check_data_refused,
    check_offer_counts,
    first,
    legal,
    own_tc,
    own_tm,
)

_UNKNOWN = ["253:4:TC", "253:2:", "253:6:TMxx", "254:3:x", "254:7:hello", "200:2:"]
# Without a length, or with one that is not theirs, so that the search ends there or goes on inside the next option.
_BROKEN = ["253", "254:0:", "253:1:", "254:6:xx", "253:5:"]
_LIKE_TC = [f"253:36:{magic}{'U' * 32}" for magic in ("CT", "tc", "TM")]
_LIKE_TC += [f"253:35:TC{'U' * 31}", f"254:36:TC{'U' * 32}"]
_LIKE_TM = [f"253:20:{magic}{'U' * 16}" for magic in ("TM", "MT", "tm", "TC")]
_LIKE_TM += [f"253:19:TM{'U' * 15}", f"254:20:TM{'U' * 16}"]


def _areas(strangers: list[str], small: list[str]) -> st.SearchStrategy[list[str]]:
    """Small options, and often the protocol's own between them; now and then one that looks like it."""
    one = st.lists(st.sampled_from(["1", "0", *small, *_UNKNOWN]), max_size=4)
    middle = st.lists(st.sampled_from(["own", "own", *strangers]), min_size=1, max_size=1)
    return st.builds(lambda before, between, after: [*before, *between, *after], one, middle, one)


@requirement("TCPS-OPT-06", "TCPS-OPT-05", "TCPS-OPT-01", "TCPS-OPT-02", "TCPS-OPT-03")
@family("ipv4")
@budget(60)
def test_tc_among_other_options(explore: Explorer) -> None:
    """One handshake with this area: protected if TC is to be found in it, in clear if not."""
    def play(arena: Arena, pieces: Steps) -> None:
        peer = arena.peer()
        options = built(pieces, own_tc(peer), mss=MSS, sack=SACK_PERMITTED, scale=WINDOW_SCALE)
        offered = first(options, 36, b"TC") is not None
        (check_offer_counts if offered else check_counts_as_plain)(peer, area(options))

    explore(_areas(_LIKE_TC, ["mss", "sack", "scale"]), play)


@requirement("TCPS-OPT-07", "TCPS-OPT-05", "TCPS-OPT-01", "TCPS-OPT-02", "TCPS-OPT-03", "TCPS-OPT-04")
@family("ipv4")
@budget(60)
def test_tm_among_other_options(explore: Explorer) -> None:
    """Data segments with these areas: each is delivered if its own tag is the first, and else dropped.

    What TCP makes of an area that is broken, though its tag can be found, is its own affair: it is left out.
    """

    def play(arena: Arena, areas: Steps) -> None:
        peer = arena.peer()
        peer.open()
        for number, pieces in enumerate(areas):
            data = b"segment %d" % number
            packet = peer.protected(data)
            tm = own_tm(packet)
            options = built(pieces, tm, timestamps=NOP * 2 + TIMESTAMPS)
            packet = with_options(packet, area(options))
            if first(options, 20, b"TM") != tm:
                check_data_refused(peer, packet)
            elif legal(options):
                peer.send(packet)
                peer.expect_echo(data)

    explore(st.lists(_areas(_LIKE_TM, ["timestamps", *_BROKEN]), min_size=2, max_size=3), play)
