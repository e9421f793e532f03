#include "tcps-ack-injector.h"

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "ns3/integer.h"
#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsAckInjector);

namespace wire = tcpslab::wire;

TypeId
TcpsAckInjector::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsAckInjector")
            .SetParent<TcpsInjector>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsAckInjector>()
            .AddAttribute(
                "Acknowledges",
                "What was acknowledged last, all that is in flight, or Ahead bytes that were never sent.",
                EnumValue(ACKNOWLEDGES_LAST),
                TcpsMakeEnumAccessor<Acknowledges>(&TcpsAckInjector::m_acknowledges),
                MakeEnumChecker(
                    ACKNOWLEDGES_LAST, "last", ACKNOWLEDGES_IN_FLIGHT, "in-flight", ACKNOWLEDGES_UNSENT, "unsent"))
            .AddAttribute("Ahead",
                          "With Acknowledges unsent: how many bytes more than were sent.",
                          UintegerValue(1),
                          MakeUintegerAccessor(&TcpsAckInjector::m_ahead),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("Window",
                          "The window, as on the wire; -1: the last genuine one.",
                          IntegerValue(-1),
                          MakeIntegerAccessor(&TcpsAckInjector::m_window),
                          MakeIntegerChecker<int32_t>(-1, UINT16_MAX))
            .AddAttribute("UrgentPointer",
                          "The urgent pointer, with the URG flag; -1: neither.",
                          IntegerValue(-1),
                          MakeIntegerAccessor(&TcpsAckInjector::m_urgentPointer),
                          MakeIntegerChecker<int32_t>(-1, UINT16_MAX));
    return tid;
}

TcpsAckInjector::TcpsAckInjector() = default;

TcpsAckInjector::~TcpsAckInjector() = default;

void
TcpsAckInjector::Fire(const TcpsTrackedFlow& flow, Direction direction, uint32_t /* shot */)
{
    TcpsPathSegment segment = Forge(flow, direction);
    if (m_acknowledges != ACKNOWLEDGES_LAST)
    {
        const uint32_t ahead = m_acknowledges == ACKNOWLEDGES_UNSENT ? m_ahead : 0;
        segment->acknowledgement = flow.Sender(TcpsReverse(direction)).next + ahead;
    }
    if (m_window >= 0)
    {
        segment->window = static_cast<uint16_t>(m_window);
    }
    if (m_urgentPointer >= 0)
    {
        segment->flags |= wire::kUrg;
        segment->urgent_pointer = static_cast<uint16_t>(m_urgentPointer);
    }
    InjectSegment(segment, direction);
    Achieve("sent a forged acknowledgement");
}

} // namespace ns3
