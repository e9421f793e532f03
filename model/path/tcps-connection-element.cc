#include "tcps-connection-element.h"

#include <optional>

#include "tcps-flow-tracker.h"
#include "tcps-path-segment.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsConnectionElement);

TypeId
TcpsConnectionElement::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsConnectionElement").SetParent<TcpsPathElement>().SetGroupName("Tcps");
    return tid;
}

TcpsConnectionElement::TcpsConnectionElement() : m_tracker(std::make_unique<TcpsFlowTracker>())
{
}

TcpsConnectionElement::~TcpsConnectionElement() = default;

TcpsFlowTracker&
TcpsConnectionElement::GetTracker()
{
    return *m_tracker;
}

void
TcpsConnectionElement::Handle(const TcpsPathPacket& packet, Direction direction)
{
    if (std::optional<TcpsPathSegment> segment = TcpsPathSegment::Parse(packet))
    {
        HandleSegment(packet, *segment, direction);
    }
    else
    {
        Forward(packet, direction);
    }
}

} // namespace ns3
