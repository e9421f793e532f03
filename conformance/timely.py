"""Tests in real time on a machine that has other work: what fails while the suite itself was late is tried again.

A test that stands still between two steps sees the next retransmission where it expects an answer; that says nothing of
the target. A failure in a run that was in time counts, however often other runs passed.
"""

from __future__ import annotations

import threading
import time
from collections import deque

import pytest
from _pytest.runner import runtestprotocol

from conformance.outcome import Outcome, Status
from conformance.run import Run

_INTERVAL = 0.02  # seconds
_LATE = 0.03  # seconds; the suite tells what is 0.05 s apart, where the target's timers count
_LAST = 3.0  # seconds before the end, which is where a test failed: what it waited for before is no excuse
_ATTEMPTS = 3


class Timely:
    """A pytest plugin: runs a test, and once more if need be."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for attempt in range(_ATTEMPTS):
            done = len(self.run.outcomes)
            with Lateness() as lateness:
                runtestprotocol(item, nextitem=nextitem)
            (outcome,) = self.run.outcomes[done:]
            if outcome.status is not Status.FAIL or lateness.longest < _LATE:
                break
            self._remove_artefacts(outcome)
            if attempt + 1 < _ATTEMPTS:
                self.run.outcomes.pop()
            else:
                self._tell(outcome, lateness)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _remove_artefacts(self, outcome: Outcome) -> None:
        for path in outcome.artefacts.values():
            (self.run.options.out_dir / path).unlink(missing_ok=True)
        outcome.artefacts = {}

    @staticmethod
    def _tell(outcome: Outcome, lateness: Lateness) -> None:
        outcome.status = Status.INCONCLUSIVE
        late = f"this machine was up to {lateness.longest * 1000:.0f} ms late in each of {_ATTEMPTS} attempts"
        outcome.summary = f"{late}; the last one found: {outcome.summary}"


class Lateness:
    """A context manager: by how much this process ran later than it asked for, in the last seconds before the end."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()  # when it was late, and by how much: seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._measure, daemon=True)

    @property
    def longest(self) -> float:
        return max((late for _, late in self._seen), default=0.0)

    def __enter__(self) -> Lateness:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _measure(self) -> None:
        due = time.monotonic() + _INTERVAL
        while not self._done.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            self._seen.append((now, now - due))
            while self._seen[0][0] < now - _LAST:
                self._seen.popleft()
            due = now + _INTERVAL
