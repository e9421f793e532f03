"""`lab conform --target vm`: a plain kernel is told as such, nonsense is refused, an interrupted run leaves nothing."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from scapy.layers.inet import TCP
from scapy.utils import rdpcap

from tcpslab.outcome import Exit, RequestError
from tcpslab.scapy import TC, find

from conformance import runner
from conformance.options import Options
from conformance.target_choice import choose_target

from kernel_host import need_root
from test_vm_files import module

TEST = "test_fin.py"  # a few tests of the suite; which ones is all the same


@pytest.fixture
def options(tmp_path: Path) -> Options:
    need_root()
    return Options(target="vm", out=str(tmp_path / "out"), tests=(TEST,), ports=(7007,), command=("lab", "conform"))


def test_a_plain_kernel_does_not_speak_tcps_and_fails_nothing(options: Options) -> None:
    command = runner.command(options)
    done = subprocess.run(command, env=runner.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == Exit.AS_EXPECTED, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert "without a module, by tcps/lkm: does not speak TCP/S, as expected: no module was given" in last
    assert " 0 fail, " in last
    assert "the rig works: it serves echo, greet and abort and opens connections" in done.stdout
    results = json.loads((options.out_dir / "results.json").read_text())
    assert results["verdict"].startswith("does not speak TCP/S")
    assert {result["status"] for result in results["results"]} == {"not applicable"}
    assert "does not speak TCP/S" in (options.out_dir / "report.html").read_text()
    assert "Linux version 6." in (options.out_dir / "vm" / "console.log").read_text()
    captured = [packet for packet in rdpcap(str(options.out_dir / "vm" / "link.pcap")) if TCP in packet]
    # The probe's SYN offers TC; the kernel's answer to it does not.
    assert any(find(packet, TC) for packet in captured if packet[TCP].dport == 7007)
    assert not any(find(packet, TC) for packet in captured if packet[TCP].sport == 7007)


def leftovers(run: int) -> list[Path]:
    """Namespaces and folders of the run with this process id (tcpslab.rig.lease)."""
    return [*Path("/run/netns").glob(f"tcpslab-{run}-*"), *Path("/run/tcpslab").glob(f"{run}-*")]


def machines(run: int) -> list[int]:
    """QEMU processes that the run started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if words.startswith(b"qemu-system-") and f"/run/tcpslab/{run}-".encode() in words:
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_interrupted_ends_its_machine(options: Options, number: signal.Signals) -> None:
    """One that is killed leaves files, which the next run removes, but no machine that runs on."""
    process = subprocess.Popen(
        runner.command(options), env=runner.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 30
        while not machines(process.pid) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert machines(process.pid)
        assert leftovers(process.pid)
        os.kill(process.pid, number)
        process.wait(20)
    finally:
        process.kill()
        process.wait()
    deadline = time.monotonic() + 5
    while machines(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not machines(process.pid)
    if number == signal.SIGINT:
        assert process.returncode == Exit.INFRASTRUCTURE or process.returncode == Exit.INTERRUPTED
        assert not leftovers(process.pid)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hosts": ("10.0.0.2",)}, "--host: the target vm, which the run makes itself, has none"),
        ({"module_parameters": ("enforce=1",)}, "--module-parameter enforce=1: goes with --module"),
        ({"target": "sim", "kernel": "/"}, "--kernel: goes with --target vm"),
        ({"kernel": "/nowhere"}, "--kernel /nowhere: is no file, no folder"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_starts(changes: dict[str, object], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        choose_target(Options(**({"target": "vm"} | changes)))


def test_a_module_has_to_be_one_and_its_parameters_its_own(tmp_path: Path) -> None:
    (tmp_path / "text.ko").write_text("no module")
    with pytest.raises(RequestError, match=r"text\.ko: is no kernel module"):
        choose_target(Options(target="vm", module=str(tmp_path / "text.ko")))
    with pytest.raises(RequestError, match="tofu=1: expected NAME=VALUE; tcps knows enforce, tofu_enforce"):
        choose_target(Options(target="vm", module=str(module(tmp_path)), module_parameters=("tofu=1",)))
