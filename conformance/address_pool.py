"""The addresses of ours at a live target: each for one test, as far as they reach."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from conformance.interface import Interface
from conformance.target_file import Address, Network
from tcpslab.outcome import InfrastructureError, RequestError

_BATCH = 32  # addresses that are asked for at once
_MOST = 1 << 16  # addresses that a run goes through before the first one comes again

Acquire = Callable[[Sequence[Address]], list[Address]]


class AddressPool:
    """Hands out addresses, never one twice before `renew()` unless there is no other."""

    def __init__(self, candidates: Iterator[Address], acquire: Acquire, *, description: str) -> None:
        """`acquire` returns those of some addresses that are free to use; `description` says where they come from."""
        self._candidates = candidates
        self._acquire = acquire
        self._description = description
        self._free: list[Address] = []  # all that were found free, in order
        self._next = 0
        self.taken: list[Address] = []  # in use by other hosts
        self.reused = False

    def take(self) -> Address:
        while self._next == len(self._free):
            if not self._extend():
                if not self._free:
                    raise InfrastructureError(f"no address is free in {self._description}; name some under 'addresses'")
                self.reused = True
                self._next = 0
        address = self._free[self._next]
        self._next += 1
        return address

    def reaches(self, count: int) -> bool:
        """Whether the next `count` addresses are ones that were not handed out before."""
        while len(self._free) < self._next + count and self._extend():
            pass
        return len(self._free) >= self._next + count and not self.reused

    def renew(self) -> None:
        """The target has forgotten its peers: every address counts as new."""
        self._next = 0
        self.reused = False

    def _extend(self) -> bool:
        """Looks at more candidates; whether there were any."""
        batch = list(islice(self._candidates, _BATCH))
        if batch:
            free = self._acquire(batch)
            self._free += free
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
        address = network[size - 1 - index] if named is None and network.version == 4 else network[(start + index) % size]
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
