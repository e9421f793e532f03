"""The target `netns`: a daemon as each test wants it, and nothing left of the run, however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcpslab.outcome import Exit, InfrastructureError, RequestError
from tcpslab.rig import Rig, Tcpsd
from tcpslab.tree import ROOT

from conformance import sanity
from conformance.netns_target import DaemonEndedError, NetnsTarget
from conformance.options import Options
from conformance.target import Setup
from conformance.target_choice import choose_target
from conformance.target_file import TargetFile

from kernel_host import FAMILIES, Conversation, need_root

# `lab`, of a tree that is built.
LAB = "import sys; from tcpslab import build, cli; build.build = lambda *_: None; sys.exit(cli.main(sys.argv[1:]))"
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT / 'bindings'}:{ROOT}"}
RUNS = Path("/run/tcpslab")


@pytest.fixture
def target() -> Iterator[NetnsTarget]:
    need_root()
    made = NetnsTarget(TargetFile("tcpsd", "netns"))
    try:
        yield made
    finally:
        made.close()


def daemon(target: NetnsTarget) -> Tcpsd:
    assert target._tcpsd is not None
    return target._tcpsd


@pytest.mark.parametrize("family", FAMILIES)
def test_a_plain_connection_works(target: NetnsTarget, family: str) -> None:
    assert sanity.check(target, family) is None
    assert not target.notes()


def test_the_daemon_is_what_a_test_wants(target: NetnsTarget) -> None:
    target.start(Setup(enforce=True))
    first = daemon(target)
    assert first.status()["policy"]["enforce"] is True
    target.start(Setup(tofu_enforce=False))
    policy = first.status()["policy"]
    assert (policy["enforce"], policy["tofu_enforce"]) == (False, False)
    assert daemon(target) is first

    target.start(Setup(limits={"max_connections": 2, "idle_timeout": 4.5}))
    policy = daemon(target).status()["policy"]
    assert (policy["max_connections"], policy["idle_timeout"]) == (2, 4.5)
    assert len(daemon(target).status()["workers"]) == 1  # each has the whole limit
    target.start(Setup())
    assert daemon(target).status()["policy"]["max_connections"] == 4096
    target.start(Setup(dialect="lkm"))
    assert daemon(target).status()["dialect"] == "lkm"
    assert first.exit_code == 0


def test_a_daemon_that_dies_fails_the_test_in_which_it_does(target: NetnsTarget) -> None:
    target.start(Setup())
    target.stop()
    target.start(Setup())
    daemon(target).kill()
    with pytest.raises(DaemonEndedError, match="tcpsd run .* in far was ended by signal 9 and said:\n.*module loaded"):
        target.stop()
    assert sanity.check(target, "ipv4") is None  # by another


def test_the_applications_of_the_target_end_with_their_test(target: NetnsTarget) -> None:
    target.start(Setup())
    peer = Conversation(target, "ipv4")
    target.connect(peer.address, peer.our_port, "echo")
    peer.accept()
    peer.receive()
    (application,) = target._applications
    target.stop()
    assert application.report() == f"the application that connects to {peer.address} port 40000 for echo has ended"


def lab(*words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", LAB, "conform", *words]
    return subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def test_a_few_tests_end_to_end(tmp_path: Path) -> None:
    need_root()
    name = "test_data_is_protected_both_ways or test_oldest_blocked_flow_is_forgotten"
    run = lab("--target", "netns", "-k", name, "--jobs", "3", "--out", str(tmp_path))
    said, errors = run.communicate(timeout=120)
    assert run.returncode == Exit.AS_EXPECTED, said + errors
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["target"] == {"name": "tcpsd in a network namespace", "kind": "netns", "deviations": []}
    assert [result["status"] for result in results["results"]] == ["pass"] * 8
    assert not mine(run.pid)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hosts": ("10.9.0.2",)}, "--host: the target netns, which the run makes itself, has none"),
        ({"ports": (7,)}, "--port: the target netns, which the run makes itself, has none"),
        ({"interface": "near"}, "--interface: the target netns, which the run makes itself, has none"),
        ({"module": "tcps.ko"}, "--module: goes with --target vm"),
        ({"deviations": ("wrong-tag",)}, "--deviation wrong-tag: only the target sim misbehaves on purpose"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_made(changes: dict[str, object], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        choose_target(Options(**{"target": "netns"} | changes))


def test_other_users_are_told_that_it_takes_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(InfrastructureError, match="network namespaces need root"):
        NetnsTarget(TargetFile("tcpsd", "netns")).start(Setup())


# --- runs that end early ---------------------------------------------------------------------------------------------


def family_of(session: int) -> dict[int, str]:
    """The processes of a session of ours, and their names; those of a rig have sessions of their own."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = stat.read_text().split(" (", 1)
        except (FileNotFoundError, ProcessLookupError):
            continue
        name, fields = rest.rsplit(") ", 1)
        if int(fields.split()[3]) == session and not fields.startswith("Z"):
            found[int(number)] = name
    return found


def mine(session: int, *, known: frozenset[int] = frozenset()) -> list[str]:
    """What the processes of a session made: folders of runs, and namespaces."""
    makers = {str(process) for process in {*family_of(session), *known}}
    folders = [path.name for path in RUNS.iterdir() if path.name.partition("-")[0] in makers]
    return [*folders, *(path.name for folder in folders for path in Path("/run/netns").glob(f"*{folder}*"))]


def processes_in(names: list[str]) -> list[str]:
    listed = [subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True) for name in names]
    return [process for done in listed for process in done.stdout.split()]


def begun(folder: Path) -> tuple["subprocess.Popen[str]", frozenset[int], list[str]]:
    """A run of three daemons, in the middle; its processes; and what it made."""
    run = lab("--target", "netns", "-k", "test_fail and not random", "--jobs", "3", "--out", str(folder))
    deadline = time.monotonic() + 60
    made: list[str] = []
    while sum(name.endswith("-far") for name in made) < 4:  # one is for the plain connections before and after
        assert run.poll() is None and time.monotonic() < deadline, made
        made = mine(run.pid)
        time.sleep(0.05)
    time.sleep(0.5)
    assert processes_in(made)
    return run, frozenset(family_of(run.pid)), made


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    need_root()
    run, known, made = begun(tmp_path)
    run.send_signal(number)
    said, errors = run.communicate(timeout=60)
    assert run.returncode == Exit.INTERRUPTED
    assert "interrupted" in said
    assert "Traceback" not in said + errors
    assert not family_of(run.pid)
    assert not mine(run.pid, known=known)
    assert not processes_in(made)
    assert not (tmp_path / "results.json").exists()


def test_ctrl_c_at_a_terminal_reaches_the_whole_group_and_leaves_nothing(tmp_path: Path) -> None:
    need_root()
    run, known, made = begun(tmp_path)
    os.killpg(run.pid, signal.SIGINT)
    said, errors = run.communicate(timeout=60)
    assert run.returncode == Exit.INTERRUPTED
    assert "Traceback" not in said + errors
    assert not mine(run.pid, known=known)
    assert not processes_in(made)


def test_the_rest_of_a_killed_run_ends_by_itself(tmp_path: Path) -> None:
    """Only the first of its processes was killed: the others notice."""
    need_root()
    run, known, made = begun(tmp_path)
    run.kill()
    run.wait()
    deadline = time.monotonic() + 30
    while family_of(run.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not mine(run.pid, known=known)
    assert not processes_in(made)


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    need_root()
    run, known, made = begun(tmp_path)
    for process in known:
        os.kill(process, signal.SIGKILL)
    run.wait()
    assert processes_in(made)
    with Rig():
        pass
    assert not mine(run.pid, known=known)
    assert not processes_in(made)
