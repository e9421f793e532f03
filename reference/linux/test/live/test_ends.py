"""A daemon that ends in the middle of something, in any way: what was protected never goes on in clear."""

import time

import pytest

from tcpslab.rig import Namespace, Pair, Tcpsd

from live_capture import Capture, readable
from live_traffic import carry, connect, connected, document, listening, streaming

DOCUMENT = document(50_000)
A_WHILE = 1.2  # seconds, in which TCP sends again several times
SENDERS = ("ended", "other")


@pytest.fixture
def lasting(pair: Pair) -> tuple[Tcpsd, Tcpsd]:
    """Daemons whose identities and trust survive a restart."""

    def daemon(host: Namespace) -> Tcpsd:
        return Tcpsd(host, identity=host.folder / f"{host.label}.key", peers=host.folder / f"{host.label}.db")

    return daemon(pair.near), daemon(pair.far)


def rules(host: Namespace) -> list[str]:
    """Of tcpsd, in the tables of both families."""
    saved = (host.run([tool]).stdout for tool in ("iptables-nft-save", "ip6tables-nft-save"))
    return [line for text in saved for line in text.splitlines() if "TCPSD" in line or "NFQUEUE" in line]


def is_protected(pair: Pair, family: str) -> bool:
    """Whether a new connection is, either way."""
    capture = Capture(pair.near, "near")
    with connected(pair.near, pair.far, family) as (ours, theirs):
        assert carry(ours, theirs, DOCUMENT) == DOCUMENT
        assert carry(theirs, ours, DOCUMENT) == DOCUMENT
    clear = readable(capture.frames(), DOCUMENT)
    capture.close()
    return clear == 0


# R25
@pytest.mark.parametrize(
    ("end", "sender", "family"),
    [
        ("stopped", "ended", "ipv4"),
        ("stopped", "other", "ipv6"),
        ("killed", "ended", "ipv6"),
        ("killed", "other", "ipv4"),
    ],
)
def test_a_restart_in_the_middle_of_a_transfer(
    pair: Pair, lasting: tuple[Tcpsd, Tcpsd], end: str, sender: str, family: str
) -> None:
    _, daemon = lasting
    capture = Capture(pair.near, "near")
    with connected(pair.near, pair.far, family) as (ours, theirs):
        source, sink = (theirs, ours) if sender == "ended" else (ours, theirs)
        with streaming(source, sink) as stream:
            stream.wait_for(20_000)
            if end == "stopped":
                daemon.stop()
            else:
                daemon.kill()
            daemon.start()
            arrived = len(stream.arrived)
            time.sleep(A_WHILE)
            if end == "killed":  # an orderly end closes what it protected
                assert [c["state"] for c in daemon.status()["connections"]] == ["BLOCKED"]
        # What was on its way may still arrive, protected; nothing more.
        assert len(stream.arrived) - arrived < 5_000
        assert stream.text.startswith(stream.arrived)
    assert readable(capture.frames(), stream.text) == 0
    assert is_protected(pair, family)


@pytest.mark.parametrize("sender", SENDERS)
def test_without_its_daemon_a_host_sends_and_takes_nothing(
    pair: Pair, lasting: tuple[Tcpsd, Tcpsd], sender: str
) -> None:
    _, daemon = lasting
    capture = Capture(pair.near, "near")
    with connected(pair.near, pair.far) as (ours, theirs):
        source, sink = (theirs, ours) if sender == "ended" else (ours, theirs)
        with streaming(source, sink) as stream:
            stream.wait_for(20_000)
            daemon.kill()
            time.sleep(0.1)
            arrived = len(stream.arrived)
            time.sleep(A_WHILE)
            assert len(stream.arrived) == arrived
            with listening(pair.far, 4001), pytest.raises(TimeoutError):
                connect(pair.near, pair.far.address["ipv4"], 4001, limit=1)

            assert rules(pair.far)
            daemon.ask("cleanup")
            assert rules(pair.far) == []
            time.sleep(A_WHILE)
        assert len(stream.arrived) == arrived
    assert readable(capture.frames(), stream.text) == 0
    assert not is_protected(pair, "ipv4")
