"""tcpslab-sim as a program: exit codes, selection, records, artefacts, determinism."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCENARIOS = Path(__file__).resolve().parent.parent
TRANSFER = SCENARIOS / "transfer"
# conftest.py
Simulator = Callable[..., Any]
Writer = Callable[..., Path]


def test_as_expected_is_0(simulator: Simulator) -> None:
    outcome = simulator(TRANSFER / "first-visit.yaml")
    assert outcome.code == 0, outcome.stdout
    assert [(record["protocol"], record["dialect"]) for record in outcome.records] == [
        ("plain", None),
        ("tcps", "lkm"),
        ("tcps", "readme"),
    ]
    assert {record["verdict"] for record in outcome.records} == {"as-expected"}


def test_a_difference_is_1_and_is_named(simulator: Simulator, scenario_file: Writer) -> None:
    file = scenario_file(
        "name: wrong\nexpect: {plain: {connection: established, protection: authenticated, events: [encrypted],"
        " visits: [{delivery: none}]}}\n"
    )
    outcome = simulator(file)
    assert outcome.code == 1
    assert [record["verdict"] for record in outcome.records] == ["differs"]
    assert "1/1 wrong plain: differs (established, none, intact, none)" in outcome.stdout
    assert "    protection: expected authenticated, observed none" in outcome.stdout
    assert "    event encrypted: expected, did not occur" in outcome.stdout
    assert "    visit 1: delivery: expected none, observed intact" in outcome.stdout


def test_an_event_that_must_not_occur(simulator: Simulator, scenario_file: Writer) -> None:
    outcome = simulator(scenario_file("name: quiet\nexpect: {tcps/readme: {no_events: [encrypted]}}\n"))
    assert outcome.code == 1
    assert "    event encrypted: occurred, must not" in outcome.stdout


def test_a_crash_is_3_and_ends_nothing_else(simulator: Simulator, scenario_file: Writer) -> None:
    # A name that ns-3 does not know ends the process, not only the run.
    crash = scenario_file(
        "name: a-crash\nhosts: {client: {tcp: {CongestionOps: ns3::NoSuchThing}}}\nexpect: {plain: {}}\n", "crash.yaml"
    )
    outcome = simulator(crash, TRANSFER / "baseline.yaml")
    assert outcome.code == 3
    assert [(record["scenario"], record["verdict"]) for record in outcome.records] == [
        ("a-crash", "error"),
        ("transfer/baseline", "as-expected"),
    ]
    assert outcome.records[0]["error"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no/such.yaml"], "no/such.yaml"),
        ([TRANSFER / "baseline.yaml", "--protocol", "tcp"], "--protocol tcp: expected one of"),
        ([TRANSFER / "baseline.yaml", "--protocol", "tcps/hardened"], "this build cannot run tcps/hardened yet"),
        ([TRANSFER / "baseline.yaml", "--protocol", "tcps"], "no scenario has an expectation for tcps"),
        ([TRANSFER / "baseline.yaml", "--seed", "0"], "--seed"),
        ([TRANSFER / "baseline.yaml", "--frobnicate"], "--frobnicate"),
        ([], "FILE"),
    ],
)
def test_a_bad_request_is_2(simulator: Simulator, arguments: list[str | Path], message: str) -> None:
    outcome = simulator(*arguments)
    assert outcome.code == 2
    assert message in outcome.stderr
    assert outcome.document is None


def test_two_scenarios_of_one_name_are_refused(simulator: Simulator, scenario_file: Writer) -> None:
    text = "name: same\nexpect: {plain: {}}\n"
    outcome = simulator(scenario_file(text, "a.yaml"), scenario_file(text, "b.yaml"))
    assert outcome.code == 2
    assert "are both named same" in outcome.stderr


def test_protocols_of_later_builds_are_left_out_with_a_note(simulator: Simulator, scenario_file: Writer) -> None:
    file = scenario_file("name: later\nexpect:\n  plain: {}\n  tcps/hardened: {}\n")
    outcome = simulator(file)
    assert outcome.code == 0
    assert [record["protocol"] for record in outcome.records] == ["plain"]
    assert f"{file}:4: this build cannot run tcps/hardened yet: left out" in outcome.stderr
    alone = simulator(scenario_file("name: later\nexpect: {tcps/hardened: {}}\n"))
    assert alone.code == 2


def test_selection_by_prefix_and_key(simulator: Simulator) -> None:
    file = TRANSFER / "first-visit.yaml"
    chosen = [
        [record["dialect"] for record in simulator(file, "--protocol", words).records]
        for words in ("plain", "tcps", "tcps/lkm", "plain,tcps/readme")
    ]
    assert chosen == [[None], ["lkm", "readme"], ["lkm"], [None, "readme"]]


def test_results_do_not_depend_on_jobs_or_company(simulator: Simulator, tmp_path: Path) -> None:
    files = [TRANSFER / f"{name}.yaml" for name in ("lossy-path-random", "other-direction", "first-visit")]
    together = simulator(*files, "--seed", "7", "--jobs", "3", "--out", tmp_path / "a").records
    in_turn = simulator(*files, "--seed", "7", "--jobs", "1", "--out", tmp_path / "b").records
    assert together == in_turn
    alone = simulator(files[0], "--seed", "7", "--out", tmp_path / "c").records
    assert alone == [record for record in together if record["scenario"] == "transfer/lossy-path-random"]
    for file in sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file()):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file
    other_seed = simulator(files[0], "--seed", "8", "--protocol", "tcps").records
    assert other_seed[0]["metrics"] != alone[-1]["metrics"]


def test_artefacts_are_where_the_record_says(simulator: Simulator, tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome = simulator(TRANSFER / "lossy-path.yaml", "--protocol", "plain,tcps/readme", "--out", out)
    plain, readme = outcome.records
    folder = "transfer/lossy-path/tcps-readme"
    assert readme["artefacts"] == {
        "pcap": f"{folder}/link-1.pcap",
        "pcaps": [f"{folder}/link-{number}.pcap" for number in range(1, 6)],
        "timeline": f"{folder}/timeline.json",
        "keylog": f"{folder}/keys.log",
    }
    assert plain["artefacts"]["keylog"] is None
    for capture in [*plain["artefacts"]["pcaps"], *readme["artefacts"]["pcaps"]]:
        assert (out / capture).read_bytes()[:4] == b"\xd4\xc3\xb2\xa1"
    keys = (out / readme["artefacts"]["keylog"]).read_text(encoding="ascii").splitlines()
    assert any(re.fullmatch(r"TCPS_EPHEMERAL_SECRET [0-9a-f]{64} [0-9a-f]{64}", line) for line in keys)
    assert str(tmp_path) not in str(outcome.records)


def test_record_says_what_each_element_did(simulator: Simulator, scenario_file: Writer, tmp_path: Path) -> None:
    """A stripper that takes TC from the SYN alone, and a loss of the first data segment each way."""
    file = scenario_file(
        "name: deeds\npath:\n"
        "  - {type: ns3::TcpsOptionStripper, Kinds: 253, Segments: syn, Goal: downgrade, visits: [1]}\n"
        "  - {type: ns3::TcpsLoss, Only: data, Segments: 1}\nexpect: {tcps/readme: {protection: none}}\n"
    )
    outcome = simulator(file, "--out", tmp_path / "out")
    assert outcome.code == 0, outcome.stdout
    stripper, loss = outcome.records[0]["path"]
    nothing = {"forward": 0, "backward": 0}
    assert {key: value for key, value in stripper.items() if key != "did"} == {
        "type": "ns3::TcpsOptionStripper",
        "attributes": {"Kinds": "253", "Segments": "syn"},
        "goal": "downgrade",
        "visits": [1],
        "dropped": nothing,
        "modified": {"forward": 1, "backward": 0},
        "delayed": nothing,
        "injected": nothing,
    }
    assert 0 < stripper["did"]["t"] < 0.02 and stripper["did"]["what"]
    assert loss["dropped"] == {"forward": 1, "backward": 1}
    assert (loss["goal"], loss["visits"], loss["did"]) == ("none", [], None)

    entries = json.loads((tmp_path / "out" / outcome.records[0]["artefacts"]["timeline"]).read_text())["entries"]
    times = [entry["t"] for entry in entries if entry["kind"] != "gap"]
    assert times == sorted(times)
    assert [entry["kind"] for entry in entries[:4]] == ["visit", "segment", "action", "achieved"]
    syn, stripped = entries[1:3]
    assert (syn["flags"], syn["link"], syn["to"]) == ("SYN", 1, 1)
    assert "TC" in syn["options"] and "TC" not in stripped.get("options", [])
    assert {entry["action"] for entry in entries if entry["kind"] == "action" and entry["element"] == 2} == {"drop"}
    alone = simulator(file).records[0]
    assert alone["path"] == outcome.records[0]["path"]


def test_an_unwritable_folder_is_refused(simulator: Simulator, scenario_file: Writer) -> None:
    outcome = simulator(TRANSFER / "baseline.yaml", "--out", scenario_file("", "not-a-folder"))
    assert outcome.code == 2


def test_a_folder_means_its_scenarios(simulator: Simulator, scenario_file: Writer, tmp_path: Path) -> None:
    (tmp_path / "family" / "deep").mkdir(parents=True)
    scenario_file("name: one\nexpect: {plain: {}}\n", "family/one.yaml")
    scenario_file("name: two\nexpect: {plain: {}}\n", "family/deep/two.yaml")
    scenario_file("not a scenario\n", "family/notes.txt")
    outcome = simulator(tmp_path / "family")
    assert [record["scenario"] for record in outcome.records] == ["one", "two"]


def test_provenance_says_what_ran(simulator: Simulator) -> None:
    outcome = simulator(TRANSFER / "baseline.yaml", "--seed", "3")
    assert outcome.document is not None
    provenance = outcome.document["provenance"]
    assert {"tcpslab", "ns-3", "compiler"} <= provenance["versions"].keys()
    assert provenance["command"][1:4] == [str(TRANSFER / "baseline.yaml"), "--seed", "3"]
    assert outcome.records[0]["seed"] == 3


def test_losing_window_scaling_costs_what_it_must(simulator: Simulator) -> None:
    """tcps-wire.md, section 2.1: at most 64 KiB for each round trip; plain TCP fills the 50 Mbit/s link."""
    plain, *protected = simulator(TRANSFER / "long-fat-pipe.yaml", "--jobs", "2").records
    assert plain["metrics"]["goodput_bps"] > 0.8 * 50e6
    window_per_round_trip = 65535 * 8 / 0.1
    for record in protected:
        assert 0.9 * window_per_round_trip < record["metrics"]["goodput_bps"] <= window_per_round_trip


def test_a_script_that_cannot_go_on_is_named(simulator: Simulator, scenario_file: Writer) -> None:
    file = scenario_file(
        "name: script\nhosts:\n  server:\n    script:\n      - expect: {flags: SYN}\n      - expect: {flags: RST}\n"
        "expect: {plain: {connection: blocked}}\n"
    )
    outcome = simulator(file)
    assert outcome.code == 1
    assert outcome.records[0]["scripted"] == ["server"]
    assert outcome.records[0]["script_failures"] == [
        {"host": "server", "visit": 1, "line": 6, "message": "no such segment came within 1 s"}
    ]


@pytest.mark.parametrize(
    ("expectation", "met"),
    [
        ("{payload: {of: request, offset: 4B, length: 6B}}", True),
        ("{payload: {of: request, length: 6B}}", False),
        ("{payload: {of: request, offset: 4B, length: 5B}}", False),
        ("{payload: some, options: [nop], without: [kind 19]}", True),
        ("{payload: some, without: [nop]}", False),
        ("{seq: 1}", True),
        ("{seq: 4294967297}", True),
        ("{seq: 4294967298}", False),
    ],
)
def test_a_script_compares_bytes_and_options(
    simulator: Simulator, scenario_file: Writer, expectation: str, met: bool
) -> None:
    """Two scripts that open at once (RFC 9293, section 3.5, figure 8); then the client sends."""
    opening = (
        "      - send: {flags: SYN}\n      - expect: {flags: SYN}\n      - send: {flags: SYN|ACK, seq: 0}\n"
        "      - expect: {flags: SYN|ACK, ack: 1}\n"
    )
    file = scenario_file(
        f"name: scripts\nhosts:\n  client:\n    script:\n{opening}"
        "      - send: {flags: ACK, options: [nop, nop, nop, eol], payload: {of: request, offset: 4B, length: 6B}}\n"
        f"  server:\n    script:\n{opening}      - expect: {expectation}\n"
        "workload: {request: 10B, response: 10B}\nexpect: {plain: {connection: established}}\n"
    )
    outcome = simulator(file)
    assert outcome.code == (0 if met else 1), outcome.stdout
    assert (outcome.records[0]["script_failures"] == []) == met


def test_a_pause_before_the_response(simulator: Simulator, scenario_file: Writer) -> None:
    """first_byte_ms is what comes to the side that connects: one round trip to open, one to ask, and the pause."""
    file = scenario_file(
        "name: slow\nworkload: {request: 10B, pause: 5s}\nexpect: {plain: {connection: established}}\n"
    )
    outcome = simulator(file)
    assert outcome.code == 0, outcome.stdout
    assert outcome.records[0]["metrics"]["first_byte_ms"] == pytest.approx(5040, abs=1)


def test_clear_text_is_found_on_every_link(simulator: Simulator, scenario_file: Writer) -> None:
    """A message of 10 bytes, shorter than a window of 16, over a path of three links."""
    file = scenario_file(
        "name: short\npath: [{type: ns3::TcpsLoss}, {type: ns3::TcpsLoss}]\n"
        "workload: {request: 10B, response: 10B}\n"
        "expect: {plain: {protection: none, delivery: intact}, tcps/readme: {protection: authenticated}}\n"
    )
    outcome = simulator(file)
    assert outcome.code == 0, outcome.stdout


def test_elements_act_in_their_visits_only(simulator: Simulator, scenario_file: Writer) -> None:
    file = scenario_file(
        "name: strip-once\npath: [{type: ns3::TcpsOptionStripper, Kinds: 253, Goal: downgrade, visits: [2]}]\n"
        "workload: {visits: 3}\n"
        "expect:\n  tcps/readme:\n    protection: none\n    attack: undetected\n    visits:\n"
        "      - {protection: authenticated, attack: none}\n"
        "      - {protection: none, attack: undetected, events: [fell-back]}\n"
        "      - {protection: authenticated, attack: none}\n"
    )
    outcome = simulator(file)
    assert outcome.code == 0, outcome.stdout


def test_a_downgrade_that_enforcement_prevents(simulator: Simulator, scenario_file: Writer) -> None:
    """The design's own example."""
    file = scenario_file(
        "name: downgrade/strip-syn-enforced\n"
        "hosts:\n  client: {policy: {enforce: true}}\n  server: {policy: {enforce: true}}\n"
        "path:\n  - {type: ns3::TcpsOptionStripper, Kinds: \"253\", Segments: syn, Goal: downgrade}\n"
        "expect:\n"
        "  plain: {connection: established, protection: none, delivery: intact, attack: none}\n"
        "  tcps/readme: {connection: blocked, delivery: none, attack: prevented, events: [downgrade-refused]}\n"
    )
    outcome = simulator(file)
    assert outcome.code == 0, outcome.stdout


@pytest.mark.parametrize("close", ["client", "server"])
@pytest.mark.parametrize("kind", ["request-response", "upload", "download", "echo"])
def test_every_workload_ends_well(simulator: Simulator, scenario_file: Writer, kind: str, close: str) -> None:
    expected = "{connection: established, delivery: intact}"
    file = scenario_file(
        f"name: work\nworkload: {{kind: {kind}, close: {close}, visits: 2, directions: [forward, reverse]}}\n"
        f"expect: {{plain: {expected}, tcps/readme: {expected}}}\n"
    )
    outcome = simulator(file)
    assert outcome.code == 0, outcome.stdout


def test_tcp_attributes_are_of_one_host_alone(simulator: Simulator, scenario_file: Writer) -> None:
    """A small receive buffer at the client slows what it receives; at the server it slows nothing."""
    text = (
        "name: buffers\nhosts: {%s: {tcp: {RcvBufSize: 4KiB}}}\nlink: {delay: 50ms}\n"
        "workload: {kind: download, response: 256KiB}\nexpect: {plain: {delivery: intact}}\n"
    )
    small, large = (
        simulator(scenario_file(text % host)).records[0]["metrics"]["goodput_bps"] for host in ("client", "server")
    )
    assert small <= 4096 * 8 / 0.1
    assert large > 4 * small
