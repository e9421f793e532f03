"""`tcpsd` on hosts of a rig: started, asked, changed, ended."""

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from tcpslab.outcome import InfrastructureError
from tcpslab.rig import Pair, Rig, Tcpsd
from tcpslab.rig.tcpsd import program

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")


@pytest.fixture
def pair() -> Iterator[Pair]:
    with Rig() as rig:
        yield rig.pair()


def talk(pair: Pair) -> None:
    """A connection from near to far, with a line each way."""
    with pair.far.entered():
        listener = socket.create_server(("", 4000))
    with listener, pair.near.entered(), socket.create_connection((pair.far.address["ipv4"], 4000), timeout=10) as near:
        far, _ = listener.accept()
        with far:
            for source, sink in ((near, far), (far, near)):
                source.sendall(b"hello")
                assert sink.recv(5) == b"hello"


def test_two_daemons_protect_a_connection_and_tell_of_it(pair: Pair) -> None:
    with Tcpsd(pair.near) as near, Tcpsd(pair.far, workers=2) as far:
        assert len(far.status()["workers"]) == 2
        talk(pair)
        for daemon in (near, far):
            daemon.wait_for_log("TOFU: new peer")
            assert daemon.status()["counters"]["encrypted"] == 1
        secrets = {line for line in far.key_log() if line.startswith("TCPS_EPHEMERAL_SECRET ")}
        assert len(secrets) == 1
        assert secrets <= set(near.key_log())
    assert (near.exit_code, far.exit_code) == (0, 0)


def test_settings_change_while_it_runs(pair: Pair) -> None:
    with Tcpsd(pair.far, enforce=True, idle_timeout="90s") as far:
        far.set(enforce=False, idle_timeout=2.5, max_connections=7)
        policy = far.status()["policy"]
        assert (policy["enforce"], policy["idle_timeout"], policy["max_connections"]) == (False, 2.5, 7)
        with pytest.raises(InfrastructureError, match="'tcpsd set nonsense=1' ended with exit code 2: .*nonsense"):
            far.set(nonsense=1)


def test_a_restart_makes_it_another_host_unless_it_keeps_its_identity(pair: Pair) -> None:
    with Tcpsd(pair.near) as near, Tcpsd(pair.far, identity=pair.far.folder / "identity") as far:
        before = near.status()["identity"], far.status()["identity"]
        near.restart()
        far.restart()
        assert near.status()["identity"] != before[0]
        assert far.status()["identity"] == before[1]
        assert sum("module loaded" in line for line in near.log()) == 2


def test_a_killed_one_leaves_its_rules_and_can_be_started_again(pair: Pair) -> None:
    with Tcpsd(pair.far) as far:
        far.kill()
        assert far.exit_code == -signal.SIGKILL
        with pytest.raises(TimeoutError), pair.near.entered():  # fail closed
            socket.create_connection((pair.far.address["ipv4"], 4000), timeout=0.5)
        far.start()
        talk(pair)
        far.kill()
        assert far.command("cleanup").returncode == 0
        talk(pair)


@pytest.mark.parametrize(("options", "words"), [({"dialect": "klingon"}, "klingon"), ({"user": "no-such"}, "no-such")])
def test_one_that_does_not_start_says_why(pair: Pair, options: dict[str, str], words: str) -> None:
    with pytest.raises(InfrastructureError) as refused:
        Tcpsd(pair.far, **options)
    said = str(refused.value)
    assert said.startswith(f"tcpsd did not get ready: '{program()} run --run-dir=")
    assert " in far ended with exit code " in said
    assert words in said.partition(" and said:\n")[2]


def test_a_build_without_it_is_told(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TCPSLAB_BUILD_DIR", "/nowhere")
    with pytest.raises(InfrastructureError, match="/nowhere/reference/linux/tcpsd is not there: build the "):
        Tcpsd(pair.far)
