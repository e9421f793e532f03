/**
 * @file
 * @ingroup tcps
 * IP fragmentation. Internal: C++20, not installed.
 */
#ifndef TCPS_FRAGMENTS_H
#define TCPS_FRAGMENTS_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tcps-path-packet.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * Cuts a packet as a router (IPv4: RFC 791, section 3.2; fragments may be cut again) or its sender (IPv6: RFC 8200,
 * section 4.5) would, whatever DF says.
 *
 * @param packet any IP packet
 * @param size bytes of IP payload in each fragment but the last; rounded up to the next multiple of 8, at least 8
 * @param identification what tells this packet's fragments from others; IPv4 takes the lower 16 bits
 * @return the fragments, first to last; the packet alone if it needs no cutting or cannot be cut (it is no IP packet,
 *         or an IPv6 fragment already)
 */
std::vector<TcpsPathPacket> TcpsFragment(const TcpsPathPacket& packet, std::size_t size, uint32_t identification);

} // namespace ns3

#endif /* TCPS_FRAGMENTS_H */
