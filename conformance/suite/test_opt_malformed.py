"""Options that do not fit their header, and worse (dialects, R19)."""

import pytest

from tcpslab.scapy import with_options

from conformance.failure import ABSENT, Where
from conformance.marks import family, requirement
from conformance.option_areas import (
    EOL,
    MSS,
    NOP,
    area,
    check_counts_as_plain,
    check_data_refused,
    need_tcp_that_takes,
    own_tc,
    own_tm,
)
from conformance.peer import Peer

HOSTILE = [
    b"\xfd",
    b"\xfd\x00TC",
    b"\xfd\x01TM",
    b"\xfd\xffTI",
    b"\xfd\x24TC",
    b"\xfd\x14TM",
    b"\xfd\x28TI" + bytes(4),
    b"\x02\x00\x00\x00",
    b"\x02\xff\x05\xb4",
    b"\x08\x0a\x00\x00",
    b"\x05\x28" + bytes(10),
    b"\xff" * 40,
    NOP * 39 + b"\xfd",
    NOP * 38 + b"\xfd\x24",
    EOL + b"\xff" * 39,
]


@requirement("TCPS-OPT-08")
@pytest.mark.parametrize(
    ("before", "kept"),
    [(MSS + NOP * 4, 32), (NOP * 20, 20), (MSS, 4), (b"", 32)],
    ids=["32-of-36", "20", "head", "alone"],
)
def test_tc_that_does_not_fit_does_not_exist(peer: Peer, before: bytes, kept: int) -> None:
    options = before + own_tc(peer)[:kept]
    need_tcp_that_takes(peer, options)
    check_counts_as_plain(peer, area(options))


@requirement("TCPS-OPT-08")
@family("ipv4")
@pytest.mark.parametrize("kept", [8, 28, 32])
def test_tc_is_not_completed_from_the_payload(peer: Peer, kept: int) -> None:
    """The rest of the option is the payload. Whether TCP takes payload of a plain SYN is its own affair."""
    tc = own_tc(peer)
    need_tcp_that_takes(peer, MSS, tc[:kept])
    rest = {"options": area(MSS, tc[:kept]), "payload": tc[kept:]}
    either = Where("of the SYN, with or without its payload", {peer.at(0), peer.at(36 - kept)}.__contains__)
    if peer.role == "client":
        peer.send_syn(**rest)
        peer.expect_syn_ack(tc=ABSENT, ack=either)
    else:
        peer.expect_syn()
        peer.in_clear = True  # whether it is, is the question here and not the monitor's
        peer.send_syn_ack(**rest)
        peer.expect("the ACK of the handshake", flags="A", ack=either, ti=ABSENT)


@requirement("TCPS-OPT-09")
@family("ipv4")
@pytest.mark.parametrize(
    ("before", "kept"),
    [(b"", 16), (b"", 8), (b"", 4), (NOP * 24, 16), (NOP * 21, 19), (b"\xfe\x16" + bytes(20), 18)],
    ids=["16-of-20", "8", "head", "at-the-end-16", "at-the-end-19", "behind-another"],
)
def test_tm_that_does_not_fit_does_not_exist(peer: Peer, before: bytes, kept: int) -> None:
    peer.open()
    packet = peer.protected(b"no whole tag")
    option = own_tm(packet)[:kept]
    if len(before) + kept < 40 and (len(before) + kept) % 4:
        raise AssertionError("zeros would fill up the header, and the tag with it")
    check_data_refused(peer, with_options(packet, area(before, option)))


@requirement("TCPS-OPT-11", "TCPS-FAIL-06")
def test_malformed_options_do_not_harm_a_protected_connection(peer: Peer) -> None:
    peer.open()
    peer.echo()
    peer.settle()
    for options in _hostile(peer):
        peer.arena.send(peer.segment("PA", b"no tag that counts", options=area(options)))
        peer.arena.send(peer.segment("A", options=area(options)))
    peer.settle()
    peer.echo()


@requirement("TCPS-OPT-11")
def test_malformed_options_do_not_harm_a_plain_connection(peer: Peer) -> None:
    """On it they reach TCP itself."""
    peer.open(tc=False)
    peer.echo()
    peer.settle()
    for options in _hostile(peer):
        peer.arena.send(peer.segment("A", options=area(options)))
    peer.settle()
    peer.echo()


@requirement("TCPS-OPT-11", "TCPS-FAIL-07")
@family("ipv4")
def test_malformed_options_of_one_host_do_not_harm_another(peer: Peer) -> None:
    peer.open()
    others = [peer.arena.peer(role="client") for _ in HOSTILE]
    for other, options in zip(others, HOSTILE, strict=True):
        other.send_syn(options=area(options))
    peer.settle()
    for other in others:
        if other.inbox:  # TCP may also refuse such a SYN, or ignore it (RFC 9293, section 3.1)
            other.expect("an answer", flags=Where("SA or RA", {"SA", "RA"}.__contains__))
    peer.echo()


def _hostile(peer: Peer) -> list[bytes]:
    rng = peer.arena.rng
    return [*HOSTILE, *(rng.randbytes(rng.randrange(41)) for _ in range(20))]
