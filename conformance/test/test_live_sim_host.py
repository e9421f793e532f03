"""The suite's own peer over the target `live`, against a host in another process that speaks TCP/S in real time."""

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tcpslab.outcome import Exit
from tcpslab.rig import Pair
from tcpslab.scapy import DIALECTS
from tcpslab.tree import ROOT

from conformance import sanity, target_file
from conformance.arena import Arena
from conformance.live_target import LiveTarget
from conformance.protection import Arithmetic
from conformance.target import Setup
from conformance.target_file import TargetFile

from kernel_host import plugged_in

ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT / 'bindings'}:{ROOT}"}
PYTHON = [sys.executable, "-m"]
DIALECT = {dialect.name: dialect for dialect in DIALECTS}
FAMILIES = ("ipv4", "ipv6")
ROLES = ("client", "server")

MakeTarget = Callable[[str], LiveTarget]


def order(control: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [*PYTHON, "conformance.tell", str(control), *words]
    return subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Started:
    cable: Pair
    control: Path
    target: LiveTarget


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Started]]:
    """Starts, once, a host of the dialect at the far end of a cable of its own, and the target that drives it."""
    known: dict[str, Started] = {}
    with contextlib.ExitStack() as stack:

        def start(dialect: str) -> Started:
            if dialect not in known:
                cable, control = stack.enter_context(plugged_in()), tmp_path_factory.mktemp(dialect) / "control"
                file = example(control).overridden(time_scale=2)  # this machine may be busy
                known[dialect] = Started(cable, control, LiveTarget(file))
                stack.callback(known[dialect].target.close)
                cable.far.ip("address", "flush", "dev", "far")  # the kernel there is not to be the host
                host = [*PYTHON, "conformance.sim_host", "far", "--dialect", dialect, "--control", str(control)]
                cable.far.start(host, env=ENVIRONMENT, cwd=ROOT, ready="^tcps/")
            return known[dialect]

        yield start


@pytest.fixture
def make_target(started: Callable[[str], Started]) -> Iterator[MakeTarget]:
    with contextlib.ExitStack() as stack:

        def make(dialect: str) -> LiveTarget:
            one = started(dialect)
            stack.enter_context(one.cable.near.entered())
            return one.target

        yield make


def example(control: Path) -> TargetFile:
    """The example target file, with another control socket and this Python."""
    text = (target_file.SCHEMA.parent / "example-sim-host.yaml").read_text()
    text = text.replace("python3 -m", f"cd {ROOT} && PYTHONPATH={ENVIRONMENT['PYTHONPATH']} {sys.executable} -m")
    path = control.with_name("target.yaml")
    path.write_text(text.replace("/run/sim-host", str(control)))
    return target_file.load(path)


def arena_of(target: LiveTarget, dialect: str, role: str, **setup: object) -> Arena:
    started = Setup(dialect=dialect, **setup)
    target.start(started)
    arithmetic = Arithmetic(DIALECT[dialect], DIALECT[dialect])
    arena = Arena(target, started, role, arithmetic, random.Random(f"{dialect} {role}"))
    arena.budget(30)
    return arena


# The kernel module leaves IPv6 alone (tcps-dialects.md, R18).
PROTECTED = [("readme", "ipv4"), ("readme", "ipv6"), ("lkm", "ipv4")]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("dialect", "family"), PROTECTED)
def test_a_protected_connection_in_real_time(make_target: MakeTarget, dialect: str, family: str, role: str) -> None:
    arena = arena_of(make_target(dialect), dialect, role, family=family)
    peer = arena.peer()
    peer.open()
    assert peer.protection is not None
    peer.echo(b"twice as good\n")
    peer.echo(b"as once\n")
    assert all(seen.plaintext is not None for seen in peer.all if seen.payload)
    peer.close()
    arena.finish()
    arena.close()


def test_sanity_and_enforcement(make_target: MakeTarget) -> None:
    target = make_target("readme")
    for family in FAMILIES:
        assert sanity.check(target, family) is None
    arena = arena_of(target, "readme", "client", enforce=True)
    plain = arena.peer()
    plain.send_syn(tc=False)
    plain.expect_nothing()  # readme, "Downgrade and RST injection protection"
    protected = arena.peer()
    protected.open()
    protected.echo()
    arena.close()
    assert sanity.check(target, "ipv4") is None


def test_a_restart_is_a_new_identity(make_target: MakeTarget) -> None:
    target = make_target("readme")

    def identity() -> bytes:
        peer = arena_of(target, "readme", "client").peer()
        peer.open()
        return peer.expect_ti().public_key

    first, again = identity(), identity()
    assert first == again
    target._restart()
    assert identity() != first


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["connect", "10.9.0.1", "80", "chargen"], "expected 'connect ADDRESS PORT"),
        (["connect", "nowhere", "80", "echo"], "'nowhere' does not appear to be an IPv4 or IPv6 address"),
        (["set", "enforce", "maybe"], "expected 'connect ADDRESS PORT"),
        (["set", "seed", "1"], "expected 'connect ADDRESS PORT"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(
    started: Callable[[str], Started], words: list[str], wrong: str
) -> None:
    control = started("readme").control
    refused = order(control, *words)
    assert refused.returncode == Exit.BAD_REQUEST
    assert wrong in refused.stderr
    assert order(control, "set", "enforce", "0").returncode == Exit.AS_EXPECTED  # and the host goes on


def test_an_order_to_nobody_fails(tmp_path: Path) -> None:
    unheard = order(tmp_path / "control", "restart")
    assert unheard.returncode == Exit.INFRASTRUCTURE
    assert "No such file or directory" in unheard.stderr
