"""Random tests: what is tried, how the shortest failure is found, and what is told of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import strategies as st

from tcpslab.outcome import RequestError

from conformance.arena import Arena
from conformance.explore import EXAMPLES, Explorer, Steps, parse
from conformance.target import NotDriven

NUMBERS = st.lists(st.integers(0, 1000), min_size=3, max_size=10)


@contextmanager
def stage() -> Iterator[None]:
    """What is played here needs no target."""
    yield


def tried(explorer: Explorer) -> list[Steps]:
    """All sequences of a search in which none fails."""
    found: list[Steps] = []
    explorer(NUMBERS, lambda arena, steps: found.append(steps))
    return found


def fails_from(limit: int):
    def play(arena: Arena, steps: Steps) -> None:
        assert all(step < limit for step in steps), "a number is too large"

    return play


def test_without_a_failure_as_many_are_tried_as_were_asked_for():
    assert len(tried(Explorer(stage, "1/test"))) == EXAMPLES
    assert len(tried(Explorer(stage, "1/test", examples=40))) == 40


def test_equal_seeds_try_equal_sequences():
    first, again, other = (tried(Explorer(stage, seed, examples=20)) for seed in ("1/test", "1/test", "2/test"))
    assert first == again != other


def test_the_shortest_failure_is_the_one_that_is_told():
    """It may be shorter than any that the strategy draws."""
    explorer = Explorer(stage, "1/test", examples=100)
    with pytest.raises(AssertionError, match="a number is too large") as caught:
        explorer(NUMBERS, fails_from(500))
    assert explorer.steps == "[500]"
    (note,) = caught.value.__notes__
    assert note.startswith("the shortest failing sequence, of ") and note.endswith(" tried:\n500")


def test_the_first_failure_is_enough_where_no_shorter_one_is_wanted():
    explorer = Explorer(stage, "1/test", examples=100, shrink=False)
    with pytest.raises(AssertionError, match="a number is too large"):
        explorer(NUMBERS, fails_from(500))
    assert explorer.steps is not None and len(parse(explorer.steps)) >= 3


def test_what_failed_only_once_is_told_as_such():
    played = 0

    def play(arena: Arena, steps: Steps) -> None:
        nonlocal played
        played += 1
        assert played != 5, "number five"

    with pytest.raises(AssertionError, match="number five") as caught:
        Explorer(stage, "1/test", examples=50)(NUMBERS, play)
    assert caught.value.__notes__[0].startswith("it failed once, and not again: ")


def test_a_target_that_cannot_be_driven_is_not_searched():
    played: list[Steps] = []

    def play(arena: Arena, steps: Steps) -> None:
        played.append(steps)
        raise NotDriven("it does not open connections")

    explorer = Explorer(stage, "1/test", examples=50)
    with pytest.raises(NotDriven, match="does not open"):
        explorer(NUMBERS, play)
    assert len(played) == 1 and explorer.steps is None


def test_a_target_that_stops_has_failed_all_the_same():
    played: list[Steps] = []

    def play(arena: Arena, steps: Steps) -> None:
        played.append(steps)
        if len(played) > 1:
            raise NotDriven("no addresses are left")
        raise AssertionError("at first")

    explorer = Explorer(stage, "1/test", examples=50)
    with pytest.raises(AssertionError, match="at first") as caught:
        explorer(NUMBERS, play)
    note = caught.value.__notes__[0]
    assert note.startswith("it failed once, and could not be tried again (no addresses are left): ")
    assert explorer.steps is not None


def test_a_replay_plays_that_sequence_alone():
    explorer = Explorer(stage, "1/test", examples=50, replay="[7]")
    assert tried(explorer) == [[7]]
    with pytest.raises(AssertionError, match="too large"):
        explorer(NUMBERS, fails_from(5))
    explorer(NUMBERS, fails_from(8))


@pytest.mark.parametrize("text", ["[7", "7", '["seven"]'])
def test_a_replay_that_is_none_is_a_wrong_request(text: str):
    with pytest.raises(RequestError, match="--replay"):
        Explorer(stage, "1/test", replay=text)(NUMBERS, fails_from(5))
