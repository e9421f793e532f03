/**
 * @file
 * @ingroup tcps
 * TCP segments as bytes of ns3::Packet. Internal: C++20, not installed.
 */
#ifndef TCPS_SEGMENT_BUFFER_H
#define TCPS_SEGMENT_BUFFER_H

#include <cstddef>
#include <span>
#include <vector>

#include "ns3/packet.h"
#include "reference/wire/segment.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * One reusable buffer. A packet is copied in once; its payload then stays in place while the header in front of it is
 * written anew, whatever its size becomes, and the result goes back into a packet with one more copy. Packets keep
 * their uid and tags.
 */
class TcpsSegmentBuffer
{
  public:
    /**
     * Copies the first bytes of a packet, with room for the longest TCP header in front of them.
     * @param packet begins with a TCP header
     * @param size how many bytes
     * @return the copy; valid until the next call
     */
    std::span<std::byte> CopyIn(const Packet& packet, std::size_t size);

    /**
     * Makes header and payload of a segment the whole content of a packet.
     * @param packet keeps its uid and tags
     * @param segment its payload lies in this buffer, where there is room for a header in front, or elsewhere
     * @param checksum whether to compute it
     */
    void Rebuild(Packet& packet, const tcpslab::wire::Segment& segment, tcpslab::wire::Checksum checksum);

    /**
     * Replaces the header at the start of a packet alone, without a checksum.
     * @param packet keeps its payload, uid and tags
     * @param oldHeader size of the present header
     * @param segment the new one; its payload is not looked at
     */
    static void RebuildHeader(Packet& packet, std::size_t oldHeader, const tcpslab::wire::Segment& segment);

  private:
    std::vector<std::byte> m_bytes; //!< grows to the largest segment seen
};

} // namespace ns3

#endif /* TCPS_SEGMENT_BUFFER_H */
