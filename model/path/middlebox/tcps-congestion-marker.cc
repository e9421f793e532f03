#include "tcps-congestion-marker.h"

#include "../tcps-path-segment.h"
#include "tcps-ip-ecn.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsCongestionMarker);

TypeId
TcpsCongestionMarker::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsCongestionMarker")
                            .SetParent<TcpsImpairment>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsCongestionMarker>();
    return tid;
}

void
TcpsCongestionMarker::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const TcpsEcn ecn = TcpsGetEcn(segment.IpHeader());
    if (ecn != TcpsEcn::ECT_0 && ecn != TcpsEcn::ECT_1)
    {
        Forward(packet, direction);
        return;
    }
    TcpsSetEcn(segment.IpHeader(), TcpsEcn::CE);
    Forward(segment.ToPacket(), direction, true);
}

} // namespace ns3
