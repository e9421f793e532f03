"""The target `live`: any host on an Ethernet interface, driven by packets and by the commands of its target file."""

import ipaddress
import time
from collections.abc import Sequence
from typing import Protocol

from tcpslab.outcome import RequestError

from conformance import command
from conformance.address_pool import AddressPool, candidates
from conformance.flow import Flow, addresses_of, endpoints_of, flow_of
from conformance.interface import read_interface
from conformance.link import Link, own_mac
from conformance.target import Family, NotDriven, Received, Service, Setup, Target
from conformance.target_file import Address, TargetFile, fill_in

# Seconds, before time_scale.
_COMMAND_LIMIT = 30.0
_RESOLVE_LIMIT = 3.0
_POLL_INTERVAL = 0.05
_ADDRESSES_PER_TEST = 4

_TI = b"\xfd\x28TI"  # how the option begins (tcps-wire.md, section 2); by chance elsewhere, it costs an address

_DEFAULTS = {"enforce": False, "tofu_enforce": True}  # of the module's parameters: readme, "Module Parameters"


class Application(Protocol):
    """What runs at the target for one test, because it was told to open a connection. `Command` is one."""

    def failed(self) -> bool:
        """Whether it has ended because something went wrong."""

    def report(self) -> str:
        """What it is, and what became of it."""

    def stop(self) -> None:
        """Ends it."""


class LiveTarget(Target):
    """A host under test as a target file describes it. Needs the capability CAP_NET_RAW from the first `start` on.

    Every test has addresses of its own, so that a target that trusts on first use meets new peers. An address from
    which no TI was sent is as good as new: nobody was met there. Where they do not reach, the target's `restart`
    command makes them new again; without that command they are used again, and `notes` says so. Connections of earlier
    tests may still be alive at the target: what it sends on them is not received.
    """

    _connect_limit = 10.0  # seconds until a SYN comes, before time_scale; after that a test takes it that none does

    def __init__(self, file: TargetFile, *, seed: int = 1, run: int | None = None) -> None:
        """`seed` gives the MAC address, `run` the place to start at among the addresses (default: by the clock)."""
        if not file.host:
            raise RequestError("a live target needs an address: --host, or 'host' in its target file")
        if file.interface is None:
            raise RequestError("a live target needs an interface: --interface, or 'interface' in its target file")
        self.name = file.name
        self.time_scale = file.time_scale
        self.families = tuple(file.host)
        self._file = file
        self._interface = file.interface
        self._mac = own_mac(seed)
        self._run = time.time_ns() if run is None else run
        self._family: Family = self.families[0]
        self._link: Link | None = None
        self._pools: dict[Family, AddressPool] = {}
        self._askers: dict[Family, Address] = {}  # ours for asking where the target is, and for nothing else
        self._target_mac = ""
        self._settings: dict[str, bool] = {}  # what is known to be set at the target
        self._addresses: set[Address] = set()  # of this test
        self._met: set[Address] = set()  # those of them that showed the target an identity
        self._flows: set[Flow] = set()  # of this test
        self._past_flows: set[Flow] = set()
        self._applications: list[Application] = []
        self._lost = 0  # frames
        self._closed = False

    # A test's beginning and end

    def start(self, setup: Setup) -> None:
        self.stop()
        if setup.family not in self._file.host:
            raise NotDriven(f"the target has no {setup.family} address")
        if setup.deviations:
            raise NotDriven("a live target has no deviations that could be switched on")
        self._family = setup.family
        link = self._open()
        if self._can_restart() and not self._pool().reaches(_ADDRESSES_PER_TEST):
            self._restart()
        self._prepare(setup)
        self._target_mac = link.resolve(self._host(), self._asker(), _RESOLVE_LIMIT * self.time_scale)
        link.drain()

    def stop(self) -> None:
        for application in self._applications:
            application.stop()
        self._applications = []
        self._past_flows |= self._flows
        self._flows = set()
        for address in sorted(self._addresses, key=int):
            self._pool().give_back(address, met=address in self._met)
        self._addresses = set()
        self._met = set()

    def close(self) -> None:
        self.stop()
        if self._link is None or self._closed:
            return
        self._closed = True
        self._lost = self._link.lost()
        self._link.close()
        for setting, value in _DEFAULTS.items():
            if self._settings.get(setting, value) != value:
                self._configure(setting, value)

    def notes(self) -> Sequence[str]:
        found = []
        for family, pool in self._pools.items():
            if pool.taken:
                found.append(f"other hosts use {', '.join(map(str, pool.taken))}: these addresses were left alone")
            if pool.met_again:
                found.append(
                    f"the {family} addresses did not reach: in some tests the target remembered another host at our "
                    "address, which is no first contact; name more under 'addresses', or a 'restart' command"
                )
        if self._link is not None and self._link.super_frames:
            found.append(
                f"{self._link.super_frames} packets were longer than the MTU of {self._interface}: segmentation "
                "offload is on, so that these are not what is on a wire; turn it off ('ip link set DEVICE gso_max_segs "
                f"1' at the target, 'ethtool -K {self._interface} gro off' here)"
            )
        if self._lost:
            found.append(f"this machine was too slow for {self._lost} frames on {self._interface}: they were not seen")
        return found

    # Addresses and services

    @property
    def host(self) -> str:
        return self._file.host[self._family]

    def address(self) -> str:
        address = self._pool().take()
        self._addresses.add(address)
        return str(address)

    def serve(self, service: Service) -> int:
        if service not in self._file.services:
            raise NotDriven(f"the target file names no port for the service {service}")
        return self._file.services[service]

    def connect(self, address: str, port: int, service: Service) -> None:
        application = self._start_application(address, port, service)
        self._applications.append(application)
        # Starting it may take long (ssh); a test's patience begins with the first packet.
        link, deadline = self._open(), self.now() + self._connect_limit * self.time_scale
        while not link.wait_for(lambda packet: self._opens(packet.data, address, port), _POLL_INTERVAL):
            if application.failed():
                raise NotDriven(f"the target opened no connection: {application.report()}")
            if self.now() > deadline:
                return

    # Packets and time

    def send(self, packet: bytes) -> None:
        if (flow := flow_of(packet)) is not None:
            self._flows.add(flow)
            self._past_flows.discard(flow)
        if _TI in packet and (addresses := addresses_of(packet)) is not None:
            self._met.add(addresses[0])
        self._open().send(packet, self._target_mac)

    def receive(self, timeout: float) -> Received | None:
        deadline = self.now() + timeout
        while (packet := self._open().receive(max(0.0, deadline - self.now()))) is not None:
            if self._is_of_this_test(packet.data):
                return packet
        return None

    def now(self) -> float:
        return time.monotonic()

    def advance(self, seconds: float) -> None:
        time.sleep(seconds)

    def key_log(self) -> list[str]:
        return []

    # How this target is driven

    def _prepare(self, setup: Setup) -> None:
        """Makes the target as the setup says. Raises NotDriven."""
        if setup.limits:
            raise NotDriven(f"a live target's limits cannot be set: {', '.join(sorted(setup.limits))}")
        for setting in _DEFAULTS:
            self._configure(setting, getattr(setup, setting))

    def _can_restart(self) -> bool:
        return self._file.restart is not None

    def _restart(self) -> None:
        """The target forgets whom it met."""
        assert self._file.restart is not None
        text = fill_in(self._file.restart, host=next(iter(self._file.host.values())))
        command.run(text, "restarting the target", _COMMAND_LIMIT * self.time_scale)
        self._settings = {}
        self._renew_addresses()

    def _start_application(self, address: str, port: int, service: Service) -> Application:
        """It opens a connection and runs the service. Raises NotDriven."""
        template = self._file.connect
        if template is None:
            raise NotDriven("the target file has no 'connect' command that makes the target open a connection")
        if "{service}" not in template and service != "echo":
            raise NotDriven(f"the 'connect' command has no {{service}} in it, so that it cannot run {service}")
        return command.Command(fill_in(template, host=self.host, address=address, port=port, service=service))

    # Within

    def _open(self) -> Link:
        if self._link is None:
            self._link = Link(read_interface(self._interface), self._mac)
            if self._can_restart():
                self._restart()
        return self._link

    def _pool(self) -> AddressPool:
        if self._family not in self._pools:
            link = self._open()
            network = self._file.addresses.get(self._family)
            self._pools[self._family] = AddressPool(
                candidates(link.interface, self._host(), network, self._run),
                link.acquire,
                description=f"{network or link.interface.network_of(self._host())}",
            )
        return self._pools[self._family]

    def _asker(self) -> Address:
        if self._family not in self._askers:
            self._askers[self._family] = self._pool().take()
        return self._askers[self._family]

    def _renew_addresses(self) -> None:
        for pool in self._pools.values():
            pool.renew()

    def _configure(self, setting: str, value: bool) -> None:
        template = self._file.configure.get(setting)
        if template is None:
            if value != _DEFAULTS[setting]:
                raise NotDriven(f"the target file has no command for {setting}={int(value)} under 'configure'")
        elif self._settings.get(setting) != value:
            text = fill_in(template, host=self.host, value=int(value))
            command.run(text, f"setting {setting}={int(value)}", _COMMAND_LIMIT * self.time_scale)
            self._settings[setting] = value

    def _is_of_this_test(self, packet: bytes) -> bool:
        addresses = addresses_of(packet)
        if addresses is None or addresses[0] != self._host() or addresses[1] not in self._addresses:
            return False
        flow = flow_of(packet)
        if flow in self._past_flows:
            return False
        if flow is not None:
            self._flows.add(flow)
        return True

    def _opens(self, packet: bytes, address: str, port: int) -> bool:
        """Whether this is the target's first word on a connection to one of our ports."""
        ends = endpoints_of(packet)
        return (
            ends is not None
            and ends[0][0] == self._host().packed
            and ends[1] == (ipaddress.ip_address(address).packed, port)
            and frozenset(ends) not in self._past_flows | self._flows
        )

    def _host(self) -> Address:
        return ipaddress.ip_address(self.host)
