"""What a run sets up on the machine, and takes down again."""

import contextlib
import ipaddress
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tcpslab.outcome import InfrastructureError
from tcpslab.rig import interrupts
from tcpslab.rig.lease import Lease
from tcpslab.rig.namespace import Namespace
from tcpslab.rig.tool import ip

_STOP_LIMIT = 2.0  # seconds for all programs together to end by themselves


@dataclass(frozen=True)
class Network:
    """The addresses on a cable, of both families. Namespaces are apart, so rigs may have the same ones."""

    ipv4: str = "10.9.0.0/24"
    ipv6: str = "fd09::/64"

    def host(self, number: int) -> tuple[str, str]:
        """The addresses of a host, each with the length of the prefix."""
        networks = ipaddress.ip_network(self.ipv4), ipaddress.ip_network(self.ipv6)
        four, six = (f"{network[number]}/{network.prefixlen}" for network in networks)
        return four, six


@dataclass(frozen=True)
class Pair:
    """Two hosts with a cable between them: device `near` and address 1 at one end, `far` and 2 at the other."""

    near: Namespace
    far: Namespace


@dataclass(frozen=True)
class Routed:
    """A router between two hosts, whose device is called eth0; the router's are `left` and `right`."""

    left: Namespace
    router: Namespace
    right: Namespace


class Rig:
    """A context manager. Its namespaces, and the files and the programs in them, end with it."""

    def __init__(self) -> None:
        self._namespaces: list[Namespace] = []
        self._exit = contextlib.ExitStack()
        self._lease: Lease | None = None

    def __enter__(self) -> "Rig":
        need_root()
        with contextlib.ExitStack() as undo:
            undo.enter_context(interrupts.raised())
            self._lease = Lease()
            undo.callback(self._take_down)
            self._exit = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._exit.close()

    def close(self) -> None:
        """What the end of the `with` statement does; may be called again."""
        self._exit.close()

    @property
    def folder(self) -> Path:
        """For files that end with the rig; every user may look in."""
        assert self._lease is not None, "a rig is used in a 'with' statement"
        return self._lease.folder

    def namespace(self, label: str) -> Namespace:
        """A host without cables. The label is for people and for file names, and is that of no other one here."""
        assert self._lease is not None, "a rig is used in a 'with' statement"
        made = Namespace(f"{self._lease.prefix}{label}", label, self.folder)
        self._namespaces.append(made)
        return made

    def cable(
        self,
        left: Namespace,
        right: Namespace,
        *,
        devices: tuple[str, str] = ("eth0", "eth0"),
        mtu: int = 1500,
        addresses: tuple[Sequence[str], Sequence[str]] = ((), ()),
    ) -> None:
        """A veth pair: each end's device, and its addresses with prefix lengths. Ready to carry packets."""
        ends = list(zip((left, right), devices, addresses, strict=True))
        names = (devices[0], "mtu", str(mtu), "netns", left.name), (devices[1], "mtu", str(mtu), "netns", right.name)
        ip("link", "add", *names[0], "type", "veth", "peer", *names[1])
        for namespace, device, own in ends:
            for address in own:
                namespace.add_address(device, address)
            namespace.ip("link", "set", device, "up")
        for namespace, device, _ in ends:
            namespace.wait_until_ready(device)

    def pair(
        self, labels: tuple[str, str] = ("near", "far"), *, network: Network | None = None, mtu: int = 1500
    ) -> Pair:
        """Two hosts on one cable."""
        network = network or Network()
        near, far = map(self.namespace, labels)
        self.cable(near, far, devices=("near", "far"), mtu=mtu, addresses=(network.host(1), network.host(2)))
        return Pair(near, far)

    def routed(
        self, labels: tuple[str, str, str] = ("client", "router", "server"), *, mtu: tuple[int, int] = (1500, 1500)
    ) -> Routed:
        """Two hosts and an IP router between them; `mtu` is that of the left and of the right cable."""
        left, router, right = map(self.namespace, labels)
        for name in ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"):
            router.set_sysctl(name, "1")
        for number, (host, device) in enumerate(((left, "left"), (right, "right"))):
            network = Network(f"10.9.{number + 1}.0/24", f"fd09:0:0:{number + 1}::/64")
            addresses = network.host(number + 1), network.host(254)
            self.cable(host, router, devices=("eth0", device), mtu=mtu[number], addresses=addresses)
            for gateway in addresses[1]:
                host.ip("route", "add", "default", "via", gateway.partition("/")[0])
        return Routed(left, router, right)

    def wired(
        self,
        labels: tuple[str, str, str] = ("client", "wire", "server"),
        *,
        network: Network | None = None,
        mtu: int = 1500,
    ) -> Routed:
        """Two hosts on one network whose cable is cut by a third namespace: a program there carries the frames.

        The devices in the middle have no addresses, and the kernel takes no part there. The hosts' devices offload
        nothing, so that the program sees what a wire would carry.
        """
        network = network or Network()
        left, wire, right = map(self.namespace, labels)
        wire.set_sysctl("net/ipv6/conf/default/disable_ipv6", "1")
        for number, (host, device) in enumerate(((left, "left"), (right, "right"))):
            self.cable(host, wire, devices=("eth0", device), mtu=mtu, addresses=(network.host(number + 1), ()))
            host.disable_offload("eth0")
        return Routed(left, wire, right)

    def _take_down(self) -> None:
        assert self._lease is not None
        lease, self._lease = self._lease, None
        with interrupts.postponed():
            try:
                self._stop_programs()
            finally:
                self._namespaces.clear()
                lease.end()

    def _stop_programs(self) -> None:
        """Asks them all to end, the last ones first; whatever does not is killed with its namespace."""
        programs = [program for namespace in self._namespaces for program in namespace.programs]
        for program in reversed(programs):
            program.signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_LIMIT
        for program in programs:
            program.stop(max(0.0, deadline - time.monotonic()))


def need_root() -> None:
    """Raises InfrastructureError for a user who may not make network namespaces."""
    if os.geteuid() != 0:
        raise InfrastructureError("network namespaces need root: run this as root")
