"""JUnit XML, for continuous integration."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from conformance import report_junit
from conformance.outcome import Status

from made_up import ALL, CATALOGUE, DEVIATES, FAILED, KNOWN, MADE_UP, NOT_DRIVEN, outcome, report

# Of junit-10.xsd (the xUnit plugin of Jenkins): the attributes of each element, those that are required, its children;
# with the properties of test cases, which pytest and Surefire write too.
_RESULTS = {"skipped", "error", "failure", "system-out", "system-err"}
_FORM: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "time", "skipped", "timestamp", "hostname"},
        {"name", "tests", "failures", "errors"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": ({"name", "time", "classname"}, {"name"}, _RESULTS | {"properties"}),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, {"name", "value"}, set()),
    **dict.fromkeys(("skipped", "failure", "error"), ({"type", "message"}, set(), set())),
    **dict.fromkeys(("system-out", "system-err"), (set(), set(), set())),
}
_SUREFIRE_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def check_form(element: ElementTree.Element) -> None:
    known, required, children = _FORM[element.tag]
    assert required <= element.attrib.keys() <= known, element.tag
    assert {child.tag for child in element} <= children, element.tag
    assert _SUREFIRE_TIME.fullmatch(element.get("time", "0"))
    for child in element:
        check_form(child)


def written(folder: Path, *outcomes: object, **fields: object) -> ElementTree.Element:
    path = folder / "junit.xml"
    report_junit.write(path, report(*outcomes, **fields))
    root = ElementTree.parse(path).getroot()
    check_form(root)
    return root


def case(root: ElementTree.Element, name: str) -> ElementTree.Element:
    (found,) = (each for each in root.iter("testcase") if each.get("name", "").startswith(name))
    return found


def properties(element: ElementTree.Element) -> list[tuple[str | None, str | None]]:
    return [(each.get("name"), each.get("value")) for each in element.iterfind("properties/property")]


def test_the_counts_are_those_of_the_cases(tmp_path: Path) -> None:
    (suite,) = written(tmp_path, vanished=[KNOWN])
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["6", "2", "0", "3"]
    assert len(list(suite.iter("testcase"))) == 6
    assert len(list(suite.iter("failure"))) == 2 and len(list(suite.iter("skipped"))) == 3


def test_each_case_has_its_requirements_as_properties(tmp_path: Path) -> None:
    root = written(tmp_path)
    passed = case(root, "test_pass[")
    assert (passed.get("classname"), passed.get("name")) == ("tcps.readme.test_made_up", "test_pass[server-ipv4]")
    assert properties(passed) == [("requirement", MADE_UP), ("status", "pass")]
    for property in (("broken", MADE_UP), ("replay", FAILED.replay), ("capture", FAILED.artefacts["capture"])):
        assert property in properties(case(root, "test_fail["))


def test_a_failure_is_told_in_full(tmp_path: Path) -> None:
    failure = case(written(tmp_path), "test_fail[").find("failure")
    assert failure is not None and failure.get("message") == FAILED.summary and failure.text is not None
    for part in (CATALOGUE[MADE_UP].statement, CATALOGUE[MADE_UP].source, "flags: expected SA, got RA", FAILED.replay):
        assert part in failure.text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("test_fin", f"known deviation: {DEVIATES.reason}"),
        ("test_client", f"inconclusive: {NOT_DRIVEN.summary}"),
        ("test_other", "not applicable: it is about the other dialect than readme"),
    ],
)
def test_what_is_no_verdict_is_skipped_with_its_reason(tmp_path: Path, name: str, message: str) -> None:
    skipped = case(written(tmp_path), f"{name}[").find("skipped")
    assert skipped is not None and skipped.get("message") == message


def test_a_known_deviation_that_is_gone_fails(tmp_path: Path) -> None:
    gone = case(written(tmp_path, vanished=[KNOWN]), "TCPS-FIN-01 no TM")
    assert gone.find("failure") is not None and properties(gone) == [("requirement", "TCPS-FIN-01")]


def test_what_xml_cannot_hold_is_escaped(tmp_path: Path) -> None:
    odd = outcome("test_odd", Status.FAIL, summary="a\x00b \x1b[31m \ud800 \U0001f600 <&>", traceback="\x0b")
    failure = case(written(tmp_path, *ALL, odd), "test_odd[").find("failure")
    assert failure is not None and failure.get("message") == r"a\x00b \x1b[31m \xd800 " + "\U0001f600 <&>"


def test_the_suite_says_what_was_judged(tmp_path: Path) -> None:
    made = {"commit": "c0ffee", "command": ["lab", "conform", "--target", "sim"]}
    (suite,) = written(tmp_path, provenance=made, notes=["A note."], deviations=["wrong-tag"])
    assert suite.get("name") == "made up with the deliberate fault wrong-tag, by tcps/readme"
    facts = dict(properties(suite))
    assert facts["commit"] == "c0ffee" and facts["command"] == "lab conform --target sim" and facts["seed"] == "1"
    assert suite.findtext("system-out") == "A note."
