"""The services of services.py on a host of a rig, that is, on the real kernel's TCP."""

import sys
from collections.abc import Mapping
from pathlib import Path

from tcpslab.rig import Namespace, Program

from conformance.target import Service

_FILE = Path(__file__).with_name("services.py")
PORTS: Mapping[Service, int] = {"echo": 7007, "greet": 7013, "abort": 7009}


def serve(host: Namespace) -> Program:
    """Starts them all, and waits until they listen."""
    ports = [word for service, port in PORTS.items() for word in (f"--{service}", str(port))]
    return host.start([sys.executable, _FILE, "serve", *ports], ready="^serving ")


def connect_command(host: Namespace) -> str:
    """As the key `connect` of a target file has it."""
    return " ".join(host.command([sys.executable, _FILE, "connect", "{address}", "{port}", "{service}"]))
