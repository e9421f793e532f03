"""Where things are in the source tree that this package belongs to."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "scenarios"


def build_dir(preset: str) -> Path:
    """The build directory of a CMake preset (`binaryDir` in CMakePresets.json)."""
    return ROOT / "build" / preset
