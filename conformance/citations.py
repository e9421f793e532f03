"""Where a source tree cites requirements: in comments of C++ and Python, and by the suite's marker. Nothing is run."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.yaml_file import FileError

CODE_FOLDERS = ("reference", "model")  # what implements a protocol; the folders `test` in it hold its unit tests
UNIT_TEST_FOLDERS = ("bindings/test", "scenarios/test")
SUITE = "conformance/suite"
_NOT_CODE = {"test", "bench", "examples"}

# Comments in C++, and what else could hold the two characters that begin one. A character literal is short: a quote may
# also stand between digits.
_CPP_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\[^\']{1,9}|[^\'\\\n])\'', re.DOTALL)


@dataclass(frozen=True, order=True)
class Place:
    path: str  # from the tree's root
    line: int  # 1-based

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, order=True)
class Citation:
    place: Place
    id: str


@dataclass(frozen=True)
class SuiteTest:
    name: str  # "test_tags.py::test_missing_tag"
    place: Place
    citations: tuple[Citation, ...]


class Tree:
    """A source tree, read for the requirements of one protocol."""

    def __init__(self, root: Path, protocol: str) -> None:
        self.root = root
        self._id = re.compile(rf"\b{protocol.upper()}-[A-Z]+-\d+\b")

    def code(self) -> Iterator[Citation]:
        """In what implements the protocol."""
        for path in self._files(CODE_FOLDERS, ".cc", ".h"):
            if not _NOT_CODE & set(path.relative_to(self.root).parts):
                yield from self._in_comments(path)

    def unit_tests(self) -> Iterator[Citation]:
        for path in self._files(CODE_FOLDERS, ".cc", ".h"):
            if "test" in path.relative_to(self.root).parts:
                yield from self._in_comments(path)
        for path in self._files(UNIT_TEST_FOLDERS, ".cc", ".h", ".py"):
            yield from self._in_comments(path)

    def suite(self) -> Iterator[SuiteTest]:
        """Raises FileError for a test whose ids cannot be read without running it, or that cites none."""
        for path in self._files((SUITE,), ".py"):
            if path.name.startswith("test_"):
                yield from self._suite_tests(path)

    def _files(self, folders: tuple[str, ...], *suffixes: str) -> Iterator[Path]:
        for folder in folders:
            yield from sorted(path for path in (self.root / folder).rglob("*") if path.suffix in suffixes)

    def _place(self, path: Path, line: int) -> Place:
        return Place(path.relative_to(self.root).as_posix(), line)

    def _in_comments(self, path: Path) -> Iterator[Citation]:
        text = path.read_text(encoding="utf-8")
        for line, comment in _python_comments(text) if path.suffix == ".py" else _cpp_comments(text):
            for found in self._id.finditer(comment):
                yield Citation(self._place(path, line + comment.count("\n", 0, found.start())), found[0])

    def _suite_tests(self, path: Path) -> Iterator[SuiteTest]:
        module = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        of_module = [call for node in module.body if _is_pytestmark(node) for call in _requirement_calls(node)]
        for node in module.body:
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            calls = [call for decorator in node.decorator_list for call in _requirement_calls(decorator)]
            citations = [citation for call in of_module + calls for citation in self._arguments(path, call)]
            place = self._place(path, node.lineno)
            if not citations:
                raise FileError(f"{place}: {node.name} cites no requirement; expected @requirement(...)")
            yield SuiteTest(f"{path.name}::{node.name}", place, tuple(citations))

    def _arguments(self, path: Path, call: ast.Call) -> Iterator[Citation]:
        for argument in call.args:
            place = self._place(path, argument.lineno)
            if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                raise FileError(f"{place}: expected the id of a requirement in quotes, not {ast.unparse(argument)}")
            yield Citation(place, argument.value)


def _cpp_comments(text: str) -> Iterator[tuple[int, str]]:
    for token in _CPP_TOKEN.finditer(text):
        if token[0].startswith("/"):
            yield 1 + text.count("\n", 0, token.start()), token[0]


def _python_comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _requirement_calls(node: ast.AST) -> Iterator[ast.Call]:
    """`requirement(...)`, however it was imported; also within the marks of a parameter."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and ast.unparse(inner.func).split(".")[-1] == "requirement":
            yield inner


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(ast.unparse(target) == "pytestmark" for target in node.targets)
