"""`lab conform`: judges whatever claims to speak a protocol, requirement by requirement."""

import argparse
import sys
from pathlib import Path

from tcpslab import arguments, tree
from tcpslab.outcome import Exit, RequestError

_HELP = "judge anything that claims to speak a protocol, by the requirements of its documents"
_EXAMPLES = """\
examples:
  lab conform --target sim                        the reference stack on a simulated node
  lab conform --target sim --dialect lkm -k tag   tests with "tag" in their names, by what the kernel module does
  lab conform --target netns --budget 60          tcpsd on this machine's own kernel, as root; no test of more than 60 s
  lab conform --target live --host 10.0.0.2 --port 7 --interface tap0
                                                  any host on an interface that runs an echo service on port 7
  lab conform --target vm --module tcps.ko        a kernel module, loaded into Debian's kernel in a virtual machine
  lab conform --target vm --module tcps.ko --interop
                                                  tcpsd and that module on one cable, with real programs behind them
  lab conform --target my-host.yaml --html conformance.html
                                                  a target file: how to drive the host, and its known deviations
  lab conform --coverage                          which code and which tests stand for each requirement
  lab conform --deviations                        proves the suite: every deliberate fault must be caught
"""
# What the build makes for a target beside the bindings; for a target's file, whose kind is not known yet, all of it.
_NEEDS = {"sim": ["tcpslab_python_sim"], "netns": ["tcpsd"], "live": [], "vm": ["tcpslab-services"]}

_SERVICES = ("echo", "greet", "abort")
_OF_A_TARGET = (
    *("role", "expression", "test", "requirement", "deviation", "junit", "html", "host", "port", "replay"),
    *("module", "module_parameter", "kernel"),
)


def add_parser(commands: arguments.Commands, name: str) -> None:
    parser = arguments.add_command(commands, name, _HELP, _EXAMPLES)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--target", metavar="sim|netns|live|vm|FILE", help="what to judge: a kind of target, or a target's file")
    what.add_argument("--coverage", action="store_true", help="show requirements, code, tests and the latest result")
    what.add_argument("--deviations", action="store_true", help="run the suite against every deliberate fault")
    parser.add_argument("--protocol", default="tcps", metavar="P", help="tcps (default), or tcps/lkm: with its dialect")
    parser.add_argument("--dialect", choices=("readme", "lkm"), help="the text to judge by (default: as the target's file says, else readme)")
    parser.add_argument("--role", choices=("client", "server"), help="only tests of the target in this role")
    parser.add_argument("-k", dest="expression", metavar="EXPR", help="only tests whose names match, as pytest's -k")
    parser.add_argument("--test", action="append", default=[], metavar="ID", help="only this one, as reports name it; may be repeated")
    parser.add_argument("--requirement", action="append", default=[], metavar="ID", help="only tests that cite this; may be repeated")
    parser.add_argument("--seed", type=arguments.positive, default=1, metavar="N", help="of all that is random (default: 1)")
    parser.add_argument(
        "--deviation",
        action="append",
        default=[],
        metavar="NAME",
        help="with this deliberate fault, such as wrong-tag (target sim); may be repeated",
    )
    parser.add_argument(
        "--jobs",
        type=arguments.positive,
        metavar="N",
        help="targets of the kinds sim and netns at work at once (default: sim one for each core, netns 24, 64 at most)",
    )
    live = parser.add_argument_group("live targets")
    live.add_argument("--host", action="append", default=[], metavar="A", help="its address, IPv4 or IPv6; may be given for each")
    live.add_argument(
        "--port",
        type=arguments.port,
        action="append",
        default=[],
        metavar="N",
        help="port of its echo service; given again, of greet and of abort (vm: 7, 13, 9 unless said otherwise)",
    )
    live.add_argument("--interface", metavar="I", help="the interface on whose link it is")
    live.add_argument("--time-scale", type=arguments.positive_real, metavar="X", help="wait X times as long for reactions")
    live.add_argument("--budget", type=arguments.positive_real, metavar="SECONDS", help="leave out tests that may take longer")
    virtual = parser.add_argument_group("virtual machines (target vm)")
    virtual.add_argument("--module", type=Path, metavar="FILE", help="the kernel module to judge; without one the rig itself is checked")
    virtual.add_argument(
        "--module-parameter", action="append", default=[], metavar="NAME=VALUE", help="to load it with; may be repeated"
    )
    virtual.add_argument(
        "--kernel",
        metavar="FILE|DIR|RELEASE",
        help="a Debian package's file, a folder with boot/ and lib/modules/, or a release of Debian's "
        "(default: the one that the module was built for, else the newest)",
    )
    virtual.add_argument(
        "--interop", action="store_true", help="let tcpsd and the module protect the same connections, in place of the suite"
    )
    reports = parser.add_argument_group("reports")
    reports.add_argument("--junit", type=Path, metavar="FILE", help="JUnit XML, requirement ids as properties")
    reports.add_argument("--json", type=Path, metavar="FILE", help="everything, for programs; also goes with --coverage")
    reports.add_argument("--html", type=Path, metavar="FILE", help="one self-contained page")
    reports.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for report.html, results.json, and a capture and key log of each failing test "
        "(default: out/conform; with --test out/conform-test, with --interop out/interop)",
    )
    chance = parser.add_argument_group("random tests")
    chance.add_argument("--examples", type=arguments.positive, metavar="N", help="packet sequences for each of them (default: 3)")
    chance.add_argument("--replay", metavar="STEPS", help="with --test: run it on this packet sequence alone")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> Exit:
    from tcpslab import build

    complete(args)
    everything = [target for targets in _NEEDS.values() for target in targets]
    needed = [*_NEEDS.get(args.target or "sim", everything), *(["tcpsd"] if args.interop else [])]
    build.build("release", ["tcpslab_python", *needed])
    module = "coverage" if args.coverage else "proof" if args.deviations else "interop_run" if args.interop else "runner"
    return Exit(_conformance(module, args))


def complete(args: argparse.Namespace) -> None:
    """Fills in what the command line leaves open. Raises RequestError for what makes no sense."""
    protocol, _, dialect = args.protocol.partition("/")
    if not (tree.ROOT / "conformance" / "requirements" / f"{protocol}.yaml").is_file():
        raise RequestError(f"--protocol {protocol}: there is no catalogue of its requirements")
    if dialect and args.dialect not in (None, dialect):
        raise RequestError(f"--protocol {args.protocol} and --dialect {args.dialect} contradict each other")
    if len(args.port) > len(_SERVICES) or len(set(args.port)) < len(args.port):
        raise RequestError(f"--port: expected a port of its own for each of {', '.join(_SERVICES)} at most")
    if args.interop and (args.target != "vm" or args.module is None):
        raise RequestError("--interop goes with --target vm and --module: tcpsd needs somebody to talk to")
    if args.replay is not None and len(args.test) != 1:
        raise RequestError("--replay goes with the one --test whose packet sequence it is")
    for name in _OF_A_TARGET:
        if getattr(args, name) and not args.target:
            option = "-k" if name == "expression" else f"--{name.replace('_', '-')}"
            raise RequestError(f"{option} goes with --target, not with --{'coverage' if args.coverage else 'deviations'}")
    args.protocol, args.dialect = protocol, args.dialect or dialect or None
    # Who runs one test again still has the reports of all.
    args.out = args.out or Path("out/conform-test" if args.test else "out/interop" if args.interop else "out/conform")


def _conformance(module: str, args: argparse.Namespace) -> int:
    """The suite is above this package, and knows how to do it."""
    import importlib

    sys.path.insert(0, str(tree.ROOT))
    return importlib.import_module(f"conformance.{module}").main(args)
