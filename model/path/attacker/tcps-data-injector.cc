#include "tcps-data-injector.h"

#include <vector>

#include "../../tcps-convert.h"
#include "../tcps-path-segment.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsDataInjector);

namespace wire = tcpslab::wire;

TypeId
TcpsDataInjector::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsDataInjector")
            .SetParent<TcpsTaggedInjector>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsDataInjector>()
            .AddAttribute("Payload",
                          "What to send, as text; repeated to fill Size.",
                          StringValue("forged"),
                          MakeStringAccessor(&TcpsDataInjector::m_payload),
                          MakeStringChecker())
            .AddAttribute("Size",
                          "Bytes of payload; 0: the text once.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&TcpsDataInjector::m_size),
                          MakeUintegerChecker<uint32_t>(0, 65000))
            .AddAttribute("Sequence",
                          "Where the data claims to belong: what the receiver expects next, or Ahead bytes behind it.",
                          EnumValue(SEQUENCE_NEXT),
                          TcpsMakeEnumAccessor<Sequence>(&TcpsDataInjector::m_sequence),
                          MakeEnumChecker(SEQUENCE_NEXT, "next", SEQUENCE_AHEAD, "ahead"))
            .AddAttribute("Ahead",
                          "With Sequence ahead: how far, in bytes, modulo 2^32.",
                          UintegerValue(1U << 31U),
                          MakeUintegerAccessor(&TcpsDataInjector::m_ahead),
                          MakeUintegerChecker<uint32_t>());
    return tid;
}

TcpsDataInjector::TcpsDataInjector() = default;

TcpsDataInjector::~TcpsDataInjector() = default;

void
TcpsDataInjector::Shape(TcpsPathSegment& segment)
{
    std::vector<std::byte> payload(m_size == 0 || m_payload.empty() ? m_payload.size() : m_size);
    for (std::size_t i = 0; i < payload.size(); ++i)
    {
        payload[i] = static_cast<std::byte>(m_payload[i % m_payload.size()]);
    }
    segment.SetPayload(payload);
    segment->flags = wire::kAck | wire::kPsh;
    segment->sequence += m_sequence == SEQUENCE_AHEAD ? m_ahead : 0;
}

bool
TcpsDataInjector::IsLike(const TcpsPathSegment& segment) const
{
    return !segment->payload.empty() && !segment->Has(wire::kSyn);
}

} // namespace ns3
