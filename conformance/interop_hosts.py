"""The two kinds of hosts that meet in interop.py: tcpsd in a namespace, and a kernel module in a virtual machine.

Both run the same unmodified programs, those of busybox, by a line of shell.
"""

import shlex
from typing import Protocol

from tcpslab.outcome import InfrastructureError
from tcpslab.rig import Namespace, Tcpsd

from conformance.vm.host import NETWORK, VirtualHost

GUEST_FOLDER = "/tmp/files"


class Host(Protocol):
    name: str
    address: str  # IPv4: the module knows no other
    folder: str  # for files

    def run(self, line: str, limit: float) -> str:
        """Runs a line of shell to its end, within so many seconds. What it says. Raises InfrastructureError."""

    def start(self, line: str) -> None:
        """Starts a line of shell that runs on; what it says is thrown away."""

    def log(self) -> list[str]:
        """What its TCP/S said so far (readme, "Verifying operation")."""

    def restart(self) -> None:
        """Gives it another identity, and lets it forget whom it met."""


class DaemonHost:
    """tcpsd on a host of a rig, which speaks as the module does."""

    def __init__(self, namespace: Namespace, content: bytes, *, name: str = "tcpsd", **options: object) -> None:
        """`content` becomes the file of that name in its folder; `options` are further ones of tcpsd."""
        self.name = name
        self.address = namespace.address["ipv4"]
        files = namespace.folder / f"files-{namespace.label}"
        files.mkdir()
        (files / "content").write_bytes(content)
        self.folder = str(files)
        self._namespace = namespace
        self._tcpsd = Tcpsd(namespace, dialect="lkm", **options)

    def run(self, line: str, limit: float) -> str:
        done = self._namespace.run(["busybox", "sh", "-c", line], limit=limit)
        if done.returncode != 0:
            raise InfrastructureError(f"'{line}' ended with exit code {done.returncode}: {done.stderr.strip()}")
        return done.stdout.strip()

    def start(self, line: str) -> None:
        self._namespace.start(["busybox", "sh", "-c", line])

    def log(self) -> list[str]:
        return self._tcpsd.log()

    def restart(self) -> None:
        self._tcpsd.restart()

    def stop(self) -> None:
        """Of a host whose rig goes on."""
        self._tcpsd.stop()


class ModuleHost:
    """A machine that is booted, with the module loaded and the file `content` in GUEST_FOLDER."""

    def __init__(self, virtual: VirtualHost) -> None:
        assert virtual.module is not None
        self.name = f"{virtual.module.name}.ko"
        self.address = NETWORK.host(2)[0].partition("/")[0]
        self.folder = GUEST_FOLDER
        self._virtual = virtual

    def run(self, line: str, limit: float) -> str:
        return self._virtual.machine.shell.ask(line, limit)

    def start(self, line: str) -> None:
        self._virtual.machine.shell.ask(f"setsid sh -c {shlex.quote(line)} >/dev/null 2>&1 &")

    def log(self) -> list[str]:
        return self._virtual.machine.console_since()

    def restart(self) -> None:
        self._virtual.guest.reload()
