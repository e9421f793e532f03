"""What the target vm does within its guest: services on connections of its own, a module loaded, set and replaced."""

import contextlib
import itertools
import re
import shlex
from collections.abc import Collection, Sequence

from tcpslab.outcome import InfrastructureError

from conformance.target import Service
from conformance.vm.guest_shell import NoAnswer
from conformance.vm.initramfs import MODULE
from conformance.vm.machine import Machine
from conformance.vm.module_file import ModuleFile


class Guest:
    """Of a machine that is booted, with a module's file in it at `path`, or none."""

    def __init__(
        self, machine: Machine, module: ModuleFile | None, parameters: Sequence[str] = (), path: str = MODULE
    ) -> None:
        self._machine = machine
        self._module = module
        self._path = path
        self._parameters = parameters  # to load it with
        self._numbers = itertools.count()
        self.settings: Collection[str] = ()  # names of the module's parameters under /sys

    def connect(self, address: str, port: int, service: Service) -> "GuestApplication":
        """Starts opening a connection, and a service on it."""
        command = f"tcpslab-services connect {address} {port} {service}"
        return GuestApplication(self._machine, next(self._numbers), command)

    # --- the module --------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Loads the module, if there is one. Raises `InfrastructureError` with what the kernel has against it."""
        if self._module is None:
            return
        said_before = self._machine.console_length()
        done = self._machine.shell.run(shlex.join(["insmod", self._path, *self._parameters]))
        if done.code != 0:
            said = self._machine.console_since(said_before)
            raise InfrastructureError(
                f"Linux {self._machine.release} does not load the module {self._module.name}, which was built for "
                f"{self._module.release}: {done.output}\n"
                + "\n".join(["the guest's console says:", *(said or ["nothing"])])
            )
        self.settings = re.findall(r"\w+", self._machine.shell.run(f"ls {self._folder} 2>/dev/null").output)

    def reload(self) -> None:
        """Unloads the module and loads it again: a new identity, which never met anybody."""
        assert self._module is not None
        self._machine.shell.ask(f"rmmod {self._module.name}")
        self.load()

    def set(self, parameter: str, value: object) -> None:
        self._machine.shell.ask(f"echo {shlex.quote(str(value))} >{self._folder}/{parameter}")

    def get(self, parameter: str) -> str:
        """As the kernel has it now: of a truth value Y or N."""
        return self._machine.shell.ask(f"cat {self._folder}/{parameter}")

    @property
    def _folder(self) -> str:
        assert self._module is not None
        return f"/sys/module/{self._module.name}/parameters"


class GuestApplication:
    """A command in the guest, in a session of its own with what it starts. An `Application` of a live target."""

    def __init__(self, machine: Machine, number: int, text: str) -> None:
        self._machine = machine
        self._boot = machine.boots
        self._text = text
        self._files = f"/tmp/application-{number}"
        run = shlex.quote(f"{text}; echo $? >{self._files}.code")
        self._pid = int(machine.shell.ask(f"setsid sh -c {run} >{self._files}.output 2>&1 & echo $!"))

    def failed(self) -> bool:
        return self._code() not in ("", "0")

    def report(self) -> str:
        code = self._code()
        end = f"ended with exit code {code}" if code else "runs"
        said = self._machine.shell.ask(f"cat {self._files}.output")
        return f"'{self._text}' in the guest {end}" + (f" and said:\n{said}" if said else " and said nothing")

    def stop(self) -> None:
        if self._machine.boots == self._boot:
            with contextlib.suppress(NoAnswer):  # else it ended with the guest
                self._machine.shell.run(f"kill -KILL -{self._pid}; rm -f {self._files}.*")

    def _code(self) -> str:
        return self._machine.shell.run(f"cat {self._files}.code 2>/dev/null").output
