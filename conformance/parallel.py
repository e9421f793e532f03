"""Several processes at work on one run: for targets that live in their own process, as the simulated one does.

Each process has every n-th test. It sends back what became of each; a test that fails is run once more by the process
that reports, which so has its packets. Tests are deterministic: one that does not fail again ends the run.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection

import pytest

from tcpslab.outcome import InfrastructureError, LabError

from conformance.loop import Loop
from conformance.outcome import Outcome

# What a process sends: the outcome, or None of a test that failed, or what ended it.
_Message = Outcome | LabError | None


class Parallel(Loop):
    """Each process has its share of the tests from the start."""

    few = 20

    def _loop(self, items: Sequence[pytest.Item], jobs: int) -> None:
        self.run.started = True
        with ExitStack() as stack:
            pipes = [self._start(stack, items[first::jobs]) for first in range(jobs)]
            for number, (item, message) in enumerate(zip(items, _in_turn(pipes, len(items)), strict=True)):
                self.reporter.pytest_runtest_logstart(item.nodeid)
                if isinstance(message, EOFError):
                    raise InfrastructureError(f"the process that ran {self.run.test_name(items[number])} broke down")
                if isinstance(message, LabError):
                    raise message
                if message is None:
                    self._repeat(item)
                else:
                    self.run.outcomes.append(message)
                    self.reporter.terminal.test(message)

    def _start(self, stack: ExitStack, items: Sequence[pytest.Item]) -> Connection:
        here, there = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(target=self._work, args=(there, items))
        process.start()
        there.close()
        stack.callback(process.join)
        stack.callback(process.terminate)
        stack.callback(here.close)
        return here

    def _work(self, pipe: Connection, items: Sequence[pytest.Item]) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
        self.reporter.mute()
        gc.disable()  # it would take a tenth of the time, and this process is gone before it fills 200 MB
        for item in items:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            outcome = self.run.outcomes.pop()
            pipe.send(self.run.stopped or (None if outcome.failed else outcome))
        pipe.close()

    def _repeat(self, item: pytest.Item) -> None:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if not self.run.outcomes[-1].failed:
            name = self.run.test_name(item)
            raise InfrastructureError(f"{name} failed in one process and not in another: it is not deterministic")


def _in_turn(pipes: Sequence[Connection], count: int) -> Iterator[_Message | EOFError]:
    """The messages in the order of the tests, whichever process is ahead."""
    for number in range(count):
        try:
            yield pipes[number % len(pipes)].recv()
        except EOFError as error:
            yield error
