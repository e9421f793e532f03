"""Whether a target is there and does TCP at all: a plain connection, with nothing of TCP/S, and one line echoed.

It runs before the suite, so that a cable that is out is not reported as hundreds of failed requirements, and after it,
so that a target that died on the way is noticed.
"""

from collections.abc import Sequence

from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6

from conformance.seen import Seen
from conformance.target import Family, Setup, Target

_LINE = b"The suite says hello.\r\n"
_PORT = 40007  # ours; the address is new
_ISN = 0x1000
_WINDOW = 65535
_PATIENCE = 1.0  # seconds for a reaction, before time_scale
_ATTEMPTS = 3  # of the SYN and of the line: networks lose packets


def check(target: Target, family: Family) -> str | None:
    """Starts the target for it, and stops it. Returns what is wrong in one sentence, or None. Raises NotDriven."""
    try:
        target.start(Setup(family=family))
        return _Conversation(target, family).run()
    finally:
        target.stop()


class _Failed(Exception):
    pass


class _Conversation:
    def __init__(self, target: Target, family: Family) -> None:
        self._target = target
        self._layer = IP if family == "ipv4" else IPv6
        self._address = target.address()
        self._port = target.serve("echo")
        self._next = _ISN + 1  # the sequence number behind all that we have sent
        self._expected = 0  # the one that we receive next
        self._echoed = b""
        self._fin = False

    def run(self) -> str | None:
        try:
            self._open()
            self._echo()
            self._close()
        except _Failed as failed:
            return str(failed)
        return None

    def _open(self) -> None:
        answer = None
        for _ in range(_ATTEMPTS):
            self._send("S", seq=_ISN, options=[("MSS", 1400)])
            if (answer := self._receive()) is not None:
                break
        if answer is None:
            raise _Failed(
                f"{self._where()} does not answer a plain SYN: a packet filter, or TCP/S with enforce=1, which the "
                "sanity test cannot pass ('configure' in the target file turns it off)"
            )
        if "R" in answer.flags:
            raise _Failed(f"{self._where()} refuses connections: nothing listens there")
        if answer.flags & "SA" != "SA" or answer.ack != self._next:
            raise _Failed(f"{self._where()} answers a plain SYN with {answer.summary()}")
        self._expected = (answer.seq + 1) % 2**32
        self._send("A", seq=self._next)

    def _echo(self) -> None:
        start = self._next
        self._next += len(_LINE)
        for _ in range(_ATTEMPTS):
            self._send("PA", seq=start, payload=_LINE)
            while len(self._echoed) < len(_LINE) and self._take():
                pass
            if self._echoed:
                break
        if self._echoed != _LINE:
            raise _Failed(f"{self._where()} echoes {self._echoed!r} for {_LINE!r}: no echo service (RFC 862)")

    def _close(self) -> None:
        start = self._next
        self._next += 1
        for _ in range(_ATTEMPTS):
            self._send("FA", seq=start)
            while not self._fin and self._take():
                pass
            if self._fin:
                return
        raise _Failed(f"{self._where()} does not close a connection that was closed by its peer")

    def _take(self) -> bool:
        """Takes one segment of the target and acknowledges what came in order; False if none comes."""
        segment = self._receive()
        if segment is None:
            return False
        if "R" in segment.flags:
            raise _Failed(f"{self._where()} resets the connection")
        payload, fin = bytes(segment.payload), "F" in segment.flags
        if segment.seq == self._expected:
            self._echoed += payload
            self._fin = fin
            self._expected = (self._expected + len(payload) + fin) % 2**32
        if payload or fin:
            self._send("A", seq=self._next)
        return True

    def _send(self, flags: str, *, seq: int, payload: bytes = b"", options: Sequence[tuple[str, int]] = ()) -> None:
        header = self._layer(src=self._address, dst=self._target.host)
        segment = TCP(
            sport=_PORT,
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
            if seen.is_whole and (seen.tcp.sport, seen.tcp.dport) == (self._port, _PORT):
                return seen.tcp
        return None

    def _where(self) -> str:
        return f"{self._target.host} port {self._port}"
