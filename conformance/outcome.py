"""What became of one test: what reports are made of."""

from dataclasses import dataclass, field
from enum import Enum

from conformance.failure import Violation


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
    summary: str = ""  # one line: the finding, or the reason
    violation: Violation | None = None
    traceback: str = ""  # where in the test, or of an error that is no finding
    duration: float = 0.0  # seconds of wall time
    replay: str = ""  # the command that runs this test again
    artefacts: dict[str, str] = field(default_factory=dict)  # "capture", "keylog": paths below the run's folder

    @property
    def broken(self) -> tuple[str, ...]:
        """The requirements that a finding breaks."""
        if self.violation and self.violation.requirements:
            return self.violation.requirements
        return self.requirements
