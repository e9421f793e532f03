/**
 * @file
 * @ingroup tcps
 * The TCP segment in a path packet. Internal: C++20, not installed.
 */
#ifndef TCPS_PATH_SEGMENT_H
#define TCPS_PATH_SEGMENT_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reference/wire/packet.h"
#include "tcps-path-packet.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * A TCP segment taken out of a packet, edited, and put back:
 *
 * @code
 *   if (std::optional<TcpsPathSegment> segment = TcpsPathSegment::Parse(packet))
 *   {
 *       (*segment)->window = 0;
 *       Forward(segment->ToPacket(), direction, true);
 *   }
 * @endcode
 */
class TcpsPathSegment
{
  public:
    using Segment = tcpslab::wire::Segment;

    /**
     * @param packet any IP packet
     * @return nothing for what is not a whole TCP segment: other protocols, fragments, malformed headers
     */
    static std::optional<TcpsPathSegment> Parse(const TcpsPathPacket& packet);

    /**
     * A segment in a packet of its own: no IP options, TTL 64.
     * @param segment as to be sent
     */
    static TcpsPathPacket Make(const Segment& segment);

    TcpsPathSegment(TcpsPathSegment&&) = default;
    TcpsPathSegment& operator=(TcpsPathSegment&&) = default;
    TcpsPathSegment(const TcpsPathSegment&) = delete;
    TcpsPathSegment& operator=(const TcpsPathSegment&) = delete;
    ~TcpsPathSegment() = default;

    /** The segment; its payload may be edited in place, shortened, or replaced by SetPayload(). */
    Segment* operator->()
    {
        return &m_segment;
    }
    const Segment* operator->() const
    {
        return &m_segment;
    }
    Segment& operator*()
    {
        return m_segment;
    }
    const Segment& operator*() const
    {
        return m_segment;
    }

    /** Other bytes in the payload's place; they are copied. */
    void SetPayload(std::span<const std::byte> payload);

    /** IP header bytes as they came, editable: all but lengths and checksums, which ToPacket() sets. */
    std::span<std::byte> IpHeader();

    /** Another source, of the same address family, in both headers. */
    void SetSource(const tcpslab::wire::Endpoint& source);
    /** Another destination, of the same address family, in both headers. */
    void SetDestination(const tcpslab::wire::Endpoint& destination);

    /**
     * @return whether its checksum was wrong when it came: what it says may be anything
     */
    bool IsDamaged() const;

    /**
     * @return the packet as it is now, lengths and checksums right, with the tags of the one that it came in. A TCP
     *         checksum that was wrong is wrong again: editing a damaged segment does not make it a good one.
     */
    TcpsPathPacket ToPacket() const;

  private:
    explicit TcpsPathSegment(const TcpsPathPacket& packet);
    void SetIpAddress(std::size_t ipv4Offset, std::size_t ipv6Offset, const tcpslab::wire::Address& address);

    TcpsPathPacket m_packet;
    std::vector<uint8_t> m_bytes;     //!< where header and payload were parsed from
    std::vector<std::byte> m_payload; //!< SetPayload()'s
    std::size_t m_ipHeaderSize{0};
    Segment m_segment;
};

} // namespace ns3

#endif /* TCPS_PATH_SEGMENT_H */
