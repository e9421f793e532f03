"""Whatever arrives at a SimNode, the process lives: in a child, since nothing in Python could catch it."""

import os
import subprocess
import sys
from pathlib import Path

_SEEDS = 200


def test_no_packets_end_the_process() -> None:
    program = Path(__file__).with_name("sim_fuzz.py")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, program, "0", str(_SEEDS)], env=environment, capture_output=True, text=True, timeout=300
    )
    reached = done.stdout.split()[-1:]
    assert done.returncode == 0, f"seed {reached}: {done.returncode}\n{done.stderr}"
    assert reached == [str(_SEEDS - 1)]
