"""The target `sim`: the reference stack on an ns-3 node in virtual time, in this process."""

from collections import deque

from tcpslab.sim import SimNode
from tcpslab.stack import SECOND, Config, Policy

from conformance.application import PORTS, Applications
from conformance.target import Dialect, Family, Received, Service, Setup, Target

_TIMES = ("collect_interval", "half_open_timeout", "dead_timeout", "closed_timeout", "idle_timeout")


def policy_of(setup: Setup) -> Policy:
    limits = {
        name: round(value * SECOND) if name in _TIMES else int(value) for name, value in setup.limits.items()
    }
    return Policy(enforce=setup.enforce, tofu_enforce=setup.tofu_enforce, **limits)


class SimTarget(Target):
    """A fresh node for each test; time passes only while the suite waits."""

    name = "sim"
    families: tuple[Family, ...] = ("ipv4", "ipv6")

    def __init__(self, speaks: Dialect | None = None) -> None:
        """`speaks`: the dialect of every node, whatever a test is about."""
        self._speaks = speaks
        self._node: SimNode | None = None

    def start(self, setup: Setup) -> None:
        self.stop()
        self._family = setup.family
        self._addresses = 0
        self._arrived: deque[Received] = deque()
        config = Config(self._speaks or setup.dialect, policy=policy_of(setup), deviations=setup.deviations)
        self._node = SimNode(config, seed=setup.seed, ipv4="10.0.0.1/16", ipv6="2001:db8::1/64")
        self._applications = Applications(self._node)
        self._applications.listen()

    def stop(self) -> None:
        if self._node is not None:
            self._node.stop()
            self._node = None

    @property
    def node(self) -> SimNode:
        assert self._node is not None, "start() first"
        return self._node

    @property
    def host(self) -> str:
        return "2001:db8::1" if self._family == "ipv6" else "10.0.0.1"

    def address(self) -> str:
        self._addresses += 1
        high, low = divmod(self._addresses, 250)
        return f"2001:db8::1:{self._addresses:x}" if self._family == "ipv6" else f"10.0.{high + 1}.{low + 1}"

    def serve(self, service: Service) -> int:
        return PORTS[service]

    def connect(self, address: str, port: int, service: Service) -> None:
        self._applications.connect(address, port, service)
        self._collect()

    def send(self, packet: bytes) -> None:
        self.node.inject(packet)
        self._collect()

    def receive(self, timeout: float) -> Received | None:
        self.node.run_until(lambda: bool(self._collect()), round(timeout * SECOND))
        return self._arrived.popleft() if self._arrived else None

    def now(self) -> float:
        return self.node.now / SECOND

    def advance(self, seconds: float) -> None:
        self.node.run_until(lambda: not self._collect() and False, round(seconds * SECOND))

    def _collect(self) -> int:
        """Gives the applications their turn; returns the number of packets that wait for `receive`."""
        self._applications.step()
        self._arrived.extend(Received(data, time / SECOND) for time, data in self.node.take())
        return len(self._arrived)

    def key_log(self) -> list[str]:
        return list(self._node.key_log) if self._node else []  # none: ^C came before this test ended
