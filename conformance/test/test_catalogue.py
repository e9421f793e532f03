"""Catalogues of requirements: how they are read and refused, and what the one of TCP/S has to hold."""

import re
from pathlib import Path

import pytest

from tcpslab.outcome import Exit

from conformance.catalogue import Catalogue
from conformance.yaml_file import FileError

ENTRY = """\
- id: TCPS-TM-01
  level: MUST
  role: both
  dialects: [readme, lkm]
  statement: >-
    A segment with payload
    carries a tag.
  source: 'readme, "How it works" 6; wire §2'
  observable: wire
"""
SECOND = ENTRY.replace("TM-01", "TM-02")

AREAS = (
    "TC MSS KEY ENC POS TM FIN RST ACK TI TOFU ENF FALL OPT OPEN LIM TIME FRAG FAIL SYN LOOP LOG"  # in this order
).split()
SOURCE = re.compile(
    r'readme, "(?P<section>[^"]+)"( \d+)?|wire §(?P<wire>\d+(\.\d)?)|dialects R(?P<row>\d+)|dialects, "The TI rule"'
)


def load(folder: Path, text: str) -> Catalogue:
    path = folder / "tcps.yaml"
    path.write_text(text)
    return Catalogue.load(path)


@pytest.fixture(scope="module")
def tcps() -> Catalogue:
    return Catalogue.of("tcps")


def test_every_key_is_read(tmp_path: Path) -> None:
    catalogue = load(tmp_path, ENTRY)
    requirement = catalogue["TCPS-TM-01"]
    assert (requirement.id, requirement.area, requirement.level) == ("TCPS-TM-01", "TM", "MUST")
    assert (requirement.role, requirement.dialects, requirement.observable) == ("both", ("readme", "lkm"), "wire")
    assert requirement.statement == "A segment with payload carries a tag."
    assert requirement.source == 'readme, "How it works" 6; wire §2'
    assert (requirement.line, catalogue.path) == (1, tmp_path / "tcps.yaml")


def test_the_order_is_that_of_the_file(tmp_path: Path) -> None:
    catalogue = load(tmp_path, SECOND + ENTRY)
    assert [requirement.id for requirement in catalogue] == ["TCPS-TM-02", "TCPS-TM-01"]
    assert len(catalogue) == 2
    assert "TCPS-TM-02" in catalogue
    assert "TCPS-TM-03" not in catalogue
    with pytest.raises(KeyError, match="TCPS-TM-03"):
        catalogue["TCPS-TM-03"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY.replace("TCPS-TM-01", "TM-01"), r":1: .*expected an id of protocol, area and two digits.*'TM-01'"),
        (ENTRY.replace("TM-01", "TM-1"), r":1: .*such as TCPS-TM-01"),
        (ENTRY.replace("MUST", "MUSTN'T"), r":2: .*expected MUST, SHOULD or MAY, not \"MUSTN'T\""),
        (ENTRY.replace("both", "peer"), r":3: .*expected client, server or both, not 'peer'"),
        (ENTRY.replace("[readme, lkm]", "[]"), r":4: .*expected a list of dialects, each once, not \[\]"),
        (ENTRY.replace("lkm", "readme"), r":4: .*each once"),
        (ENTRY.replace("lkm", "hardened"), r":4: .*expected readme or lkm, not 'hardened'"),
        (ENTRY.replace("[readme, lkm]", "readme"), r":4: .*a list of dialects"),
        (ENTRY.replace("observable: wire", "observable: both"), r":9: .*expected wire or api"),
        (SECOND + ENTRY.replace("  role: both\n", ""), r":10: .*'role' is a required property"),
        (ENTRY + "  note: no\n", r":10: .*unknown key 'note'; known are id, level, role, dialects, statement"),
        (ENTRY + "  level: MAY\n", r":10: 'level' stands here a second time"),
        (ENTRY + ENTRY, r":10: TCPS-TM-01 stands here a second time, the first is in line 1"),
        (ENTRY.replace("TCPS-", "SG-"), r":1: expected an id of TCPS, not SG-TM-01"),
        (ENTRY.replace("wire\n", "wire: 1\n"), r":9: "),
        ("requirements: []\n", r":1: expected a list of requirements"),
        ("- TCPS-TM-01\n", r":1: .*'TCPS-TM-01' is not of type 'object'"),
        ("[]\n", r":1: expected a list of requirements"),
        ("# nothing\n", r":1: nothing in it"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FileError, match=re.escape(str(tmp_path / "tcps.yaml")) + message) as raised:
        load(tmp_path, text)
    assert raised.value.exit_code is Exit.BAD_REQUEST


@pytest.mark.parametrize("key", ["statement", "source"])
def test_a_text_is_not_empty(tmp_path: Path, key: str) -> None:
    lines = [f"  {key}: ' '" if line.startswith(f"  {key}:") else line for line in ENTRY.splitlines()]
    text = "\n".join(line for line in lines if key != "statement" or not line.startswith("    "))
    with pytest.raises(FileError, match="expected a text"):
        load(tmp_path, text)


def test_a_catalogue_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"tcps\.yaml: No such file"):
        Catalogue.load(tmp_path / "tcps.yaml")


def test_areas_stand_in_their_order_and_are_numbered_upwards(tcps: Catalogue) -> None:
    places = [(AREAS.index(requirement.area), int(requirement.id[-2:])) for requirement in tcps]
    assert places == sorted(places)
    assert {requirement.area for requirement in tcps} == set(AREAS)


def test_every_row_of_the_dialects_is_a_source(tcps: Catalogue) -> None:
    """spec/tcps-dialects.md has the rows R1 to R25, and the TI rule below them."""
    sources = " ".join(requirement.source for requirement in tcps)
    assert set(re.findall(r"dialects R(\d+)\b", sources)) == {str(row) for row in range(1, 26)}
    assert 'dialects, "The TI rule"' in sources


def test_every_part_of_the_wire_facts_is_a_source(tcps: Catalogue) -> None:
    """All sections of spec/tcps-wire.md but 8, which is about one kernel's offload, and those that sum up others."""
    sections = {found["wire"] for requirement in tcps for found in SOURCE.finditer(requirement.source)}
    assert sections >= {"1", "2", "2.1", "2.2", "2.3", "3", "4", "5", "5.1", "5.2", "5.3", "6", "7", "9"}


def test_sources_have_one_form(tcps: Catalogue) -> None:
    for requirement in tcps:
        for source in requirement.source.split("; "):
            assert SOURCE.fullmatch(source), (requirement.id, source)


def test_the_readmes_behaviour_is_not_asked_of_the_module(tcps: Catalogue) -> None:
    """A row of the dialects is a difference: what both have to do cannot rest on the row alone."""
    limits = {"dialects R20"}  # whose defaults are the same
    for requirement in tcps:
        if len(requirement.dialects) == 2:
            rest = [s for s in requirement.source.split("; ") if not s.startswith("dialects R") or s in limits]
            assert rest, requirement.id


def test_statements_are_sentences(tcps: Catalogue) -> None:
    for requirement in tcps:
        assert requirement.statement.endswith("."), requirement.id
        assert "  " not in requirement.statement, requirement.id
    statements = [requirement.statement for requirement in tcps]
    assert len(statements) == len(set(statements))


@pytest.mark.parametrize("dialect", ["readme", "lkm"])
@pytest.mark.parametrize("role", ["client", "server"])
def test_each_role_in_each_dialect_has_its_wire_musts(tcps: Catalogue, dialect: str, role: str) -> None:
    areas = {
        requirement.area
        for requirement in tcps
        if requirement.level == "MUST" and requirement.observable == "wire"
        if dialect in requirement.dialects and requirement.role in (role, "both")
    }
    assert areas >= set(AREAS) - {"LOG", "SYN", "MSS"}
