"""The options TC, TM and TI as typed values in Scapy's TCP layer (tcps-wire.md, section 2)."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, TypeVar

from scapy.fields import ByteField, StrFixedLenField, XStrFixedLenField
from scapy.layers.inet import IP, TCP, TCPOptionsField
from scapy.layers.inet6 import IPv6
from scapy.packet import Packet

KIND = 253  # RFC 4727, for experiments
MAX_OPTION_BYTES = 40  # what a data offset of 15 leaves behind the fixed header

_EOL, _NOP = 0, 1
UNPARSED = "Unparsed"

OptionPair = tuple[str | int, Any]
_Option = TypeVar("_Option", bound="TcpsOption")


class OptionSpaceError(ValueError):
    """More option bytes than a TCP header holds. Scapy would send a data offset modulo 16."""


class _ExactBytes(XStrFixedLenField):
    """Bytes of one length, zeros by default. Scapy's own field would silently cut off or fill up."""

    __slots__ = ("_size",)

    def __init__(self, name: str, size: int) -> None:
        self._size = size
        super().__init__(name, bytes(size), size)

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        value = super().any2i(pkt, x)
        if isinstance(value, bytes) and len(value) != self._size:
            raise ValueError(f"{self.name} has {len(value)} bytes instead of {self._size}")
        return value


class TcpsOption(Packet):
    """What the three have in common: kind 253, a length of their own, two letters of magic."""

    size: ClassVar[int]
    value_name: ClassVar[str]  # what the bytes after the magic are

    def words(self) -> str:
        """The value in one line, for people."""
        return f"{self.value_name} {bytes(self)[4:].hex()}"

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes]:
        return b"", s


def _header(size: int, magic: bytes) -> list[Any]:
    return [ByteField("kind", KIND), ByteField("length", size), StrFixedLenField("magic", magic, 2)]


class TC(TcpsOption):
    """The sender's ephemeral X25519 key (32 bytes, RFC 7748 order). On SYN and SYN-ACK."""

    name = "TC"
    size = 36
    value_name = "ephemeral key"
    fields_desc = [*_header(36, b"TC"), _ExactBytes("public_key", 32)]


class TM(TcpsOption):
    """The tag (16 bytes) of a segment with payload or FIN."""

    name = "TM"
    size = 20
    value_name = "tag"
    fields_desc = [*_header(20, b"TM"), _ExactBytes("tag", 16)]


class TI(TcpsOption):
    """The sender's static X25519 key (32 bytes) and its auth tag (4 bytes, zero on first contact). On pure ACKs."""

    name = "TI"
    size = 40
    value_name = "identity and auth tag"
    fields_desc = [*_header(40, b"TI"), _ExactBytes("public_key", 32), _ExactBytes("auth_tag", 4)]

    @property
    def fingerprint(self) -> str:
        """The identity as log lines name it: the first 8 bytes of the key (tcps-wire.md, section 7)."""
        return self.public_key[:8].hex()

    def words(self) -> str:
        proof = f"auth tag {self.auth_tag.hex()}" if any(self.auth_tag) else "no auth tag"
        return f"identity {self.public_key.hex()} (fingerprint {self.fingerprint}), {proof}"


_TYPES: dict[str, type[TcpsOption]] = {"TC": TC, "TM": TM, "TI": TI}
_BY_WIRE = {(cls.size, magic.encode()): cls for magic, cls in _TYPES.items()}


def find(packet: Packet, option: type[_Option]) -> _Option | None:
    """The option of this type that a receiver of the packet sees: the first one before the end of the list."""
    tcp = packet.getlayer(TCP)
    if tcp is None:
        return None
    for name, value in _pairs(tcp.options):
        if name in ("EOL", _EOL, UNPARSED):
            return None
        if isinstance(value, option):
            return value
    return None


def with_options(packet: Packet, options: Iterable[OptionPair | TcpsOption]) -> Packet:
    """A copy of the packet with other TCP options; data offset, lengths and checksums are left to Scapy to compute."""
    copy = packet.copy()
    copy[TCP].options = list(options)
    for layer, names in ((TCP, ("dataofs", "chksum")), (IP, ("ihl", "len", "chksum")), (IPv6, ("plen",))):
        if layer in copy:
            for name in names:
                copy[layer].delfieldval(name)
    return copy


def _pairs(options: Iterable[Any] | None) -> list[OptionPair]:
    return [(o.name, o) if isinstance(o, TcpsOption) else o for o in options or []]


def _split(area: bytes) -> Iterator[tuple[bytes, bool]]:
    """The options of a header, each with whether it is whole. What follows an EOL or a broken option is one piece."""
    while area:
        if area[0] in (_EOL, _NOP):
            size = 1
        elif len(area) < 2 or not 2 <= area[1] <= len(area):
            yield area, False
            return
        else:
            size = area[1]
        yield area[:size], True
        if area[0] == _EOL:
            padding = area[1:]
            if any(padding) or len(padding) >= 4:  # less is what building adds by itself
                yield padding, False
            return
        area = area[size:]


class TcpsOptionsField(TCPOptionsField):
    """Scapy's TCP options, which also knows TC, TM and TI, loses no byte, and refuses what does not fit."""

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        return _pairs(x) if isinstance(x, list | tuple) else super().any2i(pkt, x)

    def do_copy(self, x: Any) -> Any:
        if not isinstance(x, list):
            return super().do_copy(x)
        return [(name, value.copy() if isinstance(value, Packet) else value) for name, value in _pairs(x)]

    def m2i(self, pkt: Packet | None, x: bytes) -> list[OptionPair]:
        return [self._dissect(pkt, piece) if whole else (UNPARSED, piece) for piece, whole in _split(x)]

    def i2m(self, pkt: Packet | None, x: Any) -> bytes:
        area = b"".join(self._build(pkt, pair) for pair in _pairs(x))
        area += bytes(-len(area) % 4)
        # A data offset that the caller gave is the caller's word: that is how a malformed header is made.
        if len(area) > MAX_OPTION_BYTES and (pkt is None or pkt.getfieldval("dataofs") is None):
            names = ", ".join(str(name) for name, _ in _pairs(x))
            raise OptionSpaceError(f"{len(area)} bytes of TCP options ({names}): a header holds {MAX_OPTION_BYTES}")
        return area

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        pairs = _pairs(x) if isinstance(x, list) else []
        if not any(isinstance(value, TcpsOption) for _, value in pairs):
            return super().i2repr(pkt, x)
        return ", ".join(
            f"{name}: {value.words()}" if isinstance(value, TcpsOption) else repr((name, value))
            for name, value in pairs
        )

    def _dissect(self, pkt: Packet | None, piece: bytes) -> OptionPair:
        if piece[0] == KIND:
            cls = _BY_WIRE.get((piece[1], piece[2:4]))
            return (cls.__name__, cls(piece)) if cls else (KIND, piece[2:])
        (pair,) = super().m2i(pkt, piece)
        # Scapy loses bytes of some options with an unusual length, for instance of kind 25: those stay raw.
        return pair if self._build(pkt, pair) == piece else (piece[0], piece[2:])

    def _build(self, pkt: Packet | None, pair: OptionPair) -> bytes:
        name, value = pair
        if isinstance(value, TcpsOption):
            return bytes(value)
        if name == UNPARSED:
            return bytes(value)
        if name in _TYPES:
            raise ValueError(f'("{name}", {value!r}): the value is made by {name}(...)')
        padded = super().i2m(pkt, [pair])
        return padded[: 1 if not padded or padded[0] in (_EOL, _NOP) else padded[1]]


def _install() -> None:
    """Turns the options field of Scapy's TCP layer into ours.

    In place, because Scapy keeps references to the field object in the layer, in its subclasses and in caches, which
    an exchanged list entry would leave behind with the old one.
    """
    (field,) = (f for f in TCP.fields_desc if f.name == "options")
    if not isinstance(field, TcpsOptionsField):
        field.__class__ = TcpsOptionsField


_install()
