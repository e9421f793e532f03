"""A plain TCP connection with a target, with nothing of TCP/S: to see whether the target is there and serves.

It is made of Scapy packets, since the suite's hosts are not known to this machine's kernel.
"""

import itertools
from collections.abc import Callable, Sequence

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6

from conformance.seen import Seen
from conformance.target import Family, Service, Target

_LINE = b"The suite says hello.\r\n"
_ISN = 0x1000
_WINDOW = 65535
_PATIENCE = 1.0  # seconds for a reaction, before time_scale
_ATTEMPTS = 3  # of a segment that wants an answer: networks lose packets
_ports = itertools.cycle(range(40000, 60000))  # ours: a connection may be in TIME-WAIT at the target


class PlainFailure(Exception):
    """What is wrong, in one sentence."""


class PlainConnection:
    """One connection; the target is started. Every method raises `PlainFailure`, and `NotDriven` as targets do."""

    def __init__(self, target: Target, family: Family) -> None:
        self._target = target
        self._layer = IP if family == "ipv4" else IPv6
        self._address = target.address()
        self._our_port, self._port = next(_ports), 0
        self._what = ""  # for messages: where the service is
        self._next = _ISN + 1  # the sequence number behind all that we have sent
        self._expected = 0  # the one that we receive next
        self._received = b""
        self._fin = self._reset = False

    def open(self, service: Service) -> None:
        """We connect to the service."""
        self._port = self._target.serve(service)
        self._what = f"{self._target.host} port {self._port}"
        answer = None
        for _ in range(_ATTEMPTS):
            self._send("S", seq=_ISN, options=[("MSS", 1400)])
            if (answer := self._receive()) is not None:
                break
        if answer is None:
            raise PlainFailure(
                f"{self._what} does not answer a plain SYN: a packet filter, or TCP/S with enforce=1, which the "
                "sanity test cannot pass ('configure' in the target file turns it off)"
            )
        if "R" in answer.flags:
            raise PlainFailure(f"{self._what} refuses connections: nothing listens there")
        if answer.flags & "SA" != "SA" or answer.ack != self._next:
            raise PlainFailure(f"{self._what} answers a plain SYN with {answer.summary()}")
        self._expected = (answer.seq + 1) % 2**32
        self._send("A", seq=self._next)

    def accept(self, service: Service) -> None:
        """The target connects to us, and runs the service."""
        self._what = f"the application at {self._target.host} that connects to us"
        self._target.connect(self._address, self._our_port, service)
        syn = self._receive()
        if syn is None or syn.flags & "SA" != "S":
            raise PlainFailure(f"{self._what} sends {'no SYN' if syn is None else syn.summary()}")
        self._port = syn.sport
        self._expected = (syn.seq + 1) % 2**32
        for _ in range(_ATTEMPTS):
            self._send("SA", seq=_ISN, options=[("MSS", 1400)])
            answer = self._receive()
            if answer is not None and answer.flags & "SA" == "A" and answer.ack == self._next:
                return
        raise PlainFailure(f"{self._what} does not finish the handshake")

    def echo(self) -> None:
        """One line, as RFC 862 has it."""
        self._say(_LINE, lambda: len(self._received) >= len(_LINE))
        if self._received != _LINE:
            raise PlainFailure(f"{self._what} echoes {self._received!r} for {_LINE!r}: no echo service (RFC 862)")

    def greeting(self) -> None:
        """A line comes, and the target closes first."""
        while not self._fin and self._take():
            pass
        if not self._fin or self._received.count(b"\n") != 1 or not self._received.endswith(b"\n"):
            closed = "closes" if self._fin else "does not close"
            raise PlainFailure(f"{self._what} sends {self._received!r} and {closed}: no greeting")

    def abortion(self) -> None:
        """One byte, at which the target resets the connection."""
        self._say(b"x", lambda: self._reset, may_reset=True)
        if not self._reset:
            raise PlainFailure(f"{self._what} does not reset a connection after its first byte")

    def close(self) -> None:
        """We close, and so does the target."""
        start = self._next
        self._next += 1
        for _ in range(_ATTEMPTS):
            self._send("FA", seq=start)
            while not self._fin and self._take():
                pass
            if self._fin:
                return
        raise PlainFailure(f"{self._what} does not close a connection that was closed by its peer")

    # Within

    def _say(self, payload: bytes, answered: Callable[[], bool], *, may_reset: bool = False) -> None:
        """Sends it, again if nothing comes, and takes what comes until it is `answered`."""
        start = self._next
        self._next += len(payload)
        for _ in range(_ATTEMPTS):
            self._send("PA", seq=start, payload=payload)
            while not answered() and self._take(may_reset=may_reset):
                pass
            if answered() or self._received:
                return

    def _take(self, *, may_reset: bool = False) -> bool:
        """Takes one segment of the target and acknowledges what came in order; False if none comes."""
        segment = self._receive()
        if segment is None:
            return False
        if "R" in segment.flags:
            if not may_reset:
                raise PlainFailure(f"{self._what} resets the connection")
            self._reset = True
            return True
        payload, fin = bytes(segment.payload), "F" in segment.flags
        if segment.seq == self._expected:
            self._received += payload
            self._fin = fin
            self._expected = (self._expected + len(payload) + fin) % 2**32
        if payload or fin:
            self._send("A", seq=self._next)
        return True

    def _send(self, flags: str, *, seq: int, payload: bytes = b"", options: Sequence[tuple[str, int]] = ()) -> None:
        header = self._layer(src=self._address, dst=self._target.host)
        segment = TCP(
            sport=self._our_port,
            dport=self._port,
            flags=flags,
            seq=seq,
            ack=self._expected,
            window=_WINDOW,
            options=list(options),
        )
        self._target.send(bytes(header / segment / payload))

    def _receive(self) -> TCP | None:
        """The next segment on the connection, or None if it does not come in time."""
        deadline = self._target.now() + _PATIENCE * self._target.time_scale
        while (received := self._target.receive(max(0.0, deadline - self._target.now()))) is not None:
            seen = Seen(received.data, received.time)
            if seen.is_whole and seen.tcp.dport == self._our_port and self._port in (0, seen.tcp.sport):
                return seen.tcp
        return None
