"""Goodput and handshake time of every run, as positions on a common scale that the page draws."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tcpslab import report
from tcpslab.results import Record


@dataclass(frozen=True)
class Mark:
    protocol: str
    anchor: str
    place: float  # from 0, left, to 100
    text: str


@dataclass(frozen=True)
class Chart:
    title: str
    note: str
    ticks: list[tuple[float, str]]  # place, label
    groups: list[tuple[str, list[tuple[str, list[Mark]]]]]  # families, scenarios


def charts(records: Sequence[Record]) -> list[Chart]:
    """Those for which there is something to draw."""
    goodput = "bytes delivered to applications over the time they took"
    handshake = "from connecting until the connecting side is established"
    drawn = (
        _chart(records, "Goodput", goodput, _goodput, report.bit_rate),
        _chart(records, "Handshake time", handshake, _handshake, _milliseconds),
    )
    return [chart for chart in drawn if chart]


def _goodput(record: Record) -> float | None:
    return record.goodput


def _handshake(record: Record) -> float | None:
    return record.metrics.get("handshake_ms") or None


def _milliseconds(value: float) -> str:
    return f"{value:.3g} ms" if value < 1000 else f"{value / 1000:.3g} s"


def _bare(text: str) -> str:
    """Without decimals that say nothing: `1 kbit/s` for `1.00 kbit/s`."""
    number, _, unit = text.partition(" ")
    return f"{float(number):g} {unit}"


def _chart(
    records: Sequence[Record],
    title: str,
    note: str,
    value_of: Callable[[Record], float | None],
    name: Callable[[float], str],
) -> Chart | None:
    """On a logarithmic scale from one power of ten to another: runs differ by more than a linear one could show."""
    values = [value for record in records if (value := value_of(record))]
    if not values:
        return None
    low = math.floor(math.log10(min(values)))
    high = max(low + 1, math.ceil(math.log10(max(values))))

    def place(value: float) -> float:
        return round(100 * (math.log10(value) - low) / (high - low), 2)

    def rows(family: Sequence[Record]) -> Iterator[tuple[str, list[Mark]]]:
        for scenario, runs in groupby(family, key=lambda record: record.scenario):
            marks = [
                Mark(run.column, run.anchor, place(value), f"{run.column}: {name(value)}")
                for run in runs
                if (value := value_of(run))
            ]
            if marks:
                yield scenario, marks

    groups = []
    ordered = sorted(records, key=lambda record: (record.family, record.scenario, record.column))
    for family, runs in groupby(ordered, key=lambda record: record.family):
        if drawn := list(rows(list(runs))):
            groups.append((family, drawn))
    ticks = [(place(10.0**power), _bare(name(10.0**power))) for power in range(low, high + 1)]
    return Chart(title, note, ticks, groups)
