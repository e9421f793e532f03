"""Shell commands of a target file."""

import time
from pathlib import Path

import pytest

from tcpslab.outcome import InfrastructureError

from conformance import command
from conformance.command import Command


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_command_runs_to_its_end(tmp_path: Path) -> None:
    command.run(f"echo done > '{tmp_path}/mark'", "marking", 10)
    assert (tmp_path / "mark").read_text() == "done\n"


def test_a_command_that_fails_is_shown_with_its_output() -> None:
    with pytest.raises(InfrastructureError) as failed:
        command.run("echo out; echo err >&2; exit 3", "setting enforce=1", 10)
    assert str(failed.value) == (
        "setting enforce=1: 'echo out; echo err >&2; exit 3' ended with exit code 3 and said:\nout\nerr"
    )


def test_a_command_that_does_not_end_is_ended() -> None:
    begin = time.monotonic()
    shown = r"waiting: not done after 0\.2 s: 'echo \$\$; sleep 60; :' runs"
    with pytest.raises(InfrastructureError, match=shown) as late:
        command.run("echo $$; sleep 60; :", "waiting", 0.2)
    assert time.monotonic() - begin < 10
    assert not alive(int(str(late.value).splitlines()[-1]))


def test_what_a_command_leaves_running_does_not_hold_it_up() -> None:
    begin = time.monotonic()
    command.run("sleep 5 &", "starting", 4)
    assert time.monotonic() - begin < 4


def test_stopping_ends_also_what_a_command_started(tmp_path: Path) -> None:
    running = Command(f"sleep 60 & echo $! > '{tmp_path}/pid'; wait")
    while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text():
        time.sleep(0.01)
    child = int((tmp_path / "pid").read_text())
    assert alive(child)
    assert not running.failed()
    running.stop()
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(child)


def test_a_command_that_does_not_want_to_end_is_made_to() -> None:
    stubborn = Command("trap '' TERM; while :; do sleep 0.1; done")
    time.sleep(0.3)
    stubborn.stop()
    assert stubborn.failed()


def test_a_command_reads_nothing_of_ours() -> None:
    running = Command("cat")  # ends at once: its standard input is empty
    assert running.wait(5)
    assert not running.failed()
    running.stop()
