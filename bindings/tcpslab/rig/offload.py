"""What a kernel leaves to its network device, turned off as the tool ethtool does it, which need not be there."""

import ctypes
import fcntl
import socket
import struct

_SIOCETHTOOL = 0x8946
# linux/ethtool.h: each takes one value.
_ETHTOOL_STXCSUM = 0x17
_ETHTOOL_SGSO = 0x24


def disable(device: str) -> None:
    """In the network namespace of the calling thread: segments leave `device` one by one and with their checksums.

    Between two ends of a veth pair they do not: nobody there looks at a checksum that is not worked out.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for command in (_ETHTOOL_STXCSUM, _ETHTOOL_SGSO):
            value = ctypes.create_string_buffer(struct.pack("@II", command, 0))
            fcntl.ioctl(any_socket, _SIOCETHTOOL, struct.pack("@16sP", device.encode(), ctypes.addressof(value)))
