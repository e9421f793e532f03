"""results.json, for programs."""

import json
from dataclasses import replace
from pathlib import Path

from conformance import report_json
from conformance.report_json import document, provenance

from made_up import ALL, DEVIATES, FAILED, KNOWN, MADE_UP, SYN, report


def record(test: str) -> dict:
    return next(entry for entry in document(report())["results"] if f"::{test}[" in entry["test"])


def test_a_failure_is_told_field_by_field():
    entry = record("test_fail")
    assert entry["status"] == "fail" and entry["summary"] == "a SYN-ACK did not come"
    assert entry["requirements"] == entry["broken"] == [MADE_UP]
    assert (entry["role"], entry["family"]) == ("server", "ipv4")
    failure = entry["failure"]
    assert failure["sent"] == {"packet": "0.125000 <S> seq 1000 ack 9 [MSS, TC]", "bytes": SYN.data.hex()}
    assert failure["expected"] == {"what": "a SYN-ACK", "fields": {"flags": "SA", "ack": "1", "mss": "absent"}}
    assert [c["differences"][0] for c in failure["candidates"]] == [
        {"field": "flags", "expected": "SA", "got": "RA"},
        {"field": "flags", "expected": "SA", "got": "PA"},
    ]
    assert bytes.fromhex(failure["candidates"][0]["bytes"])[-20 + 13] == 0x14  # RST and ACK
    assert entry["places"] == list(FAILED.places) and entry["replay"] == FAILED.replay
    assert entry["notes"] == ["Falsifying example: test_fail(steps=[1])"]
    assert entry["artefacts"] == FAILED.artefacts


def test_a_known_deviation_has_its_reason_and_its_finding():
    entry = record("test_fin")
    assert (entry["status"], entry["reason"]) == ("known deviation", DEVIATES.reason)
    assert entry["failure"]["candidates"][0]["packet"].endswith("tag missing")


def test_a_test_that_passed_says_no_more_than_that():
    keys = {"test", "status", "requirements", "role", "family"}
    assert record("test_pass").keys() == keys


def test_results_do_not_depend_on_order_or_duration():
    slower = [replace(outcome, duration=outcome.duration + 1) for outcome in reversed(ALL)]
    one, other = document(report()), document(report(*slower))
    assert one["results"] == other["results"]
    assert [entry["test"] for entry in one["results"]] == sorted(outcome.test for outcome in ALL)
    assert one["durations"] != other["durations"]


def test_the_document_says_what_was_judged_and_from_where(tmp_path: Path):
    path = tmp_path / "new" / "results.json"
    made = provenance(["lab", "conform", "--target", "sim"])
    report_json.write(path, report(provenance=made, vanished=[KNOWN], notes=["A note."], deviations=["wrong-tag"]))
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read["target"] == {"name": "made up", "kind": "sim", "deviations": ["wrong-tag"]}
    assert (read["protocol"], read["dialect"], read["seed"], read["notes"]) == ("tcps", "readme", 1, ["A note."])
    assert read["vanished_deviations"] == [
        {"requirement": "TCPS-FIN-01", "seen": "no TM", "tests": "*fin*", "reason": "as version 1 of it does"}
    ]
    assert read["provenance"]["command"] == ["lab", "conform", "--target", "sim"]
    assert {"tcpslab", "python", "scapy", "pytest", "hypothesis"} <= read["provenance"]["versions"].keys()
