"""The HTML page of `lab run`: what happened in every run, in one file that needs neither network nor JavaScript."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from tcpslab import plots, report, story
from tcpslab.downloads import Downloads
from tcpslab.outlook import Outlook, outlook
from tcpslab.results import AS_EXPECTED, OUTCOMES, Record

_TEMPLATES = Path(__file__).with_name("templates")
_NAME = re.compile(r"^name:\s*[\"']?([^\s\"'#]+)", re.MULTILINE)
_SUMMARY = re.compile(r"^summary:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """One cell of the matrix and its story."""

    record: Record
    anchor: str
    outlook: Outlook
    story: story.Story
    files: list[Mapping[str, Any]]


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str  # without the family
    summary: str
    source: str  # the scenario file, "" if it is not at hand
    runs: list[Run]

    @property
    def traits(self) -> str:
        """By what the matrix can be filtered, as CSS classes."""
        records = [run.record for run in self.runs]
        traits = {
            "attack": any(record.observed.get("attack", "none") != "none" for record in records),
            "undetected": any(record.observed.get("attack") == "undetected" for record in records),
            "broken": any(record.observed.get("connection") != "established" for record in records),
            "surprise": any(record.verdict != AS_EXPECTED for record in records),
            "unlike": any(record.unlike_simulation for record in records),
        }
        return " ".join(name for name, has in traits.items() if has)

    def run(self, protocol: str) -> Run | None:
        return next((run for run in self.runs if run.record.column == protocol), None)


@dataclass(frozen=True)
class Family:
    name: str
    scenarios: list[Scenario]


def write(path: Path, document: Mapping[str, Any], records: Sequence[Record], files: Sequence[Path]) -> None:
    """Writes the page of `document` to `path`, beside what the runs left; `files` are the scenario files that ran."""
    path.write_text(render(document, records, path.parent, sources(files)), encoding="utf-8")


def render(document: Mapping[str, Any], records: Sequence[Record], folder: Path, texts: Mapping[str, str]) -> str:
    """The page. `folder` holds what the runs left; `texts` are scenario files by the scenario's name."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["bit_rate"] = report.bit_rate
    families = list(_families(records, folder, texts))
    scenarios = [scenario for family in families for scenario in family.scenarios]
    protocols = sorted({record.column for record in records})
    return environment.get_template("page.html").render(
        css=Markup((_TEMPLATES / "page.css").read_text(encoding="utf-8")),
        summary=report.summary(records),
        surprises=[run for scenario in scenarios for run in scenario.runs if run.record.verdict != AS_EXPECTED],
        scenarios=scenarios,
        families=families,
        protocols=protocols,
        tally=_tally(records, protocols),
        live=any(record.host for record in records),
        charts=plots.charts(records),
        outcomes=OUTCOMES,
        provenance=_provenance(document, records),
    )


def sources(files: Sequence[Path]) -> dict[str, str]:
    """The text of each scenario file, by the name that it gives the scenario."""
    texts = {}
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        if name := _NAME.search(text):
            texts[name[1]] = text
    return texts


def _families(records: Sequence[Record], folder: Path, texts: Mapping[str, str]) -> Iterator[Family]:
    downloads = Downloads(folder, records)
    ordered = sorted(records, key=lambda record: (record.family, record.scenario, record.column))
    for family, of_family in groupby(ordered, key=lambda record: record.family):
        scenarios = []
        for name, group in groupby(of_family, key=lambda record: record.scenario):
            runs = list(group)
            text = texts.get(name, "")
            summary = _SUMMARY.search(text)
            scenarios.append(
                Scenario(
                    name=name,
                    title=runs[0].title,
                    summary=summary[1] if summary else "",
                    source=text,
                    runs=[_run(record, folder, downloads) for record in runs],
                )
            )
        yield Family(family, scenarios)


def _run(record: Record, folder: Path, downloads: Downloads) -> Run:
    return Run(
        record=record,
        anchor=record.anchor,
        outlook=outlook(record),
        story=story.tell(record, folder),
        files=list(downloads.of(record)),
    )


def _tally(records: Sequence[Record], protocols: Sequence[str]) -> list[tuple[Outlook, list[int]]]:
    """How often each look of a cell occurs, by protocol; the worst first."""
    counts = {protocol: Counter[Outlook]() for protocol in protocols}
    for record in records:
        counts[record.column][outlook(record).bare()] += 1
    looks = sorted({look for counter in counts.values() for look in counter}, key=Outlook.rank)
    return [(look, [counts[protocol][look] for protocol in protocols]) for look in looks]


def _provenance(document: Mapping[str, Any], records: Sequence[Record]) -> list[tuple[str, str]]:
    provenance = document.get("provenance") or {}
    versions = provenance.get("versions") or {}
    rows = [
        ("commit", provenance.get("commit") or "unknown"),
        ("seed", ", ".join(str(seed) for seed in sorted({record.seed for record in records})) or "-"),
        ("command", " ".join(provenance.get("command") or []) or "unknown"),
        *((name, version if isinstance(version, str) else json.dumps(version)) for name, version in versions.items()),
    ]
    return [(name, str(value)) for name, value in rows]
