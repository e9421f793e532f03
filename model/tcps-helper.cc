#include "tcps-helper.h"

#include <algorithm>

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/config.h"
#include "ns3/global-value.h"
#include "ns3/ipv6.h"
#include "ns3/loopback-net-device.h"
#include "ns3/names.h"
#include "ns3/net-device.h"
#include "ns3/node.h"
#include "ns3/output-stream-wrapper.h"
#include "ns3/tcp-socket.h"
#include "ns3/uinteger.h"
#include "reference/wire/packet.h"
#include "tcps-shim-protocol-impl.h"

namespace ns3
{

namespace wire = tcpslab::wire;

namespace
{

constexpr uint32_t kNs3DefaultSegmentSize = 536;
constexpr uint32_t kTimestampsSize = 12; // with padding
constexpr uint32_t kTagSize = 20;        // option TM
constexpr uint32_t kDefaultMtu = 1500;

bool
HasGlobalIpv6Address(Ptr<Node> node)
{
    Ptr<Ipv6> ipv6 = node->GetObject<Ipv6>();
    if (!ipv6)
    {
        return false;
    }
    for (uint32_t interface = 1; interface < ipv6->GetNInterfaces(); ++interface)
    {
        for (uint32_t index = 0; index < ipv6->GetNAddresses(interface); ++index)
        {
            if (!ipv6->GetAddress(interface, index).GetAddress().IsLinkLocal())
            {
                return true;
            }
        }
    }
    return false;
}

uint32_t
SmallestMtu(Ptr<Node> node)
{
    uint32_t mtu = 0;
    for (uint32_t index = 0; index < node->GetNDevices(); ++index)
    {
        Ptr<NetDevice> device = node->GetDevice(index);
        if (!DynamicCast<LoopbackNetDevice>(device))
        {
            mtu = mtu == 0 ? device->GetMtu() : std::min<uint32_t>(mtu, device->GetMtu());
        }
    }
    return mtu == 0 ? kDefaultMtu : mtu;
}

} // namespace

TcpsHelper::TcpsHelper() : m_adjustSegmentSize(true)
{
    m_stackFactory.SetTypeId(TcpsStack::GetTypeId());
    m_hostFactory.SetTypeId(TcpsShimProtocol::GetTypeId());
}

void
TcpsHelper::SetAttribute(const std::string& name, const AttributeValue& value)
{
    m_stackFactory.Set(name, value);
}

void
TcpsHelper::SetHostAttribute(const std::string& name, const AttributeValue& value)
{
    m_hostFactory.Set(name, value);
}

void
TcpsHelper::SetAdjustSegmentSize(bool adjust)
{
    m_adjustSegmentSize = adjust;
}

Ptr<TcpsStack>
TcpsHelper::Install(Ptr<Node> node) const
{
    NS_ABORT_MSG_IF(node->GetObject<TcpsStack>(), "the node speaks TCP/S already");
    InstallHost(node);
    Ptr<TcpsStack> stack = m_stackFactory.Create<TcpsStack>();
    node->AggregateObject(stack);
    AdjustSegmentSize(node);
    return stack;
}

Ptr<TcpsStack>
TcpsHelper::Install(const std::string& nodeName) const
{
    return Install(Names::Find<Node>(nodeName));
}

std::vector<Ptr<TcpsStack>>
TcpsHelper::Install(const NodeContainer& nodes) const
{
    std::vector<Ptr<TcpsStack>> stacks;
    for (auto node = nodes.Begin(); node != nodes.End(); ++node)
    {
        stacks.push_back(Install(*node));
    }
    return stacks;
}

void
TcpsHelper::InstallPlain(Ptr<Node> node) const
{
    InstallHost(node);
    AdjustSegmentSize(node);
}

void
TcpsHelper::InstallPlain(const NodeContainer& nodes) const
{
    for (auto node = nodes.Begin(); node != nodes.End(); ++node)
    {
        InstallPlain(*node);
    }
}

void
TcpsHelper::InstallHost(Ptr<Node> node) const
{
    m_hostFactory.Create<TcpsShimProtocol>()->Install(node);
}

void
TcpsHelper::AdjustSegmentSize(Ptr<Node> node) const
{
    if (!m_adjustSegmentSize)
    {
        return;
    }
    TypeId::AttributeInformation information;
    TcpSocket::GetTypeId().LookupAttributeByName("SegmentSize", &information);
    const uint32_t present = static_cast<uint32_t>(DynamicCast<const UintegerValue>(information.initialValue)->Get());
    const uint32_t fitting = GetSegmentSize(node);
    const uint32_t wanted = present == kNs3DefaultSegmentSize ? fitting : std::min(present, fitting);
    Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(wanted));
}

int64_t
TcpsHelper::AssignStreams(const NodeContainer& nodes, int64_t stream)
{
    int64_t next = stream;
    for (auto node = nodes.Begin(); node != nodes.End(); ++node)
    {
        Ptr<TcpsShimProtocol> host = (*node)->GetObject<TcpsShimProtocol>();
        if (!host)
        {
            continue;
        }
        next += host->AssignStreams(next);
        if (Ptr<TcpsStack> stack = (*node)->GetObject<TcpsStack>())
        {
            stack->AssignStreams(next);
        }
        ++next;
    }
    return next - stream;
}

void
TcpsHelper::EnableKeyLog(const std::string& fileName, const NodeContainer& nodes)
{
    Ptr<OutputStreamWrapper> stream = Create<OutputStreamWrapper>(fileName, std::ios::out);
    for (auto node = nodes.Begin(); node != nodes.End(); ++node)
    {
        if (Ptr<TcpsStack> stack = (*node)->GetObject<TcpsStack>())
        {
            stack->SetKeyLogStream(stream);
        }
    }
}

void
TcpsHelper::EnableChecksums()
{
    GlobalValue::Bind("ChecksumEnabled", BooleanValue(true));
}

uint32_t
TcpsHelper::GetSegmentSize(Ptr<Node> node)
{
    const std::size_t ip = HasGlobalIpv6Address(node) ? wire::kIpv6HeaderSize : wire::kIpv4HeaderSize;
    const std::size_t tag = node->GetObject<TcpsStack>() ? kTagSize : 0;
    const std::size_t headers = ip + wire::kTcpHeaderSize + kTimestampsSize + tag;
    const std::size_t mtu = SmallestMtu(node);
    return static_cast<uint32_t>(mtu - std::min(mtu - 1, headers));
}

} // namespace ns3
