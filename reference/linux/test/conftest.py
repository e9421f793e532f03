"""Hosts with a daemon on them, and with programs that want to talk."""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tcpslab.rig import Namespace, Pair, Rig

SILENCE = 0.4  # seconds without an answer that count as none


@pytest.fixture
def rig() -> Iterator[Rig]:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    with Rig() as made:
        yield made


@pytest.fixture
def pair(rig: Rig) -> Pair:
    return rig.pair()


@pytest.fixture(params=["nft", "legacy"])
def tool(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which iptables tcpsd finds working."""
    if request.param == "legacy":
        for program in ("iptables-nft-restore", "ip6tables-nft-restore"):
            script = tmp_path / program
            script.write_text("#!/bin/sh\necho 'no nf_tables in this kernel' >&2\nexit 1\n")
            script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return str(request.param)


@pytest.fixture
def serve() -> Iterator[Callable[..., socket.socket]]:
    """serve(host, port): a socket that listens there, on both families."""
    with contextlib.ExitStack() as opened:

        def listen(host: Namespace, port: int) -> socket.socket:
            with host.entered():
                made = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
            made.settimeout(5)
            return opened.enter_context(made)

        yield listen


@pytest.fixture
def connect() -> Iterator[Callable[..., socket.socket]]:
    """connect(host, address, port): a connection from there. Raises TimeoutError if nothing answers."""
    with contextlib.ExitStack() as opened:

        def open_connection(host: Namespace, address: str, port: int, limit: float = 5) -> socket.socket:
            with host.entered():
                return opened.enter_context(socket.create_connection((address, port), timeout=limit))

        yield open_connection


@pytest.fixture
def answers(connect: Callable[..., socket.socket]) -> Callable[..., bool]:
    """answers(host, address, port): whether a connection comes about."""

    def ask(host: Namespace, address: str, port: int) -> bool:
        try:
            connect(host, address, port, SILENCE).close()
        except TimeoutError:
            return False
        return True

    return ask
