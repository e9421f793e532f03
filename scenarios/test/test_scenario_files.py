"""The schema and the runner agree on which scenario files are good, and the runner says where a bad one is wrong."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

Simulator = Callable[..., Any]  # conftest.py
SCENARIOS = Path(__file__).resolve().parent.parent
CORPUS = SCENARIOS / "test" / "corpus"
GOOD = sorted([*(CORPUS / "good").glob("*.yaml"), *SCENARIOS.glob("*/*.yaml")])
BAD = sorted((CORPUS / "bad").glob("*.yaml"))
# Mistakes that a JSON Schema cannot express, or that YAML itself hides from it.
BEYOND_SCHEMA = "beyond-schema-"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = json.loads((SCENARIOS / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def name_of(file: Path) -> str:
    return file.stem


def test_schema_knows_the_deviations_of_the_stack(validator: jsonschema.Draft7Validator) -> None:
    listed = (SCENARIOS.parent / "reference" / "tcps" / "deviations.cc").read_text(encoding="utf-8")
    names = re.findall(r'{k\w+, "([a-z0-9-]+)"}', listed)
    in_schema = validator.schema["definitions"]["host"]["properties"]["deviations"]["items"]["enum"]
    assert in_schema == names != []


@pytest.mark.parametrize("file", GOOD, ids=name_of)
def test_good_files_pass_both(file: Path, simulator: Simulator, validator: jsonschema.Draft7Validator) -> None:
    errors = [error.message for error in validator.iter_errors(yaml.safe_load(file.read_text(encoding="utf-8")))]
    assert errors == []
    outcome = simulator("--check", file)
    assert (outcome.code, outcome.stderr) == (0, "")


@pytest.mark.parametrize("file", BAD, ids=name_of)
def test_bad_files_are_refused_with_their_line(file: Path, simulator: Simulator) -> None:
    line, message = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").split(": ", 1)
    outcome = simulator("--check", file)
    assert outcome.code == 2
    assert outcome.stderr.startswith(f"{file}:{line}: {message}")
    assert len(outcome.stderr.splitlines()) == 1


@pytest.mark.parametrize("file", [file for file in BAD if not file.stem.startswith(BEYOND_SCHEMA)], ids=name_of)
def test_bad_files_fail_the_schema(file: Path, validator: jsonschema.Draft7Validator) -> None:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        return
    assert not validator.is_valid(document)
