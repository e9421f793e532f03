"""The command that runs one test again, as it ran."""

import shlex

from conformance.options import Options


def command(options: Options, dialect: str, test: str, steps: str | None = None) -> str:
    """For a shell. `steps`: the packet sequence on which a random test failed."""
    words = ["lab", "conform", "--target", options.target]
    if options.protocol != "tcps":
        words += ["--protocol", options.protocol]
    words += ["--dialect", dialect, "--seed", str(options.seed)]
    for host in options.hosts:
        words += ["--host", host]
    for port in options.ports:
        words += ["--port", str(port)]
    optional = {
        "interface": options.interface,
        "time-scale": options.time_scale,
        "module": options.module,
        "kernel": options.kernel,
    }
    for name, value in optional.items():
        words += [] if value is None else [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
    for parameter in options.module_parameters:
        words += ["--module-parameter", parameter]
    for deviation in options.deviations:
        words += ["--deviation", deviation]
    words += ["--test", test]
    if steps := steps or options.replay:
        words += ["--replay", steps]
    return shlex.join(words)
