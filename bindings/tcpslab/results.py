"""The records of runs, simulated and live, one for each scenario and protocol, and where they came from."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tcpslab import __version__, tree
from tcpslab.outcome import InfrastructureError

# What is judged of each run, in the order of the design's list of outcomes.
OUTCOMES = ("connection", "protection", "delivery", "attack")
AS_EXPECTED = "as-expected"


@dataclass(frozen=True)
class Record:
    """One run. `data` is the record as it was written; the properties are what the report reads of it."""

    data: dict[str, Any]
    simulated: "Record | None" = None  # of a live run: the same in the simulator, if that ran too

    @property
    def scenario(self) -> str:
        return self.data["scenario"]

    @property
    def family(self) -> str:
        """The folder of the scenario."""
        return self.scenario.rpartition("/")[0] or "others"

    @property
    def title(self) -> str:
        """The scenario's name within its family."""
        return self.scenario.rpartition("/")[2]

    @property
    def seed(self) -> int:
        return self.data["seed"]

    @property
    def protocol(self) -> str:
        """The protocol as `expect` and `--protocol` spell it: `plain`, `tcps/readme`."""
        dialect = self.data.get("dialect")
        return f"{self.data['protocol']}/{dialect}" if dialect else self.data["protocol"]

    @property
    def host(self) -> str | None:
        """What the hosts are: `linux` in a live run; None in the simulator."""
        return self.data.get("host")

    @property
    def column(self) -> str:
        """The protocol, and where it ran: `tcps/readme`, and beside it `tcps/readme@linux`."""
        return f"{self.protocol}@{self.host}" if self.host else self.protocol

    @property
    def anchor(self) -> str:
        """A name for the run that no other has: the folder of its captures."""
        return f"{self.scenario}/{self.column.replace('/', '-').replace('@', '-')}"

    @property
    def verdict(self) -> str:
        return self.data["verdict"]

    @property
    def expected(self) -> dict[str, Any]:
        return self.data.get("expected") or {}

    @property
    def observed(self) -> dict[str, Any]:
        return self.data.get("observed") or {}

    @property
    def metrics(self) -> dict[str, Any]:
        return self.data.get("metrics") or {}

    @property
    def unlike_simulation(self) -> list[str]:
        """In which outcomes a live run came to something else than the simulated one, in words."""
        other = self.simulated
        if other is None or not self.observed or not other.observed:
            return []
        return [
            f"{outcome}: {self.observed[outcome]} on {self.host}, {other.observed[outcome]} in the simulator"
            for outcome in OUTCOMES
            if self.observed[outcome] != other.observed[outcome]
        ]

    @property
    def goodput(self) -> float | None:
        """In bit/s; None if nothing was delivered over a link (a host that talks to itself takes no time)."""
        return None if self.metrics.get("wire_bytes") == 0 else self.metrics.get("goodput_bps") or None


def read(path: Path) -> tuple[dict[str, Any], list[Record]]:
    """The whole document and its records."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return document, [Record(entry) for entry in document["results"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InfrastructureError(f"{path} holds no results: {error!r}") from error


def paired(records: Sequence[Record]) -> list[Record]:
    """The same, sorted, each live one with the simulated one of its scenario, protocol and seed."""
    simulated = {(record.scenario, record.protocol, record.seed): record for record in records if not record.host}
    return sorted(
        (
            replace(record, simulated=simulated.get((record.scenario, record.protocol, record.seed)))
            if record.host
            else record
            for record in records
        ),
        key=lambda record: (record.scenario, record.column),
    )


def write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def add_provenance(document: dict[str, Any], command: Sequence[str]) -> None:
    """Completes what the runner knows of itself with what only its caller knows."""
    provenance = document.setdefault("provenance", {})
    versions = provenance.setdefault("versions", {})
    versions.setdefault("tcpslab", __version__)
    versions.setdefault("python", ".".join(map(str, sys.version_info[:3])))
    provenance["commit"] = provenance.get("commit") or commit()
    provenance["command"] = list(command)


def commit() -> str | None:
    """The commit of the source tree, with `-dirty` after it if files were changed; None where git cannot tell."""
    command = ["git", "-C", str(tree.ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
