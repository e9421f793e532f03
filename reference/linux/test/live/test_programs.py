"""Programs that know nothing of it are protected: ciphertext on the wire, plaintext at both ends."""

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from tcpslab import tree
from tcpslab.rig import Namespace, Pair, Tcpsd
from tcpslab.rig.tcpsd import program as tcpsd_program

from live_capture import Capture, readable
from live_programs import HTTP, IPERF, POSTGRES, serve_database, serve_documents, serve_iperf, url
from live_traffic import FAMILIES, document

Daemons = tuple[Tcpsd, Tcpsd]
DOCUMENT = document(200_000)


def get(pair: Pair, family: str, name: str = "document") -> bytes:
    """What curl at the near host makes of a document of the far host's."""
    file = pair.near.folder / "got"
    curl = ["curl", "--silent", "--show-error", "--fail", "--max-time", "20", "--output", file]
    done = pair.near.run([*curl, url(pair.far, family, name)])
    assert done.returncode == 0, done.stderr
    return file.read_bytes()


def endpoint(host: Namespace, family: str, port: object) -> str:
    address = host.address[family]
    return f"[{address}]:{port}" if family == "ipv6" else f"{address}:{port}"


def session_lines(daemon: Tcpsd) -> list[str]:
    """Of sessions and peers, as they were logged, without the time before the prefix."""
    lines = [line[line.index("tcps: ") :] for line in daemon.log() if "tcps: " in line]
    return [line for line in lines if re.match(r"tcps: (encrypted session|session authenticated|TOFU|MITM)", line)]


@pytest.mark.parametrize("family", FAMILIES)
def test_curl_and_nginx(pair: Pair, daemons: Daemons, family: str) -> None:
    near, far = daemons
    serve_documents(pair.far, {"document": DOCUMENT})
    capture = Capture(pair.near, "near")

    assert get(pair, family) == DOCUMENT
    assert get(pair, family) == DOCUMENT
    assert readable(capture.frames(), DOCUMENT) == 0
    assert readable(capture.frames(), b"GET /document HTTP/1.1\r\nHost: ") == 0

    # The readme, "Verifying operation": the first visit, and the second.
    ports = [
        match[1]
        for line in session_lines(near)
        if (match := re.search(r"encrypted session \S+:(\d+) <-> ", line))
    ]
    assert len(ports) == 2
    server = endpoint(pair.far, family, HTTP)
    for daemon, peer, other in ((near, pair.far, far), (far, pair.near, near)):
        fingerprint = other.status()["identity"]
        first, second = (f"{endpoint(pair.near, family, port)} <-> {server}" for port in ports)
        assert session_lines(daemon) == [
            f"tcps: encrypted session {first} (ECDH+AEAD)",
            f"tcps: TOFU: new peer {peer.address[family]} fingerprint {fingerprint}",
            f"tcps: session authenticated {first} (TOFU+auth_tag)",
            f"tcps: encrypted session {second} (ECDH+AEAD)",
            f"tcps: session authenticated {second} (TOFU+auth_tag)",
        ]


def test_a_capture_of_curl_is_readable_with_the_key_log(pair: Pair, daemons: Daemons, tmp_path: Path) -> None:
    serve_documents(pair.far, {"document": DOCUMENT})
    capture = Capture(pair.near, "near")
    for _ in range(2):  # identities are proven at the second visit
        assert get(pair, "ipv4") == DOCUMENT
    recorded = capture.write(tmp_path / "wire.pcap")
    plain, report = tmp_path / "plain.pcap", tmp_path / "report.json"
    tool = tcpsd_program().parents[1] / "capture" / "tcpslab-decrypt"
    for daemon in daemons:  # either host's secrets do
        options = ["--keylog", daemon.key_log_file, "--out", plain, "--json", report]
        done = subprocess.run([tool, recorded, *options], capture_output=True, text=True, check=False, cwd=tree.ROOT)
        assert done.returncode == 0, done.stdout + done.stderr
        verdict = re.search(r"^connections=2 .*tags_invalid=0 identity_valid=[1-9]", done.stdout, re.MULTILINE)
        assert verdict, done.stdout
        assert DOCUMENT in server_stream(plain)


def server_stream(file: Path) -> bytes:
    """The bytes that the HTTP server sent on the first connection."""
    from scapy.layers.inet import TCP
    from scapy.utils import PcapReader

    parts: dict[int, bytes] = {}
    with PcapReader(str(file)) as packets:
        sent = [packet[TCP] for packet in packets if TCP in packet and packet[TCP].sport == HTTP]
    first = sent[0]
    assert first.flags.S
    for segment in sent:
        if segment.dport == first.dport and len(segment.payload):
            parts[(segment.seq - first.seq) % 2**32] = bytes(segment.payload)
    return b"".join(parts[offset] for offset in sorted(parts))


@pytest.mark.parametrize("family", FAMILIES)
def test_psql_and_postgresql(pair: Pair, daemons: Daemons, family: str) -> None:
    serve_database(pair.far)
    capture = Capture(pair.near, "near")
    rows = [hashlib.md5(str(number).encode()).hexdigest() for number in range(3000)]
    table = "\n".join(rows) + "\n"
    file = pair.near.folder / "rows"
    file.write_text(table)

    def psql(*commands: str) -> str:
        words = [word for command in commands for word in ("--command", command)]
        target = ["--host", pair.far.address[family], "--port", POSTGRES, "--username", "postgres"]
        done = pair.near.run(["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", *target, *words])
        assert done.returncode == 0, done.stderr
        return done.stdout

    up = psql("create table t (n serial, hash text)", f"\\copy t (hash) from '{file}'", "select count(*) from t")
    assert up == "3000\n"
    assert psql("select hash from t order by n") == table
    assert readable(capture.frames(), table.encode()) == 0
    assert readable(capture.frames(), b"select hash from t order by n") == 0
    assert {c["state"] for daemon in daemons for c in daemon.status()["connections"]} <= {"AUTHENTICATED"}


@pytest.mark.parametrize("options", [[], ["--reverse"], ["--parallel", "8"]], ids=["up", "down", "eight"])
def test_iperf3_does_not_stall(pair: Pair, daemons: Daemons, options: list[str]) -> None:
    serve_iperf(pair.far)
    report = iperf(pair, "ipv4", 2, *options)
    intervals = [interval["sum"]["bytes"] for interval in report["intervals"]]
    assert len(intervals) >= 2
    assert all(intervals), intervals
    for daemon in daemons:
        (worker,) = daemon.status()["workers"]
        assert worker["blocked"] == 0
        assert not any("MAC" in line for line in daemon.log())


def iperf(pair: Pair, family: str, seconds: float, *options: str) -> dict:
    command = ["iperf3", "--json", "--client", pair.far.address[family], "--port", IPERF, "--time", seconds, *options]
    done = pair.near.run([str(word) for word in command], limit=seconds + 30)
    report = json.loads(done.stdout)
    assert done.returncode == 0, report.get("error")
    return report
