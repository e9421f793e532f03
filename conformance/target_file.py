"""Target files: what a host under test is, how it is reached and driven, and what is known to be wrong with it.

README.md, section "Targets", explains the keys; `targets/schema.json` lists them.
"""

import fnmatch
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from tcpslab.outcome import RequestError

from conformance import yaml_file
from conformance.target import SERVICES, Dialect, Family, Service

SCHEMA = Path(__file__).with_name("targets") / "schema.json"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Value = TypeVar("_Value", Address, Network)
# Keys that say where a host is and how it is driven.
_OF_LIVE_TARGETS = frozenset({"host", "interface", "services", "addresses", "connect", "configure", "restart"})
# What a command may name in braces. Other braces are the shell's own.
_CONNECT_WORDS = frozenset({"host", "address", "port", "service"})
_CONFIGURE_WORDS = frozenset({"host", "value"})
_RESTART_WORDS = frozenset({"host"})
_WORD = re.compile(r"(?<!\$)\{([a-z_]+)\}")


@dataclass(frozen=True)
class KnownDeviation:
    """A failure that is expected of a target. `seen` is searched in the one-line summary of a failure."""

    requirement: str
    seen: re.Pattern[str]
    reason: str
    tests: str = "*"  # which tests may fail so: a pattern of shell wildcards

    def concerns(self, requirements: Sequence[str], test: str) -> bool:
        """Whether `test`, which is about these `requirements`, may fail so."""
        return self.requirement in requirements and fnmatch.fnmatchcase(test, self.tests)

    def matches(self, requirements: Sequence[str], test: str, summary: str) -> bool:
        """Whether the failure of `test`, which breaks these `requirements`, is this one."""
        return self.concerns(requirements, test) and self.seen.search(summary) is not None


@dataclass(frozen=True)
class TargetFile:
    """The contents of a target file; without one, what the command line says."""

    name: str
    target: Literal["sim", "live", "netns", "vm"]
    host: Mapping[Family, str] = field(default_factory=dict)
    interface: str | None = None
    services: Mapping[Service, int] = field(default_factory=dict)
    addresses: Mapping[Family, Network] = field(default_factory=dict)
    connect: str | None = None
    configure: Mapping[str, str] = field(default_factory=dict)  # by the names of `Setup`
    restart: str | None = None
    dialect: Dialect | None = None
    speaks: Dialect | None = None  # a target that the run makes, whatever it is judged by; None: what it is judged by
    time_scale: float = 1.0
    known_deviations: tuple[KnownDeviation, ...] = ()

    def overridden(
        self,
        *,
        hosts: Sequence[str] = (),
        ports: Sequence[int] = (),
        interface: str | None = None,
        time_scale: float | None = None,
    ) -> "TargetFile":
        """With what the command line says in place of what the file says. `hosts` name the only families then.

        `ports` are those of the services in the order of `SERVICES`, or of the first of them.
        """
        addresses: dict[Family, str] = {}
        for host in hosts:
            try:
                addresses[_family(ipaddress.ip_address(host))] = host
            except ValueError as error:
                raise RequestError(f"--host {host}: expected an IPv4 or IPv6 address") from error
        return replace(
            self,
            host=addresses or self.host,
            services={**self.services, **dict(zip(SERVICES, ports, strict=False))},
            interface=interface or self.interface,
            time_scale=self.time_scale if time_scale is None else time_scale,
        )


def load(path: Path) -> TargetFile:
    """Reads a target file. Raises `yaml_file.FileError`, a `RequestError`, that names file and line."""
    document = yaml_file.load(path, json.loads(SCHEMA.read_text(encoding="utf-8")))
    values = document.value
    if values["target"] != "live" and (unused := [key for key in values if key in _OF_LIVE_TARGETS]):
        raise document.error((unused[0],), f"{unused[0]}: the run makes a target {values['target']} itself: it has none")
    for family in values.get("host", {}):
        _parsed(document, ("host", family), ipaddress.ip_address)
    networks = {
        family: _parsed(document, ("addresses", family), ipaddress.ip_network)
        for family in values.get("addresses", {})
    }
    for steps, words, needed in _commands(values):
        _check_words(document, steps, words, needed)
    return TargetFile(
        **{key: value for key, value in values.items() if key not in {"addresses", "known_deviations"}},
        addresses=networks,
        known_deviations=tuple(_known_deviations(document)),
    )


def fill_in(command: str, **words: str | int) -> str:
    """A command with its words in braces replaced. What is no word of ours, such as `${HOME}`, stays."""
    return _WORD.sub(lambda found: str(words.get(found[1], found[0])), command)


def _family(value: Address | Network) -> Family:
    return "ipv4" if value.version == 4 else "ipv6"


def _parsed(document: yaml_file.Document, steps: tuple[str, Family], parse: Callable[[str], _Value]) -> _Value:
    """The address or network at `steps`, whose last is the family that it has to be of."""
    key, family = steps
    try:
        value = parse(document.value[key][family])
    except ValueError as error:
        raise document.error(steps, f"{key}.{family}: {error}") from error
    if _family(value) != family:
        raise document.error(steps, f"{key}.{family}: {value} is not {family}")
    return value


def _commands(values: dict[str, Any]) -> Iterator[tuple[yaml_file.Steps, frozenset[str], frozenset[str]]]:
    if "connect" in values:
        yield ("connect",), _CONNECT_WORDS, frozenset({"address", "port"})
    for key in values.get("configure", {}):
        yield ("configure", key), _CONFIGURE_WORDS, frozenset({"value"})
    if "restart" in values:
        yield ("restart",), _RESTART_WORDS, frozenset()


def _check_words(
    document: yaml_file.Document, steps: yaml_file.Steps, known: frozenset[str], needed: frozenset[str]
) -> None:
    command = document.value
    for step in steps:
        command = command[step]
    used = set(_WORD.findall(command))
    if unknown := used - known:
        message = f"knows no {{{min(unknown)}}}; known are {', '.join(f'{{{word}}}' for word in sorted(known))}"
        raise document.error(steps, f"{'.'.join(map(str, steps))}: {message}")
    if missing := needed - used:
        raise document.error(steps, f"{'.'.join(map(str, steps))}: {{{min(missing)}}} is missing in the command")


def _known_deviations(document: yaml_file.Document) -> Iterator[KnownDeviation]:
    for index, entry in enumerate(document.value.get("known_deviations", [])):
        try:
            seen = re.compile(entry["seen"])
        except re.error as error:
            steps = ("known_deviations", index, "seen")
            raise document.error(steps, f"seen: expected a regular expression: {error}") from error
        yield KnownDeviation(**{**entry, "seen": seen})
