"""Rules of the source tree that no compiler checks."""

import re

from small_tree import ROOT
from tcpslab.cli import COMMANDS

_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)
_OUTSIDE_WORLD = re.compile(r"sys/socket\.h|netinet/|linux/|unistd\.h|thread|mutex|condition_variable|future|atomic")
# The Linux host is where those belong; tests and benchmarks are programs.
_EXEMPT = {"linux", "test", "bench"}


def test_the_reference_knows_no_socket_or_thread() -> None:
    files = [file for file in sorted((ROOT / "reference").rglob("*")) if file.suffix in (".cc", ".h")]
    assert files
    for file in files:
        if not _EXEMPT & set(file.relative_to(ROOT).parts):
            for included in _INCLUDE.findall(file.read_text(encoding="utf-8")):
                assert not _OUTSIDE_WORLD.match(included), f"{file.relative_to(ROOT)}: {included}"


def test_launcher_overview_and_parser_know_the_same_commands() -> None:
    launcher = re.search(r"^ +([a-z |]+)\) ;;$", (ROOT / "lab").read_text(), re.M)
    overview = (ROOT / "bindings" / "tcpslab" / "usage.txt").read_text().split("commands:")[1].split("\n\n")[0]
    assert launcher is not None
    assert set(launcher[1].split(" | ")) == set(re.findall(r"^  (\w+)", overview, re.M)) == set(COMMANDS)


def test_packages_are_sorted_and_each_listed_once() -> None:
    lines = (ROOT / "packages.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert packages == sorted(set(packages))
