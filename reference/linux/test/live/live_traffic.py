"""Connections of this process's own, on the kernel's TCP of a rig's hosts."""

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Iterator

from tcpslab.rig import Namespace

FAMILIES = ("ipv4", "ipv6")
PORT = 4000
_LIMIT = 20.0  # seconds that a socket waits


def document(size: int, name: str = "document") -> bytes:
    """Text of which no part is in it twice."""
    blocks = (hashlib.sha256(f"{name} {number}".encode()).hexdigest() + "\n" for number in range(size // 65 + 1))
    return "".join(blocks).encode()[:size]


@contextlib.contextmanager
def listening(host: Namespace, port: int = PORT, *, backlog: int = 128) -> Iterator[socket.socket]:
    """A socket that accepts connections over either family."""
    with host.entered():
        listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=backlog)
    with listener:
        listener.settimeout(_LIMIT)
        yield listener


def connect(host: Namespace, address: str, port: int = PORT, *, limit: float = _LIMIT) -> socket.socket:
    with host.entered():
        return socket.create_connection((address, port), timeout=limit)


@contextlib.contextmanager
def connected(
    client: Namespace, server: Namespace, family: str = "ipv4", *, limit: float = _LIMIT
) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of one connection; calls on them wait for at most `limit` seconds."""
    with listening(server) as listener, connect(client, server.address[family]) as ours:
        theirs, _ = listener.accept()
        with theirs:
            for end in (ours, theirs):
                end.settimeout(limit)
            yield ours, theirs


def carry(source: socket.socket, sink: socket.socket, data: bytes) -> bytes:
    """Sends the data and returns what arrives at the other end."""
    sender = threading.Thread(target=source.sendall, args=(data,))
    sender.start()
    try:
        return receive(sink, len(data))
    finally:
        sender.join()


def receive(sink: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer if the peer closes before."""
    parts = []
    while size > 0 and (part := sink.recv(min(size, 1 << 16))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


class Stream:
    """A transfer at a steady pace, both ends of which go on in the background until they cannot or are to `stop`."""

    _PIECE, _INTERVAL = 500, 0.005  # bytes, seconds

    def __init__(self, source: socket.socket, sink: socket.socket, seconds: float) -> None:
        """`seconds`: for how long there is something to send."""
        self.text = document(int(seconds / self._INTERVAL) * self._PIECE, "stream")
        self.arrived = b""
        self._done = threading.Event()
        ends = ((self._send, source), (self._receive, sink))
        self._threads = [threading.Thread(target=end, args=(its,)) for end, its in ends]
        for end in (source, sink):
            end.settimeout(0.1)
        for thread in self._threads:
            thread.start()

    def wait_for(self, size: int, limit: float = 10.0) -> None:
        """Until so many more bytes have arrived."""
        goal, deadline = len(self.arrived) + size, time.monotonic() + limit
        while len(self.arrived) < goal:
            assert time.monotonic() < deadline, f"{len(self.arrived)} of {goal} bytes arrived"
            time.sleep(0.01)

    def stop(self) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _send(self, source: socket.socket) -> None:
        sent = 0
        while sent < len(self.text) and not self._done.wait(self._INTERVAL):
            try:
                sent += source.send(self.text[sent : sent + self._PIECE])
            except TimeoutError:
                pass
            except OSError:
                return

    def _receive(self, sink: socket.socket) -> None:
        while not self._done.is_set():
            try:
                part = sink.recv(1 << 16)
            except TimeoutError:
                continue
            except OSError:
                return
            if not part:
                return
            self.arrived += part


@contextlib.contextmanager
def streaming(source: socket.socket, sink: socket.socket, seconds: float = 10.0) -> Iterator[Stream]:
    stream = Stream(source, sink, seconds)
    try:
        yield stream
    finally:
        stream.stop()
