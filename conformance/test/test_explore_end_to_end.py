"""Random tests of the suite against the simulated node: a fault is found, shrunk, and shown again by the command."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tcpslab.outcome import Exit

from conformance import runner
from conformance.options import Options


def run(options: Options, expression: str | None = None) -> tuple[int, list[dict]]:
    """Exit code and results."""
    line = runner.command(options, expression)
    done = subprocess.run(line, env=runner.environment(), capture_output=True, text=True, check=False)
    results = options.out_dir / "results.json"
    return done.returncode, json.loads(results.read_text(encoding="utf-8"))["results"] if results.is_file() else []


def of_command(command: str, out: Path, *, faulty: bool) -> Options:
    """What the printed command asks for, with or without its deliberate fault."""
    words = shlex.split(command)
    value = {word: words[i + 1] for i, word in enumerate(words[:-1]) if word.startswith("--")}
    return Options(
        dialect=value["--dialect"],
        seed=int(value["--seed"]),
        deviations=(value["--deviation"],) if faulty else (),
        tests=(value["--test"],),
        replay=value["--replay"],
        out=str(out),
    )


@pytest.mark.parametrize(
    ("deviation", "test", "longest"),
    [
        ("restart-keystream", "test_what_is_lost_comes_again_as_it_was", 2),
        ("accept-reset", "test_forgeries_change_nothing", 1),
        ("count-wraps", "test_the_stream_arrives_beyond_4_gib", 3),
        ("align-keystream", "test_tm_among_other_options", 2),
        ("die-on-late-tc", "test_forged_options_change_nothing", 1),
    ],
)
def test_a_fault_that_takes_a_sequence_is_found_and_shown_again(
    tmp_path: Path, deviation: str, test: str, longest: int
):
    found = Options(deviations=(deviation,), examples=60, out=str(tmp_path / "found"))
    code, results = run(found, f"{test} and server-ipv4")
    assert code == Exit.DIFFERS
    (failure,) = results
    steps = json.loads(shlex.split(failure["replay"])[-1])
    assert 1 <= len(steps) <= longest
    assert [json.dumps(step, separators=(",", ":")) for step in steps] == "\n".join(failure["notes"]).split("\n")[1:]

    code, again = run(of_command(failure["replay"], tmp_path / "again", faulty=True))
    assert (code, [result["summary"] for result in again]) == (Exit.DIFFERS, [failure["summary"]])
    assert run(of_command(failure["replay"], tmp_path / "sound", faulty=False))[0] == Exit.AS_EXPECTED


def test_equal_seeds_give_equal_results(tmp_path: Path):
    found = []
    for number, seed in enumerate((1, 1, 2)):
        options = Options(seed=seed, deviations=("die-on-invalid-tag",), out=str(tmp_path / str(number)))
        found.append(run(options, "test_forgeries_change_nothing and server-ipv4")[1])
    assert found[0] == found[1] != found[2]
    assert "fail" in {result["status"] for result in found[0]}
