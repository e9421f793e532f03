#include "tcps-fin-injector.h"

#include "../tcps-path-segment.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsFinInjector);

namespace wire = tcpslab::wire;

TypeId
TcpsFinInjector::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsFinInjector")
                            .SetParent<TcpsTaggedInjector>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsFinInjector>();
    return tid;
}

TcpsFinInjector::TcpsFinInjector() = default;

TcpsFinInjector::~TcpsFinInjector() = default;

void
TcpsFinInjector::Shape(TcpsPathSegment& segment)
{
    segment->flags = wire::kFin | wire::kAck;
}

bool
TcpsFinInjector::IsLike(const TcpsPathSegment& segment) const
{
    return segment->Has(wire::kFin);
}

} // namespace ns3
