"""Scenarios on live Linux hosts: they come out as their files say, and nothing of them stays."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tcpslab import live, selection, tree
from tcpslab.outcome import RequestError
from tcpslab.results import AS_EXPECTED, Record
from tcpslab.report import explain

from small_tree import ROOT

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")

# What is tried in every test of the project: one of each kind, and those that take little time.
SCENARIOS = (
    "transfer/first-visit",
    "transfer/ipv6",
    "transfer/lossy-path",
    "transfer/restarted-client",
    "downgrade/strip-first-syn-enforced",
    "downgrade/strip-syn",
    "downgrade/strip-ti",
    "rst-injection/exact-to-client",
    "rst-injection/in-window",
    "rst-injection/two-fragments",
    "injection/data-random-tag",
    "injection/data-to-server",
    "mitm/own-later-visit-log-only",
    "mitm/relay-edit",
    "middlebox/firewall-idle",
    "middlebox/many-harmless-boxes",
    "middlebox/napt",
    "middlebox/splitter-first",
)
_JOBS = 8
_LIMIT = 20.0  # seconds: what waits for a time-out is left out


def plans(*words: str, protocol: str | None = None, limit: float = live.LIMIT) -> list[live.Plan]:
    wire = tree.built_program("scenarios", "tcpslab-wire")
    return live.plan(wire, selection.select(words), protocol, limit)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def records(out: Path) -> Mapping[tuple[str, str], Record]:
    """By scenario and protocol."""
    chosen = [one for one in plans(*SCENARIOS, limit=_LIMIT) if one.left_out is None]
    played: list[dict[str, Any]] = []
    live.Player(tree.built_program("scenarios", "tcpslab-wire"), 1, out).play(chosen, _JOBS, played.append)
    assert len(played) == len(chosen)
    return {(record.scenario, record.protocol): record for record in map(Record, played)}


@needs_root
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_live_runs_are_as_the_scenario_says(records: Mapping[tuple[str, str], Record], scenario: str) -> None:
    of_scenario = [record for (name, _), record in records.items() if name == scenario]
    assert of_scenario
    for record in of_scenario:
        assert record.host == "linux"
        assert record.verdict == AS_EXPECTED, "\n".join([record.protocol, *explain(record)])


@needs_root
def test_artefacts_are_there_and_the_keys_open_the_capture(
    records: Mapping[tuple[str, str], Record], out: Path, tmp_path: Path
) -> None:
    artefacts = records["transfer/first-visit", "tcps/readme"].data["artefacts"]
    assert artefacts["pcap"].startswith("transfer/first-visit/tcps-readme-linux/")
    report = tmp_path / "decrypted.json"
    decrypt = tree.built_program("reference", "capture", "tcpslab-decrypt")
    command = [decrypt, out / artefacts["pcap"], "--keylog", out / artefacts["keylog"], "--json", report]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    totals = json.loads(report.read_text())["totals"]
    assert totals["tags_invalid"] == totals["unprotected"] == 0
    assert totals["decrypted_bytes"] >= 1024 + 65536  # the workload; more if a segment was sent again
    entries = json.loads((out / artefacts["timeline"]).read_text())["entries"]
    assert {"visit", "segment", "event"} <= {entry["kind"] for entry in entries}
    times = [entry["t"] for entry in entries if "t" in entry]
    assert times == sorted(times)


def test_what_real_hosts_cannot_play_is_left_out_with_the_reason() -> None:
    reasons = {one.scenario: one.left_out or "" for one in plans("downgrade", "rst-injection", "middlebox", "transfer")}
    assert "plays a script" in reasons["downgrade/lkm-second-syn-ack"]
    assert "RcvBufSize" in reasons["rst-injection/blind-sweep"]
    assert reasons["transfer/first-visit"] == ""
    slow = {one.protocol: one.left_out for one in plans("downgrade/strip-syn-enforced", limit=10)}
    assert slow["plain"] is None
    assert slow["tcps/readme"] == "it takes 30s of real time"


def test_a_bad_file_is_a_bad_request(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("name: a/b\nexpect: {plain: {conection: hung}}\n")
    with pytest.raises(RequestError, match=r"bad\.yaml:2: .*conection"):
        plans(str(file))


@needs_root
def test_interrupt_takes_everything_down(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from tcpslab import live, selection, tree
wire = tree.built_program("scenarios", "tcpslab-wire")
plans = live.plan(wire, selection.select(["downgrade/strip-syn-enforced"]), "tcps", live.LIMIT)
live.Player(wire, 1, Path({str(tmp_path)!r})).play(plans, 2, print)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "bindings")}
    child = subprocess.Popen([sys.executable, "-c", script], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 30
        while len(namespaces(child.pid)) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(namespaces(child.pid)) >= 4
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        assert child.wait(30) != 0
    finally:
        child.kill()
    assert namespaces(child.pid) == []
    assert not list(Path("/run/tcpslab").glob(f"{child.pid}-*"))


def namespaces(process: int) -> list[str]:
    """Those of a run's rigs."""
    return [path.name for path in Path("/run/netns").glob(f"tcpslab-{process}-*")]
