"""TCP/S in Scapy: its three TCP options as typed values, and sessions that verify and decrypt a conversation.

Importing this package teaches Scapy's TCP layer the options. They share kind 253 with everybody else's experiments and
are told apart by exact length and magic (tcps-wire.md, section 2); every other option stays what Scapy makes of it:

    >>> from scapy.layers.inet import IP, TCP
    >>> from tcpslab.scapy import TC, find
    >>> syn = IP(dst="10.0.0.2") / TCP(flags="S", options=[("MSS", 1440), TC(public_key=bytes(32))])
    >>> find(IP(bytes(syn)), TC).public_key == bytes(32)
    True

In a packet's option list they are pairs like Scapy's own, `("TC", TC(...))`; `show()` prints them in words. To send a
malformed option give Scapy the raw pair, `(253, b"TC" + ...)`. Options are dissected without loss: whatever does not
parse is kept, verbatim, as the last pair, `("Unparsed", b"...")`. More than 40 bytes of options raise OptionSpaceError
where Scapy would send a data offset of 0. A packet that was dissected keeps its data offset, also when its options are
changed afterwards: `with_options()` makes a copy that fits.

A capture and its key log (design.md, section 7) become plaintext:

    sessions = Sessions(KeyLog.parse(Path("keys.log").read_text()))
    for packet in rdpcap("link-1.pcap"):
        opened = sessions.feed(packet)
        if opened and opened.tag is Tag.VALID:
            opened.readable().show()
    print(sessions.all[0].stream(C2S))

Beside a running tcpslab.stack.Endpoint, `Sessions(EndpointKeyLog(endpoint))` does the same.

This is a second codec, written from the documents and not from the C++ one, so that each can be held against the other.
X25519 and ChaCha20 are a library's; the two tag arithmetics no library has.
"""

from tcpslab.scapy.crypto import (
    DirectionKeys,
    LowOrderKeyError,
    SessionKeys,
    auth_tag,
    derive_keys,
    keystream,
    public_key,
    shared_secret,
    xor_stream,
)
from tcpslab.scapy.dialects import DIALECTS, LKM, README, Dialect, ForwardPosition, NearestPosition
from tcpslab.scapy.keylog import EndpointKeyLog, KeyLog, KeyLogError
from tcpslab.scapy.options import TC, TI, TM, OptionSpaceError, TcpsOption, find, with_options
from tcpslab.scapy.session import C2S, S2C, Direction, Identity, Opened, Session, Sessions, Tag

__all__ = [
    "C2S",
    "DIALECTS",
    "LKM",
    "README",
    "S2C",
    "TC",
    "TI",
    "TM",
    "Dialect",
    "Direction",
    "DirectionKeys",
    "EndpointKeyLog",
    "ForwardPosition",
    "Identity",
    "KeyLog",
    "KeyLogError",
    "LowOrderKeyError",
    "NearestPosition",
    "Opened",
    "OptionSpaceError",
    "Session",
    "SessionKeys",
    "Sessions",
    "Tag",
    "TcpsOption",
    "auth_tag",
    "derive_keys",
    "find",
    "keystream",
    "public_key",
    "shared_secret",
    "with_options",
    "xor_stream",
]
