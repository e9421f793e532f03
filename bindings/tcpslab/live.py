"""Scenarios on real hosts: the kernel's TCP in two network namespaces, tcpsd in each, and the scenario's path between.

`tcpslab-wire` carries the packets between the hosts, plays the workload and judges; this module gives it hosts, starts
and restarts tcpsd there, and hands over what the daemons reported.
"""

import argparse
import contextlib
import json
import platform
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from tcpslab import results
from tcpslab.outcome import Exit, InfrastructureError, RequestError
from tcpslab.rig import Namespace, Rig, Tcpsd, interrupts

HOSTS = ("client", "server")
# What a live run is built from.
TARGETS = ("tcpslab-wire", "tcpsd")
# Seconds that a run may be expected to take.
LIMIT = 60.0
# Live runs spend most of their time waiting: so many at a time for each one that would fill a core.
_RUNS_A_JOB = 3
_MOST_RUNS = 8


def add(document: dict[str, Any], wire: Path, files: Sequence[Path], args: argparse.Namespace) -> Exit:
    """Plays what `args` ask for, and adds the records to those of the simulator.

    What real hosts cannot play is told on standard error. `wire` is the program tcpslab-wire.
    """
    plans = plan(wire, files, args.protocol, LIMIT)
    chosen = [one for one in plans if one.left_out is None]
    for one in plans:
        if one.left_out is not None:
            print(f"{one.scenario} {one.protocol}: left out of the live runs: {one.left_out}", file=sys.stderr)
    records: list[dict[str, Any]] = []
    with Progress(console=Console(stderr=True, quiet=not sys.stderr.isatty()), transient=True) as progress:
        task = progress.add_task("live", total=len(chosen))

        def done(record: dict[str, Any]) -> None:
            records.append(record)
            progress.advance(task)

        Player(wire, args.seed, args.out).play(chosen, min(_RUNS_A_JOB * args.jobs, _MOST_RUNS), done)
    document["results"] = [
        record.data
        for record in results.paired([results.Record(entry) for entry in (*document["results"], *records)])
    ]
    document.setdefault("provenance", {}).setdefault("versions", {})["linux"] = platform.release()
    verdicts = {record["verdict"] for record in records}
    return Exit.INFRASTRUCTURE if "error" in verdicts else Exit.DIFFERS if "differs" in verdicts else Exit.AS_EXPECTED


@dataclass(frozen=True)
class Plan:
    """One run, as `tcpslab-wire plan` describes it."""

    data: Mapping[str, Any]

    @property
    def scenario(self) -> str:
        return self.data["scenario"]

    @property
    def protocol(self) -> str:
        return self.data["protocol"]

    @property
    def left_out(self) -> str | None:
        """Why real hosts cannot play it."""
        return self.data["left_out"]


def plan(wire: Path, files: Sequence[Path], protocol: str | None, limit: float) -> list[Plan]:
    """Every run that the files and `--protocol` ask for; `limit`: seconds that one may be expected to take."""
    words = [wire, "plan", *files, "--limit", str(limit), *(["--protocol", protocol] if protocol else [])]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RequestError(done.stderr.strip())
    return [Plan(entry) for entry in json.loads(done.stdout)["runs"]]


class Player:
    """Plays runs, several at a time."""

    def __init__(self, wire: Path, seed: int, out: Path) -> None:
        """`out`: the folder for captures and key logs."""
        self._wire, self._seed, self._out = wire, seed, out
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()

    def play(self, plans: Sequence[Plan], jobs: int, on_record: Callable[[dict[str, Any]], None]) -> None:
        """`on_record` gets each record as its run ends. An interrupt takes every rig down before it goes on."""
        with interrupts.raised(), ThreadPoolExecutor(jobs) as pool:
            waiting = {pool.submit(self._play, one) for one in plans}
            try:
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in done:
                        on_record(future.result())
            except BaseException:
                self._stop(waiting)
                raise

    def _stop(self, waiting: set["Future[dict[str, Any]]"]) -> None:
        for future in waiting:
            future.cancel()
        with self._lock:
            self._stopped.set()
            for process in self._running:
                process.kill()

    def _play(self, one: Plan) -> dict[str, Any]:
        try:
            words: list[str] = []
            if one.data["needs_reference"]:
                words = ["--reference", json.dumps(self._play_once(one, ["--without-goals"])["connections"])]
            return self._play_once(one, [*words, "--out", str(self._out)])["record"]
        except (InfrastructureError, OSError) as error:
            return one.data["broken_off"] | {"seed": self._seed, "error": str(error)}

    def _play_once(self, one: Plan, words: Sequence[str]) -> dict[str, Any]:
        """What `tcpslab-wire play` says in the end."""
        with Rig() as rig:
            hosts = {name: _host(rig, name, one) for name in HOSTS}
            conductor = _Conductor(one, hosts)
            command = [self._wire, "play", one.data["file"], "--protocol", one.protocol, "--seed", self._seed, *words]
            command += [word for name in HOSTS for word in (f"--{name}", hosts[name].name)]
            with self._started(command) as process:
                result = conductor.conduct(process)
            if result is None:
                raise InfrastructureError(f"tcpslab-wire ended with {process.returncode}: {conductor.complaint}")
            if key_log := result.get("record", {}).get("artefacts", {}).get("keylog"):
                (self._out / key_log).write_text(conductor.key_log(), encoding="ascii")
            return result

    @contextlib.contextmanager
    def _started(self, command: Sequence[object]) -> Iterator["subprocess.Popen[str]"]:
        with self._lock:
            if self._stopped.is_set():
                raise InfrastructureError("interrupted")
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            self._running.add(process)
        try:
            with process:
                try:
                    yield process
                except BaseException:
                    process.kill()
                    raise
        finally:
            with self._lock:
                self._running.discard(process)


class _Conductor:
    """The hosts' side of one run: their daemons, and what those reported."""

    def __init__(self, one: Plan, hosts: Mapping[str, Namespace]) -> None:
        self._plan, self._hosts = one, hosts
        self._daemons: dict[str, Tcpsd] = {}
        self._identities: dict[str, list[str]] = {name: [] for name in hosts}
        self.complaint = ""
        for name in hosts:
            if (policy := one.data[name]["policy"]) is not None:
                options = {"dialect": one.data["dialect"], "event_log": self._event_log(name)}
                self._daemons[name] = Tcpsd(hosts[name], **options, **policy)
                self._note_identity(name)

    def conduct(self, process: "subprocess.Popen[str]") -> dict[str, Any] | None:
        """Answers until the run has a result; none if it broke off."""
        assert process.stdin and process.stdout and process.stderr
        for line in process.stdout:
            said = json.loads(line)
            if said["say"] == "result":
                return said
            answer = self._collect() if said["say"] == "collect" else self._prepare(said["visit"])
            try:
                process.stdin.write(json.dumps(answer) + "\n")
                process.stdin.flush()
            except BrokenPipeError:
                break
        self.complaint = process.stderr.read().strip()
        return None

    def _prepare(self, visit: int) -> dict[str, Any]:
        for name, daemon in self._daemons.items():
            if visit in self._plan.data[name]["restarts"]:
                daemon.restart()
                self._note_identity(name)
        return {}

    def _note_identity(self, name: str) -> None:
        self._identities[name].append(self._daemons[name].status()["identity"])

    def _collect(self) -> dict[str, Any]:
        events = [event for name in self._daemons for event in self._events(name)]
        return {"events": events, "identities": self._identities}

    def key_log(self) -> str:
        """The secrets of both hosts."""
        return "".join(f"{line}\n" for daemon in self._daemons.values() for line in daemon.key_log())

    def _event_log(self, name: str) -> Path:
        return self._hosts[name].folder / f"events-{name}"

    def _events(self, name: str) -> Iterator[dict[str, Any]]:
        """What a host's daemon reported, with the connection's ends by their roles."""
        for line in self._event_log(name).read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            local, remote = event.pop("local"), event.pop("remote")
            client, server = (remote, local) if event.pop("role") == "server" else (local, remote)
            yield event | {"host": name, "client": client, "server": server}


def _host(rig: Rig, name: str, one: Plan) -> Namespace:
    """A host whose only way out is a TUN device, which `tcpslab-wire` is at the other end of."""
    host, device, ipv6 = rig.namespace(name), one.data["device"], one.data["family"] == "ipv6"
    host.ip("tuntap", "add", "dev", device, "mode", "tun")
    # What a host says of its own accord is no part of a scenario: router solicitations, multicast listener reports.
    host.ip("link", "set", "dev", device, "addrgenmode", "none")
    host.set_sysctl(f"net/ipv6/conf/{device}/disable_ipv6", str(int(not ipv6)))
    host.ip("link", "set", "dev", device, "mtu", str(one.data["mtu"]), "up")
    host.add_address(device, one.data[name]["address"])
    host.ip("-6" if ipv6 else "-4", "route", "add", "default", "dev", device)
    return host
