"""The firewall rules of tcpsd in a real kernel: exactly its own, whichever iptables works, and what they select.

A daemon that was killed (SIGKILL) makes them visible: what they select is dropped, all else passes.
"""

import contextlib
import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from tcpslab.rig import Namespace, Pair, Rig, Tcpsd
from tcpslab.rig.tcpsd import program

FAMILIES = ("ipv4", "ipv6")
PREFIXES = {"ipv4": "iptables", "ipv6": "ip6tables"}
MANY_PORTS = ",".join(map(str, range(1000, 1040))) + ",2000-3000"


def rules(host: Namespace, tool: str, family: str) -> list[str]:
    """All rules and chains of users, in the order in which iptables-save has them."""
    lines = []
    for table in ("raw", "mangle"):
        done = host.run([f"{PREFIXES[family]}-{tool}-save", "-t", table])
        assert done.returncode == 0, done.stderr
        lines += [f"{table} {line}" for line in done.stdout.splitlines() if re.match(r"-A|:\S+ - ", line)]
    return [re.sub(r" \[\d+:\d+\]$", "", line) for line in lines]


def add_own_rules(host: Namespace, tool: str) -> None:
    """Some of an administrator's, before and after which ours may stand."""
    for family in FAMILIES:
        iptables = f"{PREFIXES[family]}-{tool}"
        for words in (
            "-t mangle -N TCPSD",
            "-t mangle -A OUTPUT -p tcp --dport 9 -j TCPSD",
            "-t mangle -A TCPSD -j RETURN",
            "-t mangle -A OUTPUT -o eth9 -j DSCP --set-dscp 10",
            "-t raw -A PREROUTING -p udp --dport 7 -j DROP",
        ):
            done = host.run([iptables, *words.split()])
            assert done.returncode == 0, done.stderr


def ours(lines: list[str]) -> list[str]:
    return [line for line in lines if re.search(r"TCPSD-(IN|OUT)\b", line)]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dialect": "lkm"},
        {"workers": 3, "queue": 7, "queue_bypass": True},
        {"ports": MANY_PORTS, "interface": "eth0,wlan+", "exclude": "22,53,10.0.0.0/8,fd00::/8,10.1.2.3,fe80::1"},
    ],
    ids=["default", "lkm", "workers", "selection"],
)
def test_rules_come_and_go_and_an_administrators_stay(rig: Rig, tool: str, options: dict[str, object]) -> None:
    host = rig.namespace("host")
    add_own_rules(host, tool)
    before = {family: rules(host, tool, family) for family in FAMILIES}
    daemon = Tcpsd(host, **options)
    assert f"rules by iptables-{tool}" in "\n".join(daemon.log())
    other = "legacy" if tool == "nft" else "nft"
    for family in FAMILIES:
        during = rules(host, tool, family)
        assert [line for line in during if line not in ours(during)] == before[family]
        assert during.count("mangle -A OUTPUT -j TCPSD-OUT") == during.count("raw -A PREROUTING -j TCPSD-IN") == 1
        assert not ours(rules(host, other, family))
    assert daemon.stop() == 0
    assert {family: rules(host, tool, family) for family in FAMILIES} == before


def test_killed_and_started_again_the_rules_are_those_of_one_start(rig: Rig, tool: str) -> None:
    host = rig.namespace("host")
    daemon = Tcpsd(host)
    once = {family: rules(host, tool, family) for family in FAMILIES}
    for _ in range(2):
        daemon.kill()
        assert {family: rules(host, tool, family) for family in FAMILIES} == once
        daemon.start()
        assert {family: rules(host, tool, family) for family in FAMILIES} == once
    daemon.stop()
    assert all(rules(host, tool, family) == [] for family in FAMILIES)


def test_cleanup_removes_what_a_killed_daemon_left_and_nothing_else(rig: Rig, tool: str) -> None:
    host = rig.namespace("host")
    add_own_rules(host, tool)
    before = {family: rules(host, tool, family) for family in FAMILIES}
    daemon = Tcpsd(host)
    daemon.kill()
    for _ in range(2):  # the second time there is nothing to do
        done = daemon.command("cleanup")
        assert (done.returncode, done.stderr) == (0, "")
        assert {family: rules(host, tool, family) for family in FAMILIES} == before


def test_rules_of_the_other_iptables_are_replaced(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = rig.namespace("host")
    with monkeypatch.context() as patch:
        for program in ("iptables-nft-restore", "ip6tables-nft-restore"):
            (tmp_path / program).write_text("#!/bin/sh\nexit 1\n")
            (tmp_path / program).chmod(0o755)
        patch.setenv("PATH", f"{tmp_path}:/usr/sbin:/usr/bin:/sbin:/bin")
        daemon = Tcpsd(host)
        daemon.kill()
    assert ours(rules(host, "legacy", "ipv4"))
    daemon.start()
    for family in FAMILIES:
        assert ours(rules(host, "nft", family))
        assert not ours(rules(host, "legacy", family))


LEFTOVERS = {
    "half installed": "*mangle\n:TCPSD-OUT - [0:0]\n-A OUTPUT -j TCPSD-OUT\n-A TCPSD-OUT -p tcp -j NFQUEUE\nCOMMIT\n",
    "chain without jump": "*raw\n:TCPSD-IN - [0:0]\n-A TCPSD-IN -p tcp -j NFQUEUE --queue-num 9\nCOMMIT\n",
    "two jumps": "*raw\n:TCPSD-IN - [0:0]\n-A PREROUTING -j TCPSD-IN\n-A PREROUTING -j TCPSD-IN\nCOMMIT\n",
}


@pytest.mark.parametrize("leftover", LEFTOVERS)
@pytest.mark.parametrize("command", ["run", "cleanup"])
def test_whatever_is_left_of_ours_is_replaced_and_removed(
    rig: Rig, tool: str, leftover: str, command: str, tmp_path: Path
) -> None:
    host = rig.namespace("host")
    saved = tmp_path / "saved"
    saved.write_text(LEFTOVERS[leftover])
    for name in PREFIXES.values():
        # Not by the tests' stand-in for a kernel without nf_tables.
        done = host.run(["sh", "-c", f"/usr/sbin/{name}-{tool}-restore --noflush < {saved}"])
        assert done.returncode == 0, done.stderr
    if command == "run":
        daemon = Tcpsd(host)
        for family in FAMILIES:
            assert sum(":TCPSD" in line for line in rules(host, tool, family)) == 2
        assert daemon.stop() == 0
    else:
        assert host.run([program(), "cleanup", "--run-dir", tmp_path]).returncode == 0
    assert [rules(host, tool, family) for family in FAMILIES] == [[], []]


@pytest.fixture
def no_iptables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Once called, neither iptables changes anything."""

    def break_it() -> None:
        for kind in ("nft", "legacy"):
            for name in PREFIXES.values():
                script = tmp_path / f"{name}-{kind}-restore"
                script.write_text(f"#!/bin/sh\necho 'no {kind} here' >&2\nexit 1\n")
                script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/sbin:/usr/bin:/sbin:/bin")

    return break_it


def wait_for_end(daemon: Tcpsd) -> int:
    deadline = time.monotonic() + 10
    while daemon.exit_code is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return daemon.exit_code


def test_where_no_iptables_works_it_says_so_and_leaves_nothing(rig: Rig, no_iptables: Callable[[], None]) -> None:
    host = rig.namespace("host")
    no_iptables()
    daemon = Tcpsd(host, wait=False)
    assert wait_for_end(daemon) == 3
    assert "iptables-nft-restore: no nft here; iptables-legacy-restore: no legacy here" in "\n".join(daemon.log())
    assert rules(host, "nft", "ipv4") == []


def test_a_start_that_fails_after_a_crash_does_not_open_the_way(
    rig: Rig, tool: str, no_iptables: Callable[[], None]
) -> None:
    host = rig.namespace("host")
    daemon = Tcpsd(host)
    daemon.kill()
    before = {family: rules(host, tool, family) for family in FAMILIES}
    no_iptables()
    daemon.start(wait=False)
    assert wait_for_end(daemon) == 3
    assert {family: rules(host, tool, family) for family in FAMILIES} == before


# --- what they select ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_ports_and_exclusions_count_at_either_end(
    pair: Pair, family: str, serve: Callable[..., object], answers: Callable[..., bool]
) -> None:
    daemon = Tcpsd(pair.near, ports="4000-4010,4100", exclude="4005")
    daemon.kill()
    selected = {4000: True, 4005: False, 4010: True, 4011: False, 4100: True, 4101: False}
    for port, dropped in selected.items():
        serve(pair.far, port)
        serve(pair.near, port)
        assert answers(pair.near, pair.far.address[family], port) is not dropped, f"to port {port}"
        assert answers(pair.far, pair.near.address[family], port) is not dropped, f"from port {port}"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("who", ["near", "far"])
def test_an_excluded_address_passes_whichever_end_it_is(
    pair: Pair, family: str, who: str, serve: Callable[..., object], answers: Callable[..., bool]
) -> None:
    daemon = Tcpsd(pair.near, exclude=getattr(pair, who).address[family])
    daemon.kill()
    other = next(name for name in FAMILIES if name != family)
    serve(pair.far, 4000)
    assert answers(pair.near, pair.far.address[family], 4000)
    assert not answers(pair.near, pair.far.address[other], 4000)


def test_only_the_interfaces_that_are_named(
    rig: Rig, serve: Callable[..., object], answers: Callable[..., bool]
) -> None:
    client, middle, server = (rig.namespace(label) for label in ("client", "middle", "server"))
    rig.cable(client, middle, devices=("eth0", "one"), addresses=(["10.1.0.2/24"], ["10.1.0.1/24"]))
    rig.cable(server, middle, devices=("eth0", "two"), addresses=(["10.2.0.2/24"], ["10.2.0.1/24"]))
    serve(client, 4000)
    serve(server, 4000)
    serve(middle, 4000)
    daemon = Tcpsd(middle, interface="tw+")
    daemon.kill()
    assert answers(middle, "10.1.0.2", 4000)
    assert answers(client, "10.1.0.1", 4000)
    assert not answers(middle, "10.2.0.2", 4000)
    assert not answers(server, "10.2.0.1", 4000)


@pytest.mark.parametrize("family", FAMILIES)
def test_traffic_of_the_host_with_itself_is_never_touched(
    pair: Pair, family: str, serve: Callable[..., object], answers: Callable[..., bool]
) -> None:
    """Spec tcps-dialects.md, R17."""
    serve(pair.near, 4000)
    daemon = Tcpsd(pair.near, enforce=True)
    daemon.kill()
    for address in (pair.near.address[family], {"ipv4": "127.0.0.1", "ipv6": "::1"}[family]):
        assert answers(pair.near, address, 4000)
    assert not answers(pair.far, pair.near.address[family], 4000)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_host_forwards_is_not_its_own(
    rig: Rig, family: str, serve: Callable[..., object], answers: Callable[..., bool]
) -> None:
    routed = rig.routed()
    serve(routed.right, 4000)
    serve(routed.router, 4000)
    daemon = Tcpsd(routed.router, enforce=True)
    daemon.kill()
    assert answers(routed.left, routed.right.address[family], 4000)
    assert not answers(routed.left, routed.router.address[family], 4000)


@pytest.mark.parametrize("family", FAMILIES)
def test_with_queue_bypass_a_killed_daemon_lets_all_pass(
    pair: Pair, family: str, serve: Callable[..., object], answers: Callable[..., bool]
) -> None:
    serve(pair.far, 4000)
    daemon = Tcpsd(pair.near, enforce=True, queue_bypass=True)
    assert not answers(pair.near, pair.far.address[family], 4000)  # enforce: the other side speaks no TCP/S
    daemon.kill()
    assert answers(pair.near, pair.far.address[family], 4000)


def test_after_cleanup_traffic_flows_again(
    pair: Pair, serve: Callable[..., object], answers: Callable[..., bool]
) -> None:
    serve(pair.far, 4000)
    daemon = Tcpsd(pair.near)
    daemon.kill()
    assert not answers(pair.near, pair.far.address["ipv4"], 4000)
    assert daemon.command("cleanup").returncode == 0
    assert answers(pair.near, pair.far.address["ipv4"], 4000)


def test_no_gap_while_rules_are_replaced(pair: Pair, serve: Callable[..., object], tmp_path: Path) -> None:
    """enforce=1: whoever speaks no TCP/S gets no connection, at no moment of a reload."""
    configuration = tmp_path / "tcpsd.conf"
    configuration.write_text("ports = 4000\n")
    serve(pair.near, 4000)
    daemon = Tcpsd(pair.near, enforce=True, config=configuration)
    attempts = """
import socket, sys, time
address, end, done = sys.argv[1], time.monotonic() + float(sys.argv[2]), 0
print("trying", flush=True)
while time.monotonic() < end:
    with socket.socket() as s:
        s.settimeout(0.005)
        try:
            s.connect((address, 4000))
            done += 1
        except OSError:
            pass
print("connections", done, flush=True)
"""
    client = pair.far.start(["/usr/bin/python3", "-c", attempts, pair.near.address["ipv4"], "3"], ready="trying")
    for number in range(8):
        configuration.write_text(f"ports = 4000,{5000 + number}\n")
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_log(rf"(configuration read again[^$]*){{{number + 1}}}")
    assert client.wait_for(r"connections (\d+)")[1] == "0"


# --- fragments -------------------------------------------------------------------------------------------------------


def fragmented_syn(source: str, destination: str, port: int) -> list[bytes]:
    """A SYN without TC, in two IP fragments. The text, which TCP ignores, makes it long enough for IPv6's rules."""
    segment = TCP(sport=3999, dport=port, flags="S", seq=1) / Raw(bytes(1400))
    if ":" in source:
        whole = IPv6(src=source, dst=destination) / IPv6ExtHdrFragment(id=7) / segment
        return [bytes(part) for part in fragment6(whole, 1300)]
    return [bytes(part) for part in fragment(IP(src=source, dst=destination, id=7) / segment, 1280)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("dialect", "enforce", "gets_answer"), [("readme", False, True), ("readme", True, False), ("lkm", True, True)]
)
@pytest.mark.parametrize("ports", [None, "4000"])
def test_fragments_are_judged_whole_or_as_the_module_does_not_at_all(
    pair: Pair,
    family: str,
    dialect: str,
    enforce: bool,
    gets_answer: bool,
    ports: str | None,
    serve: Callable[..., object],
) -> None:
    """Spec tcps-dialects.md, R13: with enforce=1 no SYN without TC gets through, in fragments either."""
    serve(pair.near, 4000)
    Tcpsd(pair.near, dialect=dialect, enforce=enforce, ports=ports)
    addresses = pair.far.address[family], pair.near.address[family]
    kind = socket.AF_INET6 if family == "ipv6" else socket.AF_INET
    with pair.far.entered():
        raw = socket.socket(kind, socket.SOCK_RAW, socket.IPPROTO_RAW)
    answers = []
    with raw, pair.far.packet_socket("far") as wire:
        wire.settimeout(0.1)
        for part in fragmented_syn(*addresses, 4000):
            raw.sendto(part, (addresses[1], 0))
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                packet = Ether(wire.recv(65536))
                if TCP in packet and packet[TCP].dport == 3999:
                    answers.append(str(packet[TCP].flags))
    assert ("SA" in answers) is gets_answer
