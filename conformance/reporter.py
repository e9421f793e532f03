"""Stands in for pytest's own reporter: tells the terminal, and writes the files of a run at its end."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tcpslab.outcome import RequestError

from conformance import artefacts, places, replay, report_html, report_json, report_junit
from conformance.outcome import Outcome
from conformance.report import Report
from conformance.report_terminal import Terminal
from conformance.run import Run


class Reporter:
    """A pytest plugin. Errors of the suite itself are shown, and leave no reports behind."""

    def __init__(self, run: Run, terminal: Terminal | None = None) -> None:
        """Raises RequestError if reports cannot be written where they are wanted."""
        self.run = run
        self.out = run.options.out_dir
        self.terminal = terminal or Terminal()
        self._broken = self._interrupted = self._muted = False
        self._outcome: Outcome | None = None  # of the test that runs
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            artefacts.remove_old(self.out)
        except OSError as error:
            raise RequestError(f"cannot write to {self.out}: {error.strerror}") from error
        for name in ("json", "junit", "html"):
            if path := getattr(run.options, name):
                _check_writable(f"--{name}", Path(path))

    def mute(self) -> None:
        """Another process reports what this one does."""
        self.silence()
        self._muted = True

    def silence(self) -> None:
        """Another process tells the terminal; captures and key logs of failing tests are this one's to write."""
        self.terminal = Terminal(io.StringIO())

    def complete(self, outcome: Outcome, item: pytest.Item, error: pytest.ExceptionInfo[BaseException] | None) -> None:
        """What reports need of a test beyond its verdict, while the test's packets are at hand."""
        if not outcome.failed or outcome.replay or self._muted:
            return
        options = self.run.options
        arena = getattr(item, "arena", None)
        steps = getattr(getattr(item, "explorer", None), "steps", None)  # of a random test
        outcome.replay = replay.command(options, self.run.dialect, outcome.test, steps)
        if error is not None:
            outcome.places = places.places(error, item.path.parent)
            outcome.notes = tuple(getattr(error.value, "__notes__", ()))
        if arena is not None:
            if outcome.violation and outcome.violation.sent is None:  # what holds for every packet knows no peer
                outcome.violation.sent = arena.last_sent()
            outcome.artefacts = artefacts.keep(arena, outcome.test, self.out)
            outcome.ladder = artefacts.ladder(arena, outcome.violation)

    # --- hooks -------------------------------------------------------------------------------------------------------

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._fail(f"{report.nodeid or 'the suite'} cannot be read", report.longreprtext)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if not session.items and not self._broken:
            self.terminal.error("no test is what was asked for")
        elif session.config.option.collectonly:
            for item in session.items:
                self.terminal.console.print(self.run.test_name(item))
        else:
            self.terminal.begin([self.run.test_name(item) for item in session.items])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.terminal.running(nodeid.rpartition("/")[2])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._outcome = getattr(report, "conformance", self._outcome)

    def pytest_runtest_logfinish(self) -> None:
        if self._outcome is not None:
            self.terminal.test(self._outcome)
            self._outcome = None

    def pytest_internalerror(self, excrepr: object) -> bool:
        self._fail("the suite broke down", str(excrepr))
        return True  # it is shown

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if not self._broken:  # else it is pytest's own way to stop after errors that are shown already
            self._interrupted = True
            self.terminal.error("the run ends" if self.run.stopped else "interrupted", str(excinfo.value))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        self.terminal.end()
        if self._broken or not self.run.outcomes:
            return
        report = self.run.report()
        self.terminal.report(report, self.out)
        if not self._interrupted:
            self.terminal.files(self._write(report))
        self.terminal.summary(report)

    def _write(self, report: Report) -> list[Path]:
        """The files that were written. Raises OSError."""
        options = self.run.options
        write_page = partial(report_html.write, folder=self.out)
        files: list[tuple[Path | None, Callable[[Path, Report], None]]] = [
            (self.out / "results.json", report_json.write),
            (options.json and Path(options.json), report_json.write),
            (options.junit and Path(options.junit), report_junit.write),
            (self.out / "report.html", write_page),
            (options.html and Path(options.html), write_page),
        ]
        written = []
        for path, write in files:
            if path:
                path.parent.mkdir(parents=True, exist_ok=True)
                write(path, report)
                written.append(path)
        return written

    def _fail(self, title: str, text: str) -> None:
        self._broken = True
        self.terminal.error(title, text)


def _check_writable(option: str, path: Path) -> None:
    """Before the first test, and leaving nothing behind. Raises RequestError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            empty = file.tell() == 0
        if empty and path.is_file():
            path.unlink()
    except OSError as error:
        raise RequestError(f"{option} {path}: cannot write there: {error.strerror}") from error
