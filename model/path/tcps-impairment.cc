#include "tcps-impairment.h"

#include "ns3/double.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"
#include "reference/wire/packet.h"
#include "tcps-number-list.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsImpairment);
NS_OBJECT_ENSURE_REGISTERED(TcpsLoss);
NS_OBJECT_ENSURE_REGISTERED(TcpsReorder);
NS_OBJECT_ENSURE_REGISTERED(TcpsDuplicate);

namespace wire = tcpslab::wire;

namespace
{

bool
IsTcp(const TcpsPathPacket& packet)
{
    std::vector<uint8_t> bytes = packet.GetBytes();
    return wire::ParsePacket(std::as_writable_bytes(std::span(bytes))).has_value();
}

} // namespace

TypeId
TcpsImpairment::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsImpairment")
            .SetParent<TcpsPathElement>()
            .SetGroupName("Tcps")
            .AddAttribute("Rate",
                          "Probability with which each TCP segment is chosen.",
                          DoubleValue(0),
                          MakeDoubleAccessor(&TcpsImpairment::m_rate),
                          MakeDoubleChecker<double>(0, 1))
            .AddAttribute("Segments",
                          "TCP segments chosen in any case, as \"3,7\": counted from 1 in each direction.",
                          StringValue(""),
                          MakeStringAccessor(&TcpsImpairment::SetSegments, &TcpsImpairment::GetSegments),
                          MakeStringChecker());
    return tid;
}

TcpsImpairment::TcpsImpairment() : m_random(CreateObject<UniformRandomVariable>())
{
}

TcpsImpairment::~TcpsImpairment() = default;

int64_t
TcpsImpairment::AssignStreams(int64_t stream)
{
    m_random->SetStream(stream);
    return 1;
}

void
TcpsImpairment::Handle(const TcpsPathPacket& packet, Direction direction)
{
    if (!IsTcp(packet))
    {
        Forward(packet, direction);
        return;
    }
    const uint64_t number = ++m_count[direction];
    // Drawn for every segment, so that a schedule does not move what the rate chooses.
    const bool byRate = m_rate > 0 && m_random->GetValue() < m_rate;
    if (byRate || m_segments.contains(number))
    {
        Impair(packet, direction);
    }
    else
    {
        Forward(packet, direction);
    }
}

void
TcpsImpairment::SetSegments(std::string list)
{
    m_segments = TcpsParseNumbers<uint64_t>(list);
}

std::string
TcpsImpairment::GetSegments() const
{
    return TcpsFormatNumbers(m_segments);
}

TypeId
TcpsLoss::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsLoss").SetParent<TcpsImpairment>().SetGroupName("Tcps").AddConstructor<TcpsLoss>();
    return tid;
}

void
TcpsLoss::Impair(const TcpsPathPacket& packet, Direction direction)
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
TcpsReorder::Impair(const TcpsPathPacket& packet, Direction direction)
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
TcpsDuplicate::Impair(const TcpsPathPacket& packet, Direction direction)
{
    Forward(packet, direction);
    for (uint32_t copy = 0; copy < m_count; ++copy)
    {
        Inject(packet, direction);
    }
}

} // namespace ns3
