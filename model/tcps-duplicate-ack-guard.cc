#include "tcps-duplicate-ack-guard.h"

#include "reference/wire/options.h"
#include "reference/wire/sequence.h"

namespace ns3
{

namespace wire = tcpslab::wire;

bool
TcpsDuplicateAckGuard::NoteSent(uint32_t sequence, std::size_t payload)
{
    if (payload == 0)
    {
        return false;
    }
    const uint32_t end = sequence + static_cast<uint32_t>(payload);
    const bool again = wire::SequenceBefore(sequence, m_highestSent);
    if (wire::SequenceBefore(m_highestSent, end))
    {
        m_highestSent = end;
    }
    return again;
}

bool
TcpsDuplicateAckGuard::Inbound(wire::Segment& segment, bool hideData)
{
    if (!segment.Has(wire::kAck))
    {
        return false;
    }
    const bool repeats =
        segment.acknowledgement == m_acknowledged && wire::SequenceBefore(m_acknowledged, m_highestSent);
    // What else a segment says - an end, a congestion mark - needs the flag.
    const bool onlyData = (segment.flags & (wire::kFin | wire::kEce | wire::kCwr)) == 0 && !segment.payload.empty();
    if (repeats && onlyData && hideData)
    {
        segment.flags &= static_cast<uint8_t>(~wire::kAck);
        return false;
    }
    if (wire::SequenceBefore(m_acknowledged, segment.acknowledgement))
    {
        m_acknowledged = segment.acknowledgement;
    }
    return repeats || segment.options.Find(wire::kSack);
}

} // namespace ns3
