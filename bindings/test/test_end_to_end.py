"""`lab run` and `lab decrypt` as a user has them: the real simulator, one scenario, and the capture that it leaves."""

import json
from pathlib import Path

from small_tree import run_lab


def test_first_visit_runs_and_its_capture_can_be_read(tmp_path: Path) -> None:
    done = run_lab(tmp_path, "run", "transfer/first-visit")
    assert (done.returncode, done.stderr) == (0, "")
    assert "transfer/first-visit  tcps/readme" in done.stdout

    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["provenance"]["command"] == ["lab", "run", "transfer/first-visit"]
    assert str(tmp_path) not in json.dumps(document["results"])
    runs = {(run["protocol"], run["dialect"]): run for run in document["results"]}
    assert runs["plain", None]["observed"]["protection"] == "none"
    protected = runs["tcps", "readme"]
    assert protected["observed"] == protected["observed"] | {"protection": "authenticated", "delivery": "intact"}

    artefacts = protected["artefacts"]
    done = run_lab(tmp_path / "out", "decrypt", artefacts["pcap"], "--keylog", artefacts["keylog"])
    assert done.returncode == 0, done.stderr
    last = dict(field.split("=") for field in done.stdout.splitlines()[-1].split())
    assert (last["connections"], last["tags_invalid"]) == ("1", "0")
    assert int(last["tags_valid"]) > 0


def test_equal_seeds_give_equal_results_and_other_seeds_others(tmp_path: Path) -> None:
    def results(seed: int, out: str) -> str:
        done = run_lab(tmp_path, "run", "transfer/first-visit", "--protocol", "tcps", "--seed", str(seed), "--out", out)
        assert done.returncode == 0, done.stderr
        return json.dumps(json.loads((tmp_path / out / "results.json").read_text())["results"])

    first = results(7, "a")
    assert first == results(7, "b")
    captures = [path.relative_to(tmp_path / "a") for path in sorted((tmp_path / "a").rglob("*.pcap"))]
    assert captures
    for capture in captures:
        assert (tmp_path / "a" / capture).read_bytes() == (tmp_path / "b" / capture).read_bytes()
    results(8, "c")
    assert any(
        (tmp_path / "a" / capture).read_bytes() != (tmp_path / "c" / capture).read_bytes() for capture in captures
    )


def test_scenario_with_a_wrong_key_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("name: own/own\nsummary: x\nlnik: {mtu: 1500}\n")
    done = run_lab(tmp_path, "run", "own.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "own.yaml:3" in done.stderr
    assert "lnik" in done.stderr
