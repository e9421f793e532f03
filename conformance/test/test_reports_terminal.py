"""What `lab conform` says on a terminal and in a pipe (issue 4, "Reports")."""

import io
import re
from dataclasses import replace
from pathlib import Path

from conformance.outcome import Status
from conformance.report_terminal import Terminal

from made_up import ALL, CATALOGUE, FAILED, KNOWN, MADE_UP, OTHER_DIALECT, PASSED, outcome, report


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(file: io.StringIO, **fields: object) -> str:
    terminal = Terminal(file)
    terminal.begin([each.test for each in ALL])
    for each in ALL:
        terminal.running(each.test)
        terminal.test(each)
    terminal.end()
    made = report(**fields)
    terminal.report(made, Path("out"))
    terminal.summary(made)
    return file.getvalue()


def test_in_a_pipe_there_is_one_plain_line_for_each_test_that_applied():
    lines = printed(io.StringIO()).splitlines()
    assert re.fullmatch(rf"pass +{re.escape(PASSED.test)} +12 ms", lines[0])
    assert re.fullmatch(rf"fail +{re.escape(FAILED.test)} +1500 ms", lines[1])
    assert [line.split("  ")[0] for line in lines[2:4]] == ["known deviation", "inconclusive"]
    assert lines[4] == "" and OTHER_DIALECT.test not in "\n".join(lines)
    assert not any("\x1b" in line for line in lines)


def test_a_failure_shows_the_rule_what_was_sent_expected_and_seen_and_how_to_run_it_again():
    text = printed(io.StringIO())
    rule = CATALOGUE[MADE_UP]
    assert f"{rule.id} {rule.level}: {rule.statement}\n    source: {rule.source}\n" in text
    for expected in (
        "sent:     0.125000 <S> seq 1000 ack 9 [MSS, TC]",
        "expected: a SYN-ACK (flags SA, ack 1, mss absent)",
        "came:     0.250000 <RA> seq 5 ack 9",
        "flags: expected SA, got RA",
        "came:     0.500000 <PA> seq 1 ack 9 5 bytes tag missing",
        "flags: expected SA, got PA",
        "at:       test_made_up.py:42: peer.open()",
        "Falsifying example: test_fail(steps=[1])",
        "capture:  out/test_made_up/test_fail-server-ipv4/capture.pcap",
        "keylog:   out/test_made_up/test_fail-server-ipv4/keys.log",
        f"again:    {FAILED.replay}",
    ):
        assert f"\n        {expected}" in text or f"\n                  {expected}" in text


def test_what_is_known_or_could_not_be_tried_is_told_with_its_reason():
    text = printed(io.StringIO(), notes=["Its addresses ran out."])
    assert "no TM on a FIN\n        known, because: as version 1 of it does\n        test_made_up.py::test_fin" in text
    assert "no command makes it connect\n        test_made_up.py::test_client[server-ipv4]" in text
    assert "About the target\n    Its addresses ran out." in text


def test_a_known_deviation_that_is_gone_is_told():
    text = printed(io.StringIO(), vanished=[KNOWN])
    assert "TCPS-FIN-01: “no TM” was not seen in *fin*; it was known because: as version 1 of it does" in text
    assert text.endswith("; 1 known deviation not seen any more\n")


def test_the_last_line_counts():
    assert printed(io.StringIO()).splitlines()[-1] == (
        "made up, by tcps/readme: 5 tests: 1 pass, 1 fail, 1 known deviation, 1 inconclusive, 1 not applicable"
    )


def test_failures_are_grouped_by_what_they_break():
    both = outcome("test_both", Status.FAIL, "TCPS-TM-01", "TCPS-TM-02")
    again = outcome("test_both", Status.FAIL, "TCPS-TM-01", "TCPS-TM-02")
    again.test = again.test.replace("server", "client")
    file = io.StringIO()
    Terminal(file).report(report(FAILED, both, again), Path("out"))
    lines = file.getvalue().splitlines()
    table = lines[lines.index("Broken requirements") + 2 :]
    assert [line.split("  ")[0] for line in table] == ["TCPS-TM-01", "TCPS-TM-02"]
    assert table[0].endswith("  3      test_made_up.py::test_both (2), test_made_up.py::test_fail")
    assert table[1].endswith("  2      test_made_up.py::test_both (2)")


def test_of_many_failures_one_setting_of_each_test_is_told_in_full():
    settings = [f"server-ipv4-{number}" for number in range(3)]
    many = [
        replace(FAILED, test=f"test_made_up.py::test_{name}[{setting}]")
        for name in "abcdefghijkl"
        for setting in settings
    ]
    file = io.StringIO()
    Terminal(file).report(report(*many), Path("out"))
    text = file.getvalue()
    assert "likewise: test_made_up.py::test_a[server-ipv4-1, server-ipv4-2]" in text
    assert text.count("flags: expected SA, got RA") == 10  # and of the last two the summary
    assert "fail test_made_up.py::test_l[server-ipv4-0]\n        a SYN-ACK did not come\n        likewise: " in text
    assert "report.html and results.json have every failure in full" in text
    assert text.rstrip().endswith("test_made_up.py::test_f (3) and 6 more")


def test_a_person_gets_colours_and_a_bar_that_goes_away():
    text = printed(Screen())
    assert "\x1b[1;31mfail" in text and "2/5" in text
    assert "\x1b[2K" in text  # the bar is wiped before what comes below


def test_brackets_of_test_names_are_no_markup():
    assert "[server-ipv4]" in printed(Screen())
