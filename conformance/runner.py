"""Runs the suite: pytest on `suite/` with the plugin, in a process of its own."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from tcpslab import tree
from tcpslab.outcome import Exit, RequestError
from tcpslab.rig import interrupts

from conformance.options import Options

SUITE = Path(__file__).with_name("suite")
_NO_SUCH_TEST = 4  # pytest's code for arguments that it cannot use; the plugin has no say in it


def options_of(args: argparse.Namespace) -> Options:
    """What the command line asks for; paths become absolute."""

    def absolute(path: Path | None) -> str | None:
        return str(path.resolve()) if path else None

    return Options(
        target=args.target or "sim",
        protocol=args.protocol,
        dialect=args.dialect,
        role=args.role,
        hosts=tuple(args.host),
        ports=tuple(args.port),
        interface=args.interface,
        time_scale=args.time_scale,
        budget=args.budget,
        seed=args.seed,
        jobs=args.jobs,
        deviations=tuple(args.deviation),
        only=tuple(args.requirement),
        tests=tuple(args.test),
        module=absolute(args.module),
        module_parameters=tuple(args.module_parameter),
        kernel=args.kernel,
        examples=args.examples,
        replay=args.replay,
        out=str(args.out.resolve()),
        junit=absolute(args.junit),
        json=absolute(args.json),
        html=absolute(args.html),
        command=("lab", *sys.argv[1:]),
    )


def command(options: Options, expression: str | None = None) -> list[str]:
    """The pytest that does it. Its exit codes are ours: the plugin sees to that."""
    return [sys.executable, "-m", "pytest", *arguments(options, expression)]


def arguments(options: Options, expression: str | None = None) -> list[str]:
    """Of pytest."""
    tests = [f"{SUITE}/{test}" for test in options.tests] or [str(SUITE)]
    line = [*tests, "-p", "conformance.plugin", "--conform", options.dump()]
    line += ["-p", "no:cacheprovider", "--import-mode=importlib", f"--rootdir={tree.ROOT}", "-o", "addopts="]
    line += ["--tb=native"]  # a finding has words of its own, and pytest's are slow to make
    return line + (["-k", expression] if expression else [])


def environment() -> dict[str, str]:
    path = [str(tree.ROOT / "bindings"), str(tree.ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}


def main(args: argparse.Namespace) -> Exit:
    for test in args.test:
        if not (SUITE / test.partition("::")[0]).is_file():
            raise RequestError(f"--test {test}: expected FILE::TEST as reports name it; the suite has no such file")
    # In a process group of its own it is interrupted by us alone, and once: Ctrl-C at a terminal goes to all of a group.
    process = subprocess.Popen(command(options_of(args), args.expression), env=environment(), process_group=0)
    with interrupts.raised():
        try:
            return exit_code(process.wait())
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            with interrupts.postponed():
                process.wait()  # it takes back what it changed at the target, and what it made
            raise


def exit_code(code: int) -> Exit:
    """What pytest ended with, as a command ends."""
    if code == _NO_SUCH_TEST:
        return Exit.BAD_REQUEST
    return Exit(code) if code in list(Exit) else Exit.INFRASTRUCTURE
