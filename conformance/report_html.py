"""The HTML page of `lab conform`: one file that needs neither network nor JavaScript, in the manner of `lab run`'s."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from tcpslab import page
from tcpslab.downloads import Downloads
from tcpslab.results import Record

from conformance.artefacts import folder_name
from conformance.catalogue import Requirement
from conformance.failure import words
from conformance.ladder import Step
from conformance.outcome import Outcome, Status
from conformance.report import Report, by_function, setting, tests_in_short, vanished_line

_TEMPLATES = Path(__file__).with_name("templates")
_HOUSE = Path(page.__file__).with_name("templates")

AREAS = {
    "TC": "the option TC on SYN and SYN-ACK",
    "MSS": "room for TM",
    "KEY": "key agreement",
    "ENC": "encryption",
    "POS": "stream positions",
    "TM": "the tag TM",
    "FIN": "FIN",
    "RST": "RST",
    "ACK": "pure ACKs",
    "TI": "the option TI",
    "TOFU": "trust on first use",
    "ENF": "enforcing, and downgrade",
    "FALL": "fallback to plain TCP",
    "OPT": "finding options",
    "OPEN": "opening a connection",
    "LIM": "limits",
    "TIME": "timers",
    "FRAG": "IP fragments",
    "FAIL": "after a failure",
    "SYN": "payload of a SYN",
    "LOOP": "own traffic, address families",
    "LOG": "log and events",
}

# Of a test as a witness for one requirement: it failed, but what it found breaks another one.
CUT_SHORT = "cut short"
LOOKS = {  # the colour and the sign of each status; the worst first
    Status.FAIL.value: ("bad", "✗"),
    Status.INCONCLUSIVE.value: ("stop", "?"),
    Status.KNOWN_DEVIATION.value: ("warn", "~"),
    CUT_SHORT: ("fair", "…"),
    Status.PASS.value: ("good", "✓"),
    Status.NOT_APPLICABLE.value: ("bare", "–"),
}
# Packets that the page shows of all its tests together; beyond that it refers to the captures.
_MOST_STEPS = 8000


@dataclass(frozen=True)
class Candidate:
    packet: str
    cells: list[tuple[str, bool]]  # of each expected field: what came, and whether it differs


@dataclass(frozen=True)
class Story:
    """A test that failed, known or not."""

    outcome: Outcome
    anchor: str
    rules: list[Requirement]
    fields: list[tuple[str, str]]  # that were expected
    candidates: list[Candidate]
    steps: Sequence[Step]
    left_out: bool  # the page is long enough already
    several: bool  # peers
    files: list[Mapping[str, Any]]

    @property
    def crashed(self) -> bool:
        """Whether it is no finding of the suite's own kind, so that the traceback is all there is."""
        return self.outcome.violation is None


@dataclass(frozen=True)
class Row:
    """A requirement, and how its tests ended."""

    requirement: Requirement
    counts: list[tuple[str, int]]  # by status
    tests: list[tuple[str, list[str]]]  # names by status

    @property
    def traits(self) -> str:
        """By what the table can be filtered, as CSS classes."""
        found = [status for status, _ in self.counts]
        if not found:
            return "untested"
        return " ".join(status.replace(" ", "-") for status in found if status != Status.PASS.value)


@dataclass(frozen=True)
class Area:
    name: str
    title: str
    rows: list[Row]


def write(path: Path, report: Report, folder: Path) -> None:
    """Writes the page; `folder` holds what the tests left."""
    path.write_text(render(report, folder, path.parent), encoding="utf-8")


def render(report: Report, folder: Path, beside: Path) -> str:
    """The page, to be put into the folder `beside`."""
    loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(_TEMPLATES), jinja2.FileSystemLoader(_HOUSE)])
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["short"] = tests_in_short
    css = [file.read_text(encoding="utf-8") for file in (_HOUSE / "page.css", _TEMPLATES / "conform.css")]
    stories = _stories(report, folder, beside)
    return environment.get_template("conform.html").render(
        css=Markup("\n".join(css)),
        report=report,
        looks=LOOKS,
        counts=[(status.value, len(report.of(status))) for status in Status if report.of(status)],
        groups=[_group(outcomes, stories) for _, outcomes in report.groups()],
        broken=list(report.broken()),
        known=[stories[outcome.test] for outcome in report.of(Status.KNOWN_DEVIATION)],
        inconclusive=_by_summary(report.of(Status.INCONCLUSIVE)),
        stories=stories,
        vanished=[vanished_line(known) for known in report.vanished],
        areas=list(_areas(report)),
        files=[
            (file, list(outcomes))
            for file, outcomes in groupby(report.of(*Status), key=lambda outcome: outcome.test.partition("::")[0])
        ],
        provenance=_provenance(report),
    )


def _stories(report: Report, folder: Path, beside: Path) -> dict[str, Story]:
    """Of each test that failed, by its name."""
    failed = report.of(Status.FAIL, Status.KNOWN_DEVIATION)
    downloads = Downloads(beside, [_record(outcome, folder, beside) for outcome in failed])
    stories, room = {}, _MOST_STEPS
    for outcome in failed:
        shown = len(outcome.ladder) <= room
        room -= len(outcome.ladder) if shown else 0
        finding = outcome.violation
        expected = finding.expectation.fields if finding and finding.expectation else {}
        stories[outcome.test] = Story(
            outcome=outcome,
            anchor=anchor(outcome),
            rules=[report.catalogue[name] for name in outcome.broken],
            fields=[(name, words(value)) for name, value in expected.items()],
            candidates=[
                Candidate(
                    str(seen),
                    [
                        (words(getattr(seen, name)), name in {d.field for d in finding.differences(seen)})
                        for name in expected
                    ],
                )
                for seen in (finding.candidates if finding else ())
            ],
            steps=outcome.ladder if shown else (),
            left_out=not shown,
            several=len({step.peer for step in outcome.ladder if step.peer}) > 1,
            files=[
                {**file, "save_as": f"{anchor(outcome).replace('/', '-')}-{file['label']}"}
                for file in downloads.of(_record(outcome, folder, beside))
            ],
        )
    return stories


def anchor(outcome: Outcome) -> str:
    """A name for the test that no other has: the folder of its capture."""
    return folder_name(outcome.test)


def _record(outcome: Outcome, folder: Path, beside: Path) -> Record:
    """What a test left, in the form in which `lab run` has it; paths lead there from the page."""
    paths = {name: Path(os.path.relpath(folder / path, beside)).as_posix() for name, path in outcome.artefacts.items()}
    return Record(
        {
            "artefacts": {
                "pcaps": [paths["capture"]] if "capture" in paths else [],
                "keylog": paths.get("keylog"),
            }
        }
    )


def _group(outcomes: Sequence[Outcome], stories: Mapping[str, Story]) -> dict[str, list[tuple[str, Story]]]:
    """Of failures that break the same: the tests of each function, with their settings."""
    return {
        name: [(setting(outcome), stories[outcome.test]) for outcome in tests]
        for name, tests in by_function(outcomes).items()
    }


def _by_summary(outcomes: Sequence[Outcome]) -> list[tuple[str, list[Outcome]]]:
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.summary].append(outcome)
    return list(found.items())


def _areas(report: Report) -> Iterator[Area]:
    """The requirements of the run's dialect."""
    witnesses: dict[str, list[tuple[str, Outcome]]] = defaultdict(list)
    for outcome in report.of(*Status):
        for name in {*outcome.requirements, *(outcome.broken if outcome.failed else ())}:
            short = outcome.failed and name not in outcome.broken
            witnesses[name].append((CUT_SHORT if short else outcome.status.value, outcome))
    of_dialect = [requirement for requirement in report.catalogue if report.dialect in requirement.dialects]
    for name, group in groupby(sorted(of_dialect, key=_area_order), key=lambda requirement: requirement.area):
        rows = [_row(requirement, witnesses[requirement.id]) for requirement in group]
        yield Area(name, AREAS.get(name, ""), rows)


def _area_order(requirement: Requirement) -> int:
    areas = list(AREAS)
    return areas.index(requirement.area) if requirement.area in areas else len(areas)


def _row(requirement: Requirement, witnesses: list[tuple[str, Outcome]]) -> Row:
    counts = Counter(status for status, _ in witnesses)
    found = [status for status in LOOKS if counts[status]]
    tests = [(status, tests_in_short([outcome for which, outcome in witnesses if which == status])) for status in found]
    return Row(requirement, [(status, counts[status]) for status in found], tests)


def _provenance(report: Report) -> list[tuple[str, str]]:
    versions = report.provenance.get("versions") or {}
    return [
        ("target", f"{report.target} ({report.kind})"),
        ("by", f"{report.protocol}/{report.dialect}"),
        ("seed", str(report.seed)),
        ("commit", report.provenance.get("commit") or "unknown"),
        ("command", " ".join(report.provenance.get("command") or []) or "unknown"),
        *((name, str(version)) for name, version in versions.items()),
    ]
