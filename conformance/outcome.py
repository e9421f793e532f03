"""What became of one test: what reports are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from conformance.failure import Violation
from conformance.ladder import Step


class Status(Enum):
    PASS = "pass"
    FAIL = "fail"
    KNOWN_DEVIATION = "known deviation"  # declared for this target, with a reason
    INCONCLUSIVE = "inconclusive"  # the target could not be driven there
    NOT_APPLICABLE = "not applicable"  # to this dialect, role, family or budget


@dataclass
class Outcome:
    test: str  # "test_tags.py::test_missing_tag[server-ipv4]"
    requirements: tuple[str, ...]  # that the test cites
    status: Status
    special: tuple[str, ...] = ()  # of these, those that the dialect of the run has alone
    summary: str = ""  # one line: the finding; of a test that did not run, the reason
    reason: str = ""  # why a known deviation is one
    role: str = ""  # of the target
    family: str = ""
    violation: Violation | None = None
    traceback: str = ""  # of an error, finding or not
    places: tuple[str, ...] = ()  # the lines of the test that led there, outermost first
    duration: float = 0.0  # seconds of wall time
    notes: tuple[str, ...] = ()  # of a random test, its shortest failing example (PEP 678)
    replay: str = ""  # the command that runs this test again
    artefacts: dict[str, str] = field(default_factory=dict)  # "capture", "keylog": paths below the run's folder
    ladder: Sequence[Step] = ()  # what was on the wire

    @property
    def failed(self) -> bool:
        """Whether the target did what it must not, known or not."""
        return self.status in (Status.FAIL, Status.KNOWN_DEVIATION)

    @property
    def broken(self) -> tuple[str, ...]:
        """The requirements that a finding breaks."""
        if self.violation is None or not self.violation.requirements:
            return self.special or self.requirements
        if self.violation.of_state and self.special:
            return self.special
        return self.violation.requirements
