"""What the suite needs of the host that it judges: packets in, packets out, a clock, and a small application.

Tests know nothing else of it, so one suite judges a simulated node (`sim_target`) and any host on an interface
(`live_target`). Packets are whole IP packets in network byte order; times are seconds on the target's clock, which is
virtual for the one and the machine's monotonic clock for the other.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Dialect = Literal["readme", "lkm"]
Family = Literal["ipv4", "ipv6"]
# What a target's application does on a connection:
#   echo   sends back what comes, closes once the peer closed (RFC 862)
#   greet  sends one line of text, closes first (in the manner of RFC 867)
#   abort  resets the connection after the first byte that it receives
Service = Literal["echo", "greet", "abort"]
SERVICES: tuple[Service, ...] = ("echo", "greet", "abort")


class NotDriven(Exception):
    """The target cannot be brought to do what a test asks of it; the text is the reason. Outcome: inconclusive."""


@dataclass(frozen=True)
class Setup:
    """What a test needs the target to be before it starts.

    `dialect` is the text by which the target is judged: a simulated host speaks it, a live one speaks what it speaks.
    `limits` has the names of `tcpslab.stack.Policy` (`max_connections`, `idle_timeout`, …), with times in seconds;
    what it does not name keeps its default. `deviations` are names of `tcpslab.stack.all_deviations()`. `seed` settles
    all that is random at the target, where that is ours to settle, and what the suite itself draws.
    """

    dialect: Dialect = "readme"
    enforce: bool = False
    tofu_enforce: bool = True
    limits: Mapping[str, int | float] = field(default_factory=dict)
    family: Family = "ipv4"
    seed: int = 1
    deviations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Received:
    """A packet that the target sent to one of our addresses."""

    data: bytes  # the whole IP packet, from the IP header on
    time: float  # when it arrived: seconds on the target's clock
    checksums: bool = True  # False: the local kernel left them to an offload that never came, so they say nothing


class Target(ABC):
    """A host under test. The order of calls is (`start`, …, `stop`) for each test, then `close` once.

    Everything that the target cannot do raises `NotDriven` with the reason; a failure of the machine or of the network
    between is a `tcpslab.outcome.InfrastructureError`.
    """

    name: str  # as reports call it
    time_scale: float = 1.0  # the suite multiplies by it how long it waits for a reaction
    families: tuple[Family, ...] = ("ipv4",)  # those in which the target has an address
    plain: str = ""  # why it is known to speak no TCP/S; empty: it claims to, and is judged by that

    @abstractmethod
    def start(self, setup: Setup) -> None:
        """Begins a test: a fresh conversation with a target that is as `setup` says (`sim`: with a fresh node).

        Nothing that arrived earlier is received later. Raises `NotDriven` if the target cannot be made so.
        """

    @abstractmethod
    def stop(self) -> None:
        """Ends a test, and whatever the target's application was made to do in it. May be called twice."""

    def close(self) -> None:  # noqa: B027  (a target that holds nothing has nothing to do)
        """Gives back what the target holds at the end of a run: sockets, processes, settings of the host."""

    def notes(self) -> Sequence[str]:
        """What a report of the run should say about the target, a sentence each, such as addresses that ran out."""
        return ()

    @property
    @abstractmethod
    def host(self) -> str:
        """The target's address in the family of the setup."""

    @abstractmethod
    def address(self) -> str:
        """An address for a peer, in the family of the setup, that had no part in this test before.

        A target that remembers its peers (trust on first use) has not met it at all, as far as the target allows.
        """

    @abstractmethod
    def serve(self, service: Service) -> int:
        """The TCP port on which the target runs `service`."""

    @abstractmethod
    def connect(self, address: str, port: int, service: Service) -> None:
        """Makes the target's application open a connection to our `address` and `port`, and run `service` on it.

        Returns once that is under way, which is before the connection is established.
        """

    @abstractmethod
    def send(self, packet: bytes) -> None:
        """Sends a whole IP packet from one of our addresses to the target, as it is: checksums are the caller's."""

    @abstractmethod
    def receive(self, timeout: float) -> Received | None:
        """The next packet of the target to one of our addresses, or None once `timeout` seconds have passed.

        Packets come in the order of their arrival; none is lost while a test does something else. A timeout of 0 asks
        for what has arrived already.
        """

    @abstractmethod
    def now(self) -> float:
        """Seconds on the target's clock, which only ever grows."""

    @abstractmethod
    def advance(self, seconds: float) -> None:
        """Lets time pass on the target's clock. What arrives meanwhile is kept for `receive`."""

    @abstractmethod
    def key_log(self) -> list[str]:
        """The secrets that the target gives away, as lines of a key log (`sim`: all of them; `live`: none)."""
