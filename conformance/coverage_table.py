"""The table of `lab conform --coverage`: for a person, or one whole row a requirement in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tcpslab.report import aligned, counted

if TYPE_CHECKING:
    from conformance.coverage import Coverage

_STYLES = {"pass": "green", "fail": "bold red", "inconclusive": "yellow", "known deviation": "yellow"}


def show(covered: Sequence[Coverage], output: TextIO | None = None) -> None:
    output = output or sys.stdout
    console = Console(file=output, highlight=False)
    if console.is_terminal:
        _show_person(console, covered)
    else:
        rows = aligned([["requirement", "level", "observable", "result", "code  tests"], *map(_row, covered)])
        print(*rows, sep="\n", file=output)
    if missing := [entry.requirement for entry in covered if entry.missing]:
        console.print("\nMUST without a test:", style="bold red")
        for requirement in missing:
            console.print(f"  {requirement.id} ({requirement.observable})", requirement.statement, soft_wrap=True)
    console.print(f"\n{summary(covered)}" if console.is_terminal else summary(covered), soft_wrap=True)


def summary(covered: Sequence[Coverage]) -> str:
    """For example `289 requirements: 280 with code, 270 with a test; 274 MUST, 2 of them without a test`."""
    musts = [entry for entry in covered if entry.requirement.level == "MUST"]
    missing = sum(entry.missing for entry in musts)
    code, tested = sum(bool(entry.code) for entry in covered), sum(entry.tested for entry in covered)
    of_all = f"{counted(len(covered), 'requirement')}: {code} with code, {tested} with a test"
    return f"{of_all}; {len(musts)} MUST, {f'{missing} of them without a test' if missing else 'every one with a test'}"


def _tests(entry: Coverage) -> list[str]:
    return [*entry.suite_tests, *map(str, entry.unit_tests)]


def _row(entry: Coverage) -> list[str]:
    requirement = entry.requirement
    places = f"{','.join(map(str, entry.code)) or '-'}  {','.join(_tests(entry)) or '-'}"
    return [requirement.id, requirement.level, requirement.observable, entry.result.replace(" ", "-"), places]


def _show_person(console: Console, covered: Sequence[Coverage]) -> None:
    for area, entries in groupby(covered, key=lambda entry: entry.requirement.area):
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column(Text(area, "bold not dim"), no_wrap=True, width=max(len(e.requirement.id) for e in covered))
        table.add_column("level", width=6)
        table.add_column("result", width=12)
        table.add_column("code", ratio=2, overflow="fold")
        table.add_column("tests", ratio=3, overflow="fold")
        for entry in entries:
            table.add_row(
                Text(entry.requirement.id, "bold red" if entry.missing else ""),
                entry.requirement.level,
                Text(entry.result, _STYLES.get(entry.result, "dim")),
                "\n".join(map(str, entry.code)) or Text("–", "dim"),
                "\n".join(_tests(entry)) or Text("–", "dim"),
            )
        console.print(table)
        console.print()
