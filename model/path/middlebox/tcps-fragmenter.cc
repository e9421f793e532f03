#include "tcps-fragmenter.h"

#include <algorithm>

#include "../tcps-fragments.h"
#include "../tcps-path-segment.h"
#include "ns3/boolean.h"
#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsFragmenter);

namespace wire = tcpslab::wire;

namespace
{

constexpr std::size_t kUnit = 8;               // fragment offsets count in it
constexpr std::size_t kIpv6FragmentHeader = 8; // RFC 8200, section 4.5
constexpr uint32_t kSmallestMtu = 68;          // RFC 791, section 3.2: the longest header and eight bytes

// Of an IPv4 header (RFC 791, section 3.1).
constexpr std::size_t kIdentification = 4;
constexpr std::size_t kFlags = 6;
constexpr uint8_t kDontFragment = 0x40;

} // namespace

TypeId
TcpsFragmenter::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsFragmenter")
                            .SetParent<TcpsSelectiveElement>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsFragmenter>()
                            .AddAttribute("Mtu",
                                          "Larger packets are split; bytes, IP header included.",
                                          UintegerValue(576),
                                          MakeUintegerAccessor(&TcpsFragmenter::m_mtu),
                                          MakeUintegerChecker<uint32_t>(kSmallestMtu))
                            .AddAttribute("HonourDf",
                                          "Packets that must not be fragmented are dropped instead.",
                                          BooleanValue(false),
                                          MakeBooleanAccessor(&TcpsFragmenter::m_honourDf),
                                          MakeBooleanChecker());
    return tid;
}

TcpsFragmenter::TcpsFragmenter() = default;

TcpsFragmenter::~TcpsFragmenter() = default;

void
TcpsFragmenter::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const std::vector<uint8_t>& bytes = packet.GetBytes();
    if (bytes.size() <= m_mtu)
    {
        Forward(packet, direction);
        return;
    }
    const bool ipv6 = segment->source.address.family() == wire::Family::kIpv6;
    if (m_honourDf && (ipv6 || (bytes[kFlags] & kDontFragment) != 0))
    {
        Drop(packet, direction);
        return;
    }
    // A packet that nobody meant to be fragmented may lack an identification (RFC 6864, section 4.1).
    const uint32_t given = ipv6 ? 0U : bytes[kIdentification] * 256U + bytes[kIdentification + 1];
    const std::size_t header = segment.IpHeader().size() + (ipv6 ? kIpv6FragmentHeader : 0);
    const std::size_t room = m_mtu > header ? (m_mtu - header) / kUnit * kUnit : 0;
    for (const TcpsPathPacket& fragment : TcpsFragment(packet, room, given != 0 ? given : ++m_identification))
    {
        Forward(fragment, direction, true);
    }
}

} // namespace ns3
