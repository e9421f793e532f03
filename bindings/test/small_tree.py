"""The launcher of this tree, and a small tree of its own for tests that must neither build nor touch this one."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

CMAKE = """\
cmake_minimum_required(VERSION 3.21)
project(small LANGUAGES NONE)
set(sim ${CMAKE_BINARY_DIR}/scenarios/tcpslab-sim)
add_custom_command(OUTPUT ${sim} COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/sim ${sim}
                   DEPENDS ${CMAKE_SOURCE_DIR}/sim)
add_custom_target(tcpslab-sim ALL DEPENDS ${sim})
"""

# Stands in for tcpslab-sim where a test needs it to end in a certain way: writes canned results, says its message.
_SIM = """\
#!/usr/bin/python3
import json, sys
from pathlib import Path
arguments = sys.argv[1:]
Path(arguments[arguments.index("--out") + 1], "arguments.json").write_text(json.dumps(arguments))
answer = json.loads({answer!r})
if answer["results"] is not None:
    Path(arguments[arguments.index("--json") + 1]).write_text(json.dumps({{"results": answer["results"]}}))
print(answer["message"])
sys.exit(answer["code"])
"""


def record(**changes: Any) -> dict[str, Any]:
    """A record in the form of the design's section 5, as expected unless changed."""
    outcomes = {"connection": "established", "protection": "encrypted", "delivery": "intact", "attack": "none"}
    return {
        "scenario": "transfer/first-visit",
        "protocol": "tcps",
        "dialect": "readme",
        "seed": 1,
        "verdict": "as-expected",
        "expected": {**outcomes, "why": "readme, 'How it works'"},
        "observed": outcomes,
        "visits": [],
        "events": [],
        "metrics": {"goodput_bps": 93_400_000},
    } | changes


def run_lab(cwd: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The launcher of this tree itself."""
    return subprocess.run([ROOT / "lab", *arguments], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)


@dataclass(frozen=True)
class SmallTree:
    root: Path
    tools: Path

    def set_sim(self, *, code: int = 0, results: Sequence[dict[str, Any]] | None = (), message: str = "") -> None:
        answer = json.dumps({"code": code, "results": results, "message": message})
        sim = self.root / "sim"
        sim.write_text(_SIM.format(answer=answer))
        sim.chmod(0o755)

    def fake(self, name: str, script: str) -> None:
        """Puts a shell script in front of the command `name`."""
        tool = self.tools / name
        tool.write_text(f"#!/bin/bash\n{script}\n")
        tool.chmod(0o755)

    def command(self, *arguments: str) -> list[str]:
        return ["bash", str(self.root / "lab"), *arguments]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": f"{self.tools}:/usr/sbin:/usr/bin:/sbin:/bin"}

    def lab(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=cwd or self.root,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
