"""Several labs in one tree."""

import fcntl
import threading
from pathlib import Path

import pytest
from tcpslab import build


def test_who_waits_for_another_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "lab.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        threading.Timer(0.2, fcntl.flock, (other, fcntl.LOCK_UN)).start()
        with build._locked(tmp_path):  # noqa: SLF001
            pass
    assert "waiting for another lab" in capsys.readouterr().err


def test_alone_nobody_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with build._locked(tmp_path):  # noqa: SLF001
        pass
    assert capsys.readouterr().err == ""
