"""Rules of the source tree that no compiler checks."""

import re
from collections.abc import Iterator
from pathlib import Path

from small_tree import ROOT
from tcpslab.cli import COMMANDS

_BASE = {"reference/wire", "reference/crypto"}
_STACK = _BASE | {"reference/stack"}
# What the files of a folder may include of ours, beside its own (CONTRIBUTING.md, "Layout"). A protocol that is not
# listed here may include the stack.
_BELOW = {
    "reference/wire": set(),
    "reference/crypto": set(),
    "reference/stack": _BASE,
    "reference/capture": _STACK | {"reference/tcps"},
    "model": {"reference"},
    "scenarios": {"reference", "model"},
    "bindings": {"reference", "model"},
}
_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)


def _includes() -> Iterator[tuple[str, Path, str]]:
    """Of each C++ file: the folder whose rule applies, the file, and each path that it includes."""
    for top in ("reference", "model", "scenarios", "bindings"):
        for file in sorted((ROOT / top).rglob("*")):
            if file.suffix in (".cc", ".h"):
                parts = file.relative_to(ROOT).parts
                folder = "/".join(parts[:2]) if top == "reference" else top
                for included in _INCLUDE.findall(file.read_text(encoding="utf-8")):
                    yield folder, file, included


def test_includes_point_downwards() -> None:
    seen = 0
    for folder, file, included in _includes():
        if included.split("/")[0] not in ("reference", "model", "scenarios", "bindings", "conformance"):
            continue
        seen += 1
        allowed = _BELOW.get(folder, _STACK) | {folder}
        assert any(included.startswith(f"{below}/") for below in allowed), f"{file.relative_to(ROOT)}: {included}"
    assert seen > 0


def test_the_reference_knows_no_simulator_socket_clock_or_thread() -> None:
    unknown = re.compile(r"ns3/|sys/socket\.h|netinet/|linux/|unistd\.h|thread|mutex|condition_variable|future|atomic")
    for folder, file, included in _includes():
        # The Linux host is where those belong; tests and benchmarks are programs.
        if folder.startswith("reference/") and folder != "reference/linux" and not {"test", "bench"} & set(file.parts):
            assert not unknown.match(included), f"{file.relative_to(ROOT)}: {included}"


def test_launcher_overview_and_parser_know_the_same_commands() -> None:
    launcher = re.search(r"^ +([a-z |]+)\) ;;$", (ROOT / "lab").read_text(), re.M)
    overview = (ROOT / "bindings" / "tcpslab" / "usage.txt").read_text().split("commands:")[1].split("\n\n")[0]
    assert launcher is not None
    assert set(launcher[1].split(" | ")) == set(re.findall(r"^  (\w+)", overview, re.M)) == set(COMMANDS)


def test_packages_are_sorted_and_each_listed_once() -> None:
    lines = (ROOT / "packages.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert packages == sorted(set(packages))
