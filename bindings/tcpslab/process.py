"""Long-running children: their output goes to a log, their progress to a terminal, nothing to a pipe."""

import re
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tcpslab.outcome import InfrastructureError

# Ninja's "[12/340] …", ctest's " 3/12 Test …" and tcpslab-sim's "3/20 …".
_STEP = re.compile(r"^\s*\[?(\d+)/(\d+)\b")


def run_logged(
    command: Sequence[str | Path],
    log: Path,
    title: str,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    append: bool = False,
) -> int:
    """Runs `command` with both its outputs in `log` and returns its exit code (negative: the signal that ended it)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[step]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True, quiet=not sys.stderr.isatty())
    with (
        log.open("a" if append else "w", encoding="utf-8") as sink,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        task = progress.add_task(title, total=None, step="")
        try:
            child = subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise InfrastructureError(f"cannot run {command[0]}: {error.strerror}") from error
        with child:
            assert child.stdout is not None
            for line in child.stdout:
                sink.write(line)
                if step := _STEP.match(line):
                    done, total = int(step[1]), int(step[2])
                    progress.update(task, completed=done, total=total, step=f"{done}/{total}")
        return child.returncode


def tail(log: Path, lines: int) -> str:
    """The last lines of a log file."""
    with log.open(encoding="utf-8", errors="replace") as source:
        return "".join(deque(source, lines)).rstrip()
