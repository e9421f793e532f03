"""What happened in one run, ready for the page: the path, what each element did, and the time line."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from tcpslab import report
from tcpslab.results import OUTCOMES, Record

# Rows of a time line that the page shows; the file beside the captures has all that was recorded.
_MOST_ROWS = 160
# Segments in a row that are told one by one although they are alike.
_MOST_ALIKE = 2
_ACTIONS = ("dropped", "modified", "delayed", "injected")
_WAYS = {"forward": "towards the server", "backward": "towards the client"}


@dataclass(frozen=True)
class Row:
    """One line of the time line. `kind` is its CSS class."""

    time: str  # seconds with six digits, "" for lines without one
    kind: str
    who: str
    text: str
    options: str = ""
    note: str = ""


@dataclass(frozen=True)
class Element:
    """One path element: what it is, and what it did."""

    name: str
    goal: str
    attributes: str
    visits: str
    deeds: list[str]
    did: str


@dataclass(frozen=True)
class Story:
    differences: list[str]
    outcomes: list[tuple[str, str, str]]  # of the whole run: name, expected, observed
    visits: list[tuple[int, str, list[tuple[str, str, str]]]]  # where there are several: number, figures, outcomes
    wanted: str  # events that were expected
    unwanted: str  # events that must not occur
    why: str
    metrics: list[tuple[str, str]]
    scripted: list[str]
    path: list[Element]
    rows: list[Row]
    left_out: int


def tell(record: Record, folder: Path) -> Story:
    """`folder` holds what the runs left."""
    expected = record.expected
    visits = record.data.get("visits") or []
    rows = list(_rows(record, folder))
    return Story(
        differences=list(report.explain(record)),
        outcomes=_outcomes(expected, record.observed),
        visits=[
            (
                number,
                _figures(visit.get("metrics") or {}),
                _outcomes(visit.get("expected") or {}, visit.get("observed") or {}),
            )
            for number, visit in enumerate(visits, 1)
        ]
        if len(visits) > 1
        else [],
        wanted=", ".join(expected.get("events", [])),
        unwanted=", ".join(expected.get("no_events", [])),
        why=expected.get("why", ""),
        metrics=_metrics(record.metrics, record.goodput),
        scripted=list(record.data.get("scripted", [])),
        path=[_element(element) for element in record.data.get("path") or []],
        rows=rows[:_MOST_ROWS],
        left_out=max(0, len(rows) - _MOST_ROWS),
    )


def _outcomes(expected: Mapping[str, Any], observed: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [(name, str(expected.get(name, "")), str(observed.get(name, ""))) for name in OUTCOMES]


def _metrics(metrics: Mapping[str, Any], goodput: float | None) -> list[tuple[str, str]]:
    def shown(key: str, unit: str) -> str:
        value = metrics.get(key)
        if value is None:
            return "–"
        return (f"{value:,g}" if isinstance(value, float) else f"{value:,}") + (f" {unit}" if unit else "")

    if not metrics:
        return []
    return [
        ("goodput", report.bit_rate(goodput)),
        ("handshake", shown("handshake_ms", "ms")),
        ("first byte", shown("first_byte_ms", "ms")),
        ("on the client's link", shown("wire_bytes", "bytes")),
        ("delivered", shown("app_bytes", "bytes")),
        ("retransmissions", shown("retransmits", "")),
    ]


def _figures(metrics: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in _metrics(metrics, metrics.get("goodput_bps"))[:2])


def _element(element: Mapping[str, Any]) -> Element:
    did = element.get("did")
    goal = element.get("goal", "none")
    return Element(
        name=_short(element["type"]),
        goal="" if goal == "none" else goal,
        attributes=", ".join(f"{name} {value}" for name, value in (element.get("attributes") or {}).items()),
        visits=", ".join(str(visit) for visit in element.get("visits") or []),
        deeds=list(_deeds(element)),
        did=f"{did['what']}, at {did['t']:.6f} s" if did else "",
    )


def _deeds(element: Mapping[str, Any]) -> Iterator[str]:
    for action in _ACTIONS:
        counts = element.get(action) or {}
        parts = [f"{count} {_WAYS[way]}" for way, count in counts.items() if count]
        if parts:
            yield f"{action} {' and '.join(parts)}"


def _short(type_name: str) -> str:
    """Without the prefix that every type has."""
    return type_name.removeprefix("ns3::").removeprefix("Tcps")


def _rows(record: Record, folder: Path) -> Iterator[Row]:
    name = (record.data.get("artefacts") or {}).get("timeline")
    path = record.data.get("path") or []
    elements = [_short(element["type"]) for element in path]
    try:
        entries: Sequence[Mapping[str, Any]] = json.loads((folder / name).read_text(encoding="utf-8"))["entries"]
    except (OSError, ValueError, KeyError, TypeError):
        for event in record.data.get("events") or []:  # there is no time line
            yield _event(event)
        return
    several = _has_parallel_connections(entries)
    for entry, alike in _folded(entries):
        kind = entry["kind"]
        if kind == "segment":
            yield _segment(entry, several, len(elements) + 1)
        elif kind == "action":
            yield _action(entry, several, elements)
        elif kind == "event":
            yield _event(entry)
        elif kind == "achieved":
            who = f"{entry['element']} {elements[entry['element'] - 1]}"
            foe = path[entry["element"] - 1].get("goal", "none") != "none"
            yield Row(_time(entry), "goal" if foe else "act", who, entry["detail"])
        elif kind == "visit":
            yield Row(_time(entry), "visit", "", f"visit {entry['visit']}: the {entry['host']} connects")
        elif kind == "gap":
            yield Row("", "gap", "", f"{report.counted(entry['left_out'], 'line')} left out")
        if alike:
            last = "" if kind == "event" else f", the last: {_summary(alike[-1], several)}"
            yield Row("", "gap", "", f"{len(alike)} more like it{last}")


def _folded(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]]:
    """Each entry with those that follow it and differ in time and numbers only, if they are more than a few."""
    for key, group in groupby(entries, key=_likeness):
        first, *alike = group
        if key is not None and len(alike) > _MOST_ALIKE:
            yield first, alike
        else:
            for entry in (first, *alike):
                yield entry, []


def _likeness(entry: Mapping[str, Any]) -> tuple[Any, ...] | None:
    if entry["kind"] == "event":
        return ("event", entry["host"], entry["event"], entry.get("detail", ""))
    if entry["kind"] not in ("segment", "action"):
        return None
    keys = ("kind", "from", "link", "to", "element", "action", "connection", "flags", "note")
    return (*(entry.get(key) for key in keys), entry.get("length", 0) > 0, tuple(entry.get("options", ())))


def _has_parallel_connections(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a visit has more than one, so that a line must say which it belongs to."""
    of_visit: set[int] = set()
    for entry in entries:
        if entry["kind"] == "visit":
            of_visit.clear()
        elif "connection" in entry:
            of_visit.add(entry["connection"])
        if len(of_visit) > 1:
            return True
    return False


def _time(entry: Mapping[str, Any]) -> str:
    return f"{entry['t']:.6f}"


def _event(event: Mapping[str, Any]) -> Row:
    return Row(_time(event), "event", event["host"], event["event"], note=event.get("detail", ""))


def _segment(entry: Mapping[str, Any], several: bool, links: int) -> Row:
    forward = entry["from"] == "client"
    notes = [entry["note"]] if "note" in entry else []
    reached = entry["to"]
    if links > 1 and reached != (links if forward else 1):
        last = "" if reached == entry["link"] else f" to {reached}"
        notes.append(f"on link{'s' if last else ''} {entry['link']}{last}")
    elif links > 1 and entry["link"] != (1 if forward else links):
        notes.append(f"from link {entry['link']}")
    return Row(
        _time(entry),
        "c" if forward else "s",
        "client →" if forward else "← server",
        _summary(entry, several),
        ", ".join(entry.get("options", [])),
        "; ".join(notes),
    )


def _action(entry: Mapping[str, Any], several: bool, elements: Sequence[str]) -> Row:
    arrow = "→" if entry["from"] == "client" else "←"
    verb = {"drop": "drops", "modify": "edits to", "delay": "delays", "inject": "sends"}[entry["action"]]
    until = f"until {entry['until']:.6f}" if "until" in entry else ""
    note = "; ".join(part for part in (until, entry.get("note", "")) if part)
    return Row(
        _time(entry),
        f"act {entry['action']}",
        f"{entry['element']} {elements[entry['element'] - 1]}",
        f"{verb} {arrow} {_summary(entry, several)}",
        ", ".join(entry.get("options", [])),
        note,
    )


def _summary(entry: Mapping[str, Any], several: bool) -> str:
    """For example `SYN|ACK seq 0 ack 1`."""
    parts = [entry.get("flags") or "no flags"]
    parts += [f"{key} {entry[key]}" for key in ("seq", "ack") if key in entry]
    if entry.get("length"):
        parts.append(f"{entry['length']} bytes")
    if several and entry.get("connection"):
        parts.append(f"connection {entry['connection']}")
    return " ".join(parts)
