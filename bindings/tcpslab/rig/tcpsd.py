"""The daemon `tcpsd` on a host of a rig."""

import itertools
import json
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tcpslab import tree
from tcpslab.outcome import InfrastructureError
from tcpslab.rig.namespace import Namespace
from tcpslab.rig.program import Program

_POLL_INTERVAL = 0.02  # seconds
_READY_LIMIT = 10.0
_ANSWER_LIMIT = 10.0
_STOP_LIMIT = 10.0
_numbers = itertools.count()


def program() -> Path:
    """The executable that the build made: the one of the preset `release`, or of TCPSLAB_BUILD_DIR."""
    return tree.built_program("reference", "linux", "tcpsd")


class Tcpsd:
    """Runs from its construction on, until `stop`, the end of a `with` statement, or the end of the rig.

    Its run directory is one of the rig's own, where the key log is, too; it outlives `stop`, so that a daemon that is
    started again finds what the last one left.
    """

    def __init__(self, namespace: Namespace, *arguments: str | Path, wait: bool = True, **options: object) -> None:
        """`options` are those of the command line (`enforce=True`, `idle_timeout="2s"`), `arguments` more of its words.

        Returns once the daemon is ready, unless `wait` is false. Raises InfrastructureError, with what it said.
        """
        self.namespace = namespace
        self.run_dir = namespace.folder / f"tcpsd-{namespace.label}-{next(_numbers)}"
        self.run_dir.mkdir(mode=0o755)
        self.key_log_file = self.run_dir / "keys.log"
        self.options: dict[str, object] = {"run_dir": self.run_dir, "key_log": self.key_log_file} | options
        self.arguments: Sequence[str | Path] = arguments
        self._programs: list[Program] = []  # one for each start
        self.start(wait=wait)

    def __enter__(self) -> "Tcpsd":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # --- its life ----------------------------------------------------------------------------------------------------

    def start(self, *, wait: bool = True) -> None:
        """After `stop` or `kill`: once more, with `options` and `arguments` as they are now."""
        self._programs.append(self.namespace.start([program(), "run", *_words(self.options), *self.arguments]))
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_LIMIT
        while self.command("status").returncode != 0:
            if self.exit_code is not None or time.monotonic() > deadline:
                raise InfrastructureError(f"tcpsd did not get ready: {self.report()}")
            time.sleep(_POLL_INTERVAL)

    @property
    def _program(self) -> Program:
        return self._programs[-1]

    @property
    def pid(self) -> int:
        return self._program.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._program.exit_code

    def report(self) -> str:
        """How it ended, if it did, and what it said since it was started last."""
        return self._program.report()

    def signal(self, number: int) -> None:
        self._program.signal(number)

    def stop(self) -> int:
        """An orderly end (SIGTERM). Its exit code."""
        return self._program.stop(_STOP_LIMIT)

    def kill(self) -> None:
        """SIGKILL: its rules stay behind."""
        self._program.kill()

    def restart(self) -> None:
        """Stops it, and starts it again: without `identity` and `peers` it is then another host, which knows nobody."""
        self.stop()
        self.start()

    # --- what it knows -----------------------------------------------------------------------------------------------

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """`tcpsd status`, `tcpsd peers forget ADDRESS` and so on, for this daemon."""
        return self.namespace.run([program(), *words, "--run-dir", self.run_dir], limit=_ANSWER_LIMIT)

    def ask(self, *words: str) -> str:
        """What such a command prints. Raises InfrastructureError with its complaint."""
        done = self.command(*words)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise InfrastructureError(f"'tcpsd {' '.join(words)}' ended with exit code {done.returncode}: {said}")
        return done.stdout

    def status(self) -> dict[str, Any]:
        return json.loads(self.ask("status", "--json"))

    def set(self, **values: object) -> None:
        """Changes it as it runs: `set(enforce=True, idle_timeout=2)`. Times are seconds, or text as `tcpsd` has it."""
        self.ask("set", *(f"{name}={_value(value)}" for name, value in values.items()))

    def log(self) -> list[str]:
        """The lines that it wrote, those before a restart too."""
        return [line for each in self._programs for line in each.output().splitlines()]

    def wait_for_log(self, pattern: str, limit: float = 10.0) -> "re.Match[str]":
        """Until the regular expression is in what it wrote since it was started last."""
        return self._program.wait_for(pattern, limit)

    def key_log(self) -> list[str]:
        """The secrets that it gave away so far, as lines of a key log."""
        try:
            return self.key_log_file.read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return []


def _words(options: dict[str, object]) -> list[str]:
    """Options as the command line has them; one that is None is left out."""
    return [f"--{name.replace('_', '-')}={_value(value)}" for name, value in options.items() if value is not None]


def _value(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
