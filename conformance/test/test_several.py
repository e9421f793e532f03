"""Several targets at work on one run, each in a process of its own: what comes back from there, and in which order."""

import json
import pickle
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tcpslab.outcome import Exit
from tcpslab.scapy import Tag

from conformance import runner
from conformance.failure import ABSENT, PRESENT, Difference, Expectation, Violation, Where
from conformance.options import Options

from kernel_host import need_root
from made_up import SYN, segment

SUITE = """\
import os, pytest
from conformance.failure import Where
from conformance.marks import budget, family, requirement, role
from conformance.peer import Peer
from conformance.target import NotDriven

pytestmark = [family("ipv4"), role("server"), requirement("TCPS-TM-01")]

@pytest.mark.parametrize("number", range(4))
def test_passes(peer: Peer, number: int) -> None:
    peer.open()
    peer.echo()

def test_fails(peer: Peer) -> None:
    peer.open()
    peer.expect("a miracle", 0.1, payload=Where("wine", lambda payload: payload == b"wine"))

@budget(50)
def test_fails_as_known(peer: Peer) -> None:
    raise peer.violation("as ever")

@budget(40)
def test_is_not_driven(peer: Peer) -> None:
    raise NotDriven("not today")
"""


def test_a_finding_is_the_same_in_another_process() -> None:
    came = [replace(segment("A", b"water"), tag=Tag.VALID), segment("S")]
    fields = {"flags": "FA", "tm": ABSENT, "tc": PRESENT, "payload": Where("wine", lambda payload: payload == b"wine")}
    here = Violation("no wine", ("TCPS-TM-01",), SYN, Expectation("a FIN", fields), came)
    assert all(here.differences(seen) for seen in came)  # each dissects its packet
    there = pickle.loads(pickle.dumps(here))
    assert there.lines() == here.lines()
    assert there.requirements == here.requirements
    assert there.sent.data == here.sent.data
    for one, other in zip(here.candidates, there.candidates, strict=True):
        assert there.differences(other) == here.differences(one)
        assert (other.data, other.time, other.tag) == (one.data, one.time, one.tag)
    assert Difference("payload", "wine", b"water".hex()) in there.differences(there.candidates[0])


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs the small suite against `tcpsd`; arguments are options."""
    need_root()
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "test_small.py").write_text(SUITE)
    monkeypatch.setattr(runner, "SUITE", tmp_path / "suite")
    known = {"requirement": "TCPS-TM-01", "seen": "as ever", "reason": "it is so"}
    file = {"name": "a host", "target": "netns", "known_deviations": [known]}
    (tmp_path / "target.yaml").write_text(yaml.safe_dump(file))

    def run(**changes: Any) -> "subprocess.CompletedProcess[str]":
        values = {"target": str(tmp_path / "target.yaml"), "out": str(tmp_path / "out"), "command": ("lab", "conform")}
        command = runner.command(Options(**values | changes))
        return subprocess.run(command, env=runner.environment(), capture_output=True, text=True, check=False)

    return run


def test_two_targets_do_what_one_does(judge: Callable[..., "subprocess.CompletedProcess[str]"], tmp_path: Path) -> None:
    found = {}
    for jobs in (1, 2):
        done = judge(jobs=jobs, out=str(tmp_path / f"out-{jobs}"))
        assert done.returncode == Exit.DIFFERS, done.stdout + done.stderr
        results = json.loads((tmp_path / f"out-{jobs}" / "results.json").read_text())
        found[jobs] = [(test["test"], test["status"], test.get("summary")) for test in results["results"]]
        (failed,) = (test for test in results["results"] if test["status"] == "fail")
        assert failed["failure"]["expected"]["fields"] == {"payload": "wine"}
        assert failed["replay"].endswith("'test_small.py::test_fails[server-ipv4]'")
        for path in failed["artefacts"].values():
            assert (tmp_path / f"out-{jobs}" / path).stat().st_size > 0
    assert found[1] == found[2]
    assert [status for _, status, _ in found[2]].count("pass") == 4


def test_what_breaks_down_in_another_process_ends_the_run(
    judge: Callable[..., "subprocess.CompletedProcess[str]"], tmp_path: Path
) -> None:
    dies = SUITE.replace("    peer.echo()\n", "    os._exit(9)\n")
    (tmp_path / "suite" / "test_small.py").write_text(dies)
    done = judge(jobs=2)
    assert done.returncode == Exit.INFRASTRUCTURE
    assert "broke down in test_small.py::test_passes[" in done.stdout
    assert not (tmp_path / "out" / "results.json").exists()
