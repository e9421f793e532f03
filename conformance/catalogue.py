"""The catalogue of requirements: `requirements/<protocol>.yaml`, whose head explains the keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from conformance import yaml_file
from conformance.target import Dialect

REQUIREMENTS = Path(__file__).with_name("requirements")
SCHEMA = REQUIREMENTS / "schema.json"


@dataclass(frozen=True)
class Requirement:
    id: str  # "TCPS-TM-01"
    level: Literal["MUST", "SHOULD", "MAY"]
    role: Literal["client", "server", "both"]  # in which the target has to do it
    dialects: tuple[Dialect, ...]
    statement: str
    source: str  # "; " between several
    observable: Literal["wire", "api"]
    line: int = field(compare=False)  # of its entry in the catalogue's file

    @property
    def area(self) -> str:
        return self.id.split("-")[1]


class Catalogue:
    """The requirements of one protocol, by id and in the order of the file."""

    def __init__(self, path: Path, requirements: dict[str, Requirement]) -> None:
        self.path = path
        self._requirements = requirements

    @classmethod
    def of(cls, protocol: str) -> Catalogue:
        return cls.load(REQUIREMENTS / f"{protocol}.yaml")

    @classmethod
    def load(cls, path: Path) -> Catalogue:
        """Reads a catalogue. Raises `yaml_file.FileError`, a `RequestError`, that names file and line."""
        document = yaml_file.load(path, json.loads(SCHEMA.read_text(encoding="utf-8")))
        requirements: dict[str, Requirement] = {}
        for index, entry in enumerate(document.value):
            requirement = _requirement(entry, document.line((index,)))
            if first := requirements.get(requirement.id):
                message = f"{requirement.id} stands here a second time, the first is in line {first.line}"
                raise document.error((index, "id"), message)
            if (protocol := path.stem.upper()) != requirement.id.split("-")[0]:
                raise document.error((index, "id"), f"expected an id of {protocol}, not {requirement.id}")
            requirements[requirement.id] = requirement
        return cls(path, requirements)

    def __getitem__(self, requirement_id: str) -> Requirement:
        return self._requirements[requirement_id]

    def __contains__(self, requirement_id: object) -> bool:
        return requirement_id in self._requirements

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self._requirements.values())

    def __len__(self) -> int:
        return len(self._requirements)


def _requirement(entry: dict[str, Any], line: int) -> Requirement:
    return Requirement(**{**entry, "dialects": tuple(entry["dialects"]), "line": line})
