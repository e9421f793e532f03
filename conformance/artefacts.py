"""What a test leaves to be looked at: a capture of just that test, and the key log that opens it."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from scapy.utils import RawPcapWriter

from conformance.arena import Arena, Traced
from conformance.failure import Violation
from conformance.ladder import Step, climb

LINKTYPE_RAW = 101  # packets begin with their IP header, of either version
NANOSECOND = 1_000_000_000
_UNSAFE = re.compile(r"[^A-Za-z0-9_.,=+-]+")
_LONGEST = 150  # characters of a folder's name


def keep(arena: Arena, test: str, out: Path) -> dict[str, str]:
    """Writes capture and key log of a test below `out`; returns their paths, relative to it. Raises OSError."""
    folder = out / folder_name(test)
    folder.mkdir(parents=True, exist_ok=True)
    files = {"capture": folder / "capture.pcap", "keylog": folder / "keys.log"}
    write_capture(files["capture"], arena.trace)
    files["keylog"].write_text("".join(f"{line}\n" for line in arena.key_log()), encoding="ascii")
    return {name: path.relative_to(out).as_posix() for name, path in files.items()}


def ladder(arena: Arena, finding: Violation | None) -> tuple[Step, ...]:
    """The packets of a test in words."""
    return tuple(climb(arena.trace, finding.candidates if finding else (), arena.key_log()))


def write_capture(path: Path, trace: Sequence[Traced]) -> None:
    """A pcap file with nanoseconds, as the target's clock counts them."""
    with RawPcapWriter(str(path), linktype=LINKTYPE_RAW, nano=True) as writer:
        writer.write_header(None)
        for traced in trace:
            seconds, nanoseconds = divmod(round(traced.time * NANOSECOND), NANOSECOND)
            writer.write_packet(traced.data, sec=seconds, usec=nanoseconds)


def folder_name(test: str) -> str:
    """`test_tags.py::test_fin[server-ipv4]` as `test_tags/test_fin-server-ipv4`; no two tests have the same."""
    file, _, name = test.partition("::")
    plain = name.replace("[", "-", 1).removesuffix("]")
    safe = _UNSAFE.sub("_", plain)[:_LONGEST]
    if safe != plain:
        safe = f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"{Path(file).stem}/{safe}"


def remove_old(out: Path) -> None:
    """Removes what the run before left in `out`, and nothing else: captures of tests that pass by now would mislead."""
    results = out / "results.json"
    try:
        records = json.loads(results.read_text(encoding="utf-8"))["results"]
        old = [out / path for record in records for path in record.get("artefacts", {}).values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        old = []
    for file in [*old, results, out / "report.html"]:
        if file.resolve().is_relative_to(out.resolve()):
            file.unlink(missing_ok=True)
    for folder in sorted({file.parent for file in old} | {file.parent.parent for file in old}, reverse=True):
        if folder != out and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
