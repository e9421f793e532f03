"""How a command can end: the exit codes that every command shares, and the errors that lead to them."""

from enum import IntEnum


class Exit(IntEnum):
    AS_EXPECTED = 0
    DIFFERS = 1
    BAD_REQUEST = 2
    INFRASTRUCTURE = 3
    INTERRUPTED = 130  # 128 + SIGINT, as shells report it


class LabError(Exception):
    """Ends a command with one message; the subclasses say whose fault it is."""

    exit_code = Exit.INFRASTRUCTURE


class RequestError(LabError):
    """The user asked for something that does not exist or makes no sense."""

    exit_code = Exit.BAD_REQUEST


class InfrastructureError(LabError):
    """The build, a tool or the machine failed; the request may well be right."""
