"""`lab test`: every test of the project, with one count at the end."""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tcpslab import arguments, tree
from tcpslab.outcome import Exit, InfrastructureError

_HELP = "run every test of the project"
_EXAMPLES = """\
Builds everything, runs the C++ tests (ctest) and the Python tests (pytest), judges the simulated host by the conformance
suite, and, if it is root, tcpsd on this machine's kernel by its tests of up to 30 s, proves the suite (lab conform
--deviations), checks the formatting, and then builds and runs the C++ tests once more with AddressSanitizer and
UndefinedBehaviorSanitizer. The last line is
  N passed, N failed
with a Boost.Test case, a pytest function, a conformance test, a deviation and a check as the units that are counted.

examples:
  lab test
  lab test --quick     without the proof of the suite and the sanitizer build
"""

_FORMATTED = ("reference", "model", "scenarios", "bindings", "conformance")
_FAILURE_LINES = 60
_BACKGROUND = "from tcpslab import build; build.build({preset!r})"
_REAL_BUDGET = 30  # seconds for a test in real time


@dataclass(frozen=True)
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def add_parser(commands: arguments.Commands, name: str) -> None:
    parser = arguments.add_command(commands, name, _HELP, _EXAMPLES)
    parser.add_argument("--quick", action="store_true", help="leave the sanitizer build out")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> Exit:
    stages: list[Callable[[], Count]] = [
        lambda: _build("release"),
        lambda: _ctest("release"),
        _pytest,
        lambda: _conform("sim"),
        lambda: _conform("sim", "lkm"),
        lambda: _conform("sim-as-module"),
        lambda: _conform_real("readme"),
        lambda: _conform_real("lkm"),
        _coverage,
        _formatting,
    ]
    sanitizers = _BackgroundBuild("asan-ubsan")
    if not args.quick:
        stages.insert(1, sanitizers.begin)
        stages += [_proof, sanitizers.finish, lambda: _ctest("asan-ubsan")]
    total = Count()
    code = Exit.AS_EXPECTED
    with sanitizers:
        try:
            for stage in stages:
                total += stage()
        except InfrastructureError as error:
            print(error, file=sys.stderr)
            total += Count(failed=1)
            code = Exit.INFRASTRUCTURE
    if total.failed and code == Exit.AS_EXPECTED:
        code = Exit.DIFFERS
    sys.stderr.flush()
    print(total)
    return code


def _announce(title: str, result: object, since: float) -> None:
    print(f"{title:<20} {result} ({time.monotonic() - since:.0f} s)", flush=True)


class _BackgroundBuild:
    """A build in the time that the tests before it leave: many wait for timers."""

    def __init__(self, preset: str) -> None:
        self._preset = preset
        self._child: subprocess.Popen[bytes] | None = None

    def begin(self) -> Count:
        words = ["nice", "-n", "19", sys.executable, "-P", "-c", _BACKGROUND.format(preset=self._preset)]
        quiet = subprocess.DEVNULL  # the build has a log
        self._child = subprocess.Popen(
            words, cwd=tree.ROOT, stdin=quiet, stdout=quiet, stderr=quiet, process_group=0
        )
        return Count()

    def finish(self) -> Count:
        """Does the rest in the foreground, with all of the machine."""
        self._end()
        return _build(self._preset)

    def _end(self) -> None:
        """Until all of its processes are gone: two builds in one folder would spoil each other's records."""
        if self._child is None or self._child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGTERM)
            self._child.wait()
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                os.killpg(self._child.pid, 0)
                time.sleep(0.01)

    def __enter__(self) -> "_BackgroundBuild":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()


def _build(preset: str) -> Count:
    from tcpslab import build

    since = time.monotonic()
    build.build(preset)
    _announce(f"build {preset}", "done", since)
    return Count()


def _ctest(preset: str) -> Count:
    from tcpslab import process

    since = time.monotonic()
    directory = tree.build_dir(preset)
    junit = directory / "ctest.xml"
    junit.unlink(missing_ok=True)
    command: list[str | Path] = [
        "ctest",
        "--preset",
        preset,
        "--parallel",
        str(os.cpu_count() or 1),
        "--no-tests=error",
    ]
    # The whole output of each test: its last lines hold the counts.
    command += ["--output-junit", junit, "--test-output-size-passed", "1000000", "--test-output-size-failed", "1000000"]
    # Counts of test cases at the end of each test's output, without colour codes.
    env = {**os.environ, "BOOST_TEST_REPORT_LEVEL": "short", "BOOST_TEST_COLOR_OUTPUT": "no"}
    log = directory / "lab-ctest.log"
    code = process.run_logged(command, log, f"ctest {preset}", cwd=tree.ROOT, env=env)
    if not junit.exists():
        raise InfrastructureError(f"ctest ended with {code}\n{process.tail(log, 20)}")
    count = Count()
    for case in ElementTree.parse(junit).iter("testcase"):
        output = case.findtext("system-out") or ""
        one = count_ctest_test(case.get("status", ""), output)
        if one.failed:
            print(f"--- {case.get('name')} ({preset})", *output.rstrip().splitlines()[-_FAILURE_LINES:], sep="\n")
        count += one
    count = _agree_with_exit_code(count, code)
    _announce(f"ctest {preset}", count, since)
    return count


def count_ctest_test(status: str, output: str) -> Count:
    """The test cases in one ctest test: those that Boost.Test reports, or else the whole executable as one."""
    reported = {
        word: int(number)
        for number, word in re.findall(
            r"^\s*(\d+) test cases? out of \d+ (passed|failed|skipped|aborted)", output, re.M
        )
    }
    passed, skipped = reported.get("passed", 0), reported.get("skipped", 0)
    failed = reported.get("failed", 0) + reported.get("aborted", 0)
    if status == "run":
        return Count(passed, failed, skipped) if reported else Count(passed=1)
    if status == "disabled":
        return Count(skipped=1)
    # A crash, a time-out, or a sanitizer's complaint after the last case passed.
    return Count(passed, max(failed, 1), skipped)


def _pytest() -> Count:
    from tcpslab import process

    since = time.monotonic()
    directory = tree.build_dir("release")
    junit = directory / "pytest.xml"
    junit.unlink(missing_ok=True)
    log = directory / "lab-pytest.log"
    command = [sys.executable, "-m", "pytest", "-q", "--color=no", f"--junitxml={junit}"]
    code = process.run_logged(command, log, "pytest", cwd=tree.ROOT)
    if not junit.exists():
        raise InfrastructureError(f"pytest ended with {code}\n{process.tail(log, 20)}")
    count = count_pytest(junit)
    if count.failed:
        print("--- pytest", process.tail(log, 2 * _FAILURE_LINES), sep="\n")
    count = _agree_with_exit_code(count, code)
    _announce("pytest", count, since)
    return count


def count_pytest(junit: Path) -> Count:
    """The counts of a JUnit file that pytest wrote."""
    count = Count()
    for suite in ElementTree.parse(junit).iter("testsuite"):
        tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        count += Count(max(tests - failed - skipped, 0), failed, skipped)
    return count


def _lab_conform(name: str, *arguments: str | Path) -> tuple[int, Path]:
    """Runs `lab conform`; returns its exit code and the folder with its results and its log."""
    from tcpslab import process

    folder = tree.build_dir("release") / "conform" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").unlink(missing_ok=True)
    command: list[str | Path] = [sys.executable, "-m", "tcpslab", "conform", *arguments, "--out", folder]
    code = process.run_logged(command, folder / "log", f"conform {name}", cwd=tree.ROOT)
    if code not in (Exit.AS_EXPECTED, Exit.DIFFERS):
        raise InfrastructureError(f"lab conform ended with {code}\n{process.tail(folder / 'log', 20)}")
    return code, folder


def _conform(target: str, dialect: str = "readme", *options: str) -> Count:
    """Known deviations are as expected; what does not apply, or was not driven, is not counted."""
    from tcpslab import process

    since = time.monotonic()
    file = tree.ROOT / "conformance" / "targets" / f"{target}.yaml"
    code, folder = _lab_conform(f"{target}-{dialect}", "--target", file, "--dialect", dialect, *options)
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))["results"]
    statuses = [result["status"] for result in results]
    count = Count(statuses.count("pass") + statuses.count("known deviation"), statuses.count("fail"))
    if code != 0:
        print(f"--- conform {target} {dialect}", process.tail(folder / "log", 2 * _FAILURE_LINES), sep="\n")
    count = _agree_with_exit_code(count, code)
    _announce(f"conform {target}", f"{count} by {dialect}{_not_counted(results)}", since)
    return count


def _conform_real(dialect: str) -> Count:
    """tcpsd on this machine's kernel, in real time."""
    if os.geteuid() != 0:
        count = Count(skipped=1)
        _announce("conform netns", f"{count}: {dialect}, because network namespaces need root", time.monotonic())
        return count
    return _conform("netns", dialect, "--budget", str(_REAL_BUDGET))


def _not_counted(results: Sequence[Mapping[str, Any]]) -> str:
    """Tests that would say something of the target, and were not run to their end."""
    inconclusive = sum(result["status"] == "inconclusive" for result in results)
    long = sum(result.get("summary", "").startswith("it takes up to") for result in results)
    words = [f"{inconclusive} inconclusive"] if inconclusive else []
    words += [f"{long} left out, which may take more than {_REAL_BUDGET} s"] if long else []
    return "".join(f"; {word}" for word in words)


def _proof() -> Count:
    since = time.monotonic()
    code, folder = _lab_conform("deviations", "--deviations")
    lines = (folder / "log").read_text(encoding="utf-8").splitlines()
    caught = re.fullmatch(r"(\d+) of (\d+) deviations caught", lines[-1] if lines else "")
    if caught is None:
        raise InfrastructureError(f"lab conform --deviations ended without a count; its log is {folder / 'log'}")
    count = Count(int(caught[1]), int(caught[2]) - int(caught[1]))
    if count.failed:
        print("--- deviations", *(line for line in lines if "NOT CAUGHT" in line), sep="\n")
    _announce("conform deviations", count, since)
    return _agree_with_exit_code(count, code)


def _coverage() -> Count:
    """One check: each MUST has a test."""
    from tcpslab import process

    since = time.monotonic()
    code, folder = _lab_conform("coverage", "--coverage")
    count = Count(passed=1) if code == 0 else Count(failed=1)
    if code != 0:
        print("--- coverage", process.tail(folder / "log", _FAILURE_LINES), sep="\n")
    _announce("conform coverage", count, since)
    return count


def _formatting() -> Count:
    from tcpslab import process

    since = time.monotonic()
    files = sorted(
        path for folder in _FORMATTED for path in (tree.ROOT / folder).rglob("*") if path.suffix in (".cc", ".h")
    )
    tool = shutil.which("clang-format")
    if tool is None or not files:
        return Count(skipped=1)
    log = tree.build_dir("release") / "lab-format.log"
    code = process.run_logged([tool, "--dry-run", "-Werror", *files], log, "clang-format")
    if code != 0:
        print("--- clang-format", process.tail(log, _FAILURE_LINES), sep="\n")
    count = Count(passed=1) if code == 0 else Count(failed=1)
    _announce("clang-format", f"{count} ({len(files)} files)", since)
    return count


def _agree_with_exit_code(count: Count, code: int) -> Count:
    """A runner that failed although none of its tests did (no test found, say) counts as one failure."""
    return count + Count(failed=1) if code != 0 and count.failed == 0 else count
