"""Captures and key logs as links of the page: inside it while they are small, beside it when they are not."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tcpslab.results import Record

# In bytes, before base64 makes four of three: of one file, and of all of them.
_MOST_OF_ONE = 48 * 1024
_MOST_OF_ALL = 3 * 1024 * 1024
_TYPES = {".pcap": "application/vnd.tcpdump.pcap", ".log": "text/plain", ".json": "application/json"}


class Downloads:
    """What the runs of a page left in `folder`. The smallest files go into the page, so that it has most of them."""

    def __init__(self, folder: Path, records: Sequence[Record]) -> None:
        self._folder = folder
        self._sizes: dict[str, int] = {}
        for record in records:
            for name in _names(record):
                file = folder / name
                if file.is_file():
                    self._sizes[name] = file.stat().st_size
        self._inside: set[str] = set()
        room = _MOST_OF_ALL
        for name, size in sorted(self._sizes.items(), key=lambda item: (item[1], item[0])):
            if size > min(room, _MOST_OF_ONE):
                break
            self._inside.add(name)
            room -= size

    def of(self, record: Record) -> Iterator[Mapping[str, Any]]:
        """One entry for each file of a run: label, link, name to save it by, size, and whether it is in the page."""
        for name in _names(record):
            if name not in self._sizes:
                continue
            inside = name in self._inside
            yield {
                "label": Path(name).name,
                "href": self._data(name) if inside else quote(name),
                "save_as": name.replace("/", "-"),
                "size": _size(self._sizes[name]),
                "inside": inside,
            }

    def _data(self, name: str) -> str:
        content = base64.b64encode((self._folder / name).read_bytes()).decode("ascii")
        return f"data:{_TYPES.get(Path(name).suffix, 'application/octet-stream')};base64,{content}"


def _names(record: Record) -> Iterator[str]:
    artefacts = record.data.get("artefacts") or {}
    yield from artefacts.get("pcaps") or []
    for key in ("keylog", "timeline"):
        if name := artefacts.get(key):
            yield name


def _size(number: int) -> str:
    return f"{number} B" if number < 1000 else f"{number / 1000:.0f} kB" if number < 1e6 else f"{number / 1e6:.1f} MB"
