"""A test that failed while the suite was late is tried again; one that failed in time is not."""

import json
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tcpslab.outcome import Exit

from conformance import runner
from conformance.options import Options
from conformance.timely import Lateness

from kernel_host import need_root

# Each attempt leaves a letter; `late` stops the process for a while, as a busy machine does.
SUITE = """\
import os, subprocess, time
from pathlib import Path
from conformance.marks import family, requirement, role
from conformance.peer import Peer

pytestmark = [family("ipv4"), role("server"), requirement("TCPS-TM-01")]

def attempts(name: str) -> int:
    path = Path(os.environ["ATTEMPTS"], name)
    path.write_text((path.read_text() if path.exists() else "") + "a")
    return len(path.read_text())

def late() -> None:
    subprocess.run(["sh", "-c", f"kill -STOP {os.getpid()}; (sleep 0.2; kill -CONT {os.getpid()}) >/dev/null &"])
    time.sleep(0.1)

def test_late_once(peer: Peer) -> None:
    if attempts("once") == 1:
        late()
        raise peer.violation("too late")

def test_always_late(peer: Peer) -> None:
    attempts("always")
    late()
    raise peer.violation("as ever")
"""


def test_what_fails_late_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_root()
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "test_small.py").write_text(SUITE)
    monkeypatch.setattr(runner, "SUITE", tmp_path / "suite")
    options = Options(target="netns", out=str(tmp_path / "out"), command=("lab", "conform"))
    environment = {**runner.environment(), "ATTEMPTS": str(tmp_path)}
    done = subprocess.run(runner.command(options), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.AS_EXPECTED, done.stdout + done.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text())["results"]
    assert [result["status"] for result in results] == ["inconclusive", "pass"]
    assert "ms late in each of 3 attempts; the last one found: as ever" in results[0]["summary"]
    assert (tmp_path / "once").read_text() == "aa"
    assert (tmp_path / "always").read_text() == "aaa"
    assert not list((tmp_path / "out").glob("**/capture.pcap"))


def test_lateness_is_of_this_process_and_not_of_its_waits() -> None:
    with Lateness() as lateness:
        time.sleep(0.2)
    quiet = lateness.longest
    with Lateness() as lateness:
        pid = os.getpid()
        stop = ["sh", "-c", f"kill -STOP {pid}; sleep 0.3; kill -CONT {pid}"]
        threading.Thread(target=subprocess.run, args=(stop,)).start()
        time.sleep(0.5)
    assert quiet < 0.2 < lateness.longest
