"""From what was asked for to a target: `--target` names a kind, or a target's file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tcpslab.outcome import RequestError

from conformance import target_file
from conformance.options import Options
from conformance.target import Target
from conformance.target_file import TargetFile

TARGETS = Path(__file__).with_name("targets")
KINDS = ("sim", "live", "netns", "vm")


def choose_target(options: Options) -> tuple[Target, TargetFile]:
    """The target, not started, and its file with what the command line changes. Raises LabError."""
    file = _file(options.target).overridden(
        hosts=options.hosts, ports=options.ports, interface=options.interface, time_scale=options.time_scale
    )
    if options.deviations:
        _check_deviations(file, options.deviations)
    if file.target != "live":
        _check_made_here(options, file.target)
    if file.target != "vm":
        _check_no_module(options)
    if file.target == "sim":
        from conformance.sim_target import SimTarget

        return SimTarget(file.speaks), file
    if file.target == "netns":
        from conformance.netns_target import NetnsTarget

        return NetnsTarget(file, seed=options.seed), file
    if file.target == "vm":
        return _virtual(file, options)
    if not file.services:
        raise RequestError("a live target needs the port of its echo service: --port, or 'services' in its target file")
    from conformance.live_target import LiveTarget

    return LiveTarget(file, seed=options.seed), file


def _virtual(file: TargetFile, options: Options) -> tuple[Target, TargetFile]:
    from conformance.vm.host import PORTS, VmSettings
    from conformance.vm_target import VmTarget

    settings = VmSettings(
        out=options.out_dir / "vm",
        module=Path(options.module) if options.module else None,
        parameters=options.module_parameters,
        kernel=options.kernel,
        ports=(*options.ports, *PORTS[len(options.ports) :]),
    )
    target = VmTarget(file, settings, seed=options.seed)
    return target, replace(file, name=target.virtual.description) if options.target == "vm" else file


def _file(name: str) -> TargetFile:
    if name == "live":
        return TargetFile(name="live", target="live")
    path = TARGETS / f"{name}.yaml" if name in KINDS else Path(name)
    if name not in KINDS and not path.is_file():
        raise RequestError(f"--target {name}: expected {', '.join(KINDS)}, or a target's file")
    return target_file.load(path)


def _check_made_here(options: Options, kind: str) -> None:
    which = "a simulated target" if kind == "sim" else f"the target {kind}, which the run makes itself,"
    given = {"--host": options.hosts, "--interface": options.interface}
    if kind != "vm":
        given["--port"] = options.ports
    for option, value in given.items():
        if value:
            raise RequestError(f"{option}: {which} has none; it goes with --target live, or the file of one")


def _check_no_module(options: Options) -> None:
    given = {"--module": options.module, "--module-parameter": options.module_parameters, "--kernel": options.kernel}
    for option, value in given.items():
        if value:
            raise RequestError(f"{option}: goes with --target vm, or the file of one")


def _check_deviations(file: TargetFile, names: Sequence[str]) -> None:
    from tcpslab.stack import all_deviations

    if file.target != "sim":
        raise RequestError(f"--deviation {names[0]}: only the target sim misbehaves on purpose")
    if unknown := sorted(set(names) - set(all_deviations())):
        raise RequestError(f"--deviation {unknown[0]}: known are {', '.join(sorted(all_deviations()))}")
