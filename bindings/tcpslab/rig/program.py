"""A program that runs in a namespace of a rig."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tcpslab.outcome import InfrastructureError

_POLL_INTERVAL = 0.01  # seconds
_READY_LIMIT = 10.0
_STOP_LIMIT = 5.0


class Program:
    """Runs from its construction on, in a session of its own, its output (stdout and stderr) in the file `log`."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        name: str,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """`env` is the whole environment; without it the program has that of this process."""
        self.name, self.log = name, log
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, limit: float = _READY_LIMIT) -> "re.Match[str]":
        """Until the regular expression is found in its output. Raises InfrastructureError, with the output."""
        deadline = time.monotonic() + limit
        while True:
            ended = self.exit_code is not None  # asked first: what it said last is looked at, too
            if found := re.search(pattern, self.output(), re.MULTILINE):
                return found
            if ended:
                raise InfrastructureError(self.report())
            if time.monotonic() > deadline:
                raise InfrastructureError(f"after {limit:g} s without '{pattern}': {self.report()}")
            time.sleep(_POLL_INTERVAL)

    def report(self) -> str:
        """How it ended, if it did, and what it said."""
        code = self.exit_code
        end = "runs" if code is None else f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        said = self.output().strip()
        return f"{self.name} {end}" + (f" and said:\n{said}" if said else " and said nothing")

    def wait(self, limit: float) -> int:
        """Its exit code. Raises InfrastructureError if it still runs after `limit` seconds."""
        try:
            return self._process.wait(limit)
        except subprocess.TimeoutExpired:
            raise InfrastructureError(f"after {limit:g} s {self.report()}") from None

    def signal(self, number: int) -> None:
        if self.exit_code is None:
            self._process.send_signal(number)

    def stop(self, limit: float = _STOP_LIMIT) -> int:
        """Asks it to end (SIGTERM), and makes it (SIGKILL) after `limit` seconds. Its exit code. May be called twice."""
        self.signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(limit)
        return self.kill()

    def kill(self) -> int:
        """Ends it, and what it started in its session, at once (SIGKILL)."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        return self._process.wait()
