"""What a failing test leaves behind: a capture of just that test, and the key log that opens it."""

import json
import subprocess
from pathlib import Path

from scapy.utils import PcapReader

from conformance import artefacts, report_json
from conformance.arena import Traced

from made_up import FAILED, TRACE, report


def test_a_capture_has_every_packet_at_its_time(tmp_path: Path):
    path = tmp_path / "capture.pcap"
    late = Traced(3601.000000001, TRACE[0].data)
    artefacts.write_capture(path, [*TRACE, late])
    with PcapReader(str(path)) as reader:
        assert reader.linktype == artefacts.LINKTYPE_RAW and reader.nano
        read = [(bytes(packet), packet.time) for packet in reader]
    assert [data for data, _ in read] == [traced.data for traced in [*TRACE, late]]
    assert [str(time) for _, time in read] == ["0.125000000", "0.250000000", "3601.000000001"]


def test_a_capture_without_packets_is_one(tmp_path: Path):
    path = tmp_path / "capture.pcap"
    artefacts.write_capture(path, [])
    with PcapReader(str(path)) as reader:
        assert list(reader) == []


def test_tshark_reads_it(tmp_path: Path):
    path = tmp_path / "capture.pcap"
    artefacts.write_capture(path, TRACE)
    fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "ip.src", "-e", "tcp.flags.str"]
    done = subprocess.run(["tshark", "-r", path, *fields], capture_output=True, text=True, check=True)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [source for _, source, _ in lines] == ["10.0.1.1", "10.0.0.1"]
    assert [float(time) for time, _, _ in lines] == [0.125, 0.25]


def test_the_folder_of_a_test_is_short_safe_and_its_own():
    names = [
        "test_tags.py::test_fin[server-ipv4]",
        "test_tags.py::test_fin[server-ipv6]",
        "test_tags.py::test_fin[server-ipv4-a/b]",
        "test_tags.py::test_fin[server-ipv4-a b]",
        "test_tags.py::test_fin[server-ipv4-..]",
        f"test_tags.py::test_fin[server-ipv4-{'x' * 300}]",
        f"test_tags.py::test_fin[server-ipv4-{'x' * 301}]",
    ]
    folders = [artefacts.folder_name(name) for name in names]
    assert folders[0] == "test_tags/test_fin-server-ipv4"
    assert len(set(folders)) == len(names)
    assert all(folder.count("/") == 1 and len(folder) < 200 for folder in folders)


def test_what_the_run_before_left_is_removed_and_nothing_else(tmp_path: Path):
    for name in (*FAILED.artefacts.values(), "test_made_up/mine.txt", "notes.txt", "report.html"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    report_json.write(tmp_path / "results.json", report())
    artefacts.remove_old(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert left == {"test_made_up", "test_made_up/mine.txt", "notes.txt"}


def test_a_file_of_results_cannot_have_other_files_removed(tmp_path: Path):
    out, other = tmp_path / "out", tmp_path / "other.txt"
    out.mkdir()
    other.write_text("x")
    (out / "results.json").write_text(json.dumps({"results": [{"artefacts": {"capture": "../other.txt"}}]}))
    artefacts.remove_old(out)
    assert other.exists()
