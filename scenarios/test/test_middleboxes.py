"""middleboxes.md says of each box what the expectations of its scenarios say."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

SCENARIOS = Path(__file__).resolve().parent.parent
# What an undisturbed connection comes to (scenarios/transfer/first-visit.yaml).
USUAL = {"tcps/readme": "authenticated", "tcps/lkm": "encrypted"}
PROTECTIONS = ["none", "encrypted", "authenticated"]
UNJUDGED = "–"


def rows() -> list[tuple[str, dict[str, str], list[str]]]:
    """The box, the verdict for each dialect, the scenarios."""
    lines = (SCENARIOS / "middleboxes.md").read_text(encoding="utf-8").splitlines()
    result = []
    for line in [line for line in lines if line.startswith("| ")][1:]:
        box, readme, lkm, names = line.removeprefix("| ").removesuffix(" |").split(" | ")
        result.append((box, {"tcps/readme": readme, "tcps/lkm": lkm}, re.findall(r"`([^`]*)`", names)))
    return result


def scenario(file: Path) -> dict[str, Any]:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def verdict(expectation: dict[str, Any], usual: str) -> str:
    if expectation["connection"] != "established" or expectation["delivery"] != "intact":
        return "type 2"
    protections = [part["protection"] for part in [expectation, *expectation.get("visits", [])] if "protection" in part]
    weakest = min(protections, key=PROTECTIONS.index)
    return "type 1" if PROTECTIONS.index(weakest) < PROTECTIONS.index(usual) else "harmless"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_verdicts_follow_from_the_scenarios(row: tuple[str, dict[str, str], list[str]]) -> None:
    _, verdicts, names = row
    assert names
    for name in names:
        expectations = scenario(SCENARIOS / "middlebox" / f"{name}.yaml")["expect"]
        for dialect, said in verdicts.items():
            if said != UNJUDGED:
                assert verdict(expectations[dialect], USUAL[dialect]) == said, f"{name}, {dialect}"


def test_every_box_is_in_the_table() -> None:
    family = [
        file.stem
        for file in (SCENARIOS / "middlebox").glob("*.yaml")
        if not any("Goal" in element for element in scenario(file).get("path", []))
    ]
    assert Counter(name for _, _, names in rows() for name in names) == Counter(family)
