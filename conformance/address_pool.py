"""The addresses of ours at a live target, so that every test is another host as far as they reach."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from tcpslab.outcome import InfrastructureError, RequestError

from conformance.interface import Interface
from conformance.target import NotDriven
from conformance.target_file import Address, Network

_BATCH = 32  # addresses that are asked for at once
_MOST = 1 << 16  # addresses that a run goes through before the first one comes again

Acquire = Callable[[Sequence[Address]], list[Address]]


class AddressPool:
    """Hands out addresses: those that the target has not heard of first, then those under which it has met nobody."""

    def __init__(self, candidates: Iterator[Address], acquire: Acquire, *, description: str) -> None:
        """`acquire` returns those of some addresses that are free to use; `description` says where they come from."""
        self._candidates = candidates
        self._acquire = acquire
        self._description = description
        self._unused: deque[Address] = deque()
        self._used: deque[Address] = deque()  # and not met
        self._met: deque[Address] = deque()
        self._found = 0  # that are ours
        self.taken: list[Address] = []  # in use by other hosts
        self.met_again = False  # whether an address was handed out that the target knew

    def take(self) -> Address:
        if self.reaches(1):
            return (self._unused or self._used).popleft()
        if not self._met:
            if not self._found:
                raise InfrastructureError(f"no address is free in {self._description}; name others under 'addresses'")
            raise NotDriven(f"{self._found} addresses are not enough for this test; name more under 'addresses'")
        self.met_again = True
        return self._met.popleft()

    def give_back(self, address: Address, *, met: bool) -> None:
        """After its test. `met`: the target may remember its host."""
        (self._met if met else self._used).append(address)

    def reaches(self, count: int) -> bool:
        """Whether the next `count` addresses are ones that the target has not met."""
        while not self._unused and self._extend():
            pass
        while len(self._unused) + len(self._used) < count and self._extend():
            pass
        return len(self._unused) + len(self._used) >= count

    def renew(self) -> None:
        """The target has forgotten whom it met."""
        self._used += self._met
        self._met.clear()

    def _extend(self) -> bool:
        """Looks at more candidates; whether there were any."""
        batch = list(islice(self._candidates, _BATCH))
        if batch:
            free = self._acquire(batch)
            self._unused += free
            self._found += len(free)
            self.taken += [address for address in batch if address not in free]
        return bool(batch)


def candidates(interface: Interface, host: Address, named: Network | None, run: int) -> Iterator[Address]:
    """The addresses that may become ours for talking to `host`, best first.

    Those of the network `named` in the target file, from a place that differs from run to run. By default those of the
    interface's own subnet: of IPv4 from its high end down, of IPv6 at random in the `run`.
    """
    network = named or default_network(interface, host)
    reserved = {host, *(own.ip for own in interface.own)}
    for own in interface.own:
        if own.version == 4 and own.network.prefixlen < 31:
            reserved |= {own.network.network_address, own.network.broadcast_address}
        elif own.version == 6:
            reserved.add(own.network.network_address)  # the routers' anycast address, RFC 4291, section 2.6.1
    start = _place(run, network.num_addresses)
    size = network.num_addresses
    for index in range(min(size, _MOST)):
        from_the_end = named is None and network.version == 4
        address = network[size - 1 - index if from_the_end else (start + index) % size]
        if address not in reserved:
            yield address


def default_network(interface: Interface, host: Address) -> Network:
    """The interface's subnet that holds `host`."""
    network = interface.network_of(host)
    if network is None:
        raise RequestError(
            f"{interface.name} has no address in a network that holds {host}; name addresses that are ours to use "
            f"under 'addresses.ipv{host.version}' in the target file"
        )
    return network


def _place(run: int, size: int) -> int:
    digest = hashlib.blake2b(run.to_bytes(16, "big", signed=True), digest_size=16).digest()
    return int.from_bytes(digest, "big") % size
