"""Where in a test something went wrong."""

import importlib.util
from pathlib import Path

import pytest

from conformance.places import places

SUITE_FILE = """\
from json import loads

def helper(text):
    return loads(
        text)

def test_it():
    helper("not JSON")
"""


def test_the_lines_of_the_tests_alone_outermost_first(tmp_path: Path):
    path = tmp_path / "test_it.py"
    path.write_text(SUITE_FILE)
    spec = importlib.util.spec_from_file_location("test_it", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(ValueError, match="Expecting value") as excinfo:
        module.test_it()
    assert places(excinfo, tmp_path) == ('test_it.py:8: helper("not JSON")', "test_it.py:4: return loads(")
