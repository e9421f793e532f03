"""Configures and builds a CMake preset of this tree; does nothing, quickly, when that is done already."""

import fcntl
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tcpslab import process, tree
from tcpslab.outcome import InfrastructureError

_EXCERPT_LINES = 40


def build(preset: str, targets: Sequence[str] = ()) -> Path:
    """Builds the targets (all of them by default) and returns the build directory.

    Safe to call from several processes at once: they take turns. The whole output is in lab-build.log of the build
    directory; an InfrastructureError carries the part that matters.
    """
    directory = tree.build_dir(preset)
    log = directory / "lab-build.log"
    with _locked(directory):
        log.unlink(missing_ok=True)
        if not _is_configured(directory):
            _step(["cmake", "-S", tree.ROOT, "--preset", preset, "--fresh"], log, f"configure {preset}")
        command: list[str | Path] = ["cmake", "--build", directory, "--parallel", str(os.cpu_count() or 1)]
        if targets:
            command += ["--target", *targets]
        _step(command, log, f"build {preset}")
    return directory


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "lab.lock").open("w")
    except OSError as error:
        raise InfrastructureError(f"cannot write to {directory}: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"lab: waiting for another lab that builds in {directory}", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_configured(directory: Path) -> bool:
    """Whether Ninja can take over, which runs CMake again by itself when a CMakeLists.txt has changed."""
    ninja_file = directory / "build.ninja"
    presets = tree.ROOT / "CMakePresets.json"
    if not ninja_file.exists() or ninja_file.stat().st_mtime < presets.stat().st_mtime:
        return False
    # A tree that was moved or copied together with its build directory.
    return f"CMAKE_HOME_DIRECTORY:INTERNAL={tree.ROOT}\n" in (directory / "CMakeCache.txt").read_text(encoding="utf-8")


def _step(command: Sequence[str | Path], log: Path, title: str) -> None:
    if process.run_logged(command, log, title, cwd=tree.ROOT, append=True) != 0:
        raise InfrastructureError(f"{title} failed; the whole log is {log}\n{_excerpt(log)}")


def _excerpt(log: Path) -> str:
    """The first failed compilation, which Ninja buries under the jobs that were still running; else the last lines."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith("FAILED: ")), None)
    return "\n".join(lines[-_EXCERPT_LINES:] if first is None else lines[first : first + _EXCERPT_LINES])
