#include "tcps-wire-node.h"

#include "ns3/abort.h"
#include "ns3/log.h"

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("TcpsWireNode");
NS_OBJECT_ENSURE_REGISTERED(TcpsWireNode);

namespace
{

constexpr uint16_t kEtherTypeIpv4 = 0x0800;
constexpr uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr uint8_t kIpVersion6 = 6;

} // namespace

TypeId
TcpsWireNode::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsWireNode").SetParent<Node>().SetGroupName("Tcps").AddConstructor<TcpsWireNode>();
    return tid;
}

TcpsWireNode::TcpsWireNode() = default;
TcpsWireNode::~TcpsWireNode() = default;

void
TcpsWireNode::Join(Ptr<NetDevice> clientSide, Ptr<NetDevice> serverSide)
{
    NS_ABORT_MSG_UNLESS(clientSide->GetNode() == this && serverSide->GetNode() == this,
                        "both devices must be this node's own");
    m_devices[TcpsPathElement::FORWARD] = serverSide;
    m_devices[TcpsPathElement::BACKWARD] = clientSide;
    for (const Ptr<NetDevice>& device : m_devices)
    {
        RegisterProtocolHandler(
            MakeCallback(&TcpsWireNode::ReceiveFromDevice, this), 0, device, !device->IsPointToPoint());
    }
}

void
TcpsWireNode::AddElement(Ptr<TcpsPathElement> element)
{
    const auto index = static_cast<uint32_t>(m_elements.size());
    m_elements.push_back(element);
    element->SetOutput(MakeCallback(&TcpsWireNode::PassOnFrom, this).Bind(index));
}

Ptr<TcpsPathElement>
TcpsWireNode::GetElement(uint32_t index) const
{
    return m_elements.at(index);
}

int64_t
TcpsWireNode::AssignStreams(int64_t stream)
{
    int64_t next = stream;
    for (const Ptr<TcpsPathElement>& element : m_elements)
    {
        next += element->AssignStreams(next);
    }
    return next - stream;
}

void
TcpsWireNode::ReceiveFromDevice(Ptr<NetDevice> device,
                                Ptr<const Packet> packet,
                                uint16_t protocol,
                                const Address& source,
                                const Address& destination,
                                NetDevice::PacketType /* packetType */)
{
    const TcpsPathElement::Direction direction =
        device == m_devices[TcpsPathElement::BACKWARD] ? TcpsPathElement::FORWARD : TcpsPathElement::BACKWARD;
    if (protocol != kEtherTypeIpv4 && protocol != kEtherTypeIpv6)
    {
        const Ptr<NetDevice>& out = m_devices[direction];
        if (out->IsPointToPoint())
        {
            out->Send(packet->Copy(), out->GetBroadcast(), protocol);
        }
        else
        {
            out->SendFrom(packet->Copy(), source, destination, protocol);
        }
        return;
    }
    m_linkAddresses[direction] = {source, destination};
    const TcpsPathPacket pathPacket(packet);
    if (m_elements.empty())
    {
        Transmit(pathPacket, direction);
    }
    else
    {
        m_elements[direction == TcpsPathElement::FORWARD ? 0 : m_elements.size() - 1]->Receive(pathPacket, direction);
    }
}

void
TcpsWireNode::PassOnFrom(uint32_t index, const TcpsPathPacket& packet, TcpsPathElement::Direction direction)
{
    const bool forward = direction == TcpsPathElement::FORWARD;
    if (index == (forward ? m_elements.size() - 1 : 0))
    {
        Transmit(packet, direction);
    }
    else
    {
        m_elements[forward ? index + 1 : index - 1]->Receive(packet, direction);
    }
}

void
TcpsWireNode::Transmit(const TcpsPathPacket& packet, TcpsPathElement::Direction direction)
{
    const Ptr<NetDevice>& device = m_devices[direction];
    const Ptr<Packet> out = packet.GetPacket();
    uint8_t version = 0;
    out->CopyData(&version, sizeof(version));
    const uint16_t protocol = version >> 4U == kIpVersion6 ? kEtherTypeIpv6 : kEtherTypeIpv4;
    if (device->IsPointToPoint())
    {
        device->Send(out, device->GetBroadcast(), protocol);
        return;
    }
    const LinkAddresses& addresses = m_linkAddresses[direction];
    if (addresses.source.IsInvalid())
    {
        // Nothing has passed in this direction yet, so nobody knows whom to address.
        NS_LOG_WARN("a packet injected before any other passed is lost");
        return;
    }
    device->SendFrom(out, addresses.source, addresses.destination, protocol);
}

void
TcpsWireNode::DoDispose()
{
    for (const Ptr<TcpsPathElement>& element : m_elements)
    {
        element->Dispose();
    }
    m_elements.clear();
    m_devices[0] = nullptr;
    m_devices[1] = nullptr;
    Node::DoDispose();
}

} // namespace ns3
