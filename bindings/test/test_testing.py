"""`lab test`: how results of the test runners become one count."""

import os
import time
from pathlib import Path

import pytest

from tcpslab import testing
from tcpslab.testing import Count, count_ctest_test, count_pytest

_PASSED = """
Running 12 test cases...
Test module "wire_test" has passed with:
  12 test cases out of 12 passed
  99 assertions out of 99 passed
"""
_FAILED = """
Test module "wire_test" has failed with:
  10 test cases out of 12 passed
  1 test case out of 12 failed
  1 test case out of 12 aborted
  3 assertions out of 99 failed
"""


@pytest.mark.parametrize(
    ("status", "output", "count"),
    [
        ("run", _PASSED, Count(passed=12)),
        ("fail", _FAILED, Count(passed=10, failed=2)),
        ("run", "no Boost.Test", Count(passed=1)),
        ("fail", "Segmentation fault", Count(failed=1)),
        ("fail", _PASSED + "ERROR: LeakSanitizer: detected memory leaks", Count(passed=12, failed=1)),
        ("notrun", "", Count(failed=1)),
        ("disabled", "", Count(skipped=1)),
    ],
)
def test_cases_of_a_ctest_test(status: str, output: str, count: Count) -> None:
    assert count_ctest_test(status, output) == count


def test_cases_of_pytest(tmp_path: Path) -> None:
    junit = tmp_path / "pytest.xml"
    junit.write_text('<testsuites><testsuite tests="9" failures="2" errors="1" skipped="1"/></testsuites>')
    assert count_pytest(junit) == Count(passed=5, failed=3, skipped=1)


def test_count_prints_as_the_closing_line() -> None:
    assert str(Count(3, 0)) == "3 passed, 0 failed"
    assert str(Count(3, 1) + Count(0, 0, 2)) == "3 passed, 1 failed, 2 skipped"


def test_conformance_in_real_time_is_skipped_with_a_line_without_root(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(testing.os, "geteuid", lambda: 1000)
    assert testing._conform_real("lkm") == Count(skipped=1)
    said = " ".join(capsys.readouterr().out.split())
    assert said == "conform netns 0 passed, 0 failed, 1 skipped: lkm, because network namespaces need root (0 s)"


def test_what_was_not_run_to_its_end_is_told() -> None:
    done = {"status": "pass"}
    assert testing._not_counted([done]) == ""
    late = {"status": "inconclusive", "summary": "the target is too far away"}
    long = {"status": "not applicable", "summary": "it takes up to 900 s, more than the 30 s asked for"}
    other = {"status": "not applicable", "summary": "it is about the other dialect than lkm"}
    told = "; 1 inconclusive; 2 left out, which may take more than 30 s"
    assert testing._not_counted([done, late, long, long, other]) == told


def test_a_background_build_ends_with_all_its_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"import subprocess; subprocess.run(['sh', '-c', 'echo $$ > {pid}; exec sleep 600'])"
    monkeypatch.setattr(testing, "_BACKGROUND", script + " # {preset!r}")
    with testing._BackgroundBuild("asan-ubsan") as build:
        build.begin()
        deadline = time.monotonic() + 20
        while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)
        grandchild = int(pid.read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(grandchild, 0)
