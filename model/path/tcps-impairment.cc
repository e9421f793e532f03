#include "tcps-impairment.h"

#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsImpairment);
NS_OBJECT_ENSURE_REGISTERED(TcpsLoss);
NS_OBJECT_ENSURE_REGISTERED(TcpsReorder);
NS_OBJECT_ENSURE_REGISTERED(TcpsDuplicate);

TypeId
TcpsImpairment::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsImpairment").SetParent<TcpsSelectiveElement>().SetGroupName("Tcps");
    return tid;
}

TcpsImpairment::TcpsImpairment() : TcpsSelectiveElement(DEFAULT_NONE)
{
}

TcpsImpairment::~TcpsImpairment() = default;

TypeId
TcpsLoss::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsLoss").SetParent<TcpsImpairment>().SetGroupName("Tcps").AddConstructor<TcpsLoss>();
    return tid;
}

void
TcpsLoss::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& /* segment */, Direction direction)
{
    Drop(packet, direction);
}

TypeId
TcpsReorder::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsReorder")
                            .SetParent<TcpsImpairment>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsReorder>()
                            .AddAttribute("Delay",
                                          "How long a chosen segment is held back.",
                                          TimeValue(MilliSeconds(10)),
                                          MakeTimeAccessor(&TcpsReorder::m_delay),
                                          MakeTimeChecker(Time(0)));
    return tid;
}

void
TcpsReorder::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& /* segment */, Direction direction)
{
    ForwardAfter(m_delay, packet, direction);
}

TypeId
TcpsDuplicate::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsDuplicate")
                            .SetParent<TcpsImpairment>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsDuplicate>()
                            .AddAttribute("Count",
                                          "Copies beside the segment itself.",
                                          UintegerValue(1),
                                          MakeUintegerAccessor(&TcpsDuplicate::m_count),
                                          MakeUintegerChecker<uint32_t>());
    return tid;
}

void
TcpsDuplicate::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& /* segment */, Direction direction)
{
    Forward(packet, direction);
    for (uint32_t copy = 0; copy < m_count; ++copy)
    {
        Inject(packet, direction);
    }
}

} // namespace ns3
