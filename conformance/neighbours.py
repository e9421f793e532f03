"""ARP (RFC 826, RFC 5227) and IPv6 neighbour discovery (RFC 4861, RFC 4862), as Ethernet frames.

Every field is given, so that Scapy asks neither the routing table nor the network for anything.
"""

import ipaddress

from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import ARP, Ether

from conformance.target_file import Address

_BROADCAST = "ff:ff:ff:ff:ff:ff"
_NO_MAC = "00:00:00:00:00:00"
_ALL_NODES = ipaddress.IPv6Address("ff02::1")
_UNSPECIFIED = ipaddress.IPv6Address("::")
_HOP_LIMIT = 255  # RFC 4861, section 7.1: whatever has less came through a router
_REQUEST, _REPLY = 1, 2


def question(mac: str, asker: Address | None, wanted: Address) -> bytes:
    """Who has `wanted`? `asker` None: a probe, from which nobody learns anything (RFC 5227, 2.1.1; RFC 4862, 5.4)."""
    if wanted.version == 4:
        arp = ARP(op=_REQUEST, hwsrc=mac, psrc=str(asker or "0.0.0.0"), hwdst=_NO_MAC, pdst=str(wanted))
        return bytes(Ether(src=mac, dst=_BROADCAST, type=0x0806) / arp)
    group = _solicited_node(wanted)
    asked = ICMPv6ND_NS(tgt=str(wanted))
    if asker is not None:
        asked /= ICMPv6NDOptSrcLLAddr(lladdr=mac)
    return _ndp(mac, _multicast_mac(group), asker or _UNSPECIFIED, group, asked)


def answer(mac: str, owner: Address, asker_mac: str, asker: Address | None) -> bytes:
    """`owner` is at `mac`, to the one who asked; `asker` None: it was a probe."""
    if owner.version == 4:
        arp = ARP(op=_REPLY, hwsrc=mac, psrc=str(owner), hwdst=asker_mac, pdst=str(asker or "0.0.0.0"))
        return bytes(Ether(src=mac, dst=asker_mac, type=0x0806) / arp)
    if asker is None:
        return announcement(mac, owner)
    return _ndp(mac, asker_mac, owner, asker, _advertisement(mac, owner, solicited=True))


def announcement(mac: str, owner: Address) -> bytes:
    """`owner` is at `mac`, to everybody (RFC 5227, section 2.3; RFC 4861, section 7.2.6)."""
    if owner.version == 4:
        arp = ARP(op=_REQUEST, hwsrc=mac, psrc=str(owner), hwdst=_NO_MAC, pdst=str(owner))
        return bytes(Ether(src=mac, dst=_BROADCAST, type=0x0806) / arp)
    return _ndp(mac, _multicast_mac(_ALL_NODES), owner, _ALL_NODES, _advertisement(mac, owner, solicited=False))


class Heard:
    """What a frame of either protocol says: who claims which address, and which address was asked for."""

    def __init__(self, frame: bytes) -> None:
        packet = Ether(frame)
        self.mac: str = packet.src  # of the sender
        self.asker: Address | None = None  # of a question; None: a probe, or no question
        self.wanted: Address | None = None  # of a question
        self.claims: list[tuple[Address, str]] = []
        if ARP in packet:
            self._hear_arp(packet[ARP])
        elif IPv6 in packet and packet[IPv6].hlim == _HOP_LIMIT:
            self._hear_ndp(packet[IPv6])

    def _hear_arp(self, arp: ARP) -> None:
        if (arp.hwtype, arp.ptype, arp.hwlen, arp.plen) != (1, 0x0800, 6, 4):
            return
        self.mac = arp.hwsrc
        sender, target = ipaddress.IPv4Address(arp.psrc), ipaddress.IPv4Address(arp.pdst)
        if arp.op == _REQUEST and target != sender:
            self.wanted = target
        if int(sender) != 0:
            self.asker = sender
            self.claims.append((sender, arp.hwsrc))
        elif arp.op == _REQUEST:
            self.claims.append((target, arp.hwsrc))  # a probe: its sender is about to use the address

    def _hear_ndp(self, packet: IPv6) -> None:
        source = ipaddress.IPv6Address(packet.src)
        if ICMPv6ND_NS in packet:
            self.wanted = ipaddress.IPv6Address(packet[ICMPv6ND_NS].tgt)
            if source == _UNSPECIFIED:
                self.claims.append((self.wanted, self.mac))
            else:
                self.asker = source
                if ICMPv6NDOptSrcLLAddr in packet:
                    self.mac = packet[ICMPv6NDOptSrcLLAddr].lladdr
                self.claims.append((source, self.mac))
        elif ICMPv6ND_NA in packet:
            owner = ipaddress.IPv6Address(packet[ICMPv6ND_NA].tgt)
            if ICMPv6NDOptDstLLAddr in packet:
                self.mac = packet[ICMPv6NDOptDstLLAddr].lladdr
            self.claims.append((owner, self.mac))


def is_neighbour_frame(frame: bytes) -> bool:
    """Whether `Heard` may find something in an Ethernet frame; cheap."""
    kind = frame[12:14]
    if kind == b"\x08\x06":
        return len(frame) >= 42
    # IPv6 whose next header is ICMPv6, and a neighbour solicitation or advertisement.
    return kind == b"\x86\xdd" and len(frame) >= 78 and frame[20] == 58 and frame[54] in (135, 136)



def _advertisement(mac: str, owner: Address, *, solicited: bool) -> ICMPv6ND_NA:
    return ICMPv6ND_NA(R=0, S=int(solicited), O=1, tgt=str(owner)) / ICMPv6NDOptDstLLAddr(lladdr=mac)


def _ndp(mac: str, to_mac: str, source: Address, destination: Address, message: ICMPv6ND_NS | ICMPv6ND_NA) -> bytes:
    header = IPv6(src=str(source), dst=str(destination), hlim=_HOP_LIMIT)
    return bytes(Ether(src=mac, dst=to_mac, type=0x86DD) / header / message)


def _solicited_node(address: Address) -> ipaddress.IPv6Address:
    """RFC 4291, section 2.7.1."""
    return ipaddress.IPv6Address(int(ipaddress.IPv6Address("ff02::1:ff00:0")) | int(address) & 0xFFFFFF)


def _multicast_mac(group: ipaddress.IPv6Address) -> str:
    """RFC 2464, section 7."""
    return "33:33:" + group.packed[-4:].hex(":")
