"""`lab bench --live`: iperf3 between two hosts, through tcpsd and through what that is measured against."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tcpslab import report
from tcpslab.outcome import InfrastructureError
from tcpslab.rig import Namespace, Pair, Rig, Tcpsd
from tcpslab.rig.tcpsd import program as tcpsd_program

_PORT = 5201
_QUEUE = 0
_LIMIT = 30.0  # seconds beyond those of the transfer itself
_TICKS = os.sysconf("SC_CLK_TCK")

# Each queues what tcpsd queues: all TCP but over lo, as it leaves and as it comes.
_RULES = """\
*mangle
-A OUTPUT ! -o lo -p tcp -j NFQUEUE --queue-num {queue}
COMMIT
*raw
-A PREROUTING ! -i lo -p tcp -j NFQUEUE --queue-num {queue}
COMMIT
"""


@dataclass(frozen=True)
class Transfer:
    """One run of iperf3. CPU times are seconds for each GB (10^9 bytes) of payload, user and kernel, of both hosts."""

    path: str
    load: str
    bits_per_second: float
    retransmits: int
    host_cpu: float  # of the programs that carry the packets
    iperf_cpu: float
    slowest_second: float  # bits in the slowest second: 0 is a stall


_LOADS: dict[str, list[str]] = {"one up": [], "one down": ["--reverse"], "eight up": ["--parallel", "8"]}


def measure(seconds: int) -> list[Transfer]:
    """Every path with every load, in turn. Raises InfrastructureError."""
    measured = []
    for path, prepare in _PATHS.items():
        with Rig() as rig:
            pair = rig.pair()
            carriers = prepare(pair)
            server = pair.far.start(["iperf3", "--server", "--forceflush", "--port", str(_PORT)], ready="Server listen")
            for load, options in _LOADS.items():
                measured.append(_transfer(pair, path, load, options, seconds, carriers, server.pid))
    return measured


def _transfer(
    pair: Pair, path: str, load: str, options: Sequence[str], seconds: int, carriers: Sequence[int], server: int
) -> Transfer:
    before, server_before = sum(map(cpu_seconds, carriers)), cpu_seconds(server)
    address = pair.far.address["ipv4"]
    command = ["iperf3", "--json", "--client", address, "--port", str(_PORT), "--time", str(seconds), *options]
    done = pair.near.run(command, limit=seconds + _LIMIT)
    outcome = json.loads(done.stdout or "{}")
    if done.returncode != 0:
        raise InfrastructureError(f"iperf3 over {path}: {outcome.get('error') or done.stderr.strip()}")
    received = outcome["end"]["sum_received"]
    gigabytes = received["bytes"] / 1e9
    client_cpu = outcome["end"]["cpu_utilization_percent"]["host_total"] / 100 * received["seconds"]
    # The last one is what was left of the time, and may be very short.
    intervals = [interval["sum"] for interval in outcome["intervals"]]
    return Transfer(
        path=path,
        load=load,
        bits_per_second=received["bits_per_second"],
        retransmits=outcome["end"]["sum_sent"].get("retransmits", 0),
        host_cpu=(sum(map(cpu_seconds, carriers)) - before) / gigabytes,
        iperf_cpu=(client_cpu + cpu_seconds(server) - server_before) / gigabytes,
        slowest_second=min(one["bits_per_second"] for one in intervals if one["seconds"] > 0.5),
    )


def cpu_seconds(process: int) -> float:
    """User and system time of all its threads so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def print_report(measured: Sequence[Transfer]) -> None:
    """Each path beside the queue that only accepts, load by load."""
    accepting = {t.load: t.bits_per_second for t in measured if t.path == _ACCEPT}
    rows = [["path", "load", "Gbit/s", "of accepting", "slowest second", "retransmits", "CPU s/GB", "iperf3 CPU s/GB"]]
    for one in measured:
        share = one.bits_per_second / accepting[one.load] if accepting.get(one.load) else 0.0
        numbers = [f"{one.bits_per_second / 1e9:.3f}", f"{share:.0%}", f"{one.slowest_second / 1e9:.3f}"]
        rows.append(
            [one.path, one.load, *numbers, str(one.retransmits), f"{one.host_cpu:.2f}", f"{one.iperf_cpu:.2f}"]
        )
    for line in report.aligned(rows):
        print(line)
    print("upstream's tcpcryptd: not measured; Debian does not have it")


def _plain(pair: Pair) -> list[int]:
    return []


def _plain_segments(pair: Pair) -> list[int]:
    pair.near.disable_offload("near")
    pair.far.disable_offload("far")
    return []


def _accept(pair: Pair) -> list[int]:
    return [_accept_on(host) for host in (pair.near, pair.far)]


def _accept_on(host: Namespace) -> int:
    tool = tcpsd_program().with_name("tcpslab-accept-queue")
    if not tool.is_file():
        raise InfrastructureError(f"{tool} is not there: build the target tcpslab-accept-queue")
    accepting = host.start([tool, str(_QUEUE)], ready="^ready$")
    rules = host.folder / f"{host.label}.rules"
    rules.write_text(_RULES.format(queue=_QUEUE))
    done = host.run(["iptables-nft-restore", "--noflush", rules])
    if done.returncode != 0:
        raise InfrastructureError(f"iptables-nft-restore: {done.stderr.strip()}")
    return accepting.pid


def _tcpsd(**options: object) -> Callable[[Pair], list[int]]:
    return lambda pair: [Tcpsd(host, **options).pid for host in (pair.near, pair.far)]


_ACCEPT = "queue that only accepts"
_PATHS: dict[str, Callable[[Pair], list[int]]] = {
    "kernel alone": _plain,
    "kernel alone, segment by segment": _plain_segments,
    _ACCEPT: _accept,
    "tcpsd": _tcpsd(),
    "tcpsd --workers 2": _tcpsd(workers=2),
    # With tofu_enforce the module takes every second connection for an attack; iperf3 has two.
    "tcpsd --dialect lkm --tofu-enforce 0": _tcpsd(dialect="lkm", tofu_enforce=False),
}
