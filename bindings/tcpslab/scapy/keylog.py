"""The key log (design.md, section 7): the secrets that open a capture."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

_EPHEMERAL = "TCPS_EPHEMERAL_SECRET"
_STATIC = "TCPS_STATIC_SECRET"
_VALUES = {_EPHEMERAL: 2, _STATIC: 3}


def ephemeral_line(client_key: bytes, shared: bytes) -> str:
    """The line of a connection whose client showed this key in its SYN."""
    return f"{_EPHEMERAL} {client_key.hex()} {shared.hex()}"


def static_line(one: bytes, other: bytes, shared: bytes) -> str:
    """The line of two hosts, by their identities in either order."""
    return f"{_STATIC} {min(one, other).hex()} {max(one, other).hex()} {shared.hex()}"


class KeyLogError(ValueError):
    """A TCP/S line that is none. The message names the line, never its values."""


class KeyLog:
    """Shared secrets by the public keys that a capture shows. All are 32 bytes."""

    def __init__(self) -> None:
        self._ephemeral: dict[bytes, list[bytes]] = defaultdict(list)
        self._static: dict[bytes, list[bytes]] = defaultdict(list)

    @classmethod
    def parse(cls, text: str) -> "KeyLog":
        """Comments and lines of another name are ignored, as in every key log; a broken line of ours is an error."""
        log = cls()
        for number, line in enumerate(text.splitlines(), start=1):
            name, *fields = line.split() or [""]
            if name not in _VALUES:
                continue
            try:
                values = [bytes.fromhex(field) for field in fields]
            except ValueError:
                raise KeyLogError(f"line {number}: {name}: a value is not hexadecimal") from None
            if len(values) != _VALUES[name] or any(len(value) != 32 for value in values):
                raise KeyLogError(f"line {number}: {name} has {_VALUES[name]} values of 32 bytes")
            (log.add_ephemeral if name == _EPHEMERAL else log.add_static)(*values)
        return log

    def add_ephemeral(self, client_key: bytes, shared: bytes) -> None:
        """The secret of the connection whose client showed this key in its SYN."""
        self._add(self._ephemeral, client_key, shared)

    def add_static(self, one: bytes, other: bytes, shared: bytes) -> None:
        """The secret of two hosts, by their identities in either order."""
        self._add(self._static, one, shared)
        self._add(self._static, other, shared)

    def ephemeral(self, client_key: bytes) -> Sequence[bytes]:
        """More than one if the two ends did not agree, as under an attacker who replaced the server's key."""
        return self._ephemeral.get(client_key, ())

    def static(self, identity: bytes) -> Sequence[bytes]:
        """The secrets of this identity with any other: a capture often shows only one of the two."""
        return self._static.get(identity, ())

    @staticmethod
    def _add(secrets: dict[bytes, list[bytes]], key: bytes, shared: bytes) -> None:
        if shared not in secrets[key]:
            secrets[key].append(shared)


class _HasKeyLog(Protocol):
    @property
    def key_log(self) -> Sequence[str]: ...


class EndpointKeyLog:
    """What a running tcpslab.stack.Endpoint would write into a key log, asked anew each time."""

    def __init__(self, endpoint: _HasKeyLog) -> None:
        self._endpoint = endpoint

    def ephemeral(self, client_key: bytes) -> Sequence[bytes]:
        return self._now().ephemeral(client_key)

    def static(self, identity: bytes) -> Sequence[bytes]:
        return self._now().static(identity)

    def _now(self) -> KeyLog:
        return KeyLog.parse("\n".join(self._endpoint.key_log))
