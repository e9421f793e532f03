"""What lkm-rows.md and weaknesses.md name is there, and they leave out no row of the documents that they follow."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
SCENARIOS = ROOT / "scenarios"
PAIR_TESTS = ROOT / "reference" / "tcps" / "test"
# How many rows the documents have, and for what the scenarios of a row have expectations: each for one of these at least,
# all of them together for every one.
TABLES = {"lkm-rows.md": 27, "weaknesses.md": 12}
PROTOCOLS = {"lkm-rows.md": {"tcps/lkm"}, "weaknesses.md": {"tcps/readme", "tcps/lkm"}}


@dataclass(frozen=True)
class Row:
    """One row of a table: what it is about, the scenarios and pair tests that it names, and what it calls them."""

    table: str
    case: str
    scenarios: list[str]
    pair_tests: list[tuple[str, str]]
    kinds: set[str]


def rows_of(table: str) -> list[Row]:
    lines = [line for line in (SCENARIOS / table).read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    rows = []
    for line in lines[1:]:  # without the head
        case, _, references, kind = line.removeprefix("| ").removesuffix(" |").split(" | ")
        names = re.findall(r"`([^`]*)`", references)
        assert re.sub(r"`[^`]*`", "", references).strip(",; ") == "", f"{table}: {case}: more than names"
        rows.append(
            Row(
                table=table,
                case=case,
                scenarios=[name for name in names if ": " not in name],
                pair_tests=[(file, test) for file, test in (name.split(": ") for name in names if ": " in name)],
                kinds=set(kind.split(", ")),
            )
        )
    return rows


ROWS = [row for table in TABLES for row in rows_of(table)]


def scenario(name: str) -> dict[str, Any]:
    document = yaml.safe_load((SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_left_out(table: str) -> None:
    cases = [row.case for row in rows_of(table)]
    assert len(cases) == len(set(cases)) == TABLES[table]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.table}: {row.case}")
def test_what_a_row_names_is_there(row: Row) -> None:
    kinds = set()
    judged = set()
    for name in row.scenarios:
        document = scenario(name)
        here = PROTOCOLS[row.table] & document["expect"].keys()
        assert here, name
        judged |= here
        scripted = any("script" in (host or {}) for host in document.get("hosts", {}).values())
        kinds.add("scripted scenario" if scripted else "scenario")
    for file, test in row.pair_tests:
        source = (PAIR_TESTS / f"{file}.cc").read_text(encoding="utf-8")
        assert re.search(rf"BOOST_(AUTO|DATA|FIXTURE)_TEST_CASE\({test}\b", source), f"{file}: {test}"
        kinds.add("recording" if file == "captures_test" else "pair test")
    assert kinds == row.kinds
    assert judged == PROTOCOLS[row.table]


def test_every_verdict_of_the_family_belongs_to_a_row() -> None:
    family = {f"lkm-verdicts/{file.stem}" for file in (SCENARIOS / "lkm-verdicts").glob("*.yaml")}
    assert family <= {name for row in rows_of("lkm-rows.md") for name in row.scenarios}


@pytest.mark.parametrize("page", sorted(page.name for page in SCENARIOS.glob("*.md")))
def test_every_scenario_that_a_page_names_is_there(page: str) -> None:
    text = (SCENARIOS / page).read_text(encoding="utf-8")
    families = {path.parent.name for path in SCENARIOS.glob("*/*.yaml")}
    for name in re.findall(r"`([\w-]+/[\w-]+)`", text):
        if name.split("/")[0] in families:
            assert (SCENARIOS / f"{name}.yaml").exists(), name
