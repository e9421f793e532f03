"""Several targets of a kind at work on one run: for targets that the run makes itself, and that wait most of the time.

Each process has a target of its own, and takes the next test when it is done with one, those that may take long first.
Real time does not repeat itself, so a process reports whatever a failing test leaves, as packets and keys, itself.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import pytest

from tcpslab.outcome import InfrastructureError, LabError
from tcpslab.rig import interrupts

from conformance.loop import Loop
from conformance.outcome import Outcome

# What a process sends: the outcome of the test that it was given, or what ended it; at its end, its target's notes.
_Message = Outcome | LabError | list[str]


class Several(Loop):
    """Each process asks for one test after the other."""

    few = 3

    def _loop(self, items: Sequence[pytest.Item], jobs: int) -> None:
        self.run.probe()
        outcomes: dict[int, Outcome] = {}
        waiting = iter(sorted(range(len(items)), key=lambda number: -self.run.budget(items[number])))
        with self._workers(items, jobs) as pipes:
            given = {pipe: self._give(pipe, waiting) for pipe in pipes}
            while given:
                for pipe in wait(list(given)):
                    assert isinstance(pipe, Connection)
                    number = given[pipe]
                    match _received(pipe):
                        case None:
                            ran = "its end" if number is None else self.run.test_name(items[number])
                            raise InfrastructureError(f"a process of the run broke down in {ran}")
                        case LabError() as error:
                            raise error
                        case list() as notes:
                            self.run.notes += [note for note in notes if note not in self.run.notes]
                            del given[pipe]
                        case outcome:
                            assert number is not None
                            outcomes[number] = outcome
                            self.run.note_deviation(outcome)
                            self.reporter.terminal.test(outcome)
                            given[pipe] = self._give(pipe, waiting)
        self.run.outcomes += [outcomes[number] for number in sorted(outcomes)]

    @staticmethod
    def _give(pipe: Connection, waiting: Iterator[int]) -> int | None:
        """The next test for this process; none is left: it is to end."""
        number = next(waiting, None)
        with suppress(ConnectionError):  # it is gone, as the next look at the pipe tells
            pipe.send(number)
        return number

    @contextmanager
    def _workers(self, items: Sequence[pytest.Item], jobs: int) -> Iterator[list[Connection]]:
        context = multiprocessing.get_context("fork")
        pipes: list[Connection] = []
        processes: list[BaseProcess] = []
        try:
            for _ in range(jobs):
                here, there = multiprocessing.Pipe()
                processes.append(context.Process(target=self._work, args=(there, items)))
                processes[-1].start()
                there.close()
                pipes.append(here)
            yield pipes
        except BaseException:
            for process in processes:
                if process.pid is not None:
                    process.terminate()
            raise
        finally:  # all of them take down at the same time what they made
            with interrupts.postponed():
                for process in processes:
                    if process.pid is not None:
                        process.join()
            for pipe in pipes:
                pipe.close()

    def _work(self, pipe: Connection, items: Sequence[pytest.Item]) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
        interrupts.end_with_parent()
        self.reporter.silence()
        gc.disable()  # it would take a tenth of the time, and this process is gone before it fills 200 MB
        try:
            with interrupts.raised():
                self.run.take_target_of_its_own()
                try:
                    while (number := pipe.recv()) is not None:
                        pipe.send(self._result(items[number]))
                    notes: Sequence[str] = self.run.target.notes()
                finally:
                    self.run.close()
            pipe.send([*notes])
        except (KeyboardInterrupt, EOFError, ConnectionError):
            pass  # the run ends early

    def _result(self, item: pytest.Item) -> Outcome | LabError:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        outcome = self.run.outcomes.pop()
        return self.run.stopped or outcome


def _received(pipe: Connection) -> _Message | None:
    """None: the process is gone."""
    try:
        return pipe.recv()
    except (EOFError, ConnectionError):
        return None
