// From a captured frame to the IP packet in it.
//
// Link types are the DLT_ values of libpcap: Ethernet (with any stack of VLAN tags, or LLC/SNAP), PPP, Linux cooked
// (SLL, SLL2), raw IP, BSD loopback (null, loop).
#pragma once

#include <cstddef>
#include <span>

namespace tcpslab::capture {

[[nodiscard]] bool IsSupportedLinkType(int link_type);

// What lies behind the link-layer header if that announces IPv4 or IPv6; else, or if the frame is too short, nothing
// (an empty span). Padding and a frame check sequence may follow the packet.
[[nodiscard]] std::span<std::byte> FindIpPacket(int link_type, std::span<std::byte> frame);

}  // namespace tcpslab::capture
