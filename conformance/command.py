"""Shell commands of a target file: what they say is kept, and they have their time."""

import contextlib
import os
import signal
import subprocess
import tempfile

from tcpslab.outcome import InfrastructureError

_GRACE = 1.0  # seconds between being asked to end and being made to


class Command:
    """A running command, with what it starts itself, in a process group of its own."""

    def __init__(self, text: str) -> None:
        self.text = text
        # A file and no pipe: what the command leaves running may keep it open for ever.
        self._output = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            text,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def failed(self) -> bool:
        """Whether it has ended with an exit code other than 0."""
        return self._process.poll() not in (None, 0)

    def wait(self, time_limit: float) -> bool:
        """Whether it ended by itself within `time_limit` seconds."""
        try:
            self._process.wait(time_limit)
        except subprocess.TimeoutExpired:
            return False
        return True

    def report(self) -> str:
        """The command, how it ended, and what it said."""
        code = self._process.poll()
        end = "runs" if code is None else f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        self._output.seek(0)
        said = self._output.read().decode(errors="replace").strip()
        return f"'{self.text}' {end}" + (f" and said:\n{said}" if said else " and said nothing")

    def stop(self) -> None:
        """Ends it and what it started."""
        self._signal(signal.SIGTERM)
        if not self.wait(_GRACE):
            self._signal(signal.SIGKILL)
            self._process.wait()
        self._output.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def run(text: str, purpose: str, time_limit: float) -> None:
    """Runs a command to its end. Raises `InfrastructureError`, with its output, if it fails or takes too long."""
    command = Command(text)
    if not command.wait(time_limit):
        report = command.report()
        command.stop()
        raise InfrastructureError(f"{purpose}: not done after {time_limit:g} s: {report}")
    if command.failed():
        raise InfrastructureError(f"{purpose}: {command.report()}")
