"""Which addresses the suite takes for its own."""

import ipaddress
from collections.abc import Sequence
from itertools import islice

import pytest

from tcpslab.outcome import InfrastructureError, RequestError

from conformance.address_pool import AddressPool, candidates
from conformance.interface import Interface
from conformance.target import NotDriven
from conformance.target_file import Address

INTERFACE = Interface(
    "tap0", 1500, tuple(map(ipaddress.ip_interface, ("10.0.0.1/28", "fd00::1/64", "fe80::1/64", "10.1.0.1/31")))
)
HOST = ipaddress.ip_address("10.0.0.14")


def addresses(*texts: str) -> list[Address]:
    return [ipaddress.ip_address(text) for text in texts]


def pool(count: int, taken: Sequence[Address] = ()) -> AddressPool:
    every = (ipaddress.ip_address("10.0.0.1") + index for index in range(count))
    return AddressPool(every, lambda batch: [one for one in batch if one not in taken], description="10.0.0.0/24")


def test_by_default_ipv4_comes_from_the_high_end_of_the_subnet() -> None:
    """Not the network itself (.0), the broadcast address (.15), the host (.14) or this machine (.1)."""
    found = list(candidates(INTERFACE, HOST, None, run=1))
    assert found == addresses(*(f"10.0.0.{last}" for last in range(13, 1, -1)))


def test_by_default_ipv6_comes_from_the_subnet_of_the_host_and_differs_from_run_to_run() -> None:
    for prefix in ("fd00::", "fe80::"):
        host = ipaddress.ip_address(f"{prefix}2")
        first, second = (list(islice(candidates(INTERFACE, host, None, run), 100)) for run in (1, 2))
        assert all(address in ipaddress.ip_network(f"{prefix}/64") for address in first + second)
        assert len({*first, *second}) == 200
        assert first == list(islice(candidates(INTERFACE, host, None, run=1), 100))


def test_a_named_network_is_used_whole_but_for_what_is_not_ours() -> None:
    network = ipaddress.ip_network("10.0.0.8/29")
    expected = set(addresses(*(f"10.0.0.{last}" for last in range(8, 14))))
    for run in range(20):
        found = list(candidates(INTERFACE, HOST, network, run))
        assert set(found) == expected
        assert len(found) == len(expected)
    starts = {next(candidates(INTERFACE, HOST, network, run)) for run in range(20)}
    assert len(starts) > 1


def test_without_a_subnet_of_the_host_addresses_must_be_named() -> None:
    with pytest.raises(RequestError, match=r"tap0 has no address in a network that holds 192\.0\.2\.1; name addresses"):
        next(candidates(INTERFACE, ipaddress.ip_address("192.0.2.1"), None, run=1))


def test_every_address_is_handed_out_once_before_one_comes_again() -> None:
    small = pool(100)
    handed_out = [small.take() for _ in range(99)]
    for address in handed_out:
        small.give_back(address, met=False)
    last = small.take()
    assert len({*handed_out, last}) == 100
    small.give_back(last, met=False)
    assert [small.take() for _ in range(100)] == [*handed_out, last]
    assert not small.met_again


def test_an_address_where_somebody_was_met_comes_last() -> None:
    small = pool(3)
    first, second, third = (small.take() for _ in range(3))
    small.give_back(first, met=True)
    small.give_back(third, met=False)
    small.give_back(second, met=False)
    assert small.reaches(2)
    assert not small.reaches(3)
    assert [small.take(), small.take()] == [third, second]
    assert not small.met_again
    assert small.take() == first
    assert small.met_again


def test_a_target_that_forgot_everybody_has_met_nobody() -> None:
    small = pool(1)
    small.give_back(small.take(), met=True)
    assert not small.reaches(1)
    small.renew()
    assert small.reaches(1)
    assert small.take()
    assert not small.met_again


def test_taken_addresses_are_passed_over_and_remembered() -> None:
    other = addresses("10.0.0.2", "10.0.0.40")
    some = pool(50, other)
    assert not set(other) & {some.take() for _ in range(48)}
    assert some.taken == other
    assert not some.reaches(1)


def test_how_far_the_addresses_reach() -> None:
    some = pool(40)
    assert some.reaches(40)
    assert not some.reaches(41)
    some.take()
    assert some.reaches(39)
    assert not some.reaches(40)


def test_a_test_that_wants_more_addresses_than_there_are_is_not_driven() -> None:
    small = pool(2)
    assert small.take()
    assert small.take()
    with pytest.raises(NotDriven, match="2 addresses are not enough for this test"):
        small.take()


def test_a_network_without_a_free_address_is_an_error() -> None:
    taken = addresses("10.0.0.1", "10.0.0.2")
    with pytest.raises(InfrastructureError, match=r"no address is free in 10\.0\.0\.0/24"):
        pool(2, taken).take()
