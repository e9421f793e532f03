"""The daemon's life: start, signals, reload, stop, and what becomes of protected connections."""

import contextlib
import os
import pwd
import re
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tcpslab.rig import Namespace, Pair, Tcpsd
from tcpslab.rig.tcpsd import program

FAMILIES = ("ipv4", "ipv6")
CANARY = b"in clear: the canary sings; "
CAP_NET_ADMIN_AND_RAW = (1 << 12) | (1 << 13)


@contextlib.contextmanager
def frames(host: Namespace, device: str) -> Iterator[list[bytes]]:
    """All that passes the device meanwhile."""
    seen: list[bytes] = []
    done = threading.Event()
    with host.packet_socket(device) as opened:

        def collect() -> None:
            while not done.is_set() or select.select([opened], [], [], 0)[0]:
                if select.select([opened], [], [], 0.02)[0]:
                    seen.append(opened.recv(65536))

        thread = threading.Thread(target=collect)
        thread.start()
        try:
            yield seen
        finally:
            time.sleep(0.1)
            done.set()
            thread.join()


class Talker:
    """Sends the canary on a connection, again and again, until the connection fails."""

    def __init__(self, connection: socket.socket) -> None:
        self.error: OSError | None = None
        self.sent = 0
        self._stop = threading.Event()
        self._connection = connection
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def _talk(self) -> None:
        self._connection.settimeout(0.2)
        while not self._stop.is_set():
            try:
                self._connection.sendall(CANARY)
                self.sent += 1
                time.sleep(0.001)
            except TimeoutError:
                continue
            except OSError as error:
                self.error = error
                return

    def wait_for_end(self) -> OSError | None:
        self._thread.join(5)
        return self.error

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture
def talk(
    serve: Callable[..., socket.socket], connect: Callable[..., socket.socket]
) -> Iterator[Callable[..., tuple[Talker, socket.socket]]]:
    """talk(near, far, address, port): a connection on which near talks, and far's end of it."""
    with contextlib.ExitStack() as ends:

        def start(near: Namespace, far: Namespace, address: str, port: int) -> tuple[Talker, socket.socket]:
            listener = serve(far, port)
            connection = connect(near, address, port)
            theirs = ends.enter_context(listener.accept()[0])
            talker = Talker(connection)
            ends.callback(talker.stop)
            return talker, theirs

        yield start


def wait_until(condition: Callable[[], object], limit: float = 5) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def states(daemon: Tcpsd) -> dict[str, str]:
    return {connection["server"]: connection["state"] for connection in daemon.status()["connections"]}


def saved(host: Namespace) -> list[str]:
    """The IPv4 rules, without times and counters."""
    lines = host.run(["iptables-save"]).stdout.splitlines()
    return [line.partition(" [")[0] for line in lines if not line.startswith("#")]


def drain(connection: socket.socket) -> int:
    """How much came so far, once nothing more has come for a while."""
    count = 0
    connection.settimeout(0.3)
    with contextlib.suppress(TimeoutError, ConnectionError):
        while part := connection.recv(65536):
            count += len(part)
    return count


# --- protected connections never go on in clear ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "family", "bypass"),
    [("readme", "ipv4", False), ("readme", "ipv6", False), ("lkm", "ipv4", False), ("readme", "ipv4", True)],
)
def test_an_orderly_stop_ends_protected_connections_before_the_rules_go(
    pair: Pair, dialect: str, family: str, bypass: bool, talk: Callable[..., tuple[Talker, socket.socket]]
) -> None:
    near, far = (Tcpsd(host, dialect=dialect, queue_bypass=bypass) for host in (pair.near, pair.far))
    with frames(pair.far, "far") as seen:
        talker, theirs = talk(pair.near, pair.far, pair.far.address[family], 4000)
        time.sleep(0.2)
        assert near.stop() == 0
        assert isinstance(talker.wait_for_end(), ConnectionAbortedError)
        assert drain(theirs) > 0
    assert len(seen) > 10
    assert not any(CANARY in frame for frame in seen)
    assert "protected connections ended, which would go on in clear: 1" in "\n".join(near.log())
    assert far.exit_code is None


def test_the_servers_end_is_ended_too_on_a_socket_of_both_families(
    pair: Pair, serve: Callable[..., socket.socket], connect: Callable[..., socket.socket]
) -> None:
    _, far = Tcpsd(pair.near), Tcpsd(pair.far)
    listener = serve(pair.far, 4000)
    for family in FAMILIES:
        connect(pair.near, pair.far.address[family], 4000)
    ends = [listener.accept()[0] for _ in FAMILIES]
    wait_until(lambda: list(states(far).values()) == ["AUTHENTICATED"] * 2)
    assert far.stop() == 0
    for theirs in ends:
        with theirs, pytest.raises(ConnectionAbortedError):
            theirs.recv(1)


def test_what_a_closed_connection_has_left_to_send_does_not_follow_in_clear(
    pair: Pair, serve: Callable[..., socket.socket], connect: Callable[..., socket.socket]
) -> None:
    """The program has gone; the kernel would send the rest as soon as the peer reads."""
    near, _ = Tcpsd(pair.near), Tcpsd(pair.far)
    listener = serve(pair.far, 4000)
    connection = connect(pair.near, pair.far.address["ipv4"], 4000)
    theirs, _ = listener.accept()
    connection.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            connection.send(CANARY * 1000)
    connection.close()
    with theirs, frames(pair.far, "far") as seen:
        assert near.stop() == 0
        assert drain(theirs) > 0
        time.sleep(0.5)
        drain(theirs)
    assert not any(CANARY in frame for frame in seen)


def test_an_orderly_stop_leaves_other_connections_alone(
    pair: Pair, talk: Callable[..., tuple[Talker, socket.socket]]
) -> None:
    daemon = Tcpsd(pair.near, exclude="4001")
    talkers = [talk(pair.near, pair.far, pair.far.address["ipv4"], port)[0] for port in (4000, 4001)]
    wait_until(lambda: daemon.status()["counters"].get("fell-back"))
    assert daemon.stop() == 0
    before = [talker.sent for talker in talkers]
    wait_until(lambda: all(talker.sent > count for talker, count in zip(talkers, before, strict=True)))
    assert [talker.error for talker in talkers] == [None, None]


@pytest.mark.parametrize("family", FAMILIES)
def test_killed_and_started_again_a_protected_connection_is_blocked(
    pair: Pair, family: str, talk: Callable[..., tuple[Talker, socket.socket]]
) -> None:
    """Spec tcps-dialects.md, R25."""
    near, _ = Tcpsd(pair.near), Tcpsd(pair.far)
    with frames(pair.far, "far") as seen:
        _, theirs = talk(pair.near, pair.far, pair.far.address[family], 4000)
        time.sleep(0.2)
        near.kill()
        drain(theirs)
        near.start()
        assert list(states(near).values()) == ["BLOCKED"]
        time.sleep(0.5)  # a retransmission or two
        assert drain(theirs) == 0
    assert not any(CANARY in frame for frame in seen)


def test_started_again_with_less_room_than_there_were_protected_connections(
    pair: Pair, talk: Callable[..., tuple[Talker, socket.socket]]
) -> None:
    near, _ = Tcpsd(pair.near), Tcpsd(pair.far)
    with frames(pair.far, "far") as seen:
        ends = [talk(pair.near, pair.far, pair.far.address["ipv4"], 4000 + number)[1] for number in range(3)]
        wait_until(lambda: list(states(near).values()) == ["AUTHENTICATED"] * 3)
        near.kill()
        for theirs in ends:
            drain(theirs)
        near.options["max_blocked"] = 1
        near.start()
        assert list(states(near).values()) == ["BLOCKED"]
        time.sleep(0.5)
        assert [drain(theirs) for theirs in ends] == [0, 0, 0]
    assert "protected connections ended, which would go on in clear: 2" in "\n".join(near.log())
    assert not any(CANARY in frame for frame in seen)


def test_killed_and_cleaned_up_a_protected_connection_is_ended(
    pair: Pair, talk: Callable[..., tuple[Talker, socket.socket]]
) -> None:
    near, _ = Tcpsd(pair.near), Tcpsd(pair.far)
    with frames(pair.far, "far") as seen:
        talker, _ = talk(pair.near, pair.far, pair.far.address["ipv4"], 4000)
        time.sleep(0.2)
        near.kill()
        assert near.command("cleanup").returncode == 0
        assert isinstance(talker.wait_for_end(), ConnectionAbortedError)
        time.sleep(0.3)
    assert not any(CANARY in frame for frame in seen)
    near.start()
    assert states(near) == {}


def test_traffic_that_is_no_longer_selected_is_ended_not_continued_in_clear(
    pair: Pair, tmp_path: Path, talk: Callable[..., tuple[Talker, socket.socket]]
) -> None:
    configuration = tmp_path / "tcpsd.conf"
    configuration.write_text("ports = 4000,4001\n")
    near, _ = Tcpsd(pair.near, config=configuration), Tcpsd(pair.far)
    with frames(pair.far, "far") as seen:
        stays, goes = (talk(pair.near, pair.far, pair.far.address["ipv4"], port)[0] for port in (4000, 4001))
        wait_until(lambda: list(states(near).values()) == ["AUTHENTICATED"] * 2)
        configuration.write_text("ports = 4000\n")
        near.signal(signal.SIGHUP)
        near.wait_for_log("configuration read again")
        assert isinstance(goes.wait_for_end(), ConnectionAbortedError)
        before = stays.sent
        wait_until(lambda: stays.sent > before + 10)
        assert stays.error is None
    assert not any(CANARY in frame for frame in seen)


# --- signals ---------------------------------------------------------------------------------------------------------


def test_sighup_changes_the_policy_and_says_what_it_cannot_change(pair: Pair, tmp_path: Path) -> None:
    configuration = tmp_path / "tcpsd.conf"
    configuration.write_text("idle-timeout = 100s\n")
    daemon = Tcpsd(pair.near, config=configuration)
    configuration.write_text("idle-timeout = 200s\nenforce = 1\ntofu-enforce = 0\nworkers = 2\n")
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_log("configuration read again")
    policy = daemon.status()["policy"]
    assert (policy["idle_timeout"], policy["enforce"], policy["tofu_enforce"]) == (200, True, False)
    assert "workers: a new value takes effect when tcpsd is started again" in "\n".join(daemon.log())
    assert len(daemon.status()["workers"]) == 1


@pytest.mark.parametrize("text", ["enforce = perhaps\n", "ports = 0\n", "surprise = 1\n", None])
def test_a_bad_file_at_sighup_changes_nothing(pair: Pair, tmp_path: Path, text: str | None) -> None:
    configuration = tmp_path / "tcpsd.conf"
    configuration.write_text("enforce = 1\nports = 4000\n")
    daemon = Tcpsd(pair.near, config=configuration)
    policy, rules = daemon.status()["policy"], saved(pair.near)
    if text is None:
        configuration.unlink()
    else:
        configuration.write_text("idle-timeout = 1s\nports = 5000\n" + text)
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_log("configuration not changed: .+")
    assert daemon.status()["policy"] == policy
    assert saved(pair.near) == rules


def test_sighup_puts_back_rules_that_someone_removed(pair: Pair, tmp_path: Path) -> None:
    daemon = Tcpsd(pair.near)
    rules = [pair.near.run([f"{name}-save"]).stdout.count("TCPSD") for name in ("iptables", "ip6tables")]
    pair.near.run(["iptables", "-t", "raw", "-F"])
    pair.near.run(["ip6tables", "-t", "mangle", "-F"])
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_log("configuration read again")
    assert [pair.near.run([f"{name}-save"]).stdout.count("TCPSD") for name in ("iptables", "ip6tables")] == rules


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_that_stop_it(pair: Pair, number: int) -> None:
    daemon = Tcpsd(pair.near)
    daemon.signal(number)
    wait_until(lambda: daemon.exit_code is not None)
    assert daemon.exit_code == 0
    assert daemon.log()[-1] == "tcps: module unloaded"
    assert "TCPSD" not in pair.near.run(["iptables-save"]).stdout


# --- what it refuses -------------------------------------------------------------------------------------------------


def refused(host: Namespace, *words: str | Path) -> str:
    """What it says before it ends with exit code 3."""
    done = host.run([program(), *words], limit=10)
    assert done.returncode == 3, (done.stdout, done.stderr)
    return done.stderr


def test_a_second_daemon_is_refused_and_the_first_goes_on(pair: Pair, tmp_path: Path) -> None:
    first = Tcpsd(pair.near)
    rules = saved(pair.near)
    assert re.search(r"control.*answers|another tcpsd", refused(pair.near, "--run-dir", first.run_dir, "--queue", "1"))
    assert "queue 0 cannot be taken" in refused(pair.near, "--run-dir", tmp_path)
    other_queue = refused(pair.near, "--run-dir", tmp_path, "--queue", "1")
    assert "another tcpsd runs in this network namespace" in other_queue
    assert "another tcpsd" in refused(pair.near, "cleanup", "--run-dir", tmp_path)
    assert saved(pair.near) == rules
    assert first.status()["connections"] == []


def test_a_second_daemon_in_another_namespace_is_none(pair: Pair) -> None:
    for host in (pair.near, pair.far):
        assert Tcpsd(host).status()["connections"] == []


def test_without_the_rights_it_says_what_is_missing(pair: Pair, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    as_nobody = ["setpriv", "--reuid=nobody", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    done = pair.near.run([*as_nobody, program(), "--run-dir", tmp_path / "run"])
    assert (done.returncode, done.stderr) == (
        3,
        "tcpsd: needs CAP_NET_ADMIN: run tcpsd as root, or by its systemd unit\n",
    )
    assert "--user nosuchuser: there is no such user" in refused(pair.near, "--user", "nosuchuser")


def test_a_run_directory_that_cannot_be(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"--run-dir {tmp_path}/file" in refused(pair.near, "--run-dir", tmp_path / "file")
    assert "holds other files" in refused(pair.near, "--run-dir", tmp_path, "--user", "nobody")
    assert tmp_path.stat().st_uid == 0


# --- what it may -----------------------------------------------------------------------------------------------------


def status_of(pid: int) -> list[dict[str, str]]:
    """/proc/PID/status of every thread."""
    return [
        dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
        for task in Path(f"/proc/{pid}/task").iterdir()
    ]


def test_it_keeps_two_capabilities_and_no_more(pair: Pair) -> None:
    daemon = Tcpsd(pair.near, workers=2)
    threads = status_of(daemon.pid)
    assert len(threads) >= 4  # main, two workers, the control socket
    for thread in threads:
        assert int(thread["CapEff"], 16) == int(thread["CapPrm"], 16) == CAP_NET_ADMIN_AND_RAW
        assert int(thread["CapBnd"], 16) & ~CAP_NET_ADMIN_AND_RAW == 0
        assert thread["NoNewPrivs"] == "1"


def test_as_another_user_it_installs_reloads_protects_and_removes(
    pair: Pair, tool: str, connect: Callable[..., socket.socket], serve: Callable[..., socket.socket]
) -> None:
    nobody = pwd.getpwnam("nobody")
    near, far = (Tcpsd(host, user="nobody", key_log=None) for host in (pair.near, pair.far))
    for thread in status_of(near.pid):
        assert thread["Uid"].split() == [str(nobody.pw_uid)] * 4
        assert thread["Gid"].split() == [str(nobody.pw_gid)] * 4
        assert thread["CapEff"] == thread["CapPrm"] == f"{CAP_NET_ADMIN_AND_RAW:016x}"
    listener = serve(pair.far, 4000)
    connection = connect(pair.near, pair.far.address["ipv4"], 4000)
    connection.sendall(b"hello")
    assert listener.accept()[0].recv(10) == b"hello"
    wait_until(lambda: list(states(near).values()) == ["AUTHENTICATED"])
    near.signal(signal.SIGHUP)
    near.wait_for_log("configuration read again")
    assert near.stop() == far.stop() == 0
    assert "TCPSD" not in pair.near.run([f"iptables-{tool}-save"]).stdout


def test_started_by_a_service_manager_without_root(pair: Pair, tool: str, tmp_path: Path) -> None:
    """As tcpsd.service has it: another user from the beginning, with two ambient capabilities; Type=notify."""
    run_dir = tmp_path / "run"
    for folder in (*tmp_path.parents[:2], tmp_path):
        folder.chmod(folder.stat().st_mode | 0o755)
    run_dir.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(run_dir, nobody.pw_uid, nobody.pw_gid)
    both = "+net_admin,+net_raw"
    as_service = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", f"--inh-caps={both}"]
    as_service += [f"--ambient-caps={both}", f"--bounding-set=-all,{both}", "--no-new-privs"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        (tmp_path / "notify").chmod(0o777)
        manager.settimeout(10)
        environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        service = pair.near.start([*as_service, program(), "--run-dir", run_dir], env=environment)
        assert manager.recv(100) == b"READY=1"
        assert pair.near.run([program(), "status", "--run-dir", run_dir]).returncode == 0
        assert "TCPSD" in pair.near.run([f"iptables-{tool}-save"]).stdout
        service.signal(signal.SIGTERM)
        assert manager.recv(100) == b"STOPPING=1"
        assert service.wait(10) == 0
        assert "TCPSD" not in pair.near.run([f"iptables-{tool}-save"]).stdout
        killed = pair.near.start([*as_service, program(), "--run-dir", run_dir], env=environment)
        assert manager.recv(100) == b"READY=1"
    killed.kill()
    assert "TCPSD" in pair.near.run([f"iptables-{tool}-save"]).stdout
    done = pair.near.run([*as_service, program(), "cleanup", "--run-dir", run_dir])
    assert (done.returncode, done.stderr) == (0, "")
    assert "TCPSD" not in pair.near.run([f"iptables-{tool}-save"]).stdout


# In the example configuration these lines are examples; the others are defaults.
NO_DEFAULTS = {"ports", "exclude", "interface", "identity", "peers", "key-log", "event-log", "log-file", "user"}


def example_settings() -> dict[str, str]:
    example = Path(__file__).parents[1] / "tcpsd.conf"
    return dict(re.findall(r"^#([a-z-]+) = (.+)$", example.read_text(), re.MULTILINE))


def configuration(folder: Path, settings: dict[str, str]) -> Path:
    made = folder / "tcpsd.conf"
    made.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    return made


def test_the_example_configuration_has_every_option(tmp_path: Path) -> None:
    settings = example_settings()
    shown = subprocess.run([program(), "--help"], capture_output=True, text=True, check=True).stdout
    assert set(settings) == set(re.findall(r"^  --([a-z-]+)", shown, re.MULTILINE)) - {"version", "config"}
    command = [program(), "status", "--config", configuration(tmp_path, settings), "--run-dir", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, f"tcpsd: no tcpsd runs with the run directory {tmp_path}\n")


def test_the_example_configuration_says_the_defaults(pair: Pair, tmp_path: Path) -> None:
    defaults = {name: value for name, value in example_settings().items() if name not in NO_DEFAULTS | {"run-dir"}}
    told = Tcpsd(pair.near, config=configuration(tmp_path, defaults))
    untold = Tcpsd(pair.far)
    assert told.status()["policy"] == untold.status()["policy"]
    assert told.status()["dialect"] == untold.status()["dialect"]
    assert saved(pair.near) == saved(pair.far)
