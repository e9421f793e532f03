"""`lab conform --deviations`: the proof of the suite. Each deliberate fault of the reference stack must be caught.

A deviation is caught if a test fails that cites a requirement which the deviation breaks, or whose finding names one.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tcpslab import results, stack
from tcpslab.outcome import Exit, InfrastructureError, RequestError

from conformance import plugin, runner, sim_target  # noqa: F401 - the suite, for the processes made here
from conformance.options import Options
from conformance.report_json import provenance

DEVIATIONS = Path(__file__).with_name("deviations")


@dataclass(frozen=True)
class Deviation:
    """A deliberate fault, and the requirements that it breaks."""

    name: str
    breaks: tuple[str, ...]
    dialect: str


@dataclass(frozen=True)
class Caught:
    deviation: Deviation
    tests: tuple[str, ...]  # that failed because of a requirement that it breaks
    ran: int

    def as_json(self) -> dict[str, Any]:
        name, breaks, dialect = self.deviation.name, list(self.deviation.breaks), self.deviation.dialect
        return {"name": name, "breaks": breaks, "dialect": dialect, "caught_by": list(self.tests), "tests": self.ran}


def deviations(protocol: str) -> list[Deviation]:
    """The deviations of a protocol. Raises RequestError where file and stack do not name the same ones."""
    path = DEVIATIONS / f"{protocol}.yaml"
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    if difference := set(entries) ^ set(stack.all_deviations()):
        raise RequestError(f"{path} and the stack differ in {', '.join(sorted(difference))}")
    return [
        Deviation(name, tuple(entry["breaks"]), entry.get("dialect", "readme")) for name, entry in entries.items()
    ]


def prove(deviation: Deviation, options: Options, directory: Path) -> Caught:
    """Runs the tests of the requirements that a deviation breaks against the stack that has it, in this process."""
    out = directory / deviation.name
    out.mkdir()
    one = replace(
        options,
        target="sim",
        jobs=1,
        shrink=False,
        dialect=deviation.dialect,
        deviations=(deviation.name,),
        only=deviation.breaks,
        out=str(out),
        junit=None,
        json=None,
        html=None,
    )
    log = out / "log"
    with log.open("w") as sink, redirect_stdout(sink), redirect_stderr(sink):
        code = pytest.main(runner.arguments(one))
    file = out / "results.json"
    if code not in (Exit.AS_EXPECTED, Exit.DIFFERS) or not file.is_file():
        raise InfrastructureError(f"deviation {deviation.name}: the suite ended with {code}\n{log.read_text()}")
    records = json.loads(file.read_text(encoding="utf-8"))["results"]
    broken = set(deviation.breaks)
    failed = [r["test"] for r in records if r["status"] == "fail" and broken & {*r["requirements"], *r["broken"]}]
    return Caught(deviation, tuple(failed), sum(r["status"] in ("pass", "fail") for r in records))


def main(args: argparse.Namespace) -> Exit:
    options = runner.options_of(args)
    listed = deviations(args.protocol)
    proved: list[Caught] = []
    # A fresh process for each, which has what this one has imported: that takes longer than most of the tests.
    pool = multiprocessing.get_context("fork").Pool(args.jobs or os.cpu_count(), maxtasksperchild=1)
    with tempfile.TemporaryDirectory(prefix="tcpslab-") as directory, pool:
        width = max(len(deviation.name) for deviation in listed)
        for caught in pool.imap(partial(prove, options=options, directory=Path(directory)), listed):
            proved.append(caught)
            verdict = f"caught by {len(caught.tests)} of {caught.ran} tests" if caught.tests else "NOT CAUGHT"
            print(f"{caught.deviation.name:<{width}}  {verdict}  ({', '.join(caught.deviation.breaks)})", flush=True)
    if args.json:
        results.write(args.json, {"provenance": provenance(options.command), "deviations": [c.as_json() for c in proved]})
    missed = sum(not caught.tests for caught in proved)
    print(f"{len(listed) - missed} of {len(listed)} deviations caught")
    return Exit.DIFFERS if missed else Exit.AS_EXPECTED
