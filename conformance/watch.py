"""Ends a run in which the target cannot be judged: it is not there, or the machine between fails (exit codes 2 and 3).

Plain connections (sanity.py) are tried before the first test and after the last: one, or, of a target that is known to
speak no TCP/S, all that a test may need. What is wrong then is no requirement's matter, and hundreds of failed tests
would only hide it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tcpslab.outcome import InfrastructureError, LabError

from conformance import sanity
from conformance.run import Run
from conformance.target import NotDriven


class Watch:
    """A pytest plugin."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        if session.config.option.collectonly or not session.items:
            return
        try:
            self._check("before the first test")
            if self.run.target.plain:
                self.run.probe()
        except LabError as error:
            self.run.stopped = error
            raise session.Interrupted(str(error)) from error

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, None]:
        yield
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, LabError):
            self.run.stopped = error
            item.session.shouldstop = str(error)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        try:
            interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
            if self.run.started and self.run.stopped is None and not interrupted:
                self._check("after the last test")
            self.run.close()
        except LabError as error:
            self.run.stopped = self.run.stopped or error
            self.run.notes.append(str(error))

    def _check(self, when: str) -> None:
        """Raises LabError."""
        target = self.run.target
        for family in target.families:
            try:
                wrong = sanity.check_services(target, family) if target.plain else sanity.check(target, family)
            except NotDriven as reason:
                self.run.notes.append(f"no plain connection was tried {when}: {reason}")
                continue
            if wrong is not None:
                raise InfrastructureError(f"a plain connection {when}: {wrong}")
