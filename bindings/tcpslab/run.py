"""`lab run`: runs scenarios with tcpslab-sim and shows what came of them."""

import argparse
import os
import sys
from pathlib import Path

from tcpslab import arguments, selection
from tcpslab.outcome import Exit, InfrastructureError, RequestError

_HELP = "run scenarios and compare each outcome with what the source documents say"
_EXAMPLES = """\
examples:
  lab run                                      every scenario
  lab run transfer                             one family: a folder under scenarios/
  lab run transfer/first-visit my/own.yaml     scenarios by name and by file
  lab run --protocol plain,tcps/lkm --seed 7   only these protocols, with another seed
  lab run --live rst-injection                 on live Linux hosts too: kernel TCP and tcpsd in network namespaces
"""
# How tcpslab-sim ends a line about a protocol that it cannot run.
_LEFT_OUT = ": left out"


def add_parser(commands: arguments.Commands, name: str) -> None:
    parser = arguments.add_command(commands, name, _HELP, _EXAMPLES)
    parser.add_argument("scenarios", nargs="*", metavar="FILE|FAMILY", help="what to run (default: every family)")
    parser.add_argument(
        "--protocol", metavar="P,…", help="only these: keys of expect, or the part before the slash (plain, tcps)"
    )
    parser.add_argument(
        "--seed", type=arguments.positive, default=1, metavar="N", help="seed of every random stream (default: 1)"
    )
    parser.add_argument(
        "--jobs",
        type=arguments.positive,
        default=os.cpu_count(),
        metavar="N",
        help="runs at a time (default: one for each core)",
    )
    parser.add_argument(
        "--live",
        action="store_true",
        help="play each on two Linux hosts too, in real time (needs root), and show both side by side",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("out"),
        metavar="DIR",
        help="folder for report.html, results.json, captures and key logs (default: out)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results to FILE too")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> Exit:
    # What is not in Python's own library may be missing still when only --help is asked for.
    from tcpslab import build, live, page, process, report, results
    from tcpslab.rig import need_root

    files = selection.select(args.scenarios)
    if args.live:
        need_root()
    targets = ["tcpslab-sim", *(live.TARGETS if args.live else [])]
    programs = build.build("release", targets) / "scenarios"
    results_file = args.out / "results.json"
    log = args.out / "run.log"
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for old in (results_file, args.out / "report.html"):
            old.unlink(missing_ok=True)
    except OSError as error:
        raise RequestError(f"cannot write to {args.out}: {error.strerror}") from error
    command: list[str | Path] = [programs / "tcpslab-sim", *files, "--seed", str(args.seed), "--jobs", str(args.jobs)]
    command += ["--out", args.out, "--json", results_file]
    if args.protocol:
        command += ["--protocol", args.protocol]
    code = process.run_logged(command, log, "run")
    if code == Exit.BAD_REQUEST:
        raise RequestError(process.tail(log, 20))
    if code not in (Exit.AS_EXPECTED, Exit.DIFFERS) and not results_file.exists():
        raise InfrastructureError(f"tcpslab-sim ended with {code}; the whole log is {log}\n{process.tail(log, 20)}")

    document, records = results.read(results_file)
    codes = [Exit(code) if code in list(Exit) else Exit.INFRASTRUCTURE]
    if args.live:
        codes.append(live.add(document, programs / "tcpslab-wire", files, args))
        records = results.paired([results.Record(entry) for entry in document["results"]])
    results.add_provenance(document, ["lab", *sys.argv[1:]])
    results.write(results_file, document)
    if args.json:
        results.write(args.json, document)
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.endswith(_LEFT_OUT):
            print(line, file=sys.stderr)
    report.print_report(records)
    page.write(args.out / "report.html", document, records, files)
    print(f"report: {args.out / 'report.html'}; results: {results_file}; captures and key logs: {args.out}{os.sep}")
    return max(codes)
