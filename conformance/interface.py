"""A network interface of this machine, as the tool `ip` knows it."""

import ipaddress
import json
import subprocess
from dataclasses import dataclass

from tcpslab.outcome import InfrastructureError, RequestError

from conformance.target_file import Address, Network

_ETHERNET = "ether"


@dataclass(frozen=True)
class Interface:
    name: str
    mtu: int  # bytes of an IP packet
    own: tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...]  # this machine's addresses on it

    def network_of(self, address: Address) -> Network | None:
        """The subnet of this interface in which `address` lies."""
        return next((own.network for own in self.own if address in own.network), None)


def read_interface(name: str) -> Interface:
    """Raises `RequestError` if there is no such Ethernet interface, `InfrastructureError` if it is down."""
    try:
        listed = subprocess.run(
            ["ip", "-json", "address", "show", "dev", name], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InfrastructureError(f"cannot ask the tool ip about {name}: {error}") from error
    if listed.returncode != 0:
        raise RequestError(f"interface {name}: {listed.stderr.strip()}")
    (link,) = (entry for entry in json.loads(listed.stdout) if entry)  # older versions list empty entries beside it
    if link["link_type"] != _ETHERNET:
        raise RequestError(f"interface {name}: is of type {link['link_type']}; a target is reached over Ethernet")
    if "UP" not in link["flags"]:
        raise InfrastructureError(f"interface {name}: is down; 'ip link set {name} up' starts it")
    if "LOWER_UP" not in link["flags"]:
        raise InfrastructureError(f"interface {name}: has no carrier: nothing is plugged in at its other end")
    own = tuple(ipaddress.ip_interface(f"{entry['local']}/{entry['prefixlen']}") for entry in link["addr_info"])
    return Interface(name, link["mtu"], own)
