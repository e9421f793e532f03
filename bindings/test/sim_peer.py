"""The other end of a connection with a SimNode: packets written by hand, and an Endpoint that speaks TCP/S for them."""

from tcpslab.sim import SimNode
from tcpslab.stack import Config, Endpoint
from tcpslab.wire import Flag, Packet, checksums_valid

NODE = {"ipv4": "10.0.0.2", "ipv6": "2001:db8::2"}
PEER = {"ipv4": "10.0.0.1", "ipv6": "2001:db8::1"}
FAMILIES = tuple(NODE)
ISN = 1000


class SimPeer:
    """Counts sequence numbers; what it takes and sends is plaintext. config None: a peer without TCP/S."""

    def __init__(
        self, node: SimNode, family: str = "ipv4", *, port: int = 40000, config: Config | None = None, seed: int = 99
    ) -> None:
        self.node = node
        self.local = (PEER[family], port)
        self.remote = (NODE[family], 7)
        self.shim = Endpoint(config, seed=seed) if config else None
        self.wire: list[bytes] = []  # all that the node sent
        self.sequence = ISN
        self.acknowledgement = 0

    def take(self) -> list[Packet]:
        """What the node's TCP sent meanwhile, to this peer or not."""
        taken = []
        for time, data in self.node.take():
            assert checksums_valid(data)
            self.wire.append(data)
            seen: bytes | None = data
            if self.shim:
                passage = self.shim.inbound(data, now=time)
                for own in passage.to_network:
                    self.node.inject(own)
                seen = passage.packet
            if seen:
                packet = Packet.parse(seen)
                size = len(packet.payload) + bool(packet.flags & Flag.SYN) + bool(packet.flags & Flag.FIN)
                self.acknowledgement = (packet.sequence + size) % 2**32
                taken.append(packet)
        return taken

    def packet(self, flags: Flag, payload: bytes = b"") -> bytes:
        """The next packet as it goes over the wire."""
        packet = Packet(
            self.local,
            self.remote,
            sequence=self.sequence,
            acknowledgement=self.acknowledgement if flags & Flag.ACK else 0,
            flags=flags,
            window=65535,
            payload=payload,
        ).emit()
        self.sequence += len(payload) + bool(flags & Flag.SYN) + bool(flags & Flag.FIN)
        if not self.shim:
            return packet
        passage = self.shim.outbound(packet, now=self.node.now)
        assert passage.packet is not None
        return passage.packet

    def send(self, flags: Flag, payload: bytes = b"") -> None:
        assert self.node.inject(self.packet(flags, payload))

    def open(self, port: int = 7) -> int:
        """Connects to the node, which listens; returns the node's connection."""
        self.remote = (self.remote[0], port)
        self.send(Flag.SYN)
        (syn_ack,) = self.take()
        assert syn_ack.flags == Flag.SYN | Flag.ACK
        self.send(Flag.ACK)
        self.take()
        return self.node.accepted(port)[-1]

    def accept(self, port: int = 80) -> int:
        """The node connects to this peer; returns the node's connection."""
        connection = self.node.connect(self.local[0], port)
        (syn,) = self.take()
        assert syn.flags & (Flag.SYN | Flag.ACK | Flag.RST) == Flag.SYN
        self.local, self.remote = syn.destination, syn.source
        self.send(Flag.SYN | Flag.ACK)
        self.take()
        return connection
