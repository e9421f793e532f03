"""A network namespace: a host of its own, with the kernel's TCP and its own interfaces, routes and packet filter."""

import contextlib
import ctypes
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tcpslab.outcome import InfrastructureError
from tcpslab.rig import offload
from tcpslab.rig.program import Program
from tcpslab.rig.tool import ip

_CLONE_NEWNET = 0x40000000
_ETH_P_ALL = 0x0003
_CARRIER_LIMIT = 10.0  # seconds
_RUN_LIMIT = 60.0


class Namespace:
    """Made by `Rig.namespace`, and deleted with the rig."""

    def __init__(self, name: str, label: str, folder: Path) -> None:
        """`name` is what `ip netns` calls it; `folder` is for files of its programs."""
        self.name, self.label, self.folder = name, label, folder
        self.address: dict[str, str] = {}  # the first of each family: "ipv4", "ipv6"
        self.programs: list[Program] = []
        ip("netns", "add", name)
        self.ip("link", "set", "lo", "up")
        for which in ("all", "default"):
            self.set_sysctl(f"net/ipv6/conf/{which}/accept_dad", "0")  # addresses are ready at once

    def ip(self, *words: str) -> str:
        """`ip -n` with these words."""
        return ip("-n", self.name, *words)

    def set_sysctl(self, name: str, value: str) -> None:
        """`name` as in /proc/sys, such as net/ipv4/ip_forward."""
        with self.entered():
            Path("/proc/sys", name).write_text(value)

    def add_address(self, device: str, address: str) -> None:
        """An address with its prefix length: 10.9.0.1/24."""
        self.ip("address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
        self.address.setdefault("ipv6" if ":" in address else "ipv4", address.partition("/")[0])

    def disable_offload(self, device: str) -> None:
        """What its kernel sends through `device` becomes what is on a wire: single segments with checksums."""
        with self.entered():
            offload.disable(device)

    def wait_until_ready(self, device: str) -> None:
        """Until the device has a carrier and the kernel answers for all its addresses, which it does a little later."""
        deadline = time.monotonic() + _CARRIER_LIMIT
        while True:
            (link,) = json.loads(self.ip("-json", "address", "show", "dev", device))
            if link["operstate"] == "UP" and not any("tentative" in address for address in link["addr_info"]):
                return
            if time.monotonic() > deadline:
                raise InfrastructureError(f"{device} in {self.name} is not ready: {link}")
            time.sleep(0.02)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Moves the calling thread into the namespace: the sockets that it opens are there, and stay so."""
        with Path("/proc/thread-self/ns/net").open() as here, Path("/run/netns", self.name).open() as there:
            _setns(there.fileno())
            try:
                yield
            finally:
                _setns(here.fileno())

    def packet_socket(self, device: str) -> socket.socket:
        """A socket that sees every frame at a device, and sends frames there; it waits for at most 2 s."""
        with self.entered():
            opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            opened.bind((device, _ETH_P_ALL))
            opened.settimeout(2)
            return opened

    # --- programs ----------------------------------------------------------------------------------------------------

    def command(self, words: Sequence[str | Path]) -> list[str]:
        """`words` as a command that runs within."""
        return ["ip", "netns", "exec", self.name, *map(str, words)]

    def run(self, words: Sequence[str | Path], *, limit: float = _RUN_LIMIT) -> "subprocess.CompletedProcess[str]":
        """Runs a program to its end. Raises InfrastructureError if it takes longer than `limit` seconds."""
        command = self.command(words)
        try:
            return subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise InfrastructureError(f"{self._name(words)} takes more than {limit:g} s") from error

    def start(
        self,
        words: Sequence[str | Path],
        *,
        ready: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Program:
        """Starts a program, which ends with the rig. `ready`: waits until this regular expression is in its output."""
        log = self.folder / f"{self.label}-{len(self.programs)}.log"
        program = Program(self.command(words), log, name=self._name(words), env=env, cwd=cwd)
        self.programs.append(program)
        if ready is not None:
            program.wait_for(ready)
        return program

    def _name(self, words: Sequence[str | Path]) -> str:
        return f"'{' '.join(map(str, words))}' in {self.label}"


def _setns(descriptor: int) -> None:
    # os.setns() is younger than Debian 12's Python.
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
