"""An Ethernet interface on which we are a host of our own: a MAC address and IP addresses that this machine's kernel
does not know.

The kernel does not interfere, because frames to a MAC address that is not the interface's are no business of its IP
layer (PACKET_OTHERHOST); for the same reason we answer ARP and neighbour discovery for our addresses ourselves. One
thread owns the receiving side of the socket: the answers leave at once, and nothing overflows, also while a test
computes; the kernel's timestamp on each frame says when it arrived, however late the thread ran. (A selector loop in
every wait would leave questions unanswered for as long as a test does not wait.)
"""

import hashlib
import os
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from tcpslab.outcome import InfrastructureError

from conformance import neighbours
from conformance.interface import Interface
from conformance.target import NotDriven, Received
from conformance.target_file import Address

# <linux/if_ether.h>, <linux/if_packet.h>, <asm-generic/socket.h>
_ETH_P_ALL = 0x0003
_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP, _PACKET_MR_PROMISC = 1, 1
_PACKET_STATISTICS = 6
_PACKET_AUXDATA = 8
_PACKET_IGNORE_OUTGOING = 23
_TP_STATUS_CSUMNOTREADY = 1 << 3
_TP_STATUS_VLAN_VALID = 1 << 4
_SO_TIMESTAMPNS = 35
_MEMBERSHIP = struct.Struct("@iHH8s")  # struct packet_mreq
_AUXDATA = struct.Struct("@IIIHHHH")  # struct tpacket_auxdata
_TIMESPEC = struct.Struct("@ll")
_STATISTICS = struct.Struct("@II")  # struct tpacket_stats

_HEADER = 14  # bytes of an Ethernet header
_LARGEST_FRAME = 1 << 18  # IPv6 packets of "BIG TCP" are longer than 64 KiB
_RECEIVE_BUFFER = 4 << 20
_ANCILLARY = socket.CMSG_SPACE(_AUXDATA.size) + socket.CMSG_SPACE(_TIMESPEC.size)

# How often, and how long apart, an address is asked for. RFC 5227 and RFC 4862 wait for seconds, to survive a network
# that has just come up; this one has been up for long.
_ATTEMPTS = 3
_ATTEMPT_INTERVAL = 0.1


def own_mac(seed: int) -> str:
    """A locally administered unicast MAC address (IEEE 802: bit 1 of the first octet set, bit 0 clear)."""
    number = seed.to_bytes(8, "big", signed=True)
    octets = bytearray(hashlib.blake2b(number, digest_size=6, person=b"TCP/S Lab").digest())
    octets[0] = octets[0] & 0xFC | 0x02
    return octets.hex(":")


class Link:
    """Sends and receives the IP packets of our own addresses. Close it, or use it as a context manager.

    Methods raise `InfrastructureError` once the interface has failed or another host uses one of our addresses.
    """

    def __init__(self, interface: Interface, mac: str) -> None:
        self.interface = interface
        self.mac = mac
        self.super_frames = 0  # packets that were longer than the interface's MTU
        self._mac_bytes = bytes.fromhex(mac.replace(":", ""))
        self._changed = threading.Condition()  # guards what follows
        self._inbox: deque[Received] = deque()
        self._owned: set[Address] = set()
        self._claims: dict[Address, str] = {}  # who says that an address is theirs, by the latest word
        self._failure: InfrastructureError | None = None
        self._socket = _open_socket(interface.name)
        self._closing = os.eventfd(0)
        self._thread = threading.Thread(target=self._run, name=f"link {interface.name}", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._socket.fileno() < 0:
            return
        os.eventfd_write(self._closing, 1)
        self._thread.join()
        self._socket.close()
        os.close(self._closing)

    # Addresses

    def acquire(self, candidates: Sequence[Address]) -> list[Address]:
        """Makes those of the addresses ours that no other host uses, and returns them (RFC 5227, RFC 4862)."""
        with self._changed:
            for address in candidates:
                self._claims.pop(address, None)
        for _ in range(_ATTEMPTS):
            for address in candidates:
                self._send_frame(neighbours.question(self.mac, None, address))
            time.sleep(_ATTEMPT_INTERVAL)
        with self._changed:
            free = [address for address in candidates if address not in self._claims]
            self._owned.update(free)
        for address in free:
            self._send_frame(neighbours.announcement(self.mac, address))
        return free

    def resolve(self, host: Address, asker: Address, time_limit: float) -> str:
        """The MAC address of `host`, asked for anew in the name of `asker`, one of our addresses, within seconds."""
        with self._changed:
            self._claims.pop(host, None)
        for _ in range(_ATTEMPTS):
            self._send_frame(neighbours.question(self.mac, asker, host))
            if self._wait(lambda: host in self._claims, time_limit / _ATTEMPTS):
                return self._claims[host]
        protocol = "ARP" if host.version == 4 else "neighbour discovery"
        raise InfrastructureError(f"{host} does not answer {protocol} on {self.interface.name}")

    def find(self, host: Address, asker: Address, time_limit: float) -> str:
        """The MAC address of `host`: what it said last, else as `resolve`."""
        with self._changed:
            known = self._claims.get(host)
        return known or self.resolve(host, asker, time_limit)

    # Packets

    def send(self, packet: bytes, mac: str) -> None:
        """Sends an IP packet to the host at `mac`."""
        kind = b"\x86\xdd" if packet[:1] and packet[0] >> 4 == 6 else b"\x08\x00"
        self._send_frame(bytes.fromhex(mac.replace(":", "")) + self._mac_bytes + kind + packet)

    def receive(self, timeout: float) -> Received | None:
        """The next IP packet to our MAC address, whoever sent it, or None after `timeout` seconds."""
        self._wait(lambda: self._inbox, timeout)
        with self._changed:
            return self._inbox.popleft() if self._inbox else None

    def wait_for(self, wanted: Callable[[Received], bool], timeout: float) -> bool:
        """Whether a packet that is `wanted` has arrived, or does so within `timeout` seconds. It stays where it is."""
        return self._wait(lambda: any(wanted(packet) for packet in self._inbox), timeout)

    def drain(self) -> None:
        """Forgets what has arrived."""
        with self._changed:
            self._inbox.clear()

    def lost(self) -> int:
        """How many frames the kernel had no room for since the last call."""
        _, drops = _STATISTICS.unpack(self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, _STATISTICS.size))
        return drops

    # Within

    def _wait(self, condition: Callable[[], object], timeout: float) -> bool:
        with self._changed:
            happened = self._changed.wait_for(lambda: self._failure is not None or condition(), timeout)
            if self._failure is not None:
                raise self._failure
            return bool(happened)

    def _send_frame(self, frame: bytes) -> None:
        try:
            self._socket.send(frame)
        except OSError as error:
            size = len(frame) - _HEADER
            if size > self.interface.mtu:
                message = f"{self.interface.name} takes no IP packet of {size} bytes: its MTU is {self.interface.mtu}"
                raise NotDriven(message) from error
            raise InfrastructureError(f"cannot send on {self.interface.name}: {error.strerror}") from error

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.register(self._closing, select.POLLIN)
        try:
            while self._closing not in (ready := {descriptor for descriptor, _ in poll.poll()}):
                if self._socket.fileno() in ready:
                    self._receive_frame()
        except (OSError, InfrastructureError) as error:
            with self._changed:
                self._failure = InfrastructureError(f"{self.interface.name}: {error}")
                self._changed.notify_all()

    def _receive_frame(self) -> None:
        frame, ancillary, _, _ = self._socket.recvmsg(_LARGEST_FRAME, _ANCILLARY)
        arrival, wall_clock = time.monotonic(), time.time()
        status = 0
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
                seconds, nanoseconds = _TIMESPEC.unpack(data)
                # The kernel stamps by the wall clock, which may step; only the age of the frame is taken from it.
                arrival -= max(0.0, wall_clock - (seconds + nanoseconds * 1e-9))
            elif level == _SOL_PACKET and kind == _PACKET_AUXDATA:
                status = _AUXDATA.unpack(data)[0]
        if status & _TP_STATUS_VLAN_VALID:
            return
        if neighbours.is_neighbour_frame(frame):
            self._hear(neighbours.Heard(frame))
        elif frame[:6] == self._mac_bytes and frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
            packet = _without_padding(frame[_HEADER:])
            received = Received(packet, arrival, checksums=not status & _TP_STATUS_CSUMNOTREADY)
            with self._changed:
                self.super_frames += len(packet) > self.interface.mtu
                self._inbox.append(received)
                self._changed.notify_all()

    def _hear(self, heard: neighbours.Heard) -> None:
        with self._changed:
            for address, mac in heard.claims:
                if mac == self.mac:
                    continue
                self._claims[address] = mac
                if address in self._owned and heard.wanted != address:
                    message = f"{address}, which the suite uses, is also used by {mac}; name free addresses for it"
                    self._failure = InfrastructureError(message)
            asked = heard.wanted in self._owned
            self._changed.notify_all()
        if asked and heard.mac != self.mac:
            self._send_frame(neighbours.answer(self.mac, heard.wanted, heard.mac, heard.asker))


def _open_socket(interface: str) -> socket.socket:
    try:
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # protocol 0: nothing arrives before bind()
    except PermissionError as error:
        raise InfrastructureError(
            "raw packets on an interface need the capability CAP_NET_RAW, which this process has not: run it as root, "
            "or under 'sudo setpriv --reuid $(id -u) --regid $(id -g) --init-groups --inh-caps +net_raw "
            "--ambient-caps +net_raw'"
        ) from error
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        opened.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        opened.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        index = socket.if_nametoindex(interface)
        membership = _MEMBERSHIP.pack(index, _PACKET_MR_PROMISC, 0, b"")
        opened.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, membership)
        opened.bind((interface, _ETH_P_ALL))
    except OSError as error:
        opened.close()
        raise InfrastructureError(f"cannot open a packet socket on {interface}: {error.strerror}") from error
    return opened


def _without_padding(packet: bytes) -> bytes:
    """An IP packet without what Ethernet adds to reach its least length."""
    if len(packet) >= 40 and packet[0] >> 4 == 6:
        length = 40 + int.from_bytes(packet[4:6], "big") if packet[4:6] != b"\0\0" else len(packet)
    else:
        length = int.from_bytes(packet[2:4], "big") or len(packet)  # 0: longer than the field can say
    return packet[:length]
