"""The table of `lab run`: for a person on a terminal, for grep in a pipe."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tcpslab.outlook import outlook
from tcpslab.results import AS_EXPECTED, OUTCOMES, Record

_COLUMNS = ("protocol", *OUTCOMES, "goodput", "verdict")
_STYLES = {
    "authenticated": "green",
    "encrypted": "cyan",
    "prevented": "green",
    "detected": "yellow",
    "undetected": "red",
    "blocked": "magenta",
    "none": "dim",
}
# Of a run as a whole, by the tone of its outlook.
_TONES = {
    "error": "bold red",
    "bad": "red",
    "warn": "yellow",
    "stop": "magenta",
    "bare": "dim",
    "fair": "cyan",
    "good": "green",
}
# Above this number of runs, a person gets one row for each scenario.
_MANY_RUNS = 40
_GAP = 2
_THEN = " › "  # from one visit to the next
_MARKS = {AS_EXPECTED: "✓", "differs": "✗", "error": "!"}
# A cell that lists more values than this, visit by visit, says less than the worst of them.
_MOST_VISIT_VALUES = 2


def print_report(records: Sequence[Record], file: TextIO | None = None) -> None:
    """Prints the table with what differed and why, and a line that sums it up."""
    output = file or sys.stdout
    console = Console(file=output, highlight=False)
    if console.is_terminal and len(records) > _MANY_RUNS:
        _print_matrix(console, records)
    elif console.is_terminal:
        _print_for_person(console, records)
    else:
        _print_plain(output, records)
    console.print(summary(records), soft_wrap=True)


def bit_rate(bps: float | None) -> str:
    """A rate with three significant digits, in the unit that keeps it readable."""
    if not bps:
        return "-"
    for unit in ("bit/s", "kbit/s", "Mbit/s", "Gbit/s"):
        if bps < 999.5 or unit == "Gbit/s":
            break
        bps /= 1000
    return f"{bps:.{2 if bps < 9.995 else 1 if bps < 99.95 else 0}f} {unit}"


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows as lines of text with their columns below each other; rows may have different numbers of cells."""
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    for row in rows:
        yield (" " * _GAP).join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()


def explain(record: Record) -> Iterator[str]:
    """One line for each thing that was not as expected, and the reason for the expectation last.

    Of a live run before that: in what it is unlike the simulated one.
    """
    yield from (f"unlike ns-3: {line}" for line in record.unlike_simulation)
    if record.verdict == AS_EXPECTED:
        if record.unlike_simulation and (why := record.expected.get("why")):
            yield f"why that was expected: {why}"
        return
    if record.verdict == "error":  # nothing was observed
        yield str(record.data.get("error", "no reason given"))
        return
    yield from _differences("", record.expected, record.observed, record.data.get("events") or [])
    for number, visit in enumerate(record.data.get("visits") or [], 1):
        yield from _differences(
            f"visit {number}: ", visit.get("expected") or {}, visit.get("observed") or {}, visit.get("events") or []
        )
    for failure in record.data.get("script_failures", []):
        yield f"script of the {failure['host']}, line {failure['line']}: {failure['message']}"
    if why := record.expected.get("why"):
        yield f"why it was expected: {why}"


def summary(records: Sequence[Record]) -> str:
    """For example `7 runs of 3 scenarios: 6 as expected, 1 differs`."""
    verdicts = Counter(record.verdict for record in records)
    runs = counted(len(records), "run")
    scenarios = counted(len({record.scenario for record in records}), "scenario")
    parts = [f"{verdicts[AS_EXPECTED]} as expected"]
    if differing := verdicts["differs"]:
        parts.append(f"{differing} {'differs' if differing == 1 else 'differ'}")
    if errors := verdicts["error"]:
        parts.append(counted(errors, "error"))
    if live := sum(record.host is not None for record in records):
        compared = [record for record in records if record.simulated]
        alike = sum(not record.unlike_simulation for record in compared)
        parts.append(f"{live} live, {alike} of {len(compared)} like the simulated run")
    return f"{runs} of {scenarios}: {', '.join(parts)}"


def counted(number: int, noun: str) -> str:
    """For example `1 run`, `2 runs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _differences(
    prefix: str, expected: dict[str, Any], observed: dict[str, Any], events: Sequence[dict[str, Any]]
) -> Iterator[str]:
    for outcome in OUTCOMES:
        if outcome in expected and expected[outcome] != observed.get(outcome):
            yield f"{prefix}{outcome}: expected {expected[outcome]}, observed {observed.get(outcome, 'nothing')}"
    occurred = {name for event in events for name in (event["event"], f"{event['event']}@{event['host']}")}
    for event in expected.get("events", []):
        if event not in occurred:
            yield f"{prefix}the event {event} was expected and did not occur"
    for event in expected.get("no_events", []):
        if event in occurred:
            yield f"{prefix}the event {event} occurred and must not"


def _outcome(record: Record, outcome: str, arrow: str, then: str) -> str:
    if outcome not in record.observed:
        return "-"
    worst = str(record.observed[outcome])
    expected = record.expected.get(outcome, worst)
    if expected != worst:
        return f"{expected}{arrow}{worst}"
    visits = [(visit.get("observed") or {}).get(outcome) for visit in record.data.get("visits") or []]
    values = [str(value) for value, _ in groupby(visits) if value is not None]
    return then.join(values) if 1 < len(values) <= _MOST_VISIT_VALUES else worst


def _cells(record: Record, verdict: str, *, arrow: str, then: str) -> list[str]:
    outcomes = [_outcome(record, outcome, arrow, then) for outcome in OUTCOMES]
    # A host that plays a script in place of TCP shows what that script says, not what an implementation does.
    scripted = "".join(f", scripted {host}" for host in record.data.get("scripted", []))
    unlike = ", unlike ns-3" if record.unlike_simulation else ""
    return [record.column, *outcomes, bit_rate(record.goodput), verdict + scripted + unlike]


def _print_plain(output: TextIO, records: Sequence[Record]) -> None:
    """Every row complete in itself, columns aligned, nothing ever wrapped."""
    header, *lines = aligned(
        [
            ["scenario", *_COLUMNS],
            *([record.scenario, *_cells(record, record.verdict, arrow="->", then=", ")] for record in records),
        ]
    )
    print(header, file=output)
    for record, line in zip(records, lines, strict=True):
        print(line, *(f"    {note}" for note in explain(record)), sep="\n", file=output)


def _print_for_person(console: Console, records: Sequence[Record]) -> None:
    """One block for each scenario; the columns keep their places from block to block."""
    rows = {id(record): _cells(record, _MARKS[record.verdict], arrow=" → ", then=_THEN) for record in records}
    widths = _column_widths(list(rows.values()), console.width)
    header = _table(widths)
    header.add_row(*(Text(name, "dim") for name in _COLUMNS))
    console.print(header)
    for scenario, group in groupby(records, key=lambda record: record.scenario):
        runs = list(group)
        console.print(Text(scenario, "bold"))
        table = _table(widths)
        for record in runs:
            table.add_row(*_styled(record, rows[id(record)]))
        console.print(table)
        for record in runs:
            for line in explain(record):
                console.print(Text(f"    {record.column}: {line}", "yellow"), soft_wrap=True)
    console.print()


def _print_matrix(console: Console, records: Sequence[Record]) -> None:
    """One row for each scenario and one column for each protocol; below it what was not as expected."""
    protocols = sorted({record.column for record in records})
    cells = [*zip(protocols, protocols, strict=True), *((record.column, _glance(record)) for record in records)]
    widths = [max(len(cell) for column, cell in cells if column == protocol) for protocol in protocols]
    room = console.width - sum(_GAP + width for width in widths)
    names = min(max(len(record.title) for record in records), max(room, 1))
    for family, of_family in groupby(records, key=lambda record: record.family):
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
        table.add_column(Text(family, "bold not dim"), width=names, overflow="fold")
        for protocol, width in zip(protocols, widths, strict=True):
            # Without edges, rich gives the gap that would follow the last column to that column.
            table.add_column(protocol, width=width - _GAP if protocol == protocols[-1] else width, overflow="fold")
        for title, group in groupby(of_family, key=lambda record: record.title):
            runs = {run.column: run for run in group}
            table.add_row(Text(title), *(_cell(runs.get(protocol)) for protocol in protocols))
        console.print(table)
        console.print()
    for record in records:
        for line in explain(record):
            console.print(Text(f"{record.scenario} {record.column}: {line}", "yellow"), soft_wrap=True)


def _glance(record: Record) -> str:
    mark = "" if record.verdict == AS_EXPECTED else f"{_MARKS[record.verdict]} "
    return f"{mark}{'≠ ' if record.unlike_simulation else ''}{outlook(record).word}"


def _cell(record: Record | None) -> Text:
    if record is None:
        return Text("–", "dim")
    return Text(_glance(record), "bold reverse red" if record.verdict == "differs" else _TONES[outlook(record).tone])


def _column_widths(rows: Sequence[Sequence[str]], available: int) -> list[int]:
    """Whole cells if they fit the terminal, else outcomes that break between words."""
    columns = [list(column) for column in zip(_COLUMNS, *rows, strict=True)]
    widths = [max(map(len, column)) for column in columns]
    if sum(widths) + _GAP * (len(widths) - 1) > available:
        for index in range(1, 1 + len(OUTCOMES)):
            widths[index] = max(len(word) for cell in columns[index] for word in cell.split())
    return widths


def _table(widths: Sequence[int]) -> Table:
    table = Table(box=None, padding=(0, _GAP, 0, 0), show_header=False, pad_edge=False)
    for name, width in zip(_COLUMNS, widths, strict=True):
        # Without edges, rich gives the gap that would follow the last column to that column.
        shown = width - _GAP if name == _COLUMNS[-1] else width
        table.add_column(width=shown, justify="right" if name == "goodput" else "left", overflow="fold")
    return table


def _styled(record: Record, cells: Sequence[str]) -> Iterator[Text]:
    protocol, *outcomes, goodput, verdict = cells
    yield Text(protocol)
    for outcome, cell in zip(OUTCOMES, outcomes, strict=True):
        differs = record.expected.get(outcome, record.observed.get(outcome)) != record.observed.get(outcome)
        yield Text(cell, "bold red" if differs else _STYLES.get(cell.split(_THEN)[-1], ""))
    yield Text(goodput)
    yield Text(verdict, "green" if record.verdict == AS_EXPECTED else "bold red")
