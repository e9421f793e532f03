"""The small applications of a simulated target, on the socket calls of a SimNode (services: conformance.target)."""

from dataclasses import dataclass, field

from tcpslab.sim import SimNode

from conformance.target import SERVICES, Service

GREETING = b"Saturday, November 21, 1998 12:00:00-UTC\r\n"  # a line like that of RFC 867
PORTS: dict[Service, int] = {"echo": 7, "greet": 13, "abort": 9}  # RFC 862, RFC 867; for abort that of discard


@dataclass
class _Connection:
    service: Service
    pending: bytes = b""
    greeted: bool = False
    done: bool = False


@dataclass
class Applications:
    """Runs the services of one node. `step` is to be called whenever something may have happened on it."""

    node: SimNode
    _connections: dict[int, _Connection] = field(default_factory=dict)

    def listen(self) -> None:
        for service in SERVICES:
            self.node.listen(PORTS[service])

    def connect(self, address: str, port: int, service: Service) -> None:
        self._connections[self.node.connect(address, port)] = _Connection(service)

    def step(self) -> None:
        """Serves every connection as far as it goes now."""
        for service in SERVICES:
            for connection in self.node.accepted(PORTS[service]):
                self._connections.setdefault(connection, _Connection(service))
        for number, connection in self._connections.items():
            if not connection.done:
                self._serve(number, connection)

    def _serve(self, number: int, connection: _Connection) -> None:
        state = self.node.connection_state(number)
        if state == "connecting":
            return
        if state not in ("open", "peer-closed"):  # it failed, or was reset
            connection.done = True
            return
        received = self.node.received(number)
        if connection.service == "abort":
            if received:
                self.node.abort(number)
                connection.done = True
            return
        if connection.service == "greet":
            connection.pending += b"" if connection.greeted else GREETING
            connection.greeted = True
        else:
            connection.pending += received
        if connection.pending:
            taken = self.node.send(number, connection.pending)
            connection.pending = connection.pending[taken:]
        if not connection.pending and (connection.service == "greet" or state == "peer-closed"):
            self.node.close(number)
            connection.done = True
