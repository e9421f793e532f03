"""The rig of the target vm: Debian's kernel under QEMU, with a stock module of it in the part of the module under test.

One boot serves all tests but the last, which makes the guest crash.
"""

import hashlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from scapy.utils import PcapReader

from tcpslab.outcome import InfrastructureError

from conformance import interop_run, sanity, target_file
from conformance.interop_hosts import GUEST_FOLDER, DaemonHost
from conformance.target import NotDriven, Setup
from conformance.target_choice import TARGETS
from conformance.vm import kernel, module_file
from conformance.vm.guest import Guest
from conformance.vm.host import VmSettings
from conformance.vm.module_index import ModuleIndex
from conformance.vm_target import VmTarget

from kernel_host import FAMILIES, need_root

# A module with parameters, one of which can be set while it is loaded, and with needs of its own.
STOCK = "nf_conntrack_ftp"
PARAMETERS = ("loose=0", "ports=2121,2122")
# One that needs another which is not loaded.
NEEDY = "nf_nat_ftp"
CONTENT = bytes(range(256)) * 1024
MAGIC = re.compile(rb"vermagic=[^\0]*")
SIGNED = b"~Module signature appended~\n"  # Documentation/admin-guide/module-signing.rst


@pytest.fixture(scope="module")
def stock() -> Path:
    need_root()
    try:
        return kernel_module(STOCK)
    except InfrastructureError as error:
        pytest.skip(f"there is no kernel to boot: {error}")


def kernel_module(name: str) -> Path:
    return ModuleIndex(kernel.find(None, None).modules).load_order([name])[-1]


def of_another_kernel(image: bytes) -> bytes:
    """A module as if somebody had built it for another kernel, as far as this one can tell."""

    def other(found: "re.Match[bytes]") -> bytes:
        return b"vermagic=5.10.0-9-amd64 SMP mod_unload ".ljust(len(found[0]), b"\0")

    return MAGIC.sub(other, image.removesuffix(SIGNED))


@pytest.fixture(scope="module")
def target(stock: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VmTarget]:
    """Booted with the first test."""
    files = {
        f"{GUEST_FOLDER}/content": CONTENT,
        "/other.ko": of_another_kernel(module_file.contents(stock)),
        "/needy.ko": module_file.contents(kernel_module(NEEDY)),
    }
    out = tmp_path_factory.mktemp("vm")
    settings = VmSettings(out, module=stock, parameters=PARAMETERS, files=files)
    made = VmTarget(target_file.load(TARGETS / "vm.yaml"), settings)
    try:
        made.start(Setup())
        made.stop()
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_guest_serves_and_connects(target: VmTarget, family: str) -> None:
    assert sanity.check_services(target, family) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_the_kernel_on_our_side_reaches_it(target: VmTarget, family: str) -> None:
    """As programs in the namespace do, tcpsd behind them or not; no packet is longer than the network takes."""
    data = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(256)) * 16
    target.start(Setup(family=family))
    with target.virtual.near.entered():
        connection = socket.create_connection((target.host, target.serve("echo")), timeout=20)
    with connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: connection.recv(65536), b"")) == data
    capture = target.virtual.machine.console.with_name("link.pcap")
    with PcapReader(str(capture)) as frames:
        assert max(len(bytes(frame)) for frame in frames) == 1514


def test_segments_leave_one_by_one(target: VmTarget) -> None:
    """tcps-wire.md, section 8: a module below TCP else gets many of them as one packet."""
    shown = target.virtual.machine.shell.ask("/bin/ip -d link show dev eth0")
    assert "gso_max_segs 1 " in shown


def test_the_module_is_loaded_with_its_parameters(target: VmTarget) -> None:
    guest = target.virtual.guest
    assert set(guest.settings) == {"loose", "ports"}
    assert (guest.get("loose"), guest.get("ports")) == ("N", "2121,2122")
    loaded = target.virtual.machine.shell.ask("lsmod")
    assert {"nf_conntrack_ftp", "nf_conntrack", "libcrc32c"} <= set(loaded.split())
    guest.set("loose", 1)
    assert guest.get("loose") == "Y"
    guest.reload()
    assert guest.get("loose") == "N"


def test_a_parameter_that_the_module_has_not_is_not_driven(target: VmTarget) -> None:
    target.start(Setup(enforce=False, tofu_enforce=True))  # what a module without them is like
    with pytest.raises(NotDriven, match="the module has no parameter enforce"):
        target.start(Setup(enforce=True))


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        ("/other.ko", "version magic '5.10.0-9-amd64 SMP mod_unload ' should be '6"),
        ("/needy.ko", "Unknown symbol nf_nat_"),
    ],
)
def test_a_module_that_does_not_fit_is_refused_with_the_words_of_the_kernel(
    target: VmTarget, stock: Path, tmp_path: Path, file: str, complaint: str
) -> None:
    original = module_file.contents(stock if file == "/other.ko" else kernel_module(NEEDY))
    (tmp_path / "module.ko").write_bytes(of_another_kernel(original) if file == "/other.ko" else original)
    module = module_file.read(tmp_path / "module.ko")
    with pytest.raises(InfrastructureError) as refused:
        Guest(target.virtual.machine, module, path=file).load()
    message = str(refused.value)
    assert f"does not load the module {module.name}, which was built for {module.release}: insmod: " in message
    assert complaint in message.partition("the guest's console says:\n")[2]


def test_an_application_that_cannot_connect_is_told_of(target: VmTarget) -> None:
    target.start(Setup())
    command = r"'tcpslab-services connect 10\.9\.0\.1 9 echo' in the guest"
    with pytest.raises(NotDriven, match=f"opened no connection: {command}") as told:
        target.connect("10.9.0.1", 9, "echo")  # the namespace's own kernel: nothing listens there
    assert "Connection refused" in str(told.value)


def test_a_module_without_tcps_does_not_interoperate(target: VmTarget) -> None:
    """Everything arrives, but the guest's SYN-ACK has no TC."""
    daemon = DaemonHost(target.virtual.near, CONTENT)
    try:
        first = next(interop_run.checks_of(target.virtual, daemon, CONTENT))
    finally:
        daemon.stop()
    assert first.what == f"tcpsd connects to {STOCK}.ko, first visit"
    assert first.wrong.startswith("no TC: ")


def test_a_guest_that_crashed_is_booted_again(target: VmTarget) -> None:
    target.start(Setup())
    with pytest.raises(InfrastructureError, match="the guest"):
        target.virtual.machine.shell.ask("echo c >/proc/sysrq-trigger")
    target.stop()
    assert sanity.check(target, "ipv4") is None
    assert target.virtual.guest.get("loose") == "N"
    assert "sysrq: Trigger a crash" in target.virtual.machine.console.read_text()
    (note,) = target.notes()
    assert note.startswith("the machine crashed or hung and was booted again 1 time")
