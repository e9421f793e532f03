"""`lab decrypt` from the launcher to the C++ tool, on a conversation of the real kernel module."""

import json
from pathlib import Path

import pytest

from small_tree import ROOT, run_lab

_CAPTURES = ROOT / "reference" / "tcps" / "test" / "vectors" / "captures"


@pytest.mark.parametrize("session", ["a-first", "b-verified"])
def test_kernel_conversation_becomes_readable(tmp_path: Path, session: str) -> None:
    known = json.loads((_CAPTURES / f"{session}.json").read_text())
    connection = known["connection"]
    (tmp_path / "keys.log").write_text(f"TCPS_EPHEMERAL_SECRET {connection['client_eph_pub']} {connection['shared']}\n")
    (tmp_path / "link.pcap").write_bytes((_CAPTURES / f"{session}.pcap").read_bytes())

    done = run_lab(
        tmp_path, "decrypt", "link.pcap", "--keylog", "keys.log", "--out", "plain.pcap", "--json", "report.json"
    )

    assert done.returncode == 0, done.stderr
    last = dict(field.split("=") for field in done.stdout.splitlines()[-1].split())
    tags = sum(frame.get("tm_valid", False) for frame in known["frames"])
    assert tags > 0
    expected = {"connections": "1", "packets": str(len(known["frames"])), "tags_valid": str(tags), "tags_invalid": "0"}
    assert {key: last[key] for key in expected} == expected
    for text in known["plaintext"].values():
        assert bytes.fromhex(text) in (tmp_path / "plain.pcap").read_bytes()
        assert bytes.fromhex(text) not in (tmp_path / "link.pcap").read_bytes()
    json.loads((tmp_path / "report.json").read_text())


def test_missing_key_log_is_a_wrong_request(tmp_path: Path) -> None:
    done = run_lab(tmp_path, "decrypt", str(_CAPTURES / "a-first.pcap"), "--keylog", "none.log")
    assert (done.returncode, done.stdout) == (2, "")
    assert "none.log" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["link.pcap"], ["link.pcap", "--keylog"], ["a", "b", "--keylog", "c"]])
def test_incomplete_requests(tmp_path: Path, arguments: list[str]) -> None:
    done = run_lab(tmp_path, "decrypt", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: lab decrypt" in done.stderr
