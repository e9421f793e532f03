"""What says whether what a run made is still in use: a folder with a lock that the kernel drops with its run.

A run's folder is /run/tcpslab/TOKEN; its namespaces are called tcpslab-TOKEN-…. A lock outlives no process and is not
mistaken for that of another one, which a process id could be.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tcpslab.outcome import InfrastructureError
from tcpslab.rig.tool import ip

_FOLDER = Path("/run/tcpslab")
_NAMESPACES = Path("/run/netns")
_LOCK = "lock"
_KILL_LIMIT = 5.0  # seconds until killed processes are gone


class Lease:
    """One run's folder, its name for namespaces, and all that is called so."""

    def __init__(self) -> None:
        _FOLDER.mkdir(mode=0o755, exist_ok=True)
        with _alone():
            _remove_leftovers()
            self.folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=_FOLDER))
            self._lock = _locked(self.folder / _LOCK)
        self.folder.chmod(0o755)  # daemons that give up root still reach what is theirs in it

    @property
    def prefix(self) -> str:
        """With which the names of its namespaces begin."""
        return _prefix(self.folder)

    def end(self) -> None:
        """Ends the processes in its namespaces, and removes those and the folder."""
        _remove_namespaces(self.folder)
        with _alone():
            shutil.rmtree(self.folder)
        self._lock.close()


def _prefix(folder: Path) -> str:
    return f"tcpslab-{folder.name}-"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Between runs that begin or end at the same time: a folder without its lock would look abandoned."""
    with (_FOLDER / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _locked(path: Path) -> IO[str]:
    lock = path.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def _remove_leftovers() -> None:
    for folder in _FOLDER.iterdir():
        if not folder.is_dir():
            continue
        try:
            with _locked(folder / _LOCK):
                _remove_namespaces(folder)
                shutil.rmtree(folder)  # the last, so that what is interrupted is found again
        except BlockingIOError:
            pass  # its run is alive


def _remove_namespaces(folder: Path) -> None:
    """Those of a run, and the processes in them."""
    namespaces = list(_NAMESPACES.glob(f"{_prefix(folder)}*"))
    for namespace in namespaces:
        _end_processes(namespace.name)
    for namespace in namespaces:
        try:
            ip("netns", "delete", namespace.name)
        except InfrastructureError:
            namespace.unlink(missing_ok=True)  # its run was killed between making the file and the namespace


def _end_processes(namespace: str) -> None:
    deadline = time.monotonic() + _KILL_LIMIT
    while (processes := _processes(namespace)) and time.monotonic() < deadline:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.01)


def _processes(namespace: str) -> list[int]:
    """Those within, but for the one that asks, which may be there as a guest."""
    try:
        found = [int(word) for word in ip("netns", "pids", namespace).split()]
    except InfrastructureError:
        return []  # a file that never became a namespace
    return [process for process in found if process != os.getpid()]
