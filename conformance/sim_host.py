"""A TCP/S host to try things with: the reference stack on an ns-3 node, in real time, on an Ethernet interface.

It has a MAC address of its own and answers ARP and neighbour discovery, so that any host on the link can talk to it,
and `lab conform --target live` can judge it. It runs the services echo (port 7), greet (13) and abort (9). What the
suite's target file makes a host do, it does when it is told to:

    ip link add near type veth peer far && ip link set near up && ip link set far up
    export PYTHONPATH=bindings:.
    python3 -m conformance.sim_host far --control /run/sim-host &
    python3 -m conformance.tell /run/sim-host connect 10.9.0.1 80 echo
    ./lab conform --target conformance/targets/example-sim-host.yaml

The kernel at the other end of a veth pair leaves checksums to an offload that the pair has not: 'ethtool -K near tx
off' makes it compute them, for a plain connection from there ('nc 10.9.0.2 7').
"""

import argparse
import contextlib
import ipaddress
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tcpslab.errors import WireError
from tcpslab.outcome import Exit, InfrastructureError, LabError
from tcpslab.sim import SimNode
from tcpslab.stack import Config, Policy

from conformance.application import Applications
from conformance.flow import addresses_of
from conformance.interface import read_interface
from conformance.link import Link, own_mac
from conformance.target import SERVICES
from conformance.tell import OK

_TICK = 0.002  # seconds between looks at the node, which does not say when it next has something to do
_RESOLVE_LIMIT = 0.3  # seconds for asking where a peer is; its packet is lost then, as with any router
_SETTINGS = ("enforce", "tofu_enforce")


class SimHost:
    """The node on the link, and the applications on the node."""

    def __init__(self, link: Link, node: SimNode, addresses: Sequence[str]) -> None:
        self._link, self._node = link, node
        self._addresses = {address.version: address for address in map(ipaddress.ip_address, addresses)}
        if taken := set(self._addresses.values()) - set(link.acquire(list(self._addresses.values()))):
            raise InfrastructureError(f"another host on {link.interface.name} uses {taken.pop()}")
        self._applications = Applications(node)
        self._applications.listen()
        self._begin = time.monotonic_ns() - node.now

    def step(self) -> None:
        """What happens within one tick."""
        received = self._link.receive(_TICK)
        self._node.advance(max(0, time.monotonic_ns() - self._begin - self._node.now))
        while received is not None:
            with contextlib.suppress(WireError):  # what is no IP packet is dropped, as IP does
                self._node.inject(received.data)
            received = self._link.receive(0)
        self._applications.step()
        for _, packet in self._node.take():
            self._send(packet)

    def _send(self, packet: bytes) -> None:
        addresses = addresses_of(packet)
        assert addresses is not None, "the node sends IP"
        peer = addresses[1]
        with contextlib.suppress(InfrastructureError):  # nobody is there: the packet is lost
            self._link.send(packet, self._link.find(peer, self._addresses[peer.version], _RESOLVE_LIMIT))

    def obey(self, words: Sequence[str]) -> None:
        """One order, as tell.py sends it. Raises ValueError."""
        match words:
            case ["connect", address, port, service] if service in SERVICES:
                self._applications.connect(str(ipaddress.ip_address(address)), int(port), service)
            case ["set", setting, ("0" | "1") as value] if setting in _SETTINGS:
                policy = self._node.policy
                setattr(policy, setting, value == "1")
                self._node.policy = policy
            case ["restart"]:
                self._node.restart()
            case _:
                services, settings = "|".join(SERVICES), "|".join(_SETTINGS)
                raise ValueError(f"expected 'connect ADDRESS PORT {services}', 'set {settings} 0|1' or 'restart'")


@contextlib.contextmanager
def _control(path: Path | None) -> Iterator[socket.socket | None]:
    """The Unix socket at which orders arrive."""
    if path is None:
        yield None
        return
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        try:
            yield listener
        finally:
            path.unlink()


def _take_order(control: socket.socket, host: SimHost) -> None:
    if not select.select([control], [], [], 0)[0]:
        return
    connection, _ = control.accept()
    with connection, connection.makefile("rw", encoding="utf-8") as stream:
        connection.settimeout(1)
        answer = OK
        try:
            host.obey(stream.readline().split())
        except (ValueError, RuntimeError) as error:
            answer = str(error)
        except OSError:
            return  # whoever wanted something went away
        with contextlib.suppress(OSError):
            stream.write(answer + "\n")
            stream.flush()


def run(args: argparse.Namespace) -> None:
    addresses = [args.ipv4.partition("/")[0], args.ipv6.partition("/")[0]]
    policy = Policy(enforce=args.enforce)
    config = None if args.dialect == "plain" else Config(args.dialect, policy=policy)
    mac = own_mac(int(ipaddress.IPv4Address(addresses[0])))  # another one than that of the suite with a usual seed
    interface = read_interface(args.interface)
    with (
        Link(interface, mac) as link,
        SimNode(config, seed=args.seed, ipv4=args.ipv4, ipv6=args.ipv6, mtu=interface.mtu) as node,
        _control(args.control) as control,
    ):
        host = SimHost(link, node, addresses)
        print(f"tcps/{args.dialect} at {' and '.join(addresses)} on {args.interface}", flush=True)
        while True:
            host.step()
            if control is not None:
                _take_order(control, host)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="sim_host", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("interface")
    parser.add_argument("--ipv4", default="10.9.0.2/16", metavar="ADDRESS/LENGTH", help="default 10.9.0.2/16")
    parser.add_argument("--ipv6", default="fd09::2/64", metavar="ADDRESS/LENGTH", help="default fd09::2/64")
    parser.add_argument("--dialect", choices=("readme", "lkm", "plain"), default="readme")
    parser.add_argument("--enforce", action="store_true", help="from the start on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--control", type=Path, metavar="SOCKET", help="where to take orders")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(Exit.AS_EXPECTED))
    try:
        run(args)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except (LabError, OSError) as error:
        print(f"sim_host: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, LabError) else Exit.INFRASTRUCTURE
    return Exit.AS_EXPECTED


if __name__ == "__main__":
    sys.exit(main())
