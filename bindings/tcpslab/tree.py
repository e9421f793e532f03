"""Where things are in the source tree that this package belongs to."""

import os
from pathlib import Path

from tcpslab.outcome import InfrastructureError

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "scenarios"


def build_dir(preset: str) -> Path:
    """The build directory of a CMake preset (`binaryDir` in CMakePresets.json)."""
    return ROOT / "build" / preset


def current_build_dir() -> Path:
    """The build directory whose programs are run: that of the preset `release`, or what TCPSLAB_BUILD_DIR names."""
    return Path(os.environ.get("TCPSLAB_BUILD_DIR") or build_dir("release")).resolve()


def built_program(*parts: str) -> Path:
    """An executable in that directory. Raises InfrastructureError if it is not there."""
    path = current_build_dir().joinpath(*parts)
    if not path.is_file():
        raise InfrastructureError(f"{path} is not there: build the target {path.name}")
    return path


def extension_dir() -> Path | None:
    """Where the build puts the package's compiled part; None where the package is installed, outside its source tree.

    The environment variable TCPSLAB_BUILD_DIR names another build directory than that of the preset `release`.
    """
    if not (ROOT / "CMakePresets.json").is_file():
        return None
    return current_build_dir() / "bindings" / "tcpslab"
