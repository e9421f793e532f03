"""What stands for a requirement: found in a small made-up tree, judged, and shown; then the tree that this is."""

import argparse
import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from tcpslab import tree
from tcpslab.outcome import Exit, RequestError

from conformance import coverage, coverage_table
from conformance.catalogue import Catalogue
from conformance.citations import Place, Tree
from conformance.coverage import Coverage
from conformance.outcome import Status
from conformance.yaml_file import FileError

ENTRIES = (
    ("TCPS-TM-01", "MUST", "wire"),
    ("TCPS-TM-02", "MUST", "api"),
    ("TCPS-TM-03", "MUST", "wire"),
    ("TCPS-TM-04", "MUST", "api"),
    ("TCPS-LOG-01", "SHOULD", "api"),
)
CODE = """\
#include <string>  // TCPS-TM-01

/* The tag.
 * TCPS-TM-02, TCPS-TM-03 */
const char* kUrl = "https://example.org/TCPS-TM-99 // TCPS-TM-98";
const char kQuote = '"';  // TCPS-TM-04
const int kMany = 1'000;  // it's TCPS-LOG-01
int TCPS_TM_01 = 0;
"""
SUITE = """\
import pytest

from conformance import marks
from conformance.marks import requirement


@requirement("TCPS-TM-01", "TCPS-TM-03")
def test_tag(peer):
    "TCPS-TM-97"


@pytest.mark.parametrize("flag", [1, pytest.param(2, marks=marks.requirement("TCPS-TM-01"))])
@requirement(
    "TCPS-TM-02",
)
def test_flags(peer, flag):
    pass


def helper():
    pass
"""


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with one file of each kind."""
    entry = "- id: {}\n  level: {}\n  role: both\n  dialects: [readme]\n  statement: It is so.\n  source: s\n"
    catalogue = "".join((entry + "  observable: {}\n").format(*values) for values in ENTRIES)
    write(tmp_path, "conformance/requirements/tcps.yaml", catalogue)
    write(tmp_path, "reference/tcps/tag.cc", CODE)
    write(tmp_path, "reference/tcps/test/tag_test.cc", "BOOST_AUTO_TEST_CASE(Tag) {  // TCPS-TM-02\n}\n")
    write(tmp_path, "bindings/test/test_tag.py", 'TEXT = "# TCPS-TM-96"\n# TCPS-TM-03\n')
    write(tmp_path, "conformance/suite/test_tags.py", SUITE)
    return tmp_path


def covered(root: Path, results: dict[str, Status] | None = None) -> dict[str, Coverage]:
    catalogue = Catalogue.load(root / "conformance" / "requirements" / "tcps.yaml")
    return {entry.requirement.id: entry for entry in coverage.join(catalogue, Tree(root, "tcps"), results or {})}


def test_code_is_what_comments_outside_of_tests_cite(root: Path) -> None:
    places = {cited: [str(place) for place in entry.code] for cited, entry in covered(root).items()}
    assert places == {
        "TCPS-TM-01": ["reference/tcps/tag.cc:1"],
        "TCPS-TM-02": ["reference/tcps/tag.cc:4"],
        "TCPS-TM-03": ["reference/tcps/tag.cc:4"],
        "TCPS-TM-04": ["reference/tcps/tag.cc:6"],
        "TCPS-LOG-01": ["reference/tcps/tag.cc:7"],
    }


def test_suite_tests_are_those_with_the_marker(root: Path) -> None:
    tests = {cited: entry.suite_tests for cited, entry in covered(root).items() if entry.suite_tests}
    assert tests == {
        "TCPS-TM-01": ("test_tags.py::test_tag", "test_tags.py::test_flags"),
        "TCPS-TM-02": ("test_tags.py::test_flags",),
        "TCPS-TM-03": ("test_tags.py::test_tag",),
    }


def test_the_marker_of_a_module_holds_for_each_of_its_tests(root: Path) -> None:
    text = "pytestmark = [requirement('TCPS-TM-04')]\n\n\ndef test_a(peer):\n    pass\n"
    write(root, "conformance/suite/test_more.py", text)
    assert covered(root)["TCPS-TM-04"].suite_tests == ("test_more.py::test_a",)


def test_unit_tests_cite_in_comments(root: Path) -> None:
    entries = covered(root)
    assert entries["TCPS-TM-02"].unit_tests == (Place("reference/tcps/test/tag_test.cc", 1),)
    assert entries["TCPS-TM-03"].unit_tests == (Place("bindings/test/test_tag.py", 2),)


def test_what_the_wire_shows_takes_a_test_of_the_suite(root: Path) -> None:
    """A unit test is a test of our stack only; the suite judges any."""
    write(root, "conformance/suite/test_tags.py", "")
    missing = {cited for cited, entry in covered(root).items() if entry.missing}
    assert missing == {"TCPS-TM-01", "TCPS-TM-03", "TCPS-TM-04"}


def test_a_should_without_test_is_not_missing(root: Path) -> None:
    entry = covered(root)["TCPS-LOG-01"]
    assert (entry.tested, entry.missing) == (False, False)


@pytest.mark.parametrize(
    ("path", "text", "place"),
    [
        ("model/shim.h", "\n// TCPS-TM-05\n", "model/shim.h:2: TCPS-TM-05"),
        ("model/shim.h", "// TCPS-TM-001\n", "model/shim.h:1: TCPS-TM-001"),
        ("scenarios/test/test_a.py", "x = 1  # TCPS-XY-01\n", "scenarios/test/test_a.py:1: TCPS-XY-01"),
        (
            "conformance/suite/test_a.py",
            '@requirement(\n    "TCPS-TM-01",\n    "TCPS-TM-77",\n)\ndef test_a(peer): pass\n',
            "conformance/suite/test_a.py:3: TCPS-TM-77",
        ),
    ],
)
def test_an_unknown_id_is_named_with_its_place(root: Path, path: str, text: str, place: str) -> None:
    write(root, path, text)
    with pytest.raises(RequestError, match=f"^{re.escape(place)} is no requirement of tcps.yaml$"):
        covered(root)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def test_a(peer): pass\n", "test_a.py:1: test_a cites no requirement"),
        ("@requirement(IDS[0])\ndef test_a(peer): pass\n", "test_a.py:1: expected the id .* in quotes, not IDS"),
    ],
)
def test_a_test_of_the_suite_says_what_it_checks(root: Path, text: str, message: str) -> None:
    write(root, "conformance/suite/test_a.py", text)
    with pytest.raises(FileError, match=message):
        covered(root)


def results(folder: Path, *entries: tuple[str, str]) -> Path:
    path = folder / "results.json"
    path.write_text(json.dumps({"results": [{"test": test, "status": status} for test, status in entries]}))
    return path


def test_the_latest_result_is_the_worst_of_all_settings(root: Path, tmp_path: Path) -> None:
    path = results(
        tmp_path,
        ("test_tags.py::test_tag[server-ipv4]", "pass"),
        ("test_tags.py::test_tag[server-ipv6]", "not applicable"),
        ("test_tags.py::test_flags[server-ipv4-1]", "pass"),
        ("test_tags.py::test_flags[server-ipv4-2]", "known deviation"),
    )
    entries = covered(root, coverage.read_results(path))
    shown = {cited: entry.result for cited, entry in entries.items()}
    assert shown == {
        "TCPS-TM-01": "known deviation",
        "TCPS-TM-02": "known deviation",
        "TCPS-TM-03": "pass",
        "TCPS-TM-04": "never run",
        "TCPS-LOG-01": "never run",
    }


def test_a_failure_outweighs_everything(tmp_path: Path) -> None:
    statuses = ["pass", "not applicable", "fail", "inconclusive", "known deviation"]
    path = results(tmp_path, *(("test_a.py::test_a[x]", status) for status in statuses))
    assert coverage.read_results(path) == {"test_a.py::test_a": Status.FAIL}


def test_without_a_report_nothing_was_run(tmp_path: Path) -> None:
    assert coverage.read_results(tmp_path / "none.json") == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"results": [{"test": "a", "status": "well"}]}', '{"results": [{}]}'])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(RequestError, match=r"results\.json: expected the results of lab conform"):
        coverage.read_results(tmp_path / "results.json")


def test_a_pipe_gets_one_row_a_requirement(root: Path) -> None:
    output = io.StringIO()
    coverage_table.show(list(covered(root).values()), output)
    lines = output.getvalue().splitlines()
    assert lines[0].split() == ["requirement", "level", "observable", "result", "code", "tests"]
    assert lines[1].split() == [
        *("TCPS-TM-01", "MUST", "wire", "never-run", "reference/tcps/tag.cc:1"),
        "test_tags.py::test_tag,test_tags.py::test_flags",
    ]
    assert lines[5].split() == ["TCPS-LOG-01", "SHOULD", "api", "never-run", "reference/tcps/tag.cc:7", "-"]
    assert lines[-3:] == [
        "MUST without a test:",
        "  TCPS-TM-04 (api) It is so.",
        "5 requirements: 5 with code, 3 with a test; 4 MUST, 1 of them without a test",
    ]


def test_a_terminal_gets_a_table_an_area(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100, highlight=False)
    monkeypatch.setattr(coverage_table, "Console", lambda **_: console)
    coverage_table.show(list(covered(root).values()))
    lines = re.sub(r"\x1b\[[0-9;]*m", "", output.getvalue()).splitlines()
    assert [line.split()[0] for line in lines if line.split()[1:2] == ["level"]] == ["TM", "LOG"]
    assert max(map(len, lines)) <= 100
    assert "test_tags.py::test_flags" in output.getvalue()


def test_json_has_the_whole_join(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "coverage.json"
    coverage.write_json(path, list(covered(root).values()))
    written = json.loads(path.read_text())
    assert written["untested_musts"] == ["TCPS-TM-04"]
    assert written["requirements"][1] == {
        "id": "TCPS-TM-02",
        "level": "MUST",
        "role": "both",
        "dialects": ["readme"],
        "statement": "It is so.",
        "source": "s",
        "observable": "api",
        "code": ["reference/tcps/tag.cc:4"],
        "suite_tests": ["test_tags.py::test_flags"],
        "unit_tests": ["reference/tcps/test/tag_test.cc:1"],
        "tested": True,
        "result": "never run",
    }


def run(root: Path, monkeypatch: pytest.MonkeyPatch) -> Exit:
    monkeypatch.setattr(tree, "ROOT", root)
    monkeypatch.setattr("conformance.catalogue.REQUIREMENTS", root / "conformance" / "requirements")
    return coverage.main(argparse.Namespace(protocol="tcps", json=None, out=root / "out"))


def test_a_must_without_test_differs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(root, monkeypatch) is Exit.DIFFERS
    write(root, "model/test/shim_test.cc", "// TCPS-TM-04\n")
    assert run(root, monkeypatch) is Exit.AS_EXPECTED


@pytest.fixture(scope="module")
def this_tree() -> list[Coverage]:
    """Raises for ids that the catalogue lacks, and for tests of the suite that cite none."""
    return coverage.join(Catalogue.of("tcps"), Tree(tree.ROOT, "tcps"), {})


def test_each_must_of_this_tree_is_implemented(this_tree: list[Coverage]) -> None:
    assert not [entry.requirement.id for entry in this_tree if entry.requirement.level == "MUST" and not entry.code]


def test_each_must_that_no_wire_shows_has_a_unit_test(this_tree: list[Coverage]) -> None:
    assert not [entry.requirement.id for entry in this_tree if entry.missing and entry.requirement.observable == "api"]
