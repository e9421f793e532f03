"""`lab conform` on a small suite of its own, against the simulated node: with and without a deliberate fault."""

import json
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from scapy.utils import rdpcap

from tcpslab import tree
from tcpslab.outcome import Exit
from tcpslab.scapy import C2S, S2C, KeyLog, Sessions, Tag

from conformance import runner
from conformance.options import Options

SUITE = """\
from conformance.marks import family, requirement, role
from conformance.peer import Peer

@requirement("TCPS-TM-01")
@role("server")
def test_echo(peer: Peer) -> None:
    peer.open()
    peer.expect_ti()
    peer.echo(b"hello")

@requirement("TCPS-TM-01")
@family("ipv4")
@role("client")
def test_reset(peer: Peer) -> None:
    peer.open()
    peer.expect("a reset that never comes", flags="R")
"""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "test_small.py").write_text(SUITE)
    monkeypatch.setattr(runner, "SUITE", folder)
    return folder


@pytest.fixture
def options(tmp_path: Path, suite: Path) -> Options:
    return Options(out=str(tmp_path / "out"), command=("lab", "conform"))


def run(options: Options, expression: str | None = None) -> subprocess.CompletedProcess[str]:
    line = runner.command(options, expression)
    return subprocess.run(line, env=runner.environment(), capture_output=True, text=True, check=False)


def results(options: Options) -> dict:
    return json.loads((options.out_dir / "results.json").read_text(encoding="utf-8"))


def test_what_passes_and_what_fails_is_told(options: Options) -> None:
    done = run(options)
    assert (done.returncode, done.stderr) == (Exit.DIFFERS, "")
    assert done.stdout.splitlines()[-1] == "reference stack, simulated, by tcps/readme: 3 tests: 2 pass, 1 fail"
    assert "a reset that never comes did not come" in done.stdout
    records = results(options)["results"]
    assert [(record["test"], record["status"]) for record in records] == [
        ("test_small.py::test_echo[server-ipv4]", "pass"),
        ("test_small.py::test_echo[server-ipv6]", "pass"),
        ("test_small.py::test_reset[client-ipv4]", "fail"),
    ]
    assert records[2]["places"] == ['test_small.py:16: peer.expect("a reset that never comes", flags="R")']


def test_equal_seeds_give_equal_results(options: Options) -> None:
    found = []
    for seed in (1, 1, 2):
        run(replace(options, seed=seed), "reset")
        found.append(results(options)["results"])
    assert found[0] == found[1] != found[2]


def test_a_deliberate_fault_is_found_and_named(options: Options) -> None:
    faulty = replace(options, deviations=("wrong-tag",))
    done = run(faulty, "echo")
    assert done.returncode == Exit.DIFFERS
    assert "with the deliberate fault wrong-tag, by tcps/readme: 2 tests: 0 pass, 2 fail" in done.stdout
    assert results(faulty)["target"]["deviations"] == ["wrong-tag"]
    sent = results(faulty)["results"][0]["failure"]["sent"]["packet"]
    assert "<PA>" in sent and "5 bytes [TM]" in sent


KNOWN = """\
name: a target that is known
target: sim
known_deviations:
  - {requirement: TCPS-TM-01, seen: a reset that never comes, reason: It never resets., tests: "*test_reset*"}
"""


def test_a_known_deviation_is_no_failure_and_leaves_its_packets(options: Options, tmp_path: Path) -> None:
    (tmp_path / "known.yaml").write_text(KNOWN)
    known = replace(options, target=str(tmp_path / "known.yaml"), junit=str(tmp_path / "junit.xml"))
    done = run(known)
    assert done.returncode == Exit.AS_EXPECTED
    assert done.stdout.splitlines()[-1].endswith("3 tests: 2 pass, 0 fail, 1 known deviation")
    assert "known, because: It never resets." in done.stdout
    record = results(known)["results"][2]
    assert (record["status"], record["reason"]) == ("known deviation", "It never resets.")
    assert (known.out_dir / record["artefacts"]["capture"]).is_file()
    assert "known, because: It never resets." in (known.out_dir / "report.html").read_text(encoding="utf-8")
    assert "known deviation: It never resets." in Path(known.junit or "").read_text(encoding="utf-8")


def test_a_known_deviation_that_is_gone_fails_the_run(options: Options, tmp_path: Path) -> None:
    (tmp_path / "known.yaml").write_text(KNOWN.replace("*test_reset*", "*test_echo*"))
    gone = replace(options, target=str(tmp_path / "known.yaml"))
    done = run(gone, "echo")
    assert done.returncode == Exit.DIFFERS
    assert done.stdout.splitlines()[-1].endswith("2 tests: 2 pass, 0 fail; 1 known deviation not seen any more")
    assert results(gone)["vanished_deviations"][0]["seen"] == "a reset that never comes"


def test_a_known_deviation_whose_tests_did_not_run_is_not_missed(options: Options, tmp_path: Path) -> None:
    (tmp_path / "known.yaml").write_text(KNOWN)
    done = run(replace(options, target=str(tmp_path / "known.yaml")), "echo")
    assert done.returncode == Exit.AS_EXPECTED


def test_the_replay_command_runs_that_test_alone(options: Options, tmp_path: Path) -> None:
    run(options)
    words = shlex.split(results(options)["results"][2]["replay"])
    again = replace(options, tests=(words[words.index("--test") + 1],), out=str(tmp_path / "again"))
    assert run(again).returncode == Exit.DIFFERS
    assert results(again)["results"] == results(options)["results"][2:]


def test_a_test_that_is_not_there_is_a_wrong_request(options: Options) -> None:
    for done in (run(replace(options, tests=("test_small.py::test_other",))), run(options, "nothing_of_this_name")):
        assert runner.exit_code(done.returncode) == Exit.BAD_REQUEST
        assert done.stdout + done.stderr != ""
    assert not (options.out_dir / "results.json").exists()


def test_an_interrupted_run_says_so_and_leaves_no_reports(options: Options, suite: Path) -> None:
    slow = "    import os, signal\n    os.kill(os.getpid(), signal.SIGINT)\n    peer.echo(b'never')\n"
    (suite / "test_small.py").write_text(SUITE.replace('    peer.echo(b"hello")\n', slow))
    done = run(options)
    assert done.stdout.startswith("interrupted\n")
    assert "Traceback" not in done.stdout + done.stderr
    assert not (options.out_dir / "results.json").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hosts": ("10.0.0.2",)}, "--host: a simulated target has none"),
        ({"target": "live", "hosts": ("10.0.0.2",), "interface": "lo"}, "needs the port of its echo service"),
        ({"junit": "/dev/null/x.xml"}, "--junit /dev/null/x.xml: cannot write there"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_first_test(options: Options, change: dict, words: str) -> None:
    done = run(replace(options, **change))
    assert done.returncode == Exit.BAD_REQUEST
    assert words in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (options.out_dir / "results.json").exists()


AGREES = """\
from conformance.failure import PRESENT
from conformance.marks import requirement
from conformance.peer import Peer

@requirement("TCPS-TC-02")
def test_agrees(peer: Peer) -> None:
    peer.send_syn()
    peer.expect_syn_ack(tc=PRESENT)
"""


def test_a_target_that_agrees_no_keys_fails_the_tests_of_that(options: Options, suite: Path) -> None:
    (suite / "test_agrees.py").write_text(AGREES)
    assert run(replace(options, deviations=("omit-tc-from-syn-ack",))).returncode == Exit.DIFFERS
    reason = "the target agrees no keys as server, as the tests of TCPS-TC-02 report"
    found = {(r["test"], r["status"]): r["summary"] for r in results(options)["results"]}
    assert found["test_small.py::test_echo[server-ipv4]", "inconclusive"] == reason
    assert found["test_small.py::test_echo[server-ipv6]", "inconclusive"] == reason
    assert ("test_agrees.py::test_agrees[server-ipv4]", "fail") in found
    assert ("test_small.py::test_reset[client-ipv4]", "fail") in found


def test_capture_and_key_log_open_with_scapy_and_lab_decrypt(options: Options) -> None:
    run(replace(options, deviations=("wrong-tag",)), "echo")
    (record, _) = results(options)["results"]
    capture, keylog = (options.out_dir / record["artefacts"][name] for name in ("capture", "keylog"))
    sessions = Sessions(KeyLog.parse(keylog.read_text()))
    opened = [sessions.feed(packet) for packet in rdpcap(str(capture))]
    assert sessions.all[0].stream(C2S) == b"hello"
    assert [o.tag for o in opened if o and o.direction is S2C and o.tag is not Tag.NOT_DUE] == [Tag.INVALID]

    extension = tree.extension_dir()
    assert extension is not None
    tool = extension.parents[1] / "reference" / "capture" / "tcpslab-decrypt"
    done = subprocess.run([tool, capture, "--keylog", keylog], capture_output=True, text=True, check=False)
    assert done.returncode == Exit.DIFFERS
    last = dict(field.split("=") for field in done.stdout.splitlines()[-1].split())
    assert (last["connections"], last["tags_valid"], last["tags_invalid"]) == ("1", "1", "1")


def test_a_suite_that_cannot_be_read_is_no_verdict(options: Options, suite: Path) -> None:
    assert run(options).returncode == Exit.DIFFERS
    (suite / "test_broken.py").write_text("def broken(:\n")
    done = run(options)
    assert done.returncode == Exit.INFRASTRUCTURE
    assert "test_broken.py cannot be read" in done.stdout and "SyntaxError" in done.stdout
    assert not (options.out_dir / "results.json").exists()


def test_a_suite_that_breaks_down_is_no_verdict(options: Options, suite: Path) -> None:
    (suite / "conftest.py").write_text("def pytest_runtest_logstart():\n    raise RuntimeError('out of order')\n")
    done = run(options)
    assert done.returncode == Exit.INFRASTRUCTURE
    assert "the suite broke down" in done.stdout and "out of order" in done.stdout


def test_a_machine_that_fails_is_no_verdict(options: Options, suite: Path) -> None:
    fails = 'def test_cable(setting): raise InfrastructureError("the cable is out")'
    lines = ["from conformance.marks import requirement", "from tcpslab.outcome import InfrastructureError"]
    (suite / "test_a_cable.py").write_text("\n".join([*lines, '@requirement("TCPS-TM-01")', fails]))
    done = run(options)
    assert done.returncode == Exit.INFRASTRUCTURE
    assert "the run ends\nthe cable is out\n" in done.stdout and "test_small" not in done.stdout
    assert not (options.out_dir / "results.json").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": "no-such-target"}, "--target no-such-target: expected sim, live, netns, vm, or a target's file"),
        ({"deviations": ("no-such-fault",)}, "--deviation no-such-fault: known are "),
        ({"deviations": ("wrong-tag",), "target": "live"}, "--deviation wrong-tag: only the target sim misbehaves"),
        ({"only": ("TCPS-TM-01", "TCPS-XX-99")}, "--requirement TCPS-XX-99: the catalogue of tcps has none of this id"),
    ],
)
def test_what_is_not_there_is_a_wrong_request(options: Options, change: dict, words: str) -> None:
    done = run(replace(options, **change))
    assert done.returncode == Exit.BAD_REQUEST
    assert done.stderr.startswith(f"lab conform: {words}") and done.stdout == ""


RANDOM = """\
from hypothesis import HealthCheck, given, settings, strategies

from conformance.marks import family, requirement, role

@requirement("TCPS-TM-01")
@family("ipv4")
@role("server")
@settings(derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=strategies.integers(1, 1000))
def test_size(stage, size: int) -> None:
    with stage() as arena:
        peer = arena.peer()
        peer.open()
        peer.echo(bytes(size))
        if size >= 10:
            raise peer.violation("ten bytes or more")
"""


def test_a_random_test_leaves_its_shortest_failure(options: Options, suite: Path) -> None:
    (suite / "test_small.py").write_text(RANDOM)
    assert run(options).returncode == Exit.DIFFERS
    (record,) = results(options)["results"]
    assert record["summary"] == "ten bytes or more" and "size=10" in "".join(record["notes"])
    sessions = Sessions(KeyLog.parse((options.out_dir / record["artefacts"]["keylog"]).read_text()))
    for packet in rdpcap(str(options.out_dir / record["artefacts"]["capture"])):
        sessions.feed(packet)
    assert [(session.stream(C2S), session.stream(S2C)) for session in sessions.all] == [(bytes(10), bytes(10))]
