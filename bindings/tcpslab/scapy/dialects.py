"""Where the dialects differ on the wire: tag arithmetic and stream positions (tcps-dialects.md, R1 and R11)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from tcpslab.scapy.tags import Block, lkm_tag, standard_tag

_WRAP = 2**32
_HALF = 2**31


class Position(Protocol):
    """Makes 64-bit stream positions of one direction out of 32-bit offsets (sequence number - ISN - 1)."""

    def candidate(self, offset: int) -> int:
        """The position of a segment at this offset, before its tag is checked."""
        ...

    def accept(self, position: int) -> None:
        """The tag at this position was valid (receiver), or the segment leaves (sender)."""
        ...


class ForwardPosition:
    """The kernel module's (tcps-wire.md, section 4), which only ever wraps forwards.

    As a receiver the module moves before it checks the tag: whoever plays that part accepts every candidate at once.
    """

    def __init__(self) -> None:
        self._wraps = 0
        self._highest = 0

    def candidate(self, offset: int) -> int:
        position = self._wraps * _WRAP + offset
        return position + _WRAP if 0 < self._highest and position + _HALF < self._highest else position

    def accept(self, position: int) -> None:
        self._wraps = position // _WRAP
        self._highest = max(self._highest, position)


class NearestPosition:
    """The readme's (R11): the position nearest to the highest valid one; a tie goes to the lower."""

    def __init__(self) -> None:
        self._highest = 0

    def candidate(self, offset: int) -> int:
        epoch = self._highest - self._highest % _WRAP
        around = (epoch + offset + step for step in (-_WRAP, 0, _WRAP))
        return min((p for p in around if p >= 0), key=lambda p: abs(p - self._highest))

    def accept(self, position: int) -> None:
        self._highest = max(self._highest, position)


@dataclass(frozen=True)
class Dialect:
    name: str
    tag: Callable[[bytes, Iterable[Block]], bytes]
    new_position: Callable[[], Position]


README = Dialect("readme", standard_tag, NearestPosition)
LKM = Dialect("lkm", lkm_tag, ForwardPosition)
DIALECTS = (README, LKM)
