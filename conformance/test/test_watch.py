"""Runs that end because the target cannot be judged: `lab conform` on a small suite, against a kernel without TCP/S."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tcpslab.outcome import Exit
from tcpslab.rig import Pair

from conformance import runner, services_on_rig
from conformance.options import Options

from kernel_host import target_file

SUITE = """\
import pytest
from conformance.arena import Arena
from conformance.marks import family, requirement, role
from conformance.peer import Peer

pytestmark = [family("ipv4"), requirement("TCPS-TM-01")]

@role("server")
def test_nothing(peer: Peer) -> None:
    pass

@role("server")
@pytest.mark.setup(enforce=True)
def test_with_another_setting(peer: Peer) -> None:
    pass

@role("client")
def test_in_the_other_role(arena: Arena) -> None:
    arena.target.connect(arena.target.address(), 4000, "echo")
"""

Judge = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def judge(cable: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Runs the small suite; arguments are changes of the target file."""
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "test_small.py").write_text(SUITE)
    monkeypatch.setattr(runner, "SUITE", tmp_path / "suite")

    def run(**changes: Any) -> "subprocess.CompletedProcess[str]":
        file = vars(target_file(cable, **{"connect": None, "time_scale": 0.5} | changes))
        (tmp_path / "target.yaml").write_text(yaml.safe_dump({key: value for key, value in file.items() if value}))
        options = Options(target=str(tmp_path / "target.yaml"), out=str(tmp_path / "out"), command=("lab", "conform"))
        command = cable.near.command(runner.command(options))
        return subprocess.run(command, env=runner.environment(), capture_output=True, text=True, check=False)

    return run


def statuses(folder: Path) -> dict[str, str]:
    results = json.loads((folder / "out" / "results.json").read_text())
    return {test["test"].partition("::")[2].partition("[")[0]: test["status"] for test in results["results"]}


def test_a_target_that_is_there_is_judged(judge: Judge, cable: Pair, tmp_path: Path) -> None:
    services_on_rig.serve(cable.far)
    done = judge()
    assert done.returncode == Exit.AS_EXPECTED, done.stdout
    assert statuses(tmp_path) == {
        "test_nothing": "pass",
        "test_with_another_setting": "inconclusive",
        "test_in_the_other_role": "inconclusive",
    }


def test_a_target_that_is_not_there_is_not_judged(judge: Judge) -> None:
    done = judge()
    assert done.returncode == Exit.INFRASTRUCTURE
    assert "a plain connection before the first test: 10.9.0.2 port 7007 refuses connections" in done.stdout
    assert "test_nothing" not in done.stdout


def test_a_target_that_dies_on_the_way_is_noticed(judge: Judge, cable: Pair, tmp_path: Path) -> None:
    server = services_on_rig.serve(cable.far).pid
    done = judge(connect=f"kill {server}; exit 1; # {{address}} {{port}}")
    assert done.returncode == Exit.INFRASTRUCTURE
    assert "a plain connection after the last test: 10.9.0.2 port 7007 refuses connections" in done.stdout
    assert statuses(tmp_path)["test_nothing"] == "pass"


def test_a_failure_of_the_machinery_ends_the_run(judge: Judge, cable: Pair, tmp_path: Path) -> None:
    services_on_rig.serve(cable.far)
    done = judge(configure={"enforce": "echo setting {value}; exit {value}"})
    assert done.returncode == Exit.INFRASTRUCTURE
    assert "setting enforce=1: 'echo setting 1; exit 1' ended with exit code 1 and said:\nsetting 1" in done.stdout
    assert "test_in_the_other_role" not in done.stdout


def test_a_target_without_an_echo_service_is_judged_unseen(judge: Judge, cable: Pair) -> None:
    done = judge(services={"greet": 7013})
    assert done.returncode == Exit.AS_EXPECTED, done.stdout
    assert "no plain connection was tried before the first test: the target file names no port" in done.stdout
