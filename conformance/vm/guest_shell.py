"""The shell at the guest's end of the serial port (init.sh), one command at a time."""

import socket
from dataclasses import dataclass
from pathlib import Path

from tcpslab.outcome import InfrastructureError


@dataclass(frozen=True)
class Done:
    code: int  # as the shell has it
    output: str  # of both kinds


class NoAnswer(InfrastructureError):
    """The guest did not answer in time, or is gone."""


class GuestShell:
    """Close it. After a `NoAnswer` it is of no more use."""

    def __init__(self, path: Path, limit: float) -> None:
        """Connects to the socket at which QEMU offers the port. `limit`: seconds for an answer, where none is said."""
        self._limit = limit
        self._lost = ""  # why it answers no more
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._stream = self._socket.makefile("rb")

    def run(self, command: str, limit: float | None = None) -> Done:
        """Runs a line of shell to its end. Raises `NoAnswer`."""
        limit = limit or self._limit
        if self._lost:  # what comes now would be an earlier answer
            raise NoAnswer(self._lost)
        try:
            self._socket.settimeout(limit)
            self._socket.sendall(command.encode() + b"\n")
            answer = self._stream.readline().split()
            if len(answer) == 2:
                return Done(int(answer[0]), self._stream.read(int(answer[1])).decode(errors="replace").strip())
            self._lost = f"the guest ended during '{command}'"
        except TimeoutError:
            self._lost = f"the guest gave no answer to '{command}' within {limit:g} s"
        except OSError as error:
            self._lost = f"the guest ended during '{command}': {error.strerror}"
        raise NoAnswer(self._lost)

    def ask(self, command: str, limit: float | None = None) -> str:
        """What a command says that has to succeed. Raises `InfrastructureError`, with its output, if it fails."""
        done = self.run(command, limit)
        if done.code != 0:
            raise InfrastructureError(f"in the guest '{command}' ended with exit code {done.code}: {done.output}")
        return done.output

    def close(self) -> None:
        self._stream.close()
        self._socket.close()
