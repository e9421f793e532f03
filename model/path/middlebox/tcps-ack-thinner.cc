#include "tcps-ack-thinner.h"

#include <array>
#include <map>

#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsAckThinner);

namespace wire = tcpslab::wire;

/** What passes, and how many pure ACKs came on each connection. */
class TcpsAckThinner::Connections
{
  public:
    /** @return the count of the segment's connection and direction */
    uint64_t& Observe(const wire::Segment& segment, Direction direction)
    {
        return m_acks[m_tracker.Observe(segment, direction).number][direction];
    }

  private:
    TcpsFlowTracker m_tracker;
    std::map<uint32_t, std::array<uint64_t, 2>> m_acks;
};

TypeId
TcpsAckThinner::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsAckThinner")
                            .SetParent<TcpsSelectiveElement>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsAckThinner>()
                            .AddAttribute("Keep",
                                          "One of so many successive pure ACKs passes.",
                                          UintegerValue(2),
                                          MakeUintegerAccessor(&TcpsAckThinner::m_keep),
                                          MakeUintegerChecker<uint32_t>(1));
    return tid;
}

TcpsAckThinner::TcpsAckThinner() : m_connections(std::make_unique<Connections>())
{
}

TcpsAckThinner::~TcpsAckThinner() = default;

void
TcpsAckThinner::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    uint64_t& acks = m_connections->Observe(*segment, direction);
    if (segment->IsPureAck() && acks++ % m_keep != 0)
    {
        Drop(packet, direction);
        return;
    }
    Forward(packet, direction);
}

void
TcpsAckThinner::HandleOther(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    m_connections->Observe(*segment, direction);
    Forward(packet, direction);
}

} // namespace ns3
