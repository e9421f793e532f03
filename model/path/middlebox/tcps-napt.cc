#include "tcps-napt.h"

#include <map>
#include <optional>
#include <utility>

#include "../../tcps-convert.h"
#include "../tcps-path-segment.h"
#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsNapt);

namespace wire = tcpslab::wire;
using wire::Endpoint;

/** Which inside endpoint goes by which public one, connection by connection. */
class TcpsNapt::Mappings
{
  public:
    /** The public endpoint of a connection; made if there is none. Nothing when every port is taken. */
    std::optional<Endpoint> Map(const Endpoint& inside,
                                const Endpoint& remote,
                                const wire::Address& publicAddress,
                                uint16_t portBase)
    {
        if (const std::optional<Endpoint> known = PublicOf(inside, remote))
        {
            return known;
        }
        constexpr uint32_t lastPort = UINT16_MAX;
        const uint32_t first = portBase == 0 ? inside.port : portBase;
        const uint32_t lowest = portBase == 0 ? 1 : portBase;
        const uint32_t ports = lastPort - lowest + 1;
        for (uint32_t i = 0; i < ports; ++i)
        {
            const uint32_t port = lowest + (first - lowest + i) % ports;
            const Endpoint candidate{publicAddress, static_cast<uint16_t>(port)};
            if (m_inside.try_emplace({candidate, remote}, inside).second)
            {
                m_public.emplace(std::pair(inside, remote), candidate);
                return candidate;
            }
        }
        return std::nullopt;
    }

    std::optional<Endpoint> PublicOf(const Endpoint& inside, const Endpoint& remote) const
    {
        return Lookup(m_public, inside, remote);
    }

    std::optional<Endpoint> InsideOf(const Endpoint& publicEnd, const Endpoint& remote) const
    {
        return Lookup(m_inside, publicEnd, remote);
    }

    std::size_t Size() const
    {
        return m_public.size();
    }

  private:
    /** From one's own endpoint and the remote one to the endpoint in its place. */
    using Table = std::map<std::pair<Endpoint, Endpoint>, Endpoint>;

    static std::optional<Endpoint> Lookup(const Table& table, const Endpoint& own, const Endpoint& remote)
    {
        const auto entry = table.find({own, remote});
        return entry == table.end() ? std::nullopt : std::optional(entry->second);
    }

    Table m_public;
    Table m_inside;
};

TypeId
TcpsNapt::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsNapt")
            .SetParent<TcpsConnectionElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsNapt>()
            .AddAttribute("PublicAddress4",
                          "IPv4 address that the hosts inside go by.",
                          Ipv4AddressValue(Ipv4Address("10.0.0.254")),
                          MakeIpv4AddressAccessor(&TcpsNapt::m_publicAddress4),
                          MakeIpv4AddressChecker())
            .AddAttribute("PublicAddress6",
                          "IPv6 address that the hosts inside go by.",
                          Ipv6AddressValue(Ipv6Address("2001:db8::fe")),
                          MakeIpv6AddressAccessor(&TcpsNapt::m_publicAddress6),
                          MakeIpv6AddressChecker())
            .AddAttribute("PortBase",
                          "Connections to one endpoint get ports from here on. 0: the port stays, if it is free.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&TcpsNapt::m_portBase),
                          MakeUintegerChecker<uint16_t>())
            .AddAttribute("Inside",
                          "Which end of the path is hidden.",
                          EnumValue(INSIDE_CLIENT),
                          TcpsMakeEnumAccessor<Inside>(&TcpsNapt::m_inside),
                          MakeEnumChecker(INSIDE_CLIENT, "client", INSIDE_SERVER, "server"));
    return tid;
}

TcpsNapt::TcpsNapt() : m_mappings(std::make_unique<Mappings>())
{
}

TcpsNapt::~TcpsNapt() = default;

uint32_t
TcpsNapt::GetNMappings() const
{
    return static_cast<uint32_t>(m_mappings->Size());
}

void
TcpsNapt::HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const bool outbound = (direction == FORWARD) == (m_inside == INSIDE_CLIENT);
    const Endpoint source = segment->source;
    const Endpoint destination = segment->destination;
    std::optional<Endpoint> translated;
    if (!outbound)
    {
        translated = m_mappings->InsideOf(destination, source);
    }
    else if (segment->IsSyn())
    {
        const bool ipv4 = source.address.family() == wire::Family::kIpv4;
        const wire::Address address = ipv4 ? TcpsToWire(m_publicAddress4) : TcpsToWire(m_publicAddress6);
        translated = m_mappings->Map(source, destination, address, m_portBase);
    }
    else
    {
        translated = m_mappings->PublicOf(source, destination);
    }
    if (!translated)
    {
        Drop(packet, direction);
        return;
    }
    if (outbound)
    {
        segment.SetSource(*translated);
    }
    else
    {
        segment.SetDestination(*translated);
    }
    Forward(segment.ToPacket(), direction, true);
}

} // namespace ns3
