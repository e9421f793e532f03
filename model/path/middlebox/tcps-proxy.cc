#include "tcps-proxy.h"

#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "../../tcps-abort.h"
#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "reference/stack/flow.h"
#include "tcps-proxy-host.h"
#include "tcps-proxy-relay.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsProxy);

namespace wire = tcpslab::wire;
using tcpslab::stack::FlowKey;

namespace
{

constexpr int64_t kHostsWithStreams = 5;

} // namespace

class TcpsProxy::Inside
{
  public:
    explicit Inside(TcpsProxy& proxy) : m_proxy(proxy)
    {
    }

    void SetStream(int64_t stream)
    {
        m_stream = stream;
    }

    std::size_t CountRelays() const
    {
        return m_relays.size();
    }

    /** Whether the connection is one of the proxy's; a SYN makes it so. */
    bool Takes(const wire::Segment& segment)
    {
        const auto key = FlowKey(segment.source, segment.destination).Bytes();
        return segment.IsSyn() ? (m_flows.insert(key), true) : m_flows.contains(key);
    }

    /** The node that has that address; what it sends travels in that direction. */
    TcpsProxyHost& HostOf(const wire::Address& address, Direction towards)
    {
        std::unique_ptr<TcpsProxyHost>& host = m_hosts[{address, towards}];
        if (!host)
        {
            const auto number = static_cast<int64_t>(m_hosts.size() - 1) % kHostsWithStreams;
            host = std::make_unique<TcpsProxyHost>(
                address,
                m_stream < 0 ? m_stream : m_stream + number * TcpsProxyHost::kStreams,
                [this, towards](const TcpsPathPacket& packet) { m_proxy.Inject(packet, towards); },
                [this, towards](const Ptr<Socket>& socket, const wire::Endpoint& server, const wire::Endpoint& client)
                { Connect(socket, server, client, TcpsReverse(towards)); });
        }
        return *host;
    }

  private:
    void Connect(const Ptr<Socket>& accepted,
                 const wire::Endpoint& server,
                 const wire::Endpoint& client,
                 Direction towards)
    {
        const Ptr<Socket> onward = HostOf(client.address, towards).Open(client.port);
        if (!onward)
        {
            TcpsAbort(accepted);
            return;
        }
        Address local;
        onward->GetSockName(local);
        m_flows.insert(FlowKey(TcpsToWire(local), server).Bytes());
        m_relays.push_back(std::make_unique<TcpsProxyRelay>(accepted,
                                                            onward,
                                                            [this](const std::vector<uint8_t>& bytes)
                                                            {
                                                                m_proxy.ClaimRead(bytes);
                                                                m_proxy.Achieve("relayed application bytes");
                                                            }));
        onward->Connect(TcpsToNs3(server));
    }

    TcpsProxy& m_proxy;
    int64_t m_stream{-1}; //!< first of those assigned
    std::set<std::array<std::byte, FlowKey::kByteSize>> m_flows;
    std::map<std::pair<wire::Address, Direction>, std::unique_ptr<TcpsProxyHost>> m_hosts;
    std::vector<std::unique_ptr<TcpsProxyRelay>> m_relays;
};

TypeId
TcpsProxy::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsProxy").SetParent<TcpsConnectionElement>().SetGroupName("Tcps").AddConstructor<TcpsProxy>();
    return tid;
}

TcpsProxy::TcpsProxy() : m_inside(std::make_unique<Inside>(*this))
{
}

TcpsProxy::~TcpsProxy() = default;

int64_t
TcpsProxy::AssignStreams(int64_t stream)
{
    m_inside->SetStream(stream);
    return kHostsWithStreams * TcpsProxyHost::kStreams;
}

uint32_t
TcpsProxy::GetNConnections() const
{
    return static_cast<uint32_t>(m_inside->CountRelays());
}

void
TcpsProxy::DoDispose()
{
    m_inside = std::make_unique<Inside>(*this);
    TcpsConnectionElement::DoDispose();
}

void
TcpsProxy::HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    if (!m_inside->Takes(*segment))
    {
        Forward(packet, direction);
        return;
    }
    TcpsProxyHost& host = m_inside->HostOf(segment->destination.address, TcpsReverse(direction));
    if (segment->IsSyn())
    {
        host.Listen(segment->destination.port);
    }
    host.Receive(packet);
}

} // namespace ns3
