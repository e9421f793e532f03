"""Many connections, and more than many."""

import contextlib
import json
import os
import resource
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tcpslab.rig import Namespace, Pair, Tcpsd

from live_flood import syns
from live_traffic import PORT, carry, connect, connected, document, listening, receive

DOCUMENT = document(50_000)
TABLE = 4096  # readme, "Known limitations"
LONG = float(os.environ.get("TCPSLAB_LONG", 0))  # seconds for each of the long tests; CONTRIBUTING.md


def memory(daemon: Tcpsd) -> int:
    """Resident, in bytes."""
    pages = Path(f"/proc/{daemon.pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def counter(daemon: Tcpsd, name: str) -> int:
    return daemon.status()["counters"].get(name, 0)


@pytest.fixture
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_as_many_connections_as_the_table_holds(
    pair: Pair, daemons: tuple[Tcpsd, Tcpsd], many_files: None
) -> None:
    with contextlib.ExitStack() as all_of_them, listening(pair.far) as listener:
        ends = []
        with pair.near.entered():
            for _ in range(TABLE):
                ours = all_of_them.enter_context(socket.create_connection((pair.far.address["ipv4"], PORT), timeout=20))
                theirs = all_of_them.enter_context(listener.accept()[0])
                ends.append((ours, theirs))
        for number, (ours, theirs) in enumerate(ends):
            ours.sendall(number.to_bytes(2, "big"))
            assert receive(theirs, 2) == number.to_bytes(2, "big")
        for daemon in daemons:
            states = [connection["state"] for connection in daemon.status()["connections"]]
            assert len(states) == TABLE
            assert set(states) <= {"ENCRYPTED", "AUTHENTICATED"}
        # Readme: "If exceeded, SYN is dropped".
        with pytest.raises(TimeoutError):
            connect(pair.near, pair.far.address["ipv4"], limit=0.5)
        daemons[0].wait_for_log("connection limit reached")
        first, last = ends[0], ends[-1]
        for ours, theirs in (first, last):
            assert carry(theirs, ours, DOCUMENT) == DOCUMENT


def test_a_syn_flood_costs_neither_sessions_nor_memory(pair: Pair, daemons: tuple[Tcpsd, Tcpsd]) -> None:
    daemon = daemons[1]
    with connected(pair.near, pair.far) as (ours, theirs), pair.near.packet_socket("near") as wire:
        assert carry(ours, theirs, DOCUMENT) == DOCUMENT
        before = memory(daemon)
        link = mac(pair.far, "far"), mac(pair.near, "near")
        server = pair.far.address["ipv4"]
        for number, frame in enumerate(syns(3 * TABLE, link=link, network="10.9.0.0", server=server, port=PORT)):
            wire.send(frame)
            if number % 1000 == 0:
                assert carry(ours, theirs, DOCUMENT) == DOCUMENT
        assert carry(theirs, ours, DOCUMENT) == DOCUMENT
        connections = daemon.status()["connections"]
        assert len(connections) <= TABLE
        ours_is = f"{pair.near.address['ipv4']}:{ours.getsockname()[1]}"
        assert [c["state"] for c in connections if c["client"] == ours_is] == ["AUTHENTICATED"]
        assert memory(daemon) - before < 16 << 20


def mac(host: Namespace, device: str) -> bytes:
    (link,) = json.loads(host.ip("-json", "link", "show", device))
    return bytes.fromhex(link["address"].replace(":", ""))


def visits(pair: Pair, seconds: float) -> int:
    """Short connections one after the other, four at a time; how many there were."""
    deadline = time.monotonic() + seconds
    text = document(100, "visit")

    def visit(port: int) -> int:
        count = 0
        with listening(pair.far, port) as listener:
            while time.monotonic() < deadline:
                with connect(pair.near, pair.far.address["ipv4"], port) as ours, listener.accept()[0] as theirs:
                    assert carry(ours, theirs, text) == text
                    assert carry(theirs, ours, text) == text
                count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(visit, range(PORT, PORT + 4)))


# The table keeps a connection until its closed_timeout is over: that, and its size, limit how many a minute brings.
@pytest.mark.parametrize(
    "seconds", [2, pytest.param(LONG, marks=pytest.mark.skipif(not LONG, reason="TCPSLAB_LONG is not set"))]
)
def test_many_short_connections(pair: Pair, seconds: float) -> None:
    daemons = [Tcpsd(host, max_connections=60_000) for host in (pair.near, pair.far)]
    count = visits(pair, seconds)
    print(f"{count / seconds * 60:.0f} connections a minute")
    assert count > 0
    for daemon in daemons:
        assert counter(daemon, "encrypted") == count
        assert counter(daemon, "table-full") == counter(daemon, "blocked") == 0


@pytest.mark.skipif(not LONG, reason="TCPSLAB_LONG is not set")
def test_memory_does_not_grow_with_time(pair: Pair) -> None:
    options = {"closed_timeout": "2s", "collect_interval": "1s", "max_connections": 60_000}
    daemons = [Tcpsd(host, **options) for host in (pair.near, pair.far)]
    visits(pair, LONG / 3)
    before = [memory(daemon) for daemon in daemons]
    visits(pair, LONG * 2 / 3)
    for daemon, then in zip(daemons, before, strict=True):
        assert memory(daemon) - then < 2 << 20
        assert daemon.stop() == 0
