"""The table of `lab run`, in a pipe and on a terminal."""

import io
import re

import pytest
from small_tree import record
from rich.console import Console

from tcpslab import report, results
from tcpslab.results import Record

_OUTCOMES = {"connection": "established", "protection": "none", "delivery": "intact", "attack": "none"}
_PLAIN = Record(record(protocol="plain", dialect=None, expected=_OUTCOMES, observed=_OUTCOMES))
_TCPS = Record(record())
_DIFFERS = Record(
    record(
        dialect="lkm",
        verdict="differs",
        expected={"protection": "authenticated", "events": ["authenticated"], "why": "spec, section 6"},
        events=[{"t": 0.1, "host": "client", "event": "encrypted", "detail": ""}],
    )
)


def piped(*records: Record) -> list[str]:
    output = io.StringIO()
    report.print_report(records, output)
    return output.getvalue().splitlines()


def on_terminal(monkeypatch: pytest.MonkeyPatch, width: int, *records: Record) -> list[str]:
    """The lines as they stand on a terminal of that width, without their colours."""
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=width, highlight=False)
    monkeypatch.setattr(report, "Console", lambda **_: console)
    report.print_report(records, output)
    return re.sub(r"\x1b\[[0-9;]*m", "", output.getvalue()).splitlines()


def test_pipe_has_one_aligned_row_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    header, plain, tcps, summary = piped(_PLAIN, _TCPS)
    assert header.split() == [
        *("scenario", "protocol", "connection", "protection", "delivery", "attack", "goodput", "verdict"),
    ]
    assert plain.split() == [
        *("transfer/first-visit", "plain", "established", "none", "intact", "none", "93.4", "Mbit/s", "as-expected"),
    ]
    assert tcps.split()[:4] == ["transfer/first-visit", "tcps/readme", "established", "encrypted"]
    for word in ("protocol", "connection", "verdict"):
        column = header.index(word)
        assert plain[column - 1] == tcps[column - 1] == " "
        assert plain[column] != " " and tcps[column] != " "
    assert summary == "2 runs of 1 scenario: 2 as expected"


def test_live_run_stands_beside_the_simulated_one_and_says_in_what_it_is_unlike() -> None:
    observed = _OUTCOMES | {"connection": "hung", "delivery": "truncated"}
    expected = _OUTCOMES | {"why": "RFC 7323"}
    live = record(protocol="plain", dialect=None, host="linux", expected=expected, observed=_OUTCOMES)
    simulated = record(protocol="plain", dialect=None, expected=observed, observed=observed)
    same = record(host="linux")
    _, *rows, summary = piped(*results.paired([Record(one) for one in (same, live, simulated, record())]))
    assert [row.split()[1] for row in rows if row.startswith("transfer")] == [
        *("plain", "plain@linux", "tcps/readme", "tcps/readme@linux"),
    ]
    assert rows[1].endswith("as-expected, unlike ns-3") and not rows[-1].endswith("unlike ns-3")
    assert [row.strip() for row in rows if row.startswith(" ")] == [
        "unlike ns-3: connection: established on linux, hung in the simulator",
        "unlike ns-3: delivery: intact on linux, truncated in the simulator",
        "why that was expected: RFC 7323",
    ]
    assert summary == "4 runs of 1 scenario: 4 as expected, 2 live, 1 of 2 like the simulated run"


def test_pipe_is_ascii() -> None:
    assert "\n".join(piped(_PLAIN, _TCPS, _DIFFERS)).isascii()


def test_difference_shows_both_values_and_the_reason() -> None:
    _, row, *notes, summary = piped(_DIFFERS)
    assert "authenticated->encrypted" in row
    assert row.endswith("differs")
    assert [note.strip() for note in notes] == [
        "protection: expected authenticated, observed encrypted",
        "the event authenticated was expected and did not occur",
        "why it was expected: spec, section 6",
    ]
    assert summary == "1 run of 1 scenario: 0 as expected, 1 differs"


def test_forbidden_event_and_visit_are_explained() -> None:
    expected = {"delivery": "intact", "no_events": ["fell-back@server", "fell-back@client"]}
    events = [{"host": "client", "event": "fell-back"}]
    visits = [
        {"expected": {}, "observed": {}, "events": []},
        {"expected": expected, "observed": {"delivery": "none"}, "events": events},
    ]
    lines = list(report.explain(Record(record(verdict="differs", expected={}, visits=visits))))
    assert lines == [
        "visit 2: delivery: expected intact, observed none",
        "visit 2: the event fell-back@client occurred and must not",
    ]


def test_error_is_shown_with_what_it_says() -> None:
    lines = piped(Record(record(verdict="error", observed={}, error="the host has no route", metrics={})))
    assert lines[1].split()[2:] == ["-", "-", "-", "-", "-", "error"]
    assert [line.strip() for line in lines[2:-1]] == ["the host has no route"]
    assert lines[-1].endswith("0 as expected, 1 error")


def test_scripted_host_is_named_and_its_failure_explained() -> None:
    failure = {"host": "server", "visit": 1, "line": 14, "message": "expected SYN, got nothing"}
    lines = piped(Record(record(verdict="differs", expected={}, scripted=["server"], script_failures=[failure])))
    assert lines[1].endswith("differs, scripted server")
    assert lines[2].strip() == "script of the server, line 14: expected SYN, got nothing"


def test_visits_with_different_protection_are_both_shown() -> None:
    visits = [{"observed": {"protection": value}} for value in ("encrypted", "authenticated", "authenticated")]
    assert "encrypted, authenticated" in piped(Record(record(visits=visits)))[1]


def test_many_changes_from_visit_to_visit_show_the_worst() -> None:
    visits = [{"observed": {"protection": value}} for value in ("encrypted", "none", "encrypted")]
    worst = {**_OUTCOMES, "protection": "none"}
    row = piped(Record(record(visits=visits, expected={}, observed=worst)))[1]
    assert ", " not in row


@pytest.mark.parametrize("width", [80, 100, 160])
def test_terminal_groups_by_scenario_and_keeps_within_its_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    lines = on_terminal(monkeypatch, width, _PLAIN, _TCPS)
    assert lines[1].strip() == "transfer/first-visit"
    assert [line.split()[0] for line in lines[2:4]] == ["plain", "tcps/readme"]
    assert lines[2].index("established") == lines[3].index("established") == lines[0].index("connection")
    assert all(len(line) <= width for line in lines)


def test_narrow_terminal_breaks_a_difference_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = on_terminal(monkeypatch, 80, _PLAIN, _DIFFERS)
    assert "authenticated" in lines[3] and "→ encrypted" in lines[4]
    assert all(len(line) <= 80 for line in lines)


def many_runs() -> list[Record]:
    observed = {**_OUTCOMES, "attack": "undetected"}
    names = [f"{family}/{'x' * length}" for family in ("downgrade", "mitm") for length in range(10, 25)]
    return [
        *(Record(record(scenario=name, protocol="plain", dialect=None, observed=observed)) for name in names),
        *(Record(record(scenario=name, dialect="lkm")) for name in names[1:]),
        Record(record(scenario="transfer/last", verdict="differs", expected={"delivery": "none"})),
    ]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_many_runs_have_one_row_a_scenario_on_a_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    records = sorted(many_runs(), key=lambda entry: (entry.scenario, entry.protocol))
    lines = on_terminal(monkeypatch, width, *records)
    assert all(len(line) <= width for line in lines[:-2])
    heads = [line.split()[0] for line in lines if line.endswith("tcps/readme")]
    assert heads == ["downgrade", "mitm", "transfer"]
    rows = [line.split() for line in lines if line.startswith("x")]
    assert rows[0] == ["x" * 10, "undetected", "–", "–"]
    assert rows[1] == ["x" * 11, "undetected", "encrypted", "–"]
    assert len(rows) == 30
    assert any(line.split() == ["last", "–", "–", "✗", "encrypted"] for line in lines)
    assert "transfer/last tcps/readme: delivery: expected none, observed intact" in lines
    assert lines[-1] == "60 runs of 31 scenarios: 59 as expected, 1 differs"


def test_many_runs_keep_one_row_a_run_in_a_pipe() -> None:
    lines = piped(*many_runs())
    assert len([line for line in lines if line.startswith(("downgrade/", "mitm/", "transfer/"))]) == 60


@pytest.mark.parametrize(
    ("bps", "text"),
    [
        (None, "-"),
        (0, "-"),
        (512, "512 bit/s"),
        (5_243_000, "5.24 Mbit/s"),
        (93_400_000, "93.4 Mbit/s"),
        (999_499, "999 kbit/s"),
        (999_501, "1.00 Mbit/s"),
        (1_500_000_000_000, "1500 Gbit/s"),
    ],
)
def test_bit_rate(bps: float | None, text: str) -> None:
    assert report.bit_rate(bps) == text
