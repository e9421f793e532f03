"""`lab bench`: runs the benchmark executables and sets each measurement beside what it is measured against.

A benchmark executable is any `tcpslab-bench-*` of the release build; it links Google Benchmark, so that both sides of a
ratio are measured in one process, interleaved. Benchmarks are never tests: a goal that is missed is marked, not failed.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tcpslab import arguments
from tcpslab.outcome import Exit, InfrastructureError

_HELP = "measure the stack against its peers and its goals"
_EXAMPLES = """\
A goal that is missed is marked as missed; the exit status tells only whether the measurement itself worked.

examples:
  lab bench
  lab bench --repetitions 15 --json bench.json     steadier medians, and all the numbers
  sudo ./lab bench --live                          tcpsd on the kernel's TCP: throughput, and CPU time per GB
"""


class Bound(Enum):
    """On which side of its limit a value is good."""

    AT_MOST = "at most"
    AT_LEAST = "at least"

    def holds(self, value: float, limit: float) -> bool:
        return value <= limit if self is Bound.AT_MOST else value >= limit


@dataclass(frozen=True)
class Goal:
    """One line of the report: `field` of one benchmark, as it is or over that of another, against a limit."""

    title: str
    executable: str
    benchmark: str
    bound: Bound
    limit: float
    # The benchmark in the same executable that it is divided by; None for an absolute value.
    baseline: str | None = None
    # Google Benchmark's `real_time`, `cpu_time` or `items_per_second`, or the name of a counter with its unit.
    field: str = "cpu_time"
    unit: str = ""


GOALS = (
    Goal(
        title="simulated transfer, TCP/S over plain TCP, wall time per packet",
        executable="tcpslab-bench-simulation",
        benchmark="Transfer/tcps",
        baseline="Transfer/plain",
        bound=Bound.AT_MOST,
        limit=1.25,
        field="time_per_packet",
        unit="ns",
    ),
    Goal(
        title="protect and open a 1400-byte segment, over its two primitives",
        executable="tcpslab-bench-stack",
        benchmark="ProtectOpen/1400",
        baseline="Primitives/1400",
        bound=Bound.AT_MOST,
        limit=1.15,
    ),
    Goal(
        title="connection set-ups per second, over the X25519 bound",
        executable="tcpslab-bench-stack",
        benchmark="ConnectionSetUp",
        baseline="X25519Bound",
        bound=Bound.AT_LEAST,
        limit=0.8,
        field="items_per_second",
    ),
    Goal(
        title="memory per connection, beside the keys",
        executable="tcpslab-bench-stack",
        benchmark="ConnectionMemory",
        bound=Bound.AT_MOST,
        limit=512,
        field="bytes_per_connection",
        unit="bytes",
    ),
    Goal(
        title="cost per connection, 100 000 in the table over 10",
        executable="tcpslab-bench-stack",
        benchmark="ConnectionTable/100000",
        baseline="ConnectionTable/10",
        bound=Bound.AT_MOST,
        limit=1.25,
    ),
)

# The measurements of one executable by benchmark name, each as Google Benchmark's JSON has it.
Measurements = Mapping[str, Mapping[str, Any]]

_NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def add_parser(commands: arguments.Commands, name: str) -> None:
    parser = arguments.add_command(commands, name, _HELP, _EXAMPLES)
    parser.add_argument(
        "--repetitions",
        type=arguments.positive,
        default=5,
        metavar="N",
        help="measure N times and take the median (default: 5)",
    )
    parser.add_argument("--live", action="store_true", help="tcpsd between two hosts of this machine instead (root)")
    parser.add_argument(
        "--seconds",
        type=arguments.positive,
        default=5,
        metavar="N",
        help="with --live: how long each transfer takes (default: 5)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement to FILE")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> Exit:
    from tcpslab import build, results

    if args.live:
        return _live(args)
    directory = build.build("release")
    executables = sorted(path for path in directory.rglob("tcpslab-bench-*") if path.is_file())
    if not executables:
        raise InfrastructureError("the build has no tcpslab-bench-* executable")
    measurements = {path.name: _measure(path, args.repetitions, directory / "bench") for path in executables}
    if args.json:
        document: dict[str, Any] = {"benchmarks": measurements}
        results.add_provenance(document, ["lab", *sys.argv[1:]])
        results.write(args.json, document)
    print_report(measurements)
    return Exit.AS_EXPECTED


def _live(args: argparse.Namespace) -> Exit:
    from tcpslab import bench_live, build, results

    build.build("release", ["tcpsd", "tcpslab-accept-queue"])
    measured = bench_live.measure(args.seconds)
    if args.json:
        document: dict[str, Any] = {"live": [asdict(transfer) for transfer in measured]}
        results.add_provenance(document, ["lab", *sys.argv[1:]])
        results.write(args.json, document)
    bench_live.print_report(measured)
    return Exit.AS_EXPECTED


def medians(runs: Sequence[Mapping[str, Any]]) -> Measurements:
    """By benchmark name: the median over the repetitions, or the one run where there was no repetition.

    `runs` is what Google Benchmark lists under "benchmarks": the repetitions of a benchmark, then their aggregates. One
    that reported an error is left out.
    """
    chosen = {}
    for run in runs:
        if run.get("aggregate_name", "median") == "median" and not run.get("error_occurred"):
            chosen[run["run_name"]] = run
    return chosen


def value(run: Mapping[str, Any], field: str) -> float:
    """One number of a measurement; times are in nanoseconds whatever unit the benchmark reports in."""
    number = float(run[field])
    return number * _NANOSECONDS[run["time_unit"]] if field in ("real_time", "cpu_time") else number


def print_report(measurements: Mapping[str, Measurements], goals: Sequence[Goal] = GOALS) -> None:
    """Prints each goal with its verdict and the numbers behind it, then everything that was measured."""
    from tcpslab import report

    rows = [["goal", "measured", "limit", "", "from"], *(_goal_row(goal, measurements) for goal in goals), [""]]
    for executable, runs in measurements.items():
        rows += [[executable, "CPU time", "items", "throughput"]]
        for name, run in sorted(runs.items()):
            shown = (_shown(run, field) for field in ("cpu_time", "items_per_second", "bytes_per_second"))
            rows += [[f"  {name}", *shown]]
    for line in report.aligned(rows):
        print(line)


def _goal_row(goal: Goal, measurements: Mapping[str, Measurements]) -> list[str]:
    limit = f"{goal.bound.value} {goal.limit:g}"
    runs = measurements.get(goal.executable, {})
    names = [name for name in (goal.benchmark, goal.baseline) if name is not None]
    try:
        numbers = [value(runs[name], goal.field) for name in names]
    except KeyError as missing:
        return [goal.title, "-", limit, "not measured", f"{goal.executable} has no {missing.args[0]}"]
    measured = numbers[0] if goal.baseline is None else numbers[0] / numbers[1]
    verdict = "met" if goal.bound.holds(measured, goal.limit) else "MISSED"
    origin = " / ".join(_shown(runs[name], goal.field, goal.unit) for name in names)
    return [goal.title, f"{measured:.4g}", limit, verdict, origin]


def _shown(run: Mapping[str, Any], field: str, unit: str = "") -> str:
    """A measured number for a person; nothing if the benchmark does not have it."""
    if field not in run:
        return ""
    number = value(run, field)
    match field:
        case "real_time" | "cpu_time":
            unit, scale = next(((u, s) for u, s in _NANOSECONDS.items() if number < 1000 * s), ("s", 1e9))
            return f"{number / scale:.4g} {unit}"
        case "items_per_second":
            return f"{number:.4g}/s"
        case "bytes_per_second":
            return f"{number / 1e6:.4g} MB/s"
    return f"{number:.4g} {unit}".rstrip()


def _measure(executable: Path, repetitions: int, directory: Path) -> Measurements:
    from tcpslab import process

    output = directory / f"{executable.name}.json"
    log = output.with_suffix(".log")
    command: list[str | Path] = [
        executable,
        f"--benchmark_out={output}",
        "--benchmark_out_format=json",
        f"--benchmark_repetitions={repetitions}",
        "--benchmark_enable_random_interleaving=true",
    ]
    code = process.run_logged(command, log, f"measure {executable.name}")
    if code != 0:
        raise InfrastructureError(f"{executable.name} ended with {code}\n{process.tail(log, 20)}")
    try:
        return medians(json.loads(output.read_text(encoding="utf-8"))["benchmarks"])
    except (OSError, ValueError, KeyError) as error:
        raise InfrastructureError(f"{executable.name} wrote no measurements: {error!r}") from error
