"""What the loops over the tests have in common that use several processes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import pytest

from tcpslab.outcome import LabError

from conformance.reporter import Reporter
from conformance.run import Run


class Loop(ABC):
    """A pytest plugin: takes the place of pytest's own loop where there are enough tests for two processes."""

    few: int  # tests for which another process takes longer than it saves

    def __init__(self, run: Run, reporter: Reporter, jobs: int) -> None:
        self.run = run
        self.reporter = reporter
        self.jobs = jobs

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        jobs = min(self.jobs, len(session.items) // self.few)
        if jobs < 2 or session.config.option.collectonly or session.testsfailed:
            return None
        try:
            self._loop(session.items, jobs)
        except LabError as error:
            self.run.stopped = error
            raise session.Interrupted(str(error)) from error
        return True

    @abstractmethod
    def _loop(self, items: Sequence[pytest.Item], jobs: int) -> None:
        """Runs all tests. Raises LabError if the run cannot go on."""
