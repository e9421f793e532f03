"""YAML files that people write, read against a JSON schema; what is wrong is said with file and line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from tcpslab.outcome import RequestError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, which is ten times as fast, where PyYAML has it
Steps = tuple[str | int, ...]  # from the top of the document down to one value: keys and indices


class FileError(RequestError):
    """`FILE:LINE: what is wrong and what was expected`."""


@dataclass(frozen=True)
class Document:
    """The values of a file, and where each of them stands."""

    path: Path
    value: Any
    lines: dict[Steps, int]  # 1-based; of a mapping's entry, the line of its key

    def line(self, steps: Steps) -> int:
        """The line of the value at `steps`, or of the innermost one around it that the file has."""
        while steps not in self.lines:
            steps = steps[:-1]
        return self.lines[steps]

    def error(self, steps: Steps, message: str) -> FileError:
        return FileError(f"{self.path}:{self.line(steps)}: {message}")


def load(path: Path, schema: dict[str, Any]) -> Document:
    """Reads and checks `path`; raises `FileError`. A schema's `expected`, where it has one, says what was expected."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise FileError(f"{path}: {reason}") from error
    try:
        root = yaml.compose(text, Loader=_LOADER)
        if root is None:
            raise FileError(f"{path}:1: nothing in it")
        document = Document(path, yaml.load(text, Loader=_LOADER), {})
        _walk(document, root, (), root.start_mark.line + 1)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FileError(f"{path}:{line}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise FileError(f"{path}: {error}") from error
    failures = jsonschema.Draft7Validator(schema).iter_errors(document.value)
    first = min(failures, key=lambda failure: document.line(tuple(failure.absolute_path)), default=None)
    if first is not None:
        raise _schema_error(document, first)
    return document


def _walk(document: Document, node: yaml.Node, steps: Steps, line: int) -> None:
    document.lines[steps] = line
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*steps, key.value)
            line = key.start_mark.line + 1
            if below in document.lines:
                raise FileError(f"{document.path}:{line}: '{key.value}' stands here a second time")
            _walk(document, value, below, line)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(document, value, (*steps, index), value.start_mark.line + 1)


def _schema_error(document: Document, failure: jsonschema.ValidationError) -> FileError:
    steps = tuple(failure.absolute_path)
    where = f"{'.'.join(map(str, steps))}: " if steps else ""
    if failure.validator == "additionalProperties":
        known = failure.schema.get("properties", {})
        unknown = next(key for key in failure.instance if key not in known)
        return document.error((*steps, str(unknown)), f"{where}unknown key '{unknown}'; known are {', '.join(known)}")
    expected = failure.schema.get("expected")
    message = f"expected {expected}, not {failure.instance!r}" if expected else failure.message
    return document.error(steps, f"{where}{message}")
