"""What is on a wire of a rig."""

import socket
import struct
from collections.abc import Iterable
from pathlib import Path

from scapy.utils import RawPcapWriter

from tcpslab.rig import Namespace

_SO_RCVBUFFORCE = 33  # <asm-generic/socket.h>; root may exceed the system's limit
_SOL_PACKET, _PACKET_STATISTICS = 263, 6  # <linux/if_packet.h>
_BUFFER = 128 << 20
_LONGEST_FRAME = 1 << 17
_ETHERNET = 1  # link type of pcap
WINDOW = 16  # bytes: so many in a row are no coincidence


class Capture:
    """Every frame that leaves or enters a device of a host, from the construction on. The kernel keeps them."""

    def __init__(self, host: Namespace, device: str) -> None:
        self._socket = host.packet_socket(device)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        self._socket.setblocking(False)
        self._frames: list[bytes] = []

    def frames(self) -> list[bytes]:
        """Those so far. Fails if the kernel had no room for one."""
        try:
            while True:
                self._frames.append(self._socket.recv(_LONGEST_FRAME))
        except BlockingIOError:
            pass
        lost = struct.unpack("@II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))[1]
        assert lost == 0, f"the capture lost {lost} frames"
        return self._frames

    def write(self, file: Path) -> Path:
        """As a file for lab decrypt."""
        with RawPcapWriter(str(file), linktype=_ETHERNET) as writer:
            writer.write_header(None)
            for frame in self.frames():
                writer.write_packet(frame)
        return file

    def close(self) -> None:
        self._socket.close()


def readable(frames: Iterable[bytes], text: bytes) -> int:
    """How many of the frames hold any 16 bytes of the text as they are."""
    windows = {text[i : i + WINDOW] for i in range(len(text) - WINDOW + 1)}
    return sum(any(frame[i : i + WINDOW] in windows for i in range(len(frame) - WINDOW + 1)) for frame in frames)
