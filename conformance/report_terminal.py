"""The terminal: one line for each test while the suite runs, then what failed, and why that is a failure."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from tcpslab.report import aligned

from conformance.outcome import Outcome, Status
from conformance.report import (
    Report,
    by_function,
    failure_lines,
    requirement_lines,
    tests_in_short,
    vanished_line,
)

_STYLES = {
    Status.PASS: "green",
    Status.FAIL: "bold red",
    Status.KNOWN_DEVIATION: "yellow",
    Status.INCONCLUSIVE: "magenta",
    Status.NOT_APPLICABLE: "dim",
}
_STATUS_WIDTH = max(len(status.value) for status in Status if status is not Status.NOT_APPLICABLE)
_DURATION_WIDTH = 9
_INDENT = "    "
# Failures that are all told in full. Of more than these, one setting of each test is; the others are named.
_FEW = 20
# Tests that are told in full of those that break the same requirement, if there are many.
_MOST_FUNCTIONS = 10
# Tests that the table names for a requirement.
_MOST_NAMES = 6


class Terminal:
    """Colours and a bar of progress where a person looks on; in a pipe plain lines, each complete in itself."""

    def __init__(self, file: TextIO | None = None) -> None:
        self.console = Console(file=file or sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._width = 0
        self._progress: Progress | None = None

    def begin(self, tests: Sequence[str]) -> None:
        self._width = max(map(len, tests), default=0)
        if self.console.is_terminal and tests:
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
            # Without a thread of its own: pytest has the standard output elsewhere while a test runs.
            self._progress = Progress(*columns, console=self.console, auto_refresh=False, transient=True)
            self._task = self._progress.add_task("", total=len(tests))
            self._progress.start()

    def running(self, test: str) -> None:
        if self._progress:
            self._progress.update(self._task, description=test, refresh=True)

    def test(self, outcome: Outcome) -> None:
        """Not applicable ones are only counted."""
        if outcome.status is not Status.NOT_APPLICABLE:
            status = f"{outcome.status.value:<{_STATUS_WIDTH}}"
            duration = f"{outcome.duration * 1000:.0f} ms"
            line = Text.assemble((status, _STYLES[outcome.status]), f"  {outcome.test:<{self._width}}")
            self.console.print(line.append(f"  {duration:>{_DURATION_WIDTH}}", "dim"))
        if self._progress:
            self._progress.advance(self._task)

    def end(self) -> None:
        if self._progress:
            self._progress.stop()
            self._progress = None

    def error(self, title: str, text: str = "") -> None:
        """Of the suite itself, not of the target."""
        self.end()
        self.console.print(Text(title, "bold red"))
        if text:
            self.console.print(text.rstrip())

    def report(self, report: Report, folder: Path) -> None:
        """Everything after the last test but the line that counts. What tests left is in `folder`."""
        self._failures(report, folder)
        self._reasons("Known deviations", report.of(Status.KNOWN_DEVIATION))
        self._reasons("Inconclusive", report.of(Status.INCONCLUSIVE))
        self._list("Known deviations that were not seen any more", [vanished_line(known) for known in report.vanished])
        self._list("About the target", report.notes)
        self._broken(report)

    def files(self, paths: Sequence[Path]) -> None:
        self.console.print()
        self.console.print(f"written: {', '.join(os.path.relpath(path) for path in paths)}")

    def summary(self, report: Report) -> None:
        style = "bold red" if report.differs else "green"
        self.console.print(Text(f"{report.title}: ").append(report.summary(), style))

    def _heading(self, title: str) -> None:
        self.console.print()
        self.console.print(Text(title, "bold"))

    def _list(self, title: str, lines: Sequence[str]) -> None:
        if lines:
            self._heading(title)
            for line in lines:
                self.console.print(f"{_INDENT}{line}")

    def _failures(self, report: Report, folder: Path) -> None:
        few = len(report.failures) <= _FEW
        for broken, outcomes in report.groups():
            self._heading("Not as the documents say")
            for name in broken:
                first, *others = requirement_lines(report.catalogue[name])
                self.console.print(Text(first, "bold"))
                self.console.print(*others, sep="\n")
            for number, tests in enumerate(by_function(outcomes).values(), 1):
                told = tests if few else tests[:1]
                for outcome in told:
                    self._failure(outcome, folder, in_full=few or number <= _MOST_FUNCTIONS)
                if others := tests[len(told) :]:
                    self.console.print(f"{_INDENT}{_INDENT}likewise: {', '.join(tests_in_short(others))}")
        if not few:
            self.console.print(f"\n{_INDENT}report.html and results.json have every failure in full.")

    def _failure(self, outcome: Outcome, folder: Path, *, in_full: bool) -> None:
        self.console.print()
        self.console.print(Text(f"{_INDENT}{outcome.status.value} {outcome.test}", _STYLES[outcome.status]))
        for line in failure_lines(outcome, os.path.relpath(folder)) if in_full else [outcome.summary]:
            self.console.print(f"{_INDENT}{_INDENT}{line}")

    def _reasons(self, title: str, outcomes: Sequence[Outcome]) -> None:
        """Tests that ended for the same reason are named together."""
        if not outcomes:
            return
        self._heading(title)
        for (summary, reason), tests in _by_reason(outcomes):
            self.console.print(Text(f"{_INDENT}{summary}", _STYLES[tests[0].status]))
            if reason:
                self.console.print(f"{_INDENT}{_INDENT}known, because: {reason}")
            for test in tests_in_short(tests):
                self.console.print(f"{_INDENT}{_INDENT}{test}")

    def _broken(self, report: Report) -> None:
        rows = [
            [requirement.id, requirement.level, str(len(failing)), _names(failing)]
            for requirement, failing in report.broken()
        ]
        if not rows:
            return
        self._heading("Broken requirements")
        header = ["requirement", "level", "tests", "failing"]
        if not self.console.is_terminal:
            for line in aligned([header, *rows]):
                self.console.print(line)
            return
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in header:
            table.add_column(name, no_wrap=name != header[-1], justify="right" if name == "tests" else "left")
        for row in rows:
            table.add_row(*(Text(cell, "bold red" if cell == row[0] else "") for cell in row))
        self.console.print(table, soft_wrap=False)


def _names(outcomes: Sequence[Outcome]) -> str:
    """For example `test_tags.py::test_fin (4), test_tags.py::test_data (2) and 7 more`."""
    functions = by_function(outcomes)
    names = [f"{name} ({len(tests)})" if len(tests) > 1 else name for name, tests in functions.items()]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _by_reason(outcomes: Sequence[Outcome]) -> Iterator[tuple[tuple[str, str], list[Outcome]]]:
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.summary, outcome.reason), []).append(outcome)
    yield from groups.items()
