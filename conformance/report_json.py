"""The results as JSON: results.json, for programs."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tcpslab import results

from conformance.failure import Difference, Expectation, Violation, words
from conformance.outcome import Outcome
from conformance.report import Report
from conformance.seen import Seen

_LIBRARIES = ("scapy", "pytest", "hypothesis")


def provenance(command: Sequence[str]) -> dict[str, Any]:
    document: dict[str, Any] = {"provenance": {"versions": {name: version(name) for name in _LIBRARIES}}}
    results.add_provenance(document, command)
    return document["provenance"]


def document(report: Report) -> dict[str, Any]:
    """What depends on the clock on the wall stands beside `results`: of a simulated target those are equal for equal
    seeds."""
    ordered = sorted(report.outcomes, key=lambda outcome: outcome.test)
    return {
        "provenance": dict(report.provenance),
        "target": {"name": report.target, "kind": report.kind, "deviations": list(report.deviations)},
        "protocol": report.protocol,
        "dialect": report.dialect,
        "seed": report.seed,
        "verdict": report.verdict or None,
        "summary": report.summary(),
        "vanished_deviations": [
            {"requirement": known.requirement, "seen": known.seen.pattern, "tests": known.tests, "reason": known.reason}
            for known in report.vanished
        ],
        "notes": list(report.notes),
        "results": [record(outcome) for outcome in ordered],
        "durations": {outcome.test: round(outcome.duration, 6) for outcome in ordered},
    }


def record(outcome: Outcome) -> dict[str, Any]:
    """One test. Keys that say nothing of it are left out."""
    values = {
        "test": outcome.test,
        "status": outcome.status.value,
        "requirements": list(outcome.requirements),
        "role": outcome.role,
        "family": outcome.family,
        "summary": outcome.summary,
        "reason": outcome.reason,
    }
    if outcome.failed:
        values |= {
            "broken": list(outcome.broken),
            "failure": _failure(outcome.violation) if outcome.violation else None,
            "places": list(outcome.places),
            "notes": list(outcome.notes),
            "replay": outcome.replay,
            "artefacts": dict(outcome.artefacts),
        }
    always = ("test", "status", "requirements")
    return {name: value for name, value in values.items() if value or name in always}


def _failure(violation: Violation) -> dict[str, Any]:
    return {
        "sent": _packet(violation.sent) if violation.sent else None,
        "expected": _expectation(violation.expectation) if violation.expectation else None,
        "candidates": [
            _packet(seen) | {"differences": [_difference(d) for d in violation.differences(seen)]}
            for seen in violation.candidates
        ],
    }


def _packet(seen: Seen) -> dict[str, Any]:
    return {"packet": str(seen), "bytes": seen.data.hex()}


def _expectation(expectation: Expectation) -> dict[str, Any]:
    return {"what": expectation.what, "fields": {name: words(value) for name, value in expectation.fields.items()}}


def _difference(difference: Difference) -> dict[str, str]:
    return {"field": difference.field, "expected": difference.expected, "got": difference.got}


def write(path: Path, report: Report) -> None:
    results.write(path, document(report))
