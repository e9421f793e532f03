#include "tcps-syn-dropper.h"

#include <map>

#include "../tcps-flow-tracker.h"
#include "../tcps-number-list.h"
#include "../tcps-path-segment.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"
#include "tcps-known-kinds.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsSynDropper);

namespace wire = tcpslab::wire;

/** What passes, and how many segments each connection has lost here. */
class TcpsSynDropper::Connections
{
  public:
    /** @return the count of the segment's connection */
    uint32_t& Observe(const wire::Segment& segment, Direction direction)
    {
        return m_dropped[m_tracker.Observe(segment, direction).number];
    }

  private:
    TcpsFlowTracker m_tracker;
    std::map<uint32_t, uint32_t> m_dropped;
};

TypeId
TcpsSynDropper::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsSynDropper")
            .SetParent<TcpsSelectiveElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsSynDropper>()
            .AddAttribute("KnownKinds",
                          "Option kinds that may pass, as \"2,3\".",
                          StringValue(kTcpsCommonKinds),
                          MakeStringAccessor(&TcpsSynDropper::SetKnownKinds, &TcpsSynDropper::GetKnownKinds),
                          MakeStringChecker())
            .AddAttribute("First",
                          "How many such segments of each connection are dropped; 0: all.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&TcpsSynDropper::m_first),
                          MakeUintegerChecker<uint32_t>());
    return tid;
}

TcpsSynDropper::TcpsSynDropper() : m_connections(std::make_unique<Connections>())
{
}

TcpsSynDropper::~TcpsSynDropper() = default;

void
TcpsSynDropper::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    uint32_t& dropped = m_connections->Observe(*segment, direction);
    if (segment->Has(wire::kSyn) && TcpsHasUnknownOption(segment->options, m_known) &&
        (m_first == 0 || dropped < m_first))
    {
        ++dropped;
        Drop(packet, direction);
        Achieve("dropped a SYN with an unknown option");
        return;
    }
    Forward(packet, direction);
}

void
TcpsSynDropper::HandleOther(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    m_connections->Observe(*segment, direction);
    Forward(packet, direction);
}

bool
TcpsSynDropper::SetKnownKinds(std::string list)
{
    return TcpsParseNumbers<uint8_t>(list, m_known);
}

std::string
TcpsSynDropper::GetKnownKinds() const
{
    return TcpsFormatNumbers(m_known);
}

} // namespace ns3
