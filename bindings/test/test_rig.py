"""Rigs: hosts that are really there, and gone afterwards, however the run ended."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcpslab.outcome import InfrastructureError
from tcpslab.rig import Namespace, Network, Pair, Rig, interrupts

from small_tree import ROOT

FAMILIES = ("ipv4", "ipv6")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Rig() as made:
        yield made


def line_from(host: Namespace, address: str, server: Namespace, size: int = 6) -> tuple[str, int]:
    """Opens a connection to `server`, which sends so many bytes; from which address, and how many bytes came."""
    with server.entered():
        listener = socket.create_server(("::", 4000), family=socket.AF_INET6, dualstack_ipv6=True)
    with listener, host.entered(), contextlib.closing(socket.create_connection((address, 4000), timeout=5)) as ours:
        theirs, (seen, *_) = listener.accept()
        sender = threading.Thread(target=lambda: (theirs.sendall(bytes(size)), theirs.close()))
        sender.start()
        with ours.makefile("rb") as stream:
            received = len(stream.read())
        sender.join()
    return seen.removeprefix("::ffff:"), received


# --- hosts and cables ------------------------------------------------------------------------------------------------


@needs_root
@pytest.mark.parametrize("family", FAMILIES)
def test_two_hosts_on_a_cable_talk_over_the_kernels_tcp(rig: Rig, family: str) -> None:
    pair = rig.pair(mtu=1400)
    assert line_from(pair.near, pair.far.address[family], pair.far, 100_000) == (pair.near.address[family], 100_000)
    for host, device in ((pair.near, "near"), (pair.far, "far")):
        assert json.loads(host.ip("-json", "link", "show", device))[0]["mtu"] == 1400


@needs_root
@pytest.mark.parametrize("family", FAMILIES)
def test_two_hosts_talk_through_a_router_whose_second_cable_is_narrower(rig: Rig, family: str) -> None:
    routed = rig.routed(mtu=(1500, 1300))
    came = line_from(routed.right, routed.left.address[family], routed.left, 100_000)
    assert came == (routed.right.address[family], 100_000)
    assert set(routed.router.address) == set(FAMILIES)


@needs_root
def test_a_wired_pair_is_one_network_that_a_program_between_has_to_carry(rig: Rig) -> None:
    wired = rig.wired()
    middle = wired.router
    with middle.packet_socket("left") as left, middle.packet_socket("right") as right, carrying(left, right):
        came = line_from(wired.left, wired.right.address["ipv4"], wired.right, 100_000)
    assert came == (wired.left.address["ipv4"], 100_000)
    assert middle.address == {}


@contextlib.contextmanager
def carrying(left: socket.socket, right: socket.socket) -> Iterator[None]:
    """Every frame that comes to one of them leaves from the other."""
    done = threading.Event()

    def carry() -> None:
        while not done.is_set():
            for source in select.select([left, right], [], [], 0.05)[0]:
                frame, address = source.recvfrom(65536)
                if address[2] != socket.PACKET_OUTGOING:
                    (right if source is left else left).send(frame)

    thread = threading.Thread(target=carry)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@needs_root
def test_rigs_with_the_same_addresses_do_not_meet(rig: Rig) -> None:
    with Rig() as other:
        ours, theirs = rig.pair(), other.pair()
        assert ours.far.address == theirs.far.address
        with ours.far.entered():
            listener = socket.create_server(("", 4000))
        with listener:
            connect(ours)
            with pytest.raises(ConnectionRefusedError):
                connect(theirs)


def connect(pair: Pair) -> None:
    with pair.near.entered():
        socket.create_connection((pair.far.address["ipv4"], 4000), timeout=5).close()


def test_the_addresses_of_a_network() -> None:
    assert Network().host(1) == ("10.9.0.1/24", "fd09::1/64")
    assert Network("10.0.0.0/8", "2001:db8::/32").host(300) == ("10.0.1.44/8", "2001:db8::12c/32")


@needs_root
def test_a_wrong_request_of_ip_is_told_in_its_words(rig: Rig) -> None:
    host = rig.namespace("host")
    with pytest.raises(InfrastructureError, match="'ip -n .*-host address add 10.9.0.300/24 dev lo' failed: .*prefix"):
        host.add_address("lo", "10.9.0.300/24")


# --- programs --------------------------------------------------------------------------------------------------------


@needs_root
def test_a_program_runs_within_and_its_output_is_kept(rig: Rig) -> None:
    host = rig.namespace("host")
    program = host.start(["sh", "-c", "ip -brief link; echo ready; exec sleep 60"], ready="^ready$")
    assert program.output().split()[0] == "lo"
    assert program.exit_code is None
    assert program.stop() == -signal.SIGTERM
    assert host.run(["cat", "/proc/net/dev"]).stdout.count(":") == 1


@needs_root
def test_a_program_that_does_not_get_ready_is_an_error_with_what_it_said(rig: Rig) -> None:
    host = rig.namespace("host")
    with pytest.raises(InfrastructureError, match=r"'sh -c .*' in host ended with exit code 7 and said:\nno such luck"):
        host.start(["sh", "-c", "echo no such luck >&2; exit 7"], ready="ready")
    with pytest.raises(InfrastructureError, match="after 0.1 s without 'ready': 'sleep 60' in host runs and said noth"):
        host.start(["sleep", "60"]).wait_for("ready", 0.1)
    with pytest.raises(InfrastructureError, match=r"'sleep 60' in host takes more than 0.1 s"):
        host.run(["sleep", "60"], limit=0.1)


@needs_root
def test_a_program_that_does_not_end_by_itself_is_killed(rig: Rig) -> None:
    stubborn = rig.namespace("host").start(["sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"], ready="up")
    assert stubborn.stop(limit=0.1) == -signal.SIGKILL


# --- the end ---------------------------------------------------------------------------------------------------------

# Makes a rig with programs of all kinds in it, says so, and comes to its end in the way that its argument names.
RUN = """\
import sys, time
from tcpslab.rig import Rig
with Rig() as rig:
    pair = rig.pair()
    rig.routed()
    (rig.folder / "file").write_text("of the run")
    pair.near.start(["sleep", "4711"])
    stubborn = "trap '' TERM;" if sys.argv[1] in ("exception", "kill") else ""
    pair.far.start(["sh", "-c", stubborn + "setsid sleep 4711 & echo up; wait; sleep 4711"], ready="up")
    print(rig.folder.name, flush=True)
    if sys.argv[1] == "exception":
        raise RuntimeError("on the way")
    time.sleep(60)
"""


def traces(token: str) -> list[str]:
    """What is there of the run: its folder, its namespaces, the processes in them."""
    found = [path.name for folder in ("/run/tcpslab", "/run/netns") for path in Path(folder).glob(f"*{token}*")]
    namespaces = [name for name in found if name != token]
    for name in namespaces:
        found += subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True).stdout.split()
    return found


def started(way: str) -> tuple["subprocess.Popen[str]", str]:
    command = [sys.executable, "-c", RUN, way]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "bindings")}
    run = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout is not None
    token = run.stdout.readline().strip()
    assert token
    return run, token


@needs_root
@pytest.mark.parametrize("way", ["exception", "SIGINT", "SIGTERM", "SIGHUP"])
def test_nothing_is_left_of_a_run_that_was_cut_short(way: str) -> None:
    run, token = started(way)
    if way != "exception":
        run.send_signal(signal.Signals[way])
    _, error = run.communicate(timeout=30)
    assert traces(token) == []
    assert error.splitlines()[-1].startswith("RuntimeError" if way == "exception" else "KeyboardInterrupt")


@needs_root
def test_a_second_interrupt_does_not_stop_the_taking_down() -> None:
    run, token = started("interrupts")
    for _ in range(3):
        run.send_signal(signal.SIGINT)
        time.sleep(0.05)
    run.communicate(timeout=30)
    assert traces(token) == []


@needs_root
def test_the_next_run_removes_what_a_killed_one_left_and_nothing_else(rig: Rig) -> None:
    alive = rig.namespace("alive")
    sleeper = alive.start(["sleep", "4711"])
    foreign = f"netns-test-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", foreign], check=True)
    try:
        run, token = started("kill")
        run.kill()
        run.communicate()
        assert len(traces(token)) >= 1 + 5 + 3  # folder, namespaces, processes
        with Rig():
            assert traces(token) == []
        assert sleeper.exit_code is None
        assert alive.run(["true"]).returncode == 0
        assert Path("/run/netns", foreign).exists()
    finally:
        subprocess.run(["ip", "netns", "delete", foreign], check=True)


@needs_root
def test_the_names_of_a_namespace_that_was_never_made_are_removed_too(rig: Rig) -> None:
    run, token = started("kill")
    run.kill()
    run.communicate()
    half = Path(f"/run/netns/tcpslab-{token}-half")  # as `ip netns add` leaves it if killed at the wrong moment
    half.touch()
    with Rig():
        assert not half.exists()


@needs_root
def test_a_rig_may_be_closed_before_its_end() -> None:
    with Rig() as rig:
        name = rig.namespace("host").name
        rig.close()
        assert not Path("/run/netns", name).exists()
        with Rig() as other:
            other.namespace("host")


@needs_root
def test_signals_are_as_before_once_the_last_rig_is_gone() -> None:
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    with contextlib.ExitStack() as first, contextlib.ExitStack() as second:
        first.enter_context(interrupts.raised())
        second.enter_context(interrupts.raised())
        first.close()
        with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_other_users_are_told_that_it_takes_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(InfrastructureError, match="network namespaces need root"), Rig():
        pass
