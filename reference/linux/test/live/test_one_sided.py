"""A peer without TCP/S, and what `enforce` makes of it."""

import pytest

from tcpslab.rig import Namespace, Pair, Tcpsd

from live_capture import Capture, readable
from live_traffic import FAMILIES, carry, connect, connected, document, listening

DOCUMENT = document(50_000)
LIMIT = 1.3  # seconds: a SYN is sent twice in them


def sides(pair: Pair, protected: str) -> tuple[Namespace, Namespace]:
    """The client and the server, of which the one that is `protected` is the near host."""
    return (pair.near, pair.far) if protected == "client" else (pair.far, pair.near)


# Readme, "How it works": without TC in the answer the module falls back to regular TCP.
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("protected", ["client", "server"])
def test_without_tcpsd_at_the_other_side_it_is_plain_tcp(pair: Pair, protected: str, family: str) -> None:
    daemon = Tcpsd(pair.near)
    capture = Capture(pair.near, "near")
    with connected(*sides(pair, protected), family) as (client, server):
        assert carry(client, server, DOCUMENT) == DOCUMENT
        assert carry(server, client, DOCUMENT) == DOCUMENT
    assert readable(capture.frames(), DOCUMENT) > 0
    assert daemon.key_log() == []
    if protected == "client":
        daemon.wait_for_log(r"session not encrypted \S+ <-> \S+:4000 \(")


# Readme, "Downgrade protection": with enforce=1 the client drops a SYN-ACK without TC, the server a SYN without it.
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("protected", ["client", "server"])
def test_enforce_refuses_who_does_not_speak_it(pair: Pair, protected: str, family: str) -> None:
    daemon = Tcpsd(pair.near, enforce=True)
    client, server = sides(pair, protected)
    with listening(server) as listener:
        with pytest.raises(TimeoutError):
            connect(client, server.address[family], limit=LIMIT)
        listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listener.accept()
    missing = "SYN-ACK" if protected == "client" else "SYN"
    daemon.wait_for_log(rf"session refused \S+ <-> \S+ \({missing} without TC\)")


def test_enforce_can_be_changed_at_run_time(pair: Pair) -> None:
    daemon = Tcpsd(pair.near)
    with connected(pair.near, pair.far):
        pass
    daemon.set(enforce=True)
    with listening(pair.far), pytest.raises(TimeoutError):
        connect(pair.near, pair.far.address["ipv4"], limit=LIMIT)
    daemon.set(enforce=False)
    with connected(pair.near, pair.far):
        pass


def test_enforce_on_both_sides_protects(pair: Pair) -> None:
    daemons = Tcpsd(pair.near, enforce=True), Tcpsd(pair.far, enforce=True)
    capture = Capture(pair.near, "near")
    for client, server in ((pair.near, pair.far), (pair.far, pair.near)):
        with connected(client, server) as (ours, theirs):
            assert carry(ours, theirs, DOCUMENT) == DOCUMENT
            assert carry(theirs, ours, DOCUMENT) == DOCUMENT
    assert readable(capture.frames(), DOCUMENT) == 0
    assert all(daemon.exit_code is None for daemon in daemons)
