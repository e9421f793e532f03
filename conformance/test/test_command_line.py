"""What `lab conform` understands, and what it refuses before anything is built or run."""

import argparse
from pathlib import Path

import pytest

from tcpslab import conform
from tcpslab.outcome import RequestError


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab")
    conform.add_parser(parser.add_subparsers(), "conform")
    args = parser.parse_args(["conform", *words])
    conform.complete(args)
    return args


def test_a_protocol_may_be_named_with_its_dialect() -> None:
    args = parsed("--target", "sim", "--protocol", "tcps/lkm")
    assert (args.protocol, args.dialect) == ("tcps", "lkm")


def test_reports_of_single_tests_leave_those_of_all_alone() -> None:
    test = "test_tm.py::test_fin[server-ipv4]"
    assert parsed("--target", "sim").out == Path("out/conform")
    assert parsed("--target", "sim", "--test", test).out == Path("out/conform-test")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "sim", "--protocol", "none"], "there is no catalogue"),
        (["--target", "sim", "--protocol", "tcps/lkm", "--dialect", "readme"], "contradict each other"),
        (["--target", "sim", "--replay", "[]"], "goes with the one --test"),
        (["--target", "live", "--port", "7", "--port", "7"], "a port of its own for each of echo, greet, abort"),
        (["--target", "vm", "--port", "1", "--port", "2", "--port", "3", "--port", "4"], "a port of its own"),
        (["--target", "vm", "--interop"], "--interop goes with --target vm and --module"),
        (["--target", "sim", "--interop", "--module", "tcps.ko"], "--interop goes with --target vm and --module"),
        (["--coverage", "--module-parameter", "enforce=1"], "--module-parameter goes with --target, not with --coverage"),
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        parsed(*words)


@pytest.mark.parametrize("value", ["0", "-1", "65536", "echo"])
def test_ports_are_those_of_tcp(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed("--target", "vm", f"--port={value}")
    assert ended.value.code == 2
    assert f"{value!r} is not a TCP port" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--time-scale", "--budget"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "long"])
def test_times_are_above_0(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed("--target", "live", f"{option}={value}")
    assert ended.value.code == 2
    assert f"{value!r} is not a number above 0" in capsys.readouterr().err
