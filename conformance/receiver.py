"""What comes from the target on one connection: kept until a test says that it was expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tcpslab.scapy import TI, Tag

from conformance.endpoint import Endpoint, Identity, Role
from conformance.failure import PRESENT, Expectation, words
from conformance.seen import ACK, RST, SYN, WRAP, Seen, after
from conformance.timing import REACTION, SILENCE

if TYPE_CHECKING:
    from conformance.arena import Arena


class Receiver(Endpoint):
    """What the target sends waits in `inbox` until an `expect` claims it; `finish` fails on what nothing explains."""

    def __init__(self, arena: Arena, role: Role, address: str, port: int, identity: Identity) -> None:
        super().__init__(arena, role, address, port, identity)
        self.in_clear = False  # the documents let the target send unprotected from now on, or the test itself judges it
        self.inbox: list[Seen] = []
        self.all: list[Seen] = []
        self.stream = b""  # what the target's application sent, as far as it came in order
        self.fin: Seen | None = None  # the target's, once everything before it came
        self._seen_end: int | None = None
        self._early: list[Seen] = []  # segments beyond a gap
        self._history = b""  # all of the stream, with what was read
        self._begun: list[Seen] = []  # segments of which bytes were read

    def owns(self, seen: Seen) -> bool:
        ours = (seen.packet.dst, seen.tcp.dport) == (self.address, self.port)
        if self.path is None:
            return ours and seen.bits & SYN != 0
        return ours and (seen.packet.src, seen.tcp.sport) == (self.path.host, self.path.host_port)

    def take(self, seen: Seen) -> None:
        """A segment of the target arrived."""
        if self.protection:
            self.protection.judge(seen)
        self.all.append(seen)
        self.inbox.append(seen)
        if self.arena.monitor:
            self.arena.monitor.segment(self, seen)
        if seen.ti:
            self.target_identity = seen.ti.public_key
        self._absorb(seen)

    def _absorb(self, seen: Seen) -> None:
        """What a TCP receiver does with the sequence numbers of valid segments; they may overlap."""
        if seen.bits & (SYN | RST) or not seen.length or seen.tag in (Tag.INVALID, Tag.MISSING):
            return
        self._early = [early for early in [*self._early, seen] if after(early.end, self.rcv_nxt)]
        while (ready := next(filter(self._continues, self._early), None)) is not None:
            new = ready.said[(self.rcv_nxt - ready.seq) % WRAP :]
            self.stream += new
            self._history += new
            self.rcv_nxt = ready.end
            if ready.fin:
                self.fin = ready

    def _continues(self, seen: Seen) -> bool:
        """Whether it has what comes next in the target's stream."""
        return after(seen.end, self.rcv_nxt) and not after(seen.seq, self.rcv_nxt)

    def said_otherwise(self, seen: Seen) -> bool:
        """Whether it has other bytes for a part of the target's stream than came there before."""
        start = (seen.seq - self.rcv_nxt + (self.fin is not None) + len(self._history)) % WRAP
        known = self._history[start : start + len(seen.said)]
        return not seen.said.startswith(known)

    def expect(self, what: str, timeout: float = REACTION, **fields: Any) -> Seen:
        """Claims the first segment with these fields, waiting for it; see Expectation for how fields compare."""
        expectation = Expectation(what, fields)
        found: list[Seen] = []

        def come() -> bool:
            found[:] = [seen for seen in self.inbox if not expectation.differences(seen)][:1]
            return bool(found)

        if not self.arena.pump_until(come, timeout):
            raise self.violation(f"{what} did not come", expectation=expectation, candidates=list(self.inbox))
        self.claim(found[0])
        return found[0]

    def claim(self, seen: Seen) -> None:
        """Takes a segment as expected; it may come again."""
        self.inbox.remove(seen)
        if seen.length and (self._seen_end is None or after(seen.end, self._seen_end)):
            self._seen_end = seen.end

    def claim_all(self) -> None:
        """What came is not the matter of this test."""
        for seen in list(self.inbox):
            self.claim(seen)

    def expect_ti(self, timeout: float = REACTION, **fields: Any) -> TI:
        """A pure ACK with TI."""
        seen = self.expect("a TI", timeout, **{"pure_ack": True, "ti": PRESENT} | fields)
        assert seen.ti is not None
        return seen.ti

    def expect_nothing(self, seconds: float = SILENCE, *, requirements: Sequence[str] = ()) -> None:
        """No reaction: a TI that is due and retransmissions of what came before are none."""
        before = len(self.all)
        self.arena.pump_until(lambda: False, seconds)
        reactions = [seen for seen in self.all[before:] if not self._explained(seen)]
        if reactions:
            raise self.violation(
                f"the target reacted with {reactions[0]}", requirements=requirements, candidates=reactions
            )

    def read(self, size: int, timeout: float = REACTION) -> bytes:
        """The next bytes of the target's application, acknowledged as they come."""

        def enough() -> bool:
            self._acknowledge_rest()
            return len(self.stream) >= size

        come = self.arena.pump_until(enough, timeout)
        if not come:
            raise self.violation(
                f"{len(self.stream)} of {size} bytes came from the target's application", candidates=list(self.inbox)
            )
        data, self.stream = self.stream[:size], self.stream[size:]
        for seen in [seen for seen in self.inbox if seen.payload and after(self._read_end, seen.seq)]:
            self.claim(seen)
            self._begun.append(seen)
        return data

    @property
    def _read_end(self) -> int:
        """The sequence number after the last byte that was read."""
        return (self.rcv_nxt - (self.fin is not None) - len(self.stream)) % WRAP

    def expect_echo(self, payload: bytes) -> None:
        back = self.read(len(payload))
        if back != payload:
            raise self.violation(f"the application got or sent other bytes: {back.hex()} for {payload.hex()}")

    def expect_acknowledged(self, timeout: float = REACTION) -> None:
        """The target acknowledges all that was sent, on whatever segment."""

        def acknowledged() -> bool:
            return any(seen.bits & (ACK | RST) == ACK and seen.ack == self.snd_nxt for seen in self.all)

        if not self.arena.pump_until(acknowledged, timeout):
            raise self.violation("what was sent is not acknowledged", candidates=self.all[-1:])

    def expect_close(self) -> Seen:
        """The target's FIN, acknowledged unless that was done with the data before it."""
        fin = self.expect_fin()
        self._acknowledge_rest()
        return fin

    def expect_fin(self, timeout: float = REACTION) -> Seen:
        """The target's FIN, once all before it came. It is for the caller to acknowledge."""
        if not self.arena.pump_until(lambda: self.fin is not None, timeout) or self.fin is None:
            raise self.violation("no FIN came", candidates=list(self.inbox))
        if self.fin in self.inbox:
            self.claim(self.fin)
        return self.fin

    def finish(self) -> None:
        left = [seen for seen in self.inbox if not (seen.pure_ack or self._explained(seen))]
        if left:
            raise self.violation(f"more was sent than expected: {left[0]}", candidates=left)
        if rest := [seen for seen in self._begun if after(seen.end, (self._read_end + seen.fin) % WRAP)]:
            more = f"more came from the target's application than expected: {words(self.stream)}"
            raise self.violation(more, candidates=rest)

    def _explained(self, seen: Seen) -> bool:
        if seen.pure_ack and seen.ti:
            return True  # whether it may be sent is the monitor's question
        repeats = self._seen_end is not None and not after(seen.end, self._seen_end)
        return bool(seen.length) and repeats and (self.in_clear or seen.tag in (Tag.NOT_DUE, Tag.VALID))
