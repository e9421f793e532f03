"""Interoperation (interop.py), with tcpsd in the part of the kernel module: two daemons that speak as it does."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tcpslab.rig import Namespace, Rig

from conformance.interop import Interop
from conformance.interop_hosts import DaemonHost

from kernel_host import need_root

CONTENT = random.Random("interop").randbytes(256 << 10)


@contextmanager
def listening(host: Namespace, device: str) -> Iterator[list[bytes]]:
    """The IP packets at a device, as they come."""
    packets: list[bytes] = []
    done = threading.Event()

    def listen(frames: socket.socket) -> None:
        while not done.is_set():
            try:
                packets.append(frames.recv(1 << 16)[14:])
            except TimeoutError:
                continue

    with host.packet_socket(device) as frames:
        frames.settimeout(0.1)
        frames.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        thread = threading.Thread(target=listen, args=(frames,))
        thread.start()
        try:
            yield packets
        finally:
            done.set()
            thread.join()


def test_two_daemons_that_speak_as_the_module_does() -> None:
    need_root()
    with Rig() as rig:
        pair = rig.pair()
        ours = DaemonHost(pair.near, CONTENT, name="one")
        theirs = DaemonHost(pair.far, CONTENT, name="other")
        with listening(pair.near, "near") as packets:
            checks = list(Interop(ours, theirs, lambda: packets, CONTENT).play())
    assert len(checks) == 8
    assert not [str(check) for check in checks if check.wrong]


def test_hosts_that_protect_nothing_are_found_out() -> None:
    """Both daemons look after other ports only: everything arrives, and all of it in clear."""
    need_root()
    with Rig() as rig:
        pair = rig.pair()
        ours, theirs = (DaemonHost(host, CONTENT, name=host.label, ports="9") for host in (pair.near, pair.far))
        with listening(pair.near, "near") as packets:
            first = next(Interop(ours, theirs, lambda: packets, CONTENT).play())
    assert first.wrong.startswith(("plaintext on the wire", "no TC"))
