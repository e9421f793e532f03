"""`lab conform --target vm --interop`: tcpsd in a namespace and a kernel module in a virtual machine, on one cable.

Leaves in `--out`: checks.json, tcpsd.log, and of the machine vm/console.log and vm/link.pcap.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from scapy.utils import RawPcapReader

from tcpslab import results
from tcpslab.outcome import Exit
from tcpslab.rig import Rig

from conformance.interop import Check, Interop
from conformance.interop_hosts import GUEST_FOLDER, DaemonHost, ModuleHost
from conformance.vm.guest_shell import NoAnswer
from conformance.vm.host import VirtualHost, VmSettings

_SIZE = 2 << 20  # bytes that each connection moves each way
_ETHERNET_HEADER = 14


def main(args: argparse.Namespace) -> Exit:
    """Prints a line for each check as it is done, and at the end how many passed."""
    content = random.Random(args.seed).randbytes(_SIZE)
    settings = VmSettings(
        out=args.out.resolve() / "vm",
        module=args.module,
        parameters=args.module_parameter,
        kernel=args.kernel,
        files={f"{GUEST_FOLDER}/content": content},
    )
    virtual = VirtualHost(settings)
    checks: list[Check] = []
    with Rig() as rig:
        virtual.boot(rig)
        daemon = DaemonHost(virtual.near, content)
        try:
            for check in checks_of(virtual, daemon, content):
                print(check, flush=True)
                checks.append(check)
        finally:
            args.out.mkdir(parents=True, exist_ok=True)
            (args.out / "tcpsd.log").write_text("".join(f"{line}\n" for line in daemon.log()), encoding="utf-8")
    failed = [check for check in checks if check.wrong]
    document = {"checks": [{"what": check.what, "wrong": check.wrong or None} for check in checks]}
    results.add_provenance(document, ["lab", *sys.argv[1:]])
    results.write(args.out / "checks.json", document)
    print(f"tcpsd and {virtual.description}: {len(checks) - len(failed)} passed, {len(failed)} failed")
    return Exit.DIFFERS if failed else Exit.AS_EXPECTED


def checks_of(virtual: VirtualHost, daemon: DaemonHost, content: bytes) -> Iterator[Check]:
    """Both hosts hold the content. A module that ends its machine fails one more check, which is the last."""
    capture = virtual.machine.console.with_name("link.pcap")
    try:
        yield from Interop(daemon, ModuleHost(virtual), lambda: _packets(capture), content).play()
    except NoAnswer as error:
        yield Check("the module does not end the machine", f"{error}; {virtual.machine.last_words()}")


def _packets(capture: Path) -> list[bytes]:
    with closing(RawPcapReader(str(capture))) as frames:
        return [frame[_ETHERNET_HEADER:] for frame, _ in frames]
