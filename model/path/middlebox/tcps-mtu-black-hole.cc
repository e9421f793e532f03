#include "tcps-mtu-black-hole.h"

#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsMtuBlackHole);

TypeId
TcpsMtuBlackHole::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsMtuBlackHole")
                            .SetParent<TcpsPathElement>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsMtuBlackHole>()
                            .AddAttribute("Mtu",
                                          "Larger packets are dropped; bytes, IP header included.",
                                          UintegerValue(1400),
                                          MakeUintegerAccessor(&TcpsMtuBlackHole::m_mtu),
                                          MakeUintegerChecker<uint32_t>(1));
    return tid;
}

void
TcpsMtuBlackHole::Handle(const TcpsPathPacket& packet, Direction direction)
{
    if (packet.GetSize() > m_mtu)
    {
        Drop(packet, direction);
        Achieve("swallowed a packet");
    }
    else
    {
        Forward(packet, direction);
    }
}

} // namespace ns3
