"""The command that a failure prints runs that test again, as it ran."""

import argparse
import shlex

import pytest

from tcpslab import conform

from conformance import replay, runner
from conformance.options import Options

TEST = "test_tags.py::test_each_flag[server-ipv4-the peer's FIN]"


def parsed(command: str) -> Options:
    """What the command line makes of it."""
    lab, name, *words = shlex.split(command)
    assert (lab, name) == ("lab", "conform")
    parser = argparse.ArgumentParser()
    conform.add_parser(parser.add_subparsers(), "conform")
    args = parser.parse_args([name, *words])
    conform.complete(args)
    return runner.options_of(args)


@pytest.mark.parametrize(
    "options",
    [
        Options(),
        Options(target="sim", seed=7, deviations=("wrong-tag", "no-mss-room")),
        Options(target="my hosts/vm.yaml", time_scale=2.5, hosts=("10.0.0.2", "fd00::2"), ports=(7, 13), interface="tap0"),
        Options(target="vm", module="/my modules/tcps.ko", module_parameters=("enforce=1", "x=y z"), kernel="6.1.0-50-amd64"),
    ],
)
def test_it_asks_for_the_same(options: Options):
    again = parsed(replay.command(options, "lkm", TEST))
    names = ("target", "protocol", "seed", "deviations", "time_scale", "hosts", "ports", "interface", "replay")
    names += ("module", "module_parameters", "kernel")
    for name in names:
        assert getattr(again, name) == getattr(options, name), name
    assert (again.dialect, again.tests) == ("lkm", (TEST,))


def test_it_has_the_packets_of_a_random_test():
    assert parsed(replay.command(Options(), "readme", TEST, steps='[["loss", 3]]')).replay == '[["loss", 3]]'


def test_it_leaves_the_reports_of_the_whole_run_alone():
    again = parsed(replay.command(Options(), "readme", TEST))
    assert again.out_dir.parts[-2:] == ("out", "conform-test")


def test_pytest_is_given_exactly_that_test():
    line = runner.command(parsed(replay.command(Options(), "readme", TEST)))
    assert f"{runner.SUITE}/{TEST}" in line and str(runner.SUITE) not in line
