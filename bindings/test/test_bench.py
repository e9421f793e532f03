"""`lab bench`: how measurements become ratios and verdicts."""

import os
import time

import pytest

from tcpslab import bench_live
from tcpslab.bench import Bound, Goal, medians, print_report
from tcpslab.bench_live import Transfer

_RATIO = Goal("ratio", "bench", "ours", Bound.AT_MOST, 1.25, baseline="theirs")
_RATE = Goal("rate", "bench", "ours", Bound.AT_LEAST, 0.8, baseline="theirs", field="items_per_second")
_SIZE = Goal("size", "bench", "ours", Bound.AT_MOST, 512, field="bytes_each", unit="bytes")


def run(name: str, time: float, unit: str = "ns", **counters: float) -> dict[str, object]:
    return {"run_name": name, "cpu_time": time, "time_unit": unit, **counters}


def goal_line(capsys: pytest.CaptureFixture[str], goal: Goal, *runs: dict[str, object]) -> str:
    print_report({"bench": medians(runs)}, [goal])
    return capsys.readouterr().out.splitlines()[1]


def test_median_is_taken_over_the_repetitions() -> None:
    single = {"run_type": "iteration"}
    runs = [
        run("a", 9) | single,
        run("a", 1) | single,
        run("a", 4) | {"aggregate_name": "mean"},
        run("a", 3) | {"aggregate_name": "median"},
        run("a", 2) | {"aggregate_name": "stddev"},
        run("once", 7) | single,
    ]
    assert {name: entry["cpu_time"] for name, entry in medians(runs).items()} == {"a": 3, "once": 7}


@pytest.mark.parametrize(("ours", "verdict"), [(1.25, "met"), (1.26, "MISSED")])
def test_ratio_of_times_in_different_units(capsys: pytest.CaptureFixture[str], ours: float, verdict: str) -> None:
    line = goal_line(capsys, _RATIO, run("ours", ours, "us"), run("theirs", 1000, "ns"))
    assert f" {ours:g} " in line
    assert "at most 1.25" in line
    assert verdict in line.split()
    assert line.endswith(f"{ours:g} us / 1 us")


@pytest.mark.parametrize(("ours", "verdict"), [(80, "met"), (79, "MISSED")])
def test_ratio_of_rates(capsys: pytest.CaptureFixture[str], ours: float, verdict: str) -> None:
    line = goal_line(capsys, _RATE, run("ours", 1, items_per_second=ours), run("theirs", 1, items_per_second=100))
    assert verdict in line.split()
    assert line.endswith(f"{ours}/s / 100/s")


def test_absolute_value(capsys: pytest.CaptureFixture[str]) -> None:
    line = goal_line(capsys, _SIZE, run("ours", 1, bytes_each=513))
    assert "MISSED" in line
    assert line.endswith("513 bytes")


def test_benchmark_that_failed_or_is_not_there_is_not_measured(capsys: pytest.CaptureFixture[str]) -> None:
    failed = run("ours", 1) | {"error_occurred": True}
    assert "not measured" in goal_line(capsys, _RATIO, failed, run("theirs", 1))
    assert "bench has no theirs" in goal_line(capsys, _RATIO, run("ours", 1))


def transfer(path: str, gigabits: float) -> Transfer:
    return Transfer(path, "one up", gigabits * 1e9, 3, host_cpu=9.0, iperf_cpu=0.5, slowest_second=gigabits * 5e8)


def test_live_paths_are_set_beside_the_queue_that_only_accepts(capsys: pytest.CaptureFixture[str]) -> None:
    bench_live.print_report([transfer("queue that only accepts", 0.6), transfer("tcpsd", 0.3)])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1][-6:] == ["0.600", "100%", "0.300", "3", "9.00", "0.50"]
    assert lines[2] == ["tcpsd", "one", "up", "0.300", "50%", "0.150", "3", "9.00", "0.50"]


def test_cpu_time_of_a_process() -> None:
    before = bench_live.cpu_seconds(os.getpid())
    assert before > 0
    deadline = time.process_time() + 0.1
    while time.process_time() < deadline:
        pass
    assert bench_live.cpu_seconds(os.getpid()) >= before + 0.05
