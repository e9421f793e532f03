"""The command line. Each command is a module with `add_parser` and `execute`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tcpslab import bench, conform, decrypt, run, testing
from tcpslab.outcome import Exit, LabError

COMMANDS = {"run": run, "conform": conform, "decrypt": decrypt, "bench": bench, "test": testing}


class _OverviewParser(argparse.ArgumentParser):
    """Its help is usage.txt, which the launcher shows too, where there may be no Python yet."""

    def format_help(self) -> str:
        return Path(__file__).with_name("usage.txt").read_text(encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = _OverviewParser(prog="lab")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=argparse.ArgumentParser
    )
    for name, module in COMMANDS.items():
        module.add_parser(commands, name)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; argparse exits with 2 by itself on wrong arguments."""
    args, unknown = _parser().parse_known_args(argv)
    if unknown:
        args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")  # with the usage of that command
    try:
        code = args.execute(args)
        sys.stdout.flush()
    except LabError as error:
        print(f"lab {args.command}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`lab run | head`); keep the interpreter's own flush from failing again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.INFRASTRUCTURE
    except OSError as error:
        print(f"lab {args.command}: {error}", file=sys.stderr)
        return Exit.INFRASTRUCTURE
    return int(code)
