"""`lab conform --coverage`: each requirement, where it is implemented, what tests it, and how that went last."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tcpslab import tree
from tcpslab.outcome import Exit, RequestError

from conformance import coverage_table
from conformance.catalogue import Catalogue, Requirement
from conformance.citations import Citation, Place, Tree
from conformance.outcome import Status

NEVER_RUN = "never run"
# Of several results the worst counts; that a test does not apply says least.
_WORST_FIRST = (Status.FAIL, Status.INCONCLUSIVE, Status.KNOWN_DEVIATION, Status.PASS, Status.NOT_APPLICABLE)


@dataclass(frozen=True)
class Coverage:
    """What stands for one requirement."""

    requirement: Requirement
    code: tuple[Place, ...]
    suite_tests: tuple[str, ...]  # "test_tags.py::test_missing_tag"
    unit_tests: tuple[Place, ...]
    result: str  # of the suite's tests: a value of Status, or NEVER_RUN

    @property
    def tested(self) -> bool:
        """What the wire shows is for the suite, which judges any implementation; the rest for our unit tests."""
        return bool(self.suite_tests) or (self.requirement.observable == "api" and bool(self.unit_tests))

    @property
    def missing(self) -> bool:
        return self.requirement.level == "MUST" and not self.tested

    def as_json(self) -> dict[str, Any]:
        requirement = self.requirement
        return {
            "id": requirement.id,
            "level": requirement.level,
            "role": requirement.role,
            "dialects": list(requirement.dialects),
            "statement": requirement.statement,
            "source": requirement.source,
            "observable": requirement.observable,
            "code": [str(place) for place in self.code],
            "suite_tests": list(self.suite_tests),
            "unit_tests": [str(place) for place in self.unit_tests],
            "tested": self.tested,
            "result": self.result,
        }


def join(catalogue: Catalogue, sources: Tree, results: Mapping[str, Status]) -> list[Coverage]:
    """In the order of the catalogue. Raises RequestError with each place that cites what the catalogue lacks.

    `results` are those of the suite's tests by name, parameters left out.
    """
    code, units, suite = list(sources.code()), list(sources.unit_tests()), list(sources.suite())
    unknown = [
        f"{citation.place}: {citation.id} is no requirement of {catalogue.path.name}"
        for citation in sorted({*code, *units, *(citation for test in suite for citation in test.citations)})
        if citation.id not in catalogue
    ]
    if unknown:
        raise RequestError("\n".join(unknown))
    tests: dict[str, list[str]] = defaultdict(list)
    for test in suite:
        for cited in dict.fromkeys(citation.id for citation in test.citations):
            tests[cited].append(test.name)
    code_of, units_of = _places(code), _places(units)
    return [
        Coverage(
            requirement=requirement,
            code=code_of.get(requirement.id, ()),
            suite_tests=tuple(tests[requirement.id]),
            unit_tests=units_of.get(requirement.id, ()),
            result=_worst(results[name] for name in tests[requirement.id] if name in results),
        )
        for requirement in catalogue
    ]


def read_results(path: Path) -> dict[str, Status]:
    """The results of a run's JSON report by test, parameters left out; none if there is no such file."""
    if not path.is_file():
        return {}
    found: dict[str, list[Status]] = defaultdict(list)
    try:
        for result in json.loads(path.read_text(encoding="utf-8"))["results"]:
            found[result["test"].partition("[")[0]].append(Status(result["status"]))
    except (ValueError, KeyError, TypeError) as error:
        raise RequestError(f"{path}: expected the results of lab conform: {error}") from error
    return {name: min(statuses, key=_WORST_FIRST.index) for name, statuses in found.items()}


def main(args: argparse.Namespace) -> Exit:
    """The table, or with `--json FILE` that file too. DIFFERS if a MUST has no test."""
    catalogue = Catalogue.of(args.protocol)
    covered = join(catalogue, Tree(tree.ROOT, args.protocol), read_results(args.out / "results.json"))
    coverage_table.show(covered)
    if args.json:
        write_json(args.json, covered)
    return Exit.DIFFERS if any(entry.missing for entry in covered) else Exit.AS_EXPECTED


def write_json(path: Path, covered: Sequence[Coverage]) -> None:
    requirements = [entry.as_json() for entry in covered]
    missing = [entry.requirement.id for entry in covered if entry.missing]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"requirements": requirements, "untested_musts": missing}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _places(citations: Iterable[Citation]) -> dict[str, tuple[Place, ...]]:
    places: dict[str, set[Place]] = defaultdict(set)
    for citation in citations:
        places[citation.id].add(citation.place)
    return {cited: tuple(sorted(found)) for cited, found in places.items()}


def _worst(statuses: Iterable[Status]) -> str:
    worst = min(statuses, key=_WORST_FIRST.index, default=None)
    return worst.value if worst else NEVER_RUN
