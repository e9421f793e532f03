#include "tcps-duplicate-ack-guard.h"

#include <algorithm>

#include "reference/wire/options.h"
#include "reference/wire/sequence.h"

namespace ns3
{

namespace wire = tcpslab::wire;

namespace
{

constexpr uint32_t kUsualSegment = 1460;

} // namespace

void
TcpsDuplicateAckGuard::NoteSent(uint32_t sequence, std::size_t payload)
{
    if (payload == 0)
    {
        return;
    }
    const auto size = static_cast<uint32_t>(payload);
    m_longest = std::max(m_longest, size);
    if (wire::SequenceBefore(sequence, m_highestSent))
    {
        BeginRecovery(); // a retransmission
    }
    if (wire::SequenceBefore(m_highestSent, sequence + size))
    {
        m_highestSent = sequence + size;
    }
}

void
TcpsDuplicateAckGuard::BeginRecovery()
{
    if (!m_recovering)
    {
        m_largestFlight = 0;
    }
    m_recovering = true;
    m_recover = m_highestSent;
    m_largestFlight = std::max(m_largestFlight, m_highestSent - m_acknowledged);
}

void
TcpsDuplicateAckGuard::Inbound(wire::Segment& segment, uint8_t windowShift, bool withSack)
{
    if (!segment.Has(wire::kAck))
    {
        return;
    }
    const int32_t inFlight = wire::SequenceDistance(segment.acknowledgement, m_highestSent);
    const bool advances = wire::SequenceBefore(m_acknowledged, segment.acknowledgement);
    const bool repeats = segment.acknowledgement == m_acknowledged && inFlight > 0;
    // What else a segment says - an end, a congestion mark - needs the flag.
    const bool onlyData = (segment.flags & (wire::kFin | wire::kEce | wire::kCwr)) == 0 && !segment.payload.empty();
    if (repeats && onlyData && !withSack)
    {
        segment.flags &= static_cast<uint8_t>(~wire::kAck);
        return;
    }
    if ((repeats && segment.payload.empty()) || segment.options.Find(wire::kSack))
    {
        BeginRecovery();
    }
    else if (!wire::SequenceBefore(segment.acknowledgement, m_recover))
    {
        m_recovering = false;
    }
    // An acknowledgement lets TCP send as much as the congestion window, which recovery inflates by what was in flight.
    const int64_t mayReach = inFlight + 2 * int64_t{m_largestFlight} + m_longest;
    const uint32_t window = uint32_t{segment.window} << windowShift;
    if (m_recovering && inFlight > 0 && window < mayReach)
    {
        Lower(segment, windowShift, static_cast<uint32_t>(inFlight), advances);
    }

    const uint32_t shown = uint32_t{segment.window} << windowShift;
    const bool later = wire::SequenceBefore(m_highestSequence, segment.sequence);
    if (advances || later || shown > m_window)
    {
        m_window = shown;
    }
    if (later)
    {
        m_highestSequence = segment.sequence;
    }
    if (advances)
    {
        m_acknowledged = segment.acknowledgement;
    }
}

void
TcpsDuplicateAckGuard::Lower(wire::Segment& segment, uint8_t windowShift, uint32_t inFlight, bool advances) const
{
    // With less than a segment's room TCP would not even retransmit (silly window avoidance).
    const uint32_t segmentSize = std::max(m_longest, kUsualSegment);
    const uint32_t least = (segmentSize + (1U << windowShift) - 1) >> windowShift;
    const uint32_t most = std::max((inFlight - 1) >> windowShift, least);
    const auto field = static_cast<uint16_t>(std::min<uint32_t>(segment.window, most));
    segment.window = field;
    const int32_t detour = wire::SequenceDistance(segment.sequence, m_highestSequence + 1);
    const bool believed = advances || (uint32_t{field} << windowShift) >= m_window;
    if (!believed && segment.payload.empty() && !segment.Has(wire::kFin) && detour > 0 && detour < kLongestDetour)
    {
        segment.sequence = m_highestSequence + 1;
    }
}

} // namespace ns3
