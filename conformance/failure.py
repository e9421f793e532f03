"""How a test says what is wrong: in words for the report's first line, and field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from conformance.seen import Seen, flag_bits, PSH


@dataclass(frozen=True)
class Where:
    """A value that is not one literal: a predicate with words for the report."""

    words: str
    holds: Any  # Callable[[Any], bool]; None in another process than the one that made it

    def __str__(self) -> str:
        return self.words

    def __reduce__(self) -> tuple[Any, ...]:
        return Where, (self.words, None)


PRESENT = Where("present", lambda value: value is not None)
ABSENT = Where("absent", lambda value: value is None)
SOME = Where("not empty", bool)


@dataclass(frozen=True)
class Difference:
    """One field of a candidate that is not as expected."""

    field: str
    expected: str
    got: str


@dataclass(frozen=True)
class Expectation:
    """A segment that should come: its fields by the names of Seen.

    A literal must be equal, a Where must hold. PSH is the sender's own business (RFC 9293, section 3.9.1.2): `flags`
    ignores it unless it asks for "P".
    """

    what: str
    fields: Mapping[str, Any]

    def differences(self, seen: Seen) -> list[Difference]:
        return [d for name, value in self.fields.items() if (d := self._compare(name, value, seen)) is not None]

    def _compare(self, name: str, value: Any, seen: Seen) -> Difference | None:
        got = getattr(seen, name)
        if isinstance(value, Where):
            equal = value.holds(got)
        elif name == "flags":
            equal = (seen.bits if "P" in value else seen.bits & ~PSH) == flag_bits(value)
        else:
            equal = got == value
        return None if equal else Difference(name, words(value), words(got))

    def __str__(self) -> str:
        return f"{self.what} ({', '.join(f'{name} {words(value)}' for name, value in self.fields.items())})"


def words(value: Any) -> str:
    """A value for people: bytes in hexadecimal, long ones with their length."""
    if isinstance(value, bytes):
        return value.hex() if len(value) <= 40 else f"{value[:32].hex()}… ({len(value)} bytes)"
    return "none" if value is None else str(value)


@dataclass
class Violation(AssertionError):  # noqa: N818 - it is the test's verdict, not an error of the program
    """The target did something else than its documents say.

    `requirements` are the ids that this finding breaks; empty: those that the test cites. `of_state`: the connection is
    not protected as the test supposes, so a test about a rule of one dialect blames that rule (Outcome.broken).
    """

    summary: str
    requirements: tuple[str, ...] = ()
    sent: Seen | None = None  # the last packet of ours
    expectation: Expectation | None = None
    candidates: Sequence[Seen] = field(default_factory=list)  # what came instead
    of_state: bool = False
    found: Sequence[Sequence[Difference]] | None = None  # in another process: the differences of each candidate

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process, to which no predicate goes: what they found goes in their place."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["found"] = [self.differences(seen) for seen in self.candidates]
        return _rebuilt, (values,)

    def __str__(self) -> str:
        return self.summary

    def differences(self, seen: Seen) -> list[Difference]:
        """What of a candidate is not as expected."""
        if self.found is not None:
            return next((d for candidate, d in zip(self.candidates, self.found, strict=True) if candidate is seen), [])
        return self.expectation.differences(seen) if self.expectation else []

    def lines(self) -> list[str]:
        """The finding in full, for a terminal."""
        lines = [self.summary]
        if self.sent:
            lines.append(f"sent:     {self.sent}")
        if self.expectation:
            lines.append(f"expected: {self.expectation}")
        for seen in self.candidates:
            lines.append(f"came:     {seen}")
            lines += [f"          {d.field}: expected {d.expected}, got {d.got}" for d in self.differences(seen)]
        if self.expectation and not self.candidates:
            lines.append("came:     nothing")
        return lines


def _rebuilt(values: Mapping[str, Any]) -> Violation:
    return Violation(**values)
