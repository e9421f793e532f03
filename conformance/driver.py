"""How a live host is made to do what a test needs: by commands of its target file, or by a rig that has hold of it."""

from collections.abc import Collection, Mapping
from typing import Protocol

from conformance import command
from conformance.target import NotDriven, Service
from conformance.target_file import TargetFile, fill_in

_COMMAND_LIMIT = 30.0  # seconds, before time_scale


class Application(Protocol):
    """What runs a service on one connection that the host opened."""

    def failed(self) -> bool:
        """Whether it has ended with an error."""

    def report(self) -> str:
        """What it is, how it ended, and what it said."""

    def stop(self) -> None:
        """Ends it, if it runs."""


class Driver(Protocol):
    """Failures of what should work are `InfrastructureError`s."""

    @property
    def settings(self) -> Collection[str]:
        """Those of `Setup` that can be set."""

    @property
    def can_restart(self) -> bool: ...

    def connect(self, host: str, address: str, port: int, service: Service) -> Application:
        """Starts opening a connection from `host`, an address of the target. Raises NotDriven if it cannot be."""

    def configure(self, host: str, setting: str, value: bool) -> None: ...

    def restart(self) -> None:
        """Gives the target a new identity and an empty cache of peers; settings are then unknown."""


class Commands:
    """The driver by the shell commands of a target file."""

    def __init__(self, file: TargetFile) -> None:
        self._file = file
        self._limit = _COMMAND_LIMIT * file.time_scale

    @property
    def settings(self) -> Mapping[str, str]:
        return self._file.configure

    @property
    def can_restart(self) -> bool:
        return self._file.restart is not None

    def connect(self, host: str, address: str, port: int, service: Service) -> Application:
        template = self._file.connect
        if template is None:
            raise NotDriven("the target file has no 'connect' command that makes the target open a connection")
        if "{service}" not in template and service != "echo":
            raise NotDriven(f"the 'connect' command has no {{service}} in it, so that it cannot run {service}")
        return command.Command(fill_in(template, host=host, address=address, port=port, service=service))

    def configure(self, host: str, setting: str, value: bool) -> None:
        text = fill_in(self._file.configure[setting], host=host, value=int(value))
        command.run(text, f"setting {setting}={int(value)}", self._limit)

    def restart(self) -> None:
        assert self._file.restart is not None
        text = fill_in(self._file.restart, host=next(iter(self._file.host.values())))
        command.run(text, "restarting the target", self._limit)
