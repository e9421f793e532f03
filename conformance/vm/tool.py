"""Tools of Debian packages that make the machine."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tcpslab.outcome import InfrastructureError


def run(words: Sequence[str | Path], *, package: str, cwd: Path | None = None, stdin: str = "") -> str:
    """What the tool says. Raises `InfrastructureError` with its complaint, or with the package that it is in."""
    command = [str(word) for word in words]
    try:
        done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, check=False)
    except OSError as error:
        raise InfrastructureError(f"cannot run {command[0]} (Debian package {package}): {error.strerror}") from error
    if done.returncode != 0:
        raise InfrastructureError(f"'{' '.join(command)}' failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
