"""Random tests: packet sequences from a strategy, the shortest that fails, and how to run exactly that one again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any

import hypothesis
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from tcpslab.outcome import LabError, RequestError

from conformance.arena import Arena
from conformance.target import NotDriven

Steps = list[Any]  # of what JSON knows
Play = Callable[[Arena, Steps], None]
Stage = Callable[[], AbstractContextManager[Arena]]

EXAMPLES = 3  # sequences that a test tries, unless the run asks for another number
_SIMPLER = 250  # sequences that may be tried in search of a simpler one that fails,
_SHORTER = 50  # and then of one with fewer steps,
_PATIENCE = 60.0  # for so many seconds each: a simulated target needs a few


class _Failed(Exception):  # noqa: N818 - what failed is kept elsewhere: for hypothesis all failures are one
    pass


class _Enough(BaseException):  # noqa: N818 - not an Exception, which hypothesis would take for a failure
    pass


@dataclass
class Explorer:
    """Plays sequences, each on a fresh stage. All that is random comes from `seed`, so that equal runs are equal.

    A sequence that lacks some of its steps must be one that can be played, too.
    """

    stage: Stage
    seed: str
    examples: int | None = None  # None: EXAMPLES
    shrink: bool = True
    replay: str | None = None  # one sequence, which alone is played
    steps: str | None = field(default=None, init=False)  # the shortest failing sequence

    def __call__(self, sequences: SearchStrategy[Steps], play: Play) -> None:
        """Raises what `play` raises for the shortest failing sequence, after playing that one last."""
        if self.replay is not None:
            self._play_again(play, self.replay)
            return
        search = _Search(self, play)
        search.run(sequences, self.examples or EXAMPLES, shrink=self.shrink)
        if search.shortest is None:
            return
        self.steps = dump(search.shortest)
        words = [f"the shortest failing sequence, of {search.tried} tried:", *map(dump, search.shortest)]
        error = search.error
        assert error is not None
        try:
            self.perform(play, search.shortest)
            words[0] = f"it failed once, and not again: {words[0]}"
        except (NotDriven, LabError) as reason:
            words[0] = f"it failed once, and could not be tried again ({reason}): {words[0]}"
        except Exception as again:
            error = again
        error.add_note("\n".join(words))
        raise error

    def perform(self, play: Play, steps: Steps) -> None:
        with self.stage() as arena:
            play(arena, steps)

    def _play_again(self, play: Play, text: str) -> None:
        steps = parse(text)
        try:
            self.perform(play, steps)
        except (LookupError, TypeError, ValueError) as error:
            raise RequestError(f"--replay: this test cannot play {text}: {error}") from error


@dataclass
class _Search:
    explorer: Explorer
    play: Play
    shortest: Steps | None = None  # that failed
    error: Exception | None = None  # what it failed with
    tried: int = 0
    _most: int = 0  # sequences, and time, after which the search for a shorter one ends
    _deadline: float = 0.0
    stopped: NotDriven | LabError | None = None  # why no more sequences can be tried

    def run(self, sequences: SearchStrategy[Steps], examples: int, *, shrink: bool) -> None:
        """Raises NotDriven and LabError, unless a sequence has failed before."""

        @hypothesis.seed(self.explorer.seed)
        @hypothesis.settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate] + [hypothesis.Phase.shrink] * shrink,
            report_multiple_bugs=False,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(sequences)
        def search(steps: Steps) -> None:
            if not self._passes(steps):
                raise _Failed

        with suppress(_Failed, _Enough, Flaky):
            search()
        if self.shortest is None and self.stopped is not None:
            raise self.stopped
        if shrink:
            with suppress(_Enough):
                self._leave_out_steps()

    def _allow(self, tries: int) -> None:
        self._most, self._deadline = self.tried + tries, time.monotonic() + _PATIENCE

    def _leave_out_steps(self) -> None:
        """Hypothesis changes what a strategy drew its choices from, and does not find every step that can go."""
        self._allow(_SHORTER)
        at = 0
        while self.shortest is not None and at < len(self.shortest):
            if self._passes(self.shortest[:at] + self.shortest[at + 1 :]):
                at += 1

    def _passes(self, steps: Steps) -> bool:
        if self.shortest is not None and (self.tried >= self._most or time.monotonic() >= self._deadline):
            raise _Enough
        self.tried += 1
        try:
            self.explorer.perform(self.play, steps)
        except (NotDriven, LabError) as error:
            self.stopped = error
            raise _Enough from error
        except Exception as error:
            if self.shortest is None:
                self._allow(_SIMPLER)
            if self.shortest is None or _size(steps) < _size(self.shortest):
                self.shortest, self.error = steps, error
            return False
        return True


def _size(steps: Steps) -> tuple[int, int]:
    return len(steps), len(dump(steps))


def dump(steps: Any) -> str:
    """As `--replay` takes it."""
    return json.dumps(steps, separators=(",", ":"))


def parse(text: str) -> Steps:
    """Raises RequestError."""
    try:
        steps = json.loads(text)
    except json.JSONDecodeError as error:
        raise RequestError(f"--replay: {error}") from error
    if not isinstance(steps, list):
        raise RequestError(f"--replay: no list of steps: {text}")
    return steps
