"""JUnit XML, for continuous integration.

The form is that of Jenkins (junit-10.xsd of its xUnit plugin) with one addition that pytest and Maven Surefire have
too: `properties` of a test case, which hold the requirement ids.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from pathlib import Path

from conformance.outcome import Outcome, Status
from conformance.report import Report, failure_lines, requirement_lines, vanished_line
from conformance.target_file import KnownDeviation

# What XML 1.0 has no way to write.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(path: Path, report: Report) -> None:
    ElementTree.ElementTree(_suites(report)).write(path, encoding="utf-8", xml_declaration=True)


def _suites(report: Report) -> ElementTree.Element:
    seconds = sum(outcome.duration for outcome in report.outcomes)
    failures = len(report.failures) + len(report.vanished)
    counts = {
        "name": _text(report.title),
        "tests": str(len(report.outcomes) + len(report.vanished)),
        "failures": str(failures),
        "errors": "0",
        "time": f"{seconds:.3f}",
    }
    skipped = len(report.of(Status.KNOWN_DEVIATION, Status.INCONCLUSIVE, Status.NOT_APPLICABLE))
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", counts | {"skipped": str(skipped)})
    _properties(suite, _facts(report))
    for outcome in report.of(*Status):
        _test(suite, report, outcome)
    for known in report.vanished:
        _vanished(suite, report, known)
    if report.notes:
        ElementTree.SubElement(suite, "system-out").text = _text("\n".join(report.notes))
    return root


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    yield "target", report.target
    yield "protocol", report.protocol
    yield "dialect", report.dialect
    yield "seed", str(report.seed)
    if report.verdict:
        yield "verdict", report.verdict
    for deviation in report.deviations:
        yield "deviation", deviation
    yield "commit", report.provenance.get("commit") or "unknown"
    yield "command", " ".join(report.provenance.get("command", []))


def _test(suite: ElementTree.Element, report: Report, outcome: Outcome) -> None:
    file, _, name = outcome.test.partition("::")
    case = _case(suite, report, Path(file).stem, name, outcome.duration)
    facts = [("requirement", requirement) for requirement in outcome.requirements]
    facts += [("status", outcome.status.value)]
    if outcome.failed:
        facts += [("broken", requirement) for requirement in outcome.broken]
        facts += [("replay", outcome.replay), *outcome.artefacts.items()]
    _properties(case, facts)
    if outcome.status is Status.FAIL:
        rules = [line for broken in outcome.broken for line in requirement_lines(report.catalogue[broken])]
        _end(case, "failure", outcome.status.value, outcome.summary, [*rules, "", *failure_lines(outcome)])
    elif outcome.status is Status.KNOWN_DEVIATION:
        message = f"{outcome.status.value}: {outcome.reason}"
        _end(case, "skipped", outcome.status.value, message, failure_lines(outcome))
    elif outcome.status is not Status.PASS:
        _end(case, "skipped", outcome.status.value, f"{outcome.status.value}: {outcome.summary}", [])


def _vanished(suite: ElementTree.Element, report: Report, known: KnownDeviation) -> None:
    """A line of the target's file that is out of date fails the run, so it fails here too."""
    case = _case(suite, report, "known_deviations", f"{known.requirement} {known.seen.pattern}", 0)
    _properties(case, [("requirement", known.requirement)])
    _end(case, "failure", "vanished", "a known deviation is not seen any more", [vanished_line(known)])


def _case(
    suite: ElementTree.Element, report: Report, module: str, name: str, seconds: float
) -> ElementTree.Element:
    place = f"{report.protocol}.{report.dialect}.{module}"
    names = {"classname": _text(place), "name": _text(name), "time": f"{seconds:.3f}"}
    return ElementTree.SubElement(suite, "testcase", names)


def _properties(parent: ElementTree.Element, facts: Iterable[tuple[str, str]]) -> None:
    properties = ElementTree.SubElement(parent, "properties")
    for name, value in facts:
        ElementTree.SubElement(properties, "property", {"name": name, "value": _text(value)})


def _end(case: ElementTree.Element, how: str, kind: str, message: str, lines: list[str]) -> None:
    element = ElementTree.SubElement(case, how, {"type": kind, "message": _text(message)})
    element.text = _text("\n".join(lines)) or None


def _text(text: str) -> str:
    return _NOT_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
