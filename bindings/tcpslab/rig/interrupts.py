"""Signals that end a run, as exceptions, so that what the run made is taken down; and never in the middle of that."""

import contextlib
import ctypes
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_users = 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def end_with_parent() -> None:
    """The kernel sends this process SIGTERM when the thread that started it is gone, however that happened."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """Meanwhile SIGTERM and SIGHUP do what Ctrl-C does, where nobody else decided what they do.

    Uses may overlap in any order. Outside the main thread it does nothing: Python's handlers belong to that one.
    """
    global _users
    if not _in_main_thread():
        yield
        return
    for number in _ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    _users += 1
    try:
        yield
    finally:
        _users -= 1
        for number in _ENDING if _users == 0 else ():
            if signal.getsignal(number) is _interrupt:
                signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def postponed() -> Iterator[None]:
    """Meanwhile Ctrl-C, SIGTERM and SIGHUP wait; at the end they count as one KeyboardInterrupt."""
    if not _in_main_thread():
        yield
        return
    seen: list[int] = []
    handled = {number: signal.getsignal(number) for number in (signal.SIGINT, *_ENDING)}
    waiting = [number for number, handler in handled.items() if callable(handler)]
    before = {number: signal.signal(number, lambda number, _: seen.append(number)) for number in waiting}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if seen:
            raise KeyboardInterrupt(signal.Signals(seen[0]).name)
