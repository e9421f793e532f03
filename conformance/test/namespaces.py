"""Two network namespaces with a cable between them, and real hosts in them. Needs root."""

import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ROOT / "conformance" / "services.py"
ECHO, GREET, ABORT = 7007, 7013, 7009
_numbers = itertools.count()


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


class Namespace:
    """A network namespace that `ip` knows by its name."""

    def __init__(self) -> None:
        self.name = f"tcpslab-{os.getpid()}-{next(_numbers)}"
        ip("netns", "add", self.name)
        self.ip("link", "set", "lo", "up")
        with self.entered():
            for which in ("all", "default"):
                Path("/proc/sys/net/ipv6/conf", which, "accept_dad").write_text("0")  # addresses are ready at once

    def ip(self, *words: str) -> str:
        return ip("-n", self.name, *words)

    def wait_until_ready(self, device: str) -> None:
        """Until the device has a carrier and the kernel answers for all its addresses, which it does a little later."""
        deadline = time.monotonic() + 10
        while True:
            (link,) = json.loads(self.ip("-json", "address", "show", "dev", device))
            if link["operstate"] == "UP" and not any("tentative" in address for address in link["addr_info"]):
                return
            assert time.monotonic() < deadline, link
            time.sleep(0.02)

    def command(self, words: Sequence[str]) -> list[str]:
        """`words` as a command that runs within."""
        return ["ip", "netns", "exec", self.name, *words]

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Moves the calling thread into the namespace: the sockets that it opens are there."""
        with Path("/proc/thread-self/ns/net").open() as here, Path("/run/netns", self.name).open() as there:
            _setns(there.fileno())
            try:
                yield
            finally:
                _setns(here.fileno())

    def delete(self) -> None:
        ip("netns", "delete", self.name)


def _setns(descriptor: int) -> None:
    # os.setns() is younger than Debian 12's Python.
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(descriptor, 0x40000000) != 0:  # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), "setns")


def need_root() -> None:
    """Skips the test of a user who may not make network namespaces; CI runs as root."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")



class Cable:
    """`ours` and `theirs` are namespaces; their ends of the cable are called `near` and `far`.

    The far end is a host with the addresses 10.9.0.2/24 and fd09::2/64; the near end has 10.9.0.1 and fd09::1.
    """

    host = {"ipv4": "10.9.0.2", "ipv6": "fd09::2"}

    def __init__(self) -> None:
        self.ours, self.theirs = Namespace(), Namespace()
        self.children: list[subprocess.Popen[str]] = []
        ip("link", "add", "near", "netns", self.ours.name, "type", "veth", "peer", "far", "netns", self.theirs.name)
        for namespace, device, last in ((self.ours, "near", 1), (self.theirs, "far", 2)):
            namespace.ip("address", "add", f"10.9.0.{last}/24", "dev", device)
            namespace.ip("address", "add", f"fd09::{last}/64", "dev", device, "nodad")
            namespace.ip("link", "set", device, "gso_max_segs", "1", "up")
        for namespace, device in ((self.ours, "near"), (self.theirs, "far")):
            namespace.wait_until_ready(device)

    def start(
        self, namespace: Namespace, *words: str, env: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        """Starts a program, which ends with the cable, and waits until it says that it is ready."""
        child = subprocess.Popen(namespace.command(words), stdout=subprocess.PIPE, text=True, env=env, cwd=ROOT)
        self.children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline()
        return child

    def serve(self) -> None:
        """Starts the services at the far end."""
        ports = ("--echo", str(ECHO), "--greet", str(GREET), "--abort", str(ABORT))
        self.start(self.theirs, sys.executable, str(SERVICES), "serve", *ports)

    def far_packets(self) -> socket.socket:
        """A socket that sees every frame at the far end, and sends frames there."""
        with self.theirs.entered():
            opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            opened.bind(("far", 0x0003))  # ETH_P_ALL
            opened.settimeout(2)
            return opened

    def close(self) -> None:
        for child in self.children:
            child.kill()
            child.wait()
        self.ours.delete()
        self.theirs.delete()
