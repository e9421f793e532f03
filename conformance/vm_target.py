"""The target `vm`: a kernel of Debian's in a virtual machine, with the module under test in it (conformance/vm)."""

import contextlib
import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tcpslab.report import counted
from tcpslab.rig import Rig

from conformance.link import Link
from conformance.live_target import Application, LiveTarget
from conformance.target import SERVICES, NotDriven, Service, Setup
from conformance.target_file import TargetFile
from conformance.vm.guest_shell import NoAnswer
from conformance.vm.host import NETWORK, VirtualHost, VmSettings
from conformance.vm.machine import TAP


class VmTarget(LiveTarget):
    """The machine is booted with the first test, and again for the next one when it crashed or hung in one.

    Without a module it is a plain host: what can be judged then is the rig.
    """

    def __init__(self, file: TargetFile, settings: VmSettings, *, seed: int = 1) -> None:
        """May download a kernel. Raises LabError, also for what is no module."""
        self._virtual = VirtualHost(settings)
        ipv4, ipv6 = (address.partition("/")[0] for address in NETWORK.host(2))
        super().__init__(
            replace(
                file,
                host={"ipv4": ipv4, "ipv6": ipv6},
                interface=TAP,
                services=dict(zip(SERVICES, settings.ports, strict=True)),
                addresses={"ipv4": ipaddress.ip_network(NETWORK.ipv4), "ipv6": ipaddress.ip_network(NETWORK.ipv6)},
            ),
            seed=seed,
            run=seed,
        )
        if self._virtual.module is None:
            self.plain = "no module was given (--module)"
        self._rig = Rig()
        self._is_booted = False
        self._revivals = 0

    @property
    def virtual(self) -> VirtualHost:
        return self._virtual

    def start(self, setup: Setup) -> None:
        if not self._is_booted:
            self._rig.__enter__()
            self._virtual.boot(self._rig)
            self._is_booted = True
        elif self._virtual.revive():
            self._revivals += 1
            self._settings = {}
            self._renew_addresses()
        super().start(setup)

    def close(self) -> None:
        self._settings = {}  # nothing has to be set back in a machine that ends
        try:
            super().close()
        finally:
            self._rig.close()

    def notes(self) -> Sequence[str]:
        notes = list(super().notes())
        if self.plain and self._is_booted:
            notes.append("the rig works: it serves echo, greet and abort and opens connections, on IPv4 and on IPv6")
        if self._revivals:
            times = counted(self._revivals, "time")
            notes.append(f"the machine crashed or hung and was booted again {times}; vm/console.log says more")
        return notes

    # How this target is driven

    def _can_restart(self) -> bool:
        return self._virtual.module is not None

    def _restart(self) -> None:
        with _driven():
            self._virtual.guest.reload()
        self._settings = {}
        self._renew_addresses()

    def _configure(self, setting: str, value: bool) -> None:
        if setting not in self._virtual.guest.settings:
            if value != getattr(Setup(), setting):
                raise NotDriven(f"the module has no parameter {setting}, which cannot be made {int(value)}")
        elif self._settings.get(setting) != value:
            with _driven():
                self._virtual.guest.set(setting, int(value))
            self._settings[setting] = value

    def _start_application(self, address: str, port: int, service: Service) -> Application:
        with _driven():
            return self._virtual.guest.connect(address, port, service)

    def _open(self) -> Link:
        if self._link is not None:
            return self._link
        with self._virtual.near.entered():
            return super()._open()


@contextlib.contextmanager
def _driven() -> Iterator[None]:
    """A guest that does not answer is the module's doing, which ends a test and not the run: the next boots again."""
    try:
        yield
    except NoAnswer as error:
        raise NotDriven(f"{error}; vm/console.log may say why") from error
