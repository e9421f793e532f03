#include "tcps-proxy-host.h"

#include <utility>

#include "../../tcps-convert.h"
#include "../../tcps-helper.h"
#include "../tcps-path-segment.h"
#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/icmpv6-l4-protocol.h"
#include "ns3/internet-stack-helper.h"
#include "ns3/ipv4-static-routing-helper.h"
#include "ns3/ipv6-static-routing-helper.h"
#include "ns3/mac48-address.h"
#include "ns3/node-container.h"
#include "ns3/simulator.h"
#include "ns3/tcp-socket-factory.h"

namespace ns3
{

namespace wire = tcpslab::wire;

namespace
{

constexpr uint16_t kMtu = 1500; // announced; each peer's own MSS limits what is sent to it
constexpr uint16_t kEtherTypeIpv4 = 0x0800;
constexpr uint16_t kEtherTypeIpv6 = 0x86dd;

} // namespace

TcpsProxyHost::TcpsProxyHost(const wire::Address& address, int64_t stream, Output output, Accept accept)
    : m_address(address),
      m_output(std::move(output)),
      m_accept(std::move(accept)),
      m_node(CreateObject<Node>()),
      m_device(CreateObject<VirtualNetDevice>())
{
    m_device->SetAddress(Mac48Address::Allocate());
    m_device->SetMtu(kMtu);
    m_device->SetSendCallback(MakeCallback(&TcpsProxyHost::Send, this));
    m_node->AddDevice(m_device);
    InternetStackHelper internet;
    internet.Install(m_node);
    AddAddress();
    // The hosts' segment size is the default already.
    TcpsHelper helper;
    helper.SetAdjustSegmentSize(false);
    helper.InstallPlain(m_node);
    if (stream >= 0)
    {
        int64_t used = TcpsHelper::AssignStreams(NodeContainer(m_node), stream);
        used += internet.AssignStreams(NodeContainer(m_node), stream + used);
        NS_ABORT_MSG_IF(used > kStreams, "a node of the proxy needs more streams than it may take");
    }
}

TcpsProxyHost::~TcpsProxyHost()
{
    m_device->SetSendCallback(MakeNullCallback<bool, Ptr<Packet>, const Address&, const Address&, uint16_t>());
    for (const auto& [port, socket] : m_listeners)
    {
        socket->SetAcceptCallback(MakeNullCallback<bool, Ptr<Socket>, const Address&>(),
                                  MakeNullCallback<void, Ptr<Socket>, const Address&>());
    }
}

void
TcpsProxyHost::AddAddress()
{
    // Everybody else is behind the device.
    if (m_address.family() == wire::Family::kIpv4)
    {
        Ptr<Ipv4> ipv4 = m_node->GetObject<Ipv4>();
        const uint32_t interface = ipv4->AddInterface(m_device);
        ipv4->AddAddress(interface, Ipv4InterfaceAddress(TcpsToIpv4(m_address), Ipv4Mask::GetOnes()));
        ipv4->SetUp(interface);
        Ipv4StaticRoutingHelper().GetStaticRouting(ipv4)->AddNetworkRouteTo(
            Ipv4Address::GetZero(), Ipv4Mask::GetZero(), interface);
        return;
    }
    m_node->GetObject<Icmpv6L4Protocol>()->SetAttribute("DAD", BooleanValue(false));
    Ptr<Ipv6> ipv6 = m_node->GetObject<Ipv6>();
    const uint32_t interface = ipv6->AddInterface(m_device);
    ipv6->AddAddress(interface, Ipv6InterfaceAddress(TcpsToIpv6(m_address), Ipv6Prefix::GetOnes()));
    ipv6->SetUp(interface);
    Ipv6StaticRoutingHelper().GetStaticRouting(ipv6)->AddNetworkRouteTo(
        Ipv6Address::GetZero(), Ipv6Prefix::GetZero(), interface);
}

Ptr<Socket>
TcpsProxyHost::CreateSocket() const
{
    return Socket::CreateSocket(m_node, TcpSocketFactory::GetTypeId());
}

bool
TcpsProxyHost::Bind(const Ptr<Socket>& socket, uint16_t port) const
{
    return socket->Bind(TcpsToNs3(wire::Endpoint{m_address, port})) == 0;
}

Ptr<Socket>
TcpsProxyHost::Open(uint16_t port)
{
    Ptr<Socket> socket = CreateSocket();
    return Bind(socket, port) || Bind(socket, 0) ? socket : nullptr;
}

void
TcpsProxyHost::Listen(uint16_t port)
{
    if (m_listeners.contains(port))
    {
        return;
    }
    if (Ptr<Socket> socket = CreateSocket(); Bind(socket, port))
    {
        m_listeners.emplace(port, socket);
        socket->SetAcceptCallback(MakeNullCallback<bool, Ptr<Socket>, const Address&>(),
                                  MakeCallback(&TcpsProxyHost::OnAccepted, this));
        socket->Listen();
    }
}

void
TcpsProxyHost::Receive(const TcpsPathPacket& packet)
{
    // In a turn of its own: the node may be new, and is initialised in this one.
    const uint16_t protocol = m_address.family() == wire::Family::kIpv4 ? kEtherTypeIpv4 : kEtherTypeIpv6;
    Simulator::ScheduleWithContext(m_node->GetId(),
                                   Time(0),
                                   &VirtualNetDevice::Receive,
                                   m_device,
                                   packet.GetPacket(),
                                   protocol,
                                   m_device->GetAddress(),
                                   m_device->GetAddress(),
                                   NetDevice::PACKET_HOST);
}

// NOLINTBEGIN(performance-unnecessary-value-param): the signatures are ns-3's.
bool
TcpsProxyHost::Send(Ptr<Packet> packet,
                    const Address& /* source */,
                    const Address& /* destination */,
                    uint16_t /* protocol */)
{
    const TcpsPathPacket sent(packet);
    if (TcpsPathSegment::Parse(sent))
    {
        m_output(sent);
    }
    return true;
}

void
TcpsProxyHost::OnAccepted(Ptr<Socket> socket, const Address& from)
{
    Address local;
    socket->GetSockName(local);
    m_accept(socket, TcpsToWire(local), TcpsToWire(from));
}

// NOLINTEND(performance-unnecessary-value-param)

} // namespace ns3
