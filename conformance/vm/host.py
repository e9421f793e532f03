"""A virtual host on a rig: a namespace with a TAP device, and the machine with the module at its other end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tcpslab.outcome import RequestError
from tcpslab.rig import Namespace, Network, Rig

from conformance.vm import initramfs, kernel, module_file
from conformance.vm.guest import Guest
from conformance.vm.machine import TAP, Image, Machine

NETWORK = Network("10.9.0.0/16", "fd09::/64")  # number 1: the namespace, number 2: the guest
PORTS = (7, 13, 9)  # of the services, in the order of `target.SERVICES`


@dataclass(frozen=True)
class VmSettings:
    """What is asked of the machine."""

    out: Path  # a folder for its console and for captures of its network card
    module: Path | None = None
    parameters: Sequence[str] = ()  # of the module: NAME=VALUE
    kernel: str | None = None  # as `kernel.find` takes it
    ports: Sequence[int] = PORTS
    files: Mapping[str, bytes] = field(default_factory=dict)  # more of them in the guest, by their paths


class VirtualHost:
    """Its parts are there after `boot`; they end with the rig."""

    guest: Guest
    machine: Machine
    near: Namespace

    def __init__(self, settings: VmSettings) -> None:
        """Finds kernel and module, which may take a download. Raises `LabError`."""
        self._settings = settings
        self.module = module_file.read(settings.module) if settings.module is not None else None
        if self.module is not None:
            self.module.check_parameters(settings.parameters)
        elif settings.parameters:
            raise RequestError(f"--module-parameter {settings.parameters[0]}: goes with --module")
        self.kernel = kernel.find(settings.kernel, self.module.release if self.module else None)

    @property
    def description(self) -> str:
        """For the title of a report."""
        linux = f"Linux {self.kernel.release} in a virtual machine"
        return f"{self.module.name}.ko in {linux}" if self.module else f"{linux}, without a module"

    def boot(self, rig: Rig) -> None:
        """Makes the machine and boots it, with the module loaded. Raises `InfrastructureError`."""
        contents = initramfs.Contents(
            addresses=NETWORK.host(2),
            ports=self._settings.ports,
            drivers=self.module.depends if self.module else (),
            module=self.module.image if self.module else None,
            files=self._settings.files,
        )
        archive = rig.folder / "initramfs"
        initramfs.build(self.kernel, contents, archive)
        self.near = rig.namespace("vm")
        self.machine = Machine(self.near, Image(self.kernel, archive), self._settings.out)
        for address in NETWORK.host(1):
            self.near.add_address(TAP, address)
        self.near.ip("link", "set", TAP, "up")
        self.guest = Guest(self.machine, self.module, self._settings.parameters)
        self._boot_guest()

    def revive(self) -> bool:
        """Boots the machine again if it died or hangs; whether it did. Then it is a host that never met anybody."""
        if self.machine.answers():
            return False
        self._boot_guest()
        return True

    def _boot_guest(self) -> None:
        self.machine.boot()
        self.near.wait_until_ready(TAP)
        self.guest.load()
