/**
 * @file
 * @ingroup tcps
 * What a box on the path can know of the connections that pass it. Internal: C++20, not installed.
 */
#ifndef TCPS_FLOW_TRACKER_H
#define TCPS_FLOW_TRACKER_H

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "ns3/nstime.h"
#include "reference/stack/flow.h"
#include "reference/wire/segment.h"
#include "tcps-path-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 * One end of a connection, as its own segments show it.
 */
struct TcpsTrackedEnd
{
    tcpslab::wire::Endpoint endpoint;
    std::optional<uint32_t> isn;
    uint32_t next = 0;                       //!< sequence number behind the highest that it sent
    std::optional<uint32_t> acknowledgement; //!< the highest that it sent
    uint16_t window = 0;                     //!< the last that it sent, as on the wire
    uint64_t payload = 0;                    //!< bytes that passed, retransmissions included
    bool fin = false;
    std::optional<uint32_t> timestamp; //!< TSval of its last segment that had one (RFC 7323)
};

/**
 * @ingroup tcps
 * One connection; again from the beginning when a SYN with another number opens the same endpoints anew. While the old
 * one may be alive, such a SYN changes nothing: its receiver answers with a challenge ACK, and a RST follows if it was
 * meant (RFC 9293, section 3.10.7.4).
 */
struct TcpsTrackedFlow
{
    uint32_t number = 0;                                          //!< counting connections from 1
    TcpsPathElement::Direction opener = TcpsPathElement::FORWARD; //!< which way the first SYN travelled
    std::array<TcpsTrackedEnd, 2> ends;                           //!< by the direction that its segments travel
    bool established = false;                                     //!< an ACK came from the opener
    bool reset = false;                                           //!< a RST passed
    Time lastSeen;

    /** Both ends have closed it, or one has reset it. */
    bool IsOver() const
    {
        return reset || (ends[0].fin && ends[1].fin);
    }

    /** The end whose segments travel that way. */
    TcpsTrackedEnd& Sender(TcpsPathElement::Direction direction)
    {
        return ends[direction];
    }
    const TcpsTrackedEnd& Sender(TcpsPathElement::Direction direction) const
    {
        return ends[direction];
    }
};

/** @return the other way */
constexpr TcpsPathElement::Direction
TcpsReverse(TcpsPathElement::Direction direction)
{
    return direction == TcpsPathElement::FORWARD ? TcpsPathElement::BACKWARD : TcpsPathElement::FORWARD;
}

/**
 * @ingroup tcps
 * Follows every connection that passes. Call Observe() for each TCP segment, as it arrives at the element.
 */
class TcpsFlowTracker
{
  public:
    /**
     * @param segment as it passes
     * @param direction which way it travels
     * @return its connection, the segment counted in; valid until the next call
     */
    TcpsTrackedFlow& Observe(const tcpslab::wire::Segment& segment, TcpsPathElement::Direction direction);

    /**
     * @param a one endpoint
     * @param b the other
     * @return the connection; null if no segment of it has passed
     */
    TcpsTrackedFlow* Find(const tcpslab::wire::Endpoint& a, const tcpslab::wire::Endpoint& b);

    /** Forgets a connection; references to it end. */
    void Forget(const tcpslab::wire::Endpoint& a, const tcpslab::wire::Endpoint& b);

  private:
    using Key = std::array<std::byte, tcpslab::stack::FlowKey::kByteSize>;

    std::map<Key, TcpsTrackedFlow> m_flows;
    uint32_t m_number = 0;
};

} // namespace ns3

#endif /* TCPS_FLOW_TRACKER_H */
