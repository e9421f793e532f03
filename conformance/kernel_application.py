"""An application of a host of a rig that opens a connection: the kernel's TCP, and the services of services.py."""

import contextlib
import ipaddress
import socket
import threading

from tcpslab.rig import Namespace

from conformance import services
from conformance.target import Service


class KernelApplication:
    """Runs in a thread of its own from its construction on, without the time that another process takes to start."""

    def __init__(self, host: Namespace, address: str, port: int, service: Service) -> None:
        self._text = f"the application that connects to {address} port {port} for {service}"
        self._error: OSError | None = None
        family = socket.AF_INET if ipaddress.ip_address(address).version == 4 else socket.AF_INET6
        with host.entered():
            self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._thread = threading.Thread(target=self._run, args=(address, port, service), daemon=True)
        self._thread.start()

    def failed(self) -> bool:
        return self._error is not None

    def report(self) -> str:
        if self._error is not None:
            return f"{self._text} ended: {self._error}"
        return f"{self._text} {'runs' if self._thread.is_alive() else 'has ended'}"

    def stop(self) -> None:
        """As the end of a process closes its connections."""
        with contextlib.suppress(OSError):  # it is closed already, or was never open
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, too, whatever it waits for
        self._thread.join()
        self._socket.close()

    def _run(self, address: str, port: int, service: Service) -> None:
        try:
            self._socket.connect((address, port))
        except OSError as error:
            self._error = error
            return
        services.run(services.SERVICES[service], self._socket)
