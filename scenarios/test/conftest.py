"""What the tests of the scenario runner share: the program itself, and where the scenarios are."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SCENARIOS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Outcome:
    """How one call of tcpslab-sim ended."""

    code: int
    stdout: str
    stderr: str
    document: dict[str, Any] | None

    @property
    def records(self) -> list[dict[str, Any]]:
        assert self.document is not None, self.stderr
        return self.document["results"]


Simulator = Callable[..., Outcome]


@pytest.fixture
def simulator(tmp_path: Path) -> Simulator:
    """Calls tcpslab-sim. TCPSLAB_SIM names another than the release build's."""
    default = SCENARIOS.parent / "build" / "release" / "scenarios" / "tcpslab-sim"
    program = os.environ.get("TCPSLAB_SIM", default)

    def call(*arguments: str | Path, cwd: Path | None = None) -> Outcome:
        results = tmp_path / "results.json"
        results.unlink(missing_ok=True)
        command: Sequence[str | Path] = [program, *arguments, "--json", results]
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300, check=False)
        document = json.loads(results.read_text(encoding="utf-8")) if results.exists() else None
        return Outcome(done.returncode, done.stdout, done.stderr, document)

    return call


@pytest.fixture
def scenario_file(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a scenario file with the given text."""

    def write(text: str, name: str = "scenario.yaml") -> Path:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return write
