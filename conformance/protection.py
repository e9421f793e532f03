"""The keys of one connection as the peer holds them: what it seals, and what it finds in the target's segments."""

from dataclasses import dataclass

from tcpslab.scapy import C2S, Dialect, Direction, SessionKeys, Tag, derive_keys, shared_secret

from conformance.seen import FIN, RST, SYN, WRAP, Seen


@dataclass(frozen=True)
class Arithmetic:
    """Which tag arithmetic the target accepts and which it sends (tcps-dialects.md, R1).

    A target of the other dialect is judged in everything else by segments that it understands; that its arithmetic is
    not the one asked for is the finding of the tests on that requirement alone.
    """

    accepts: Dialect
    sends: Dialect


class Protection:
    """Both directions of an encrypted connection. Directions are named from the peer: `out` is what we send."""

    def __init__(
        self, private_key: bytes, public_key: bytes, isn: int, target_isn: int, direction: Direction, used: Arithmetic
    ) -> None:
        """`private_key` is the peer's ephemeral one, `public_key` the target's; `direction` is the peer's own.

        Raises LowOrderKeyError.
        """
        self.shared = shared_secret(private_key, public_key)
        self.keys: SessionKeys = derive_keys(self.shared)
        ours_first = direction is C2S
        self.out, self.incoming = (self.keys.c2s, self.keys.s2c) if ours_first else (self.keys.s2c, self.keys.c2s)
        self.arithmetic = used
        self._isn, self._target_isn = isn, target_isn
        self._sent = used.accepts.new_position()
        self._received = used.sends.new_position()

    def position(self, seq: int) -> int:
        """The position in our stream of a segment that we send next."""
        position = self._sent.candidate((seq - self._isn - 1) % WRAP)
        return position

    def seal(self, seq: int, flags: int, payload: bytes, position: int | None = None) -> tuple[bytes, bytes]:
        """Ciphertext and tag of a segment of ours; our position moves on unless one is given."""
        if position is None:
            position = self.position(seq)
            self._sent.accept(position)
        return self.out.seal(self.arithmetic.accepts, position, flags, payload)

    def judge(self, seen: Seen) -> None:
        """Notes the verdict on the segment's tag in it, and what the segment says if the tag is valid."""
        if seen.bits & (SYN | RST) or not (seen.payload or seen.bits & FIN):
            return
        if seen.tm is None:
            seen.tag = Tag.MISSING
            return
        position = self._received.candidate((seen.seq - self._target_isn - 1) % WRAP)
        plaintext = self.incoming.open(self.arithmetic.sends, position, seen.bits, seen.payload, seen.tm)
        if plaintext is None:
            seen.tag = Tag.INVALID
            return
        self._received.accept(position)
        seen.tag, seen.position, seen.plaintext = Tag.VALID, position, plaintext
