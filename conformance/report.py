"""What all reports of a run are made of."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tcpslab.report import counted

from conformance.catalogue import Catalogue, Requirement
from conformance.outcome import Outcome, Status
from conformance.target_file import KnownDeviation


@dataclass(frozen=True)
class Report:
    """One run of the suite, after its last test."""

    target: str  # as its file names it
    kind: str  # "sim", "live", …
    protocol: str
    dialect: str
    seed: int
    catalogue: Catalogue
    outcomes: Sequence[Outcome]
    vanished: Sequence[KnownDeviation] = ()  # known deviations that no test has seen any more
    verdict: str = ""  # in place of one by requirements: why nothing was to be judged
    notes: Sequence[str] = ()  # what the target says of itself
    deviations: Sequence[str] = ()  # deliberate faults of a simulated target
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        faults = f" with the deliberate fault {', '.join(self.deviations)}" if self.deviations else ""
        return f"{self.target}{faults}, by {self.protocol}/{self.dialect}"

    def of(self, *statuses: Status) -> list[Outcome]:
        """By name of the test."""
        return sorted((o for o in self.outcomes if o.status in statuses), key=lambda outcome: outcome.test)

    @property
    def failures(self) -> list[Outcome]:
        return self.of(Status.FAIL)

    @property
    def differs(self) -> bool:
        return bool(self.failures or self.vanished)

    def groups(self) -> Iterator[tuple[tuple[str, ...], list[Outcome]]]:
        """Failures by what they break: one broken rule can fail twenty tests."""
        groups: dict[tuple[str, ...], list[Outcome]] = defaultdict(list)
        for outcome in self.failures:
            groups[outcome.broken].append(outcome)
        yield from sorted(groups.items())

    def broken(self) -> Iterator[tuple[Requirement, list[Outcome]]]:
        """Each requirement that a failure breaks, in the catalogue's order, with those failures."""
        for requirement in self.catalogue:
            if failing := [outcome for outcome in self.failures if requirement.id in outcome.broken]:
                yield requirement, failing

    def summary(self) -> str:
        """For example `412 tests: 400 pass, 2 fail, 10 not applicable`, after the verdict if there is one."""
        counts = Counter(outcome.status for outcome in self.outcomes)
        parts = [f"{counts[status]} {status.value}" for status in Status if counts[status] or status in _ALWAYS]
        gone = f"; {counted(len(self.vanished), 'known deviation')} not seen any more" if self.vanished else ""
        verdict = f"{self.verdict}; " if self.verdict else ""
        return f"{verdict}{len(self.outcomes)} tests: {', '.join(parts)}{gone}"


_ALWAYS = (Status.PASS, Status.FAIL)


def requirement_lines(requirement: Requirement) -> list[str]:
    """Its text and its source, for a terminal and for JUnit."""
    return [f"{requirement.id} {requirement.level}: {requirement.statement}", f"    source: {requirement.source}"]


def failure_lines(outcome: Outcome, folder: str = "") -> list[str]:
    """What was sent, expected and seen, where in the test, what is left to look at, and how to run it again.

    `folder` is that of the run, as a reader gets to it.
    """
    lines = list(outcome.violation.lines()) if outcome.violation else outcome.traceback.strip().splitlines()
    end = ("the end of the test",) if outcome.violation else ()
    lines += [f"at:       {place}" for place in outcome.places or end]
    lines += [line for note in outcome.notes for line in note.splitlines()] if outcome.violation else []
    lines += [f"{f'{name}:':<9} {os.path.join(folder, path)}" for name, path in outcome.artefacts.items()]
    return lines + ([f"again:    {outcome.replay}"] if outcome.replay else [])


def vanished_line(known: KnownDeviation) -> str:
    where = "" if known.tests == "*" else f" in {known.tests}"
    return f"{known.requirement}: “{known.seen.pattern}” was not seen{where}; it was known because: {known.reason}"


def by_function(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The tests of each function, such as `test_tags.py::test_fin`, that differ in their setting only."""
    functions: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        functions[outcome.test.partition("[")[0]].append(outcome)
    return functions


def setting(outcome: Outcome) -> str:
    """What its name has in brackets: `server-ipv4`."""
    return outcome.test.partition("[")[2].removesuffix("]")


def tests_in_short(outcomes: Sequence[Outcome]) -> list[str]:
    """Names of tests, the settings of each together: `test_tags.py::test_fin[server-ipv4, client-ipv4]`."""
    settings = {name: [setting(test) for test in tests] for name, tests in by_function(outcomes).items()}
    return [f"{name}[{', '.join(found)}]" if any(found) else name for name, found in settings.items()]
