"""`lab run`: its exit codes, what it hands to the simulator and what it leaves behind."""

import json

import pytest
from small_tree import SmallTree, record


@pytest.mark.parametrize("code", [0, 1])
def test_exit_code_of_the_simulator_is_the_exit_code(small_tree: SmallTree, code: int) -> None:
    small_tree.set_sim(code=code, results=[record()])
    assert small_tree.lab("run").returncode == code


def test_bad_scenario_file_passes_the_message_on(small_tree: SmallTree) -> None:
    small_tree.set_sim(code=2, results=None, message="own.yaml:3: unknown key 'lnik', expected link")
    done = small_tree.lab("run")
    assert (done.returncode, done.stdout) == (2, "")
    assert "own.yaml:3: unknown key 'lnik', expected link" in done.stderr


@pytest.mark.parametrize("code", [3, 70])
def test_broken_simulator_is_an_infrastructure_failure(small_tree: SmallTree, code: int) -> None:
    small_tree.set_sim(code=code, results=None, message="assert failed in the event loop")
    done = small_tree.lab("run")
    assert done.returncode == 3
    assert "assert failed in the event loop" in done.stderr


def test_run_that_failed_is_shown_among_the_others(small_tree: SmallTree) -> None:
    failed = record(dialect="lkm", verdict="error", observed={}, error="the run took 3 GiB")
    small_tree.set_sim(code=3, results=[record(), failed])
    done = small_tree.lab("run")
    assert done.returncode == 3
    assert "the run took 3 GiB" in done.stdout
    assert "2 runs of 1 scenario: 1 as expected, 1 error" in done.stdout


def test_protocol_that_was_left_out_is_said(small_tree: SmallTree) -> None:
    small_tree.set_sim(
        results=[record()], message="transfer/first-visit: socketguard/rst is not in this build: left out"
    )
    done = small_tree.lab("run")
    assert (done.returncode, done.stderr) == (
        0,
        "transfer/first-visit: socketguard/rst is not in this build: left out\n",
    )


def test_results_that_are_not_there_are_an_infrastructure_failure(small_tree: SmallTree) -> None:
    small_tree.set_sim(code=0, results=None)
    assert small_tree.lab("run").returncode == 3


def test_results_of_an_earlier_run_are_not_shown_again(small_tree: SmallTree) -> None:
    assert small_tree.lab("run").returncode == 0
    small_tree.set_sim(code=0, results=None)
    assert small_tree.lab("run").returncode == 3


def test_arguments_reach_the_simulator(small_tree: SmallTree) -> None:
    small_tree.lab("run", "transfer", "--protocol", "plain,tcps/lkm", "--seed", "7", "--jobs", "3", "--out", "o")
    arguments = json.loads((small_tree.root / "o" / "arguments.json").read_text())
    assert arguments[0] == str(small_tree.root / "scenarios" / "transfer" / "first-visit.yaml")
    options = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    assert options == {
        "--seed": "7",
        "--jobs": "3",
        "--out": "o",
        "--json": "o/results.json",
        "--protocol": "plain,tcps/lkm",
    }


def test_results_carry_their_provenance(small_tree: SmallTree) -> None:
    done = small_tree.lab("run", "transfer", "--json", "copy/results.json")
    assert done.returncode == 0, done.stderr
    written = json.loads((small_tree.root / "out" / "results.json").read_text())
    assert written["results"] == [record()]
    assert written["provenance"]["command"] == ["lab", "run", "transfer", "--json", "copy/results.json"]
    assert "tcpslab" in written["provenance"]["versions"]
    assert json.loads((small_tree.root / "copy" / "results.json").read_text()) == written
    assert "out/results.json" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [["--seed", "zero"], ["--seed", "0"], ["--jobs", "-1"], ["--nonsense"], ["transfer/no-such-scenario"]],
)
def test_wrong_requests(small_tree: SmallTree, arguments: list[str]) -> None:
    done = small_tree.lab("run", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_output_folder_that_cannot_be_made(small_tree: SmallTree) -> None:
    (small_tree.root / "file").write_text("")
    done = small_tree.lab("run", "--out", "file/out")
    assert done.returncode == 2
    assert "file/out" in done.stderr
