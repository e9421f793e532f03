"""The command line starts with Python's own library alone: `--help` comes before any package is installed."""

import subprocess
import sys

from small_tree import ROOT

_PROGRAM = """
import sys
sys.modules.update(dict.fromkeys(["rich", "yaml", "pytest"]))  # None makes an import fail
from tcpslab.cli import main
main(["run", "--help"])
"""


def test_help_needs_no_third_party_package() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], env={"PYTHONPATH": str(ROOT / "bindings")}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "examples:" in done.stdout
