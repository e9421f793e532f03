"""`lab decrypt`: hands over to the C++ tool tcpslab-decrypt."""

import argparse
import os
from pathlib import Path

from tcpslab import arguments
from tcpslab.outcome import InfrastructureError

_EXAMPLES = """\
Prints, for each connection, its packets, tags and identity tags; the last line is
  connections=N packets=N tags_valid=N tags_invalid=N identity_valid=N identity_unverifiable=N

examples:
  cd out/transfer/first-visit/tcps-readme && lab decrypt link-1.pcap --keylog keys.log
  lab decrypt kernel.pcap --keylog kernel.keys --out plain.pcap --json report.json
"""


def add_parser(commands: arguments.Commands, name: str) -> None:
    parser = arguments.add_command(
        commands, name, "turn an encrypted capture into a plaintext one, with its key log", _EXAMPLES
    )
    parser.add_argument("pcap", type=Path, metavar="PCAP", help="the capture")
    parser.add_argument("--keylog", type=Path, required=True, metavar="FILE", help="secrets, one a line")
    parser.add_argument("--out", type=Path, metavar="PCAP", help="write the plaintext capture here")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON here")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    from tcpslab import build

    tool = build.build("release", ["tcpslab-decrypt"]) / "reference" / "capture" / "tcpslab-decrypt"
    command = [str(tool), str(args.pcap), "--keylog", str(args.keylog)]
    for option in ("out", "json"):
        if (value := getattr(args, option)) is not None:
            command += [f"--{option}", str(value)]
    try:
        os.execv(tool, command)
    except OSError as error:
        raise InfrastructureError(f"cannot run {tool}: {error.strerror}") from error
