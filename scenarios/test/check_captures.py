"""Holds the captures of scenario runs against a real decoder: tshark must find no malformed packet, no wrong checksum and
no option of a wrong length, other than those that the run's own path elements are there to make.

Usage: check_captures.py RESULTS.JSON DIR, as `tcpslab-sim --json RESULTS.JSON --out DIR` left them.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

# What an element does on purpose.
INTENDED = {
    "ns3::TcpsOptionMangler": {"option"},
    "ns3::TcpsCorrupt": {"checksum", "option"},
}
# tshark's filter for each kind of complaint. Malformed: of IP or TCP; above them are pseudo-random bytes, in which some
# dissector may see itself.
COMPLAINTS = {
    "malformed": "_ws.malformed && !data && (frame.protocols matches \"(ip|ipv6|tcp)$\")",
    "checksum": "tcp.checksum.status==0 || ip.checksum.status==0",
    "option": "tcp.option.len.invalid || tcp.options.wscale.shift.invalid",
}
# Captures are read one behind the other as one, and all runs have the same addresses and ports: nothing is put together
# across packets.
PREFERENCES = (
    "tcp.check_checksum:TRUE",
    "ip.check_checksum:TRUE",
    "tcp.desegment_tcp_streams:FALSE",
    "ip.defragment:FALSE",
    "ipv6.defragment:FALSE",
)
AT_ONCE = 500  # files that mergecap has open at a time


def complaints(captures: list[Path], kind: str) -> dict[int, list[str]]:
    """The packets that tshark complains about, by the place of their capture."""
    found: dict[int, list[str]] = {}
    for start in range(0, len(captures), AT_ONCE):
        with tempfile.NamedTemporaryFile(suffix=".pcapng") as merged:
            part = captures[start : start + AT_ONCE]
            subprocess.run(["mergecap", "-a", "-F", "pcapng", "-I", "none", "-w", merged.name, *part], check=True)
            command = ["tshark", "-r", merged.name, *(word for preference in PREFERENCES for word in ("-o", preference))]
            command += ["-Y", COMPLAINTS[kind], "-T", "fields", "-e", "frame.interface_id", "-e", "_ws.col.Info"]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for line in out.splitlines():
            interface, info = line.split("\t", 1)
            found.setdefault(start + int(interface), []).append(info)
    return found


def main(results: Path, folder: Path) -> int:
    owners: list[tuple[Path, dict]] = []
    for record in json.loads(results.read_text(encoding="utf-8"))["results"]:
        owners += [(folder / name, record) for name in record["artefacts"]["pcaps"] if (folder / name).exists()]
    wrong = 0
    for kind in COMPLAINTS:
        for place, packets in complaints([path for path, _ in owners], kind).items():
            path, record = owners[place]
            if any(kind in INTENDED.get(element["type"], ()) for element in record["path"]):
                continue
            wrong += 1
            print(f"{path}: {kind}: {len(packets)} packets, the first: {packets[0]}")
    print(f"{len(owners)} captures, {wrong} with packets that tshark complains about")
    return 1 if wrong or not owners else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
