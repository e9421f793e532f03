#include "tcps-shim-protocol-impl.h"

#include <array>
#include <functional>
#include <utility>

#include "ns3/abort.h"
#include "ns3/ipv4-interface.h"
#include "ns3/ipv4-l3-protocol.h"
#include "ns3/ipv6-interface.h"
#include "ns3/ipv6-l3-protocol.h"
#include "ns3/log.h"
#include "ns3/net-device.h"
#include "ns3/node.h"
#include "ns3/simulator.h"
#include "ns3/tcp-l4-protocol.h"
#include "reference/wire/packet.h"
#include "tcps-control-guard.h"
#include "tcps-convert.h"
#include "tcps-persist-guard.h"
#include "tcps-send-window-guard.h"

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("TcpsShimProtocol");

namespace stack = tcpslab::stack;
namespace wire = tcpslab::wire;

TcpsShimProtocol::Impl::Impl(TcpsShimProtocol& owner) : m_owner(owner)
{
}

TcpsShimProtocol::Impl::~Impl() = default;

void
TcpsShimProtocol::Impl::Install(Ptr<Node> node)
{
    m_tcp = node->GetObject<TcpL4Protocol>();
    NS_ABORT_MSG_UNLESS(m_tcp, "the node has no TCP: install an internet stack first");
    NS_ABORT_MSG_IF(node->GetObject<TcpsShimProtocol>(), "the node has a TcpsShimProtocol already");
    m_node = node;
    if (Ptr<Ipv4> ipv4 = node->GetObject<Ipv4>())
    {
        ipv4->Remove(m_tcp);
        ipv4->Insert(&m_owner);
        m_down4 = m_tcp->GetDownTarget();
        m_tcp->SetDownTarget(MakeCallback(&Impl::Outbound4, this));
        ipv4->TraceConnectWithoutContext("Rx", MakeCallback(&Impl::NoteRx4, this));
    }
    if (Ptr<Ipv6> ipv6 = node->GetObject<Ipv6>())
    {
        ipv6->Remove(m_tcp);
        ipv6->Insert(&m_owner);
        m_down6 = m_tcp->GetDownTarget6();
        m_tcp->SetDownTarget6(MakeCallback(&Impl::Outbound6, this));
        ipv6->TraceConnectWithoutContext("Rx", MakeCallback(&Impl::NoteRx6, this));
    }
    node->AggregateObject(&m_owner);
}

void
TcpsShimProtocol::Impl::Dispose()
{
    m_deliverEvent.Cancel();
    m_expireEvent.Cancel();
    m_guardEvent.Cancel();
    m_toHost.clear();
    m_toNetwork.clear();
    m_shim.reset();
    m_makeShim = nullptr;
    m_tcp = nullptr;
    m_node = nullptr;
    m_down4.Nullify();
    m_down6.Nullify();
    m_hostReceiver.Nullify();
}

void
TcpsShimProtocol::Impl::SetShim(ShimFactory make)
{
    NS_ABORT_MSG_IF(m_insideShim, "a Shim cannot be replaced from within one of its own calls");
    m_shim.reset();
    m_expireEvent.Cancel();
    m_expireAt = stack::kNever;
    m_makeShim = std::move(make);
}

stack::Shim*
TcpsShimProtocol::Impl::GetShim()
{
    if (!m_shim && m_makeShim)
    {
        m_shim = m_makeShim(*this);
    }
    return m_shim.get();
}

void
TcpsShimProtocol::Impl::ToNetwork(const Segment& segment)
{
    m_toNetwork.emplace_back(segment);
}

void
TcpsShimProtocol::Impl::ToHost(const Segment& segment)
{
    m_toHost.emplace_back(segment);
    // Never from within a call of TCP's own.
    if (!m_deliverEvent.IsRunning())
    {
        m_deliverEvent = Simulator::ScheduleNow(&Impl::DeliverToHost, this);
    }
}

bool
TcpsShimProtocol::Impl::Inbound(const Ptr<Packet>& packet,
                                const Address& source,
                                const Address& destination,
                                bool reassembled)
{
    stack::Shim* shim = GetShim();
    const bool whole = shim != nullptr || ChecksumsEnabled();
    const std::size_t total = packet->GetSize();
    // Without the whole payload, one byte of it shows that there is some.
    constexpr std::size_t peek = wire::kMaximumTcpHeaderSize + 1;
    const std::span<std::byte> bytes = CopyIn(*packet, whole ? total : std::min(total, peek));
    if (ChecksumsEnabled() && !wire::TcpChecksumValid(bytes, source, destination))
    {
        DropSegment(packet, DROP_BAD_CHECKSUM);
        return false;
    }
    wire::Result<Segment> parsed = wire::ParseTcp(bytes, source, destination);
    if (!parsed)
    {
        DropSegment(packet, DROP_MALFORMED);
        return false;
    }
    Segment& segment = *parsed;
    const std::size_t header = segment.HeaderSize();
    // TCPS-FRAG-01, TCPS-FRAG-02, TCPS-FRAG-03, TCPS-FRAG-05, TCPS-FRAG-06, TCPS-FRAG-07
    segment.reassembled = reassembled;
    bool pass = true;
    if (shim != nullptr)
    {
        const InsideShim inside(m_insideShim);
        pass = shim->Inbound(segment, TcpsNow()) == stack::Verdict::kPass;
    }
    if (!pass)
    {
        DropSegment(packet, DROP_SHIM_INBOUND);
    }
    else
    {
        if (m_hostReceiver.IsNull())
        {
            // As it came: host parts may take the ACK flag from it.
            const bool plain = (segment.flags & (wire::kSyn | wire::kRst | wire::kAck)) == wire::kAck;
            const bool due = HostInbound(segment);
            const bool judged = m_owner.m_controlGuard && (!plain || due);
            pass = !judged || TcpsPassesControl(*m_tcp, segment);
        }
        if (!pass)
        {
            DropSegment(packet, DROP_CONTROL); // the buffer may hold a challenge ACK by now
        }
        else if (whole)
        {
            Rebuild(*packet, segment);
        }
        else
        {
            TcpsSegmentBuffer::RebuildHeader(*packet, header, segment);
        }
    }
    Rearm();
    FlushToNetwork(nullptr);
    return pass;
}

void
TcpsShimProtocol::Impl::DeliverToHost()
{
    while (!m_toHost.empty())
    {
        stack::OwnedSegment emitted = std::move(m_toHost.front());
        m_toHost.pop_front();
        if (!m_hostReceiver.IsNull())
        {
            m_hostReceiver(
                MakePacket(*emitted), TcpsToNs3(emitted->source.address), TcpsToNs3(emitted->destination.address));
            continue;
        }
        HostInbound(*emitted);
        if (emitted->destination.address.family() == wire::Family::kIpv4)
        {
            DeliverToHost4(*emitted);
        }
        else
        {
            DeliverToHost6(*emitted);
        }
    }
}

void
TcpsShimProtocol::Impl::DeliverToHost4(const Segment& segment)
{
    Ptr<Packet> packet = MakePacket(segment);
    Ipv4Header header;
    TcpsSetAddresses(header, TcpsToIpv4(segment.source.address), TcpsToIpv4(segment.destination.address));
    header.SetProtocol(PROT_NUMBER);
    header.SetPayloadSize(static_cast<uint16_t>(packet->GetSize()));
    Ptr<Ipv4L3Protocol> ipv4 = m_node->GetObject<Ipv4L3Protocol>();
    const int32_t interface = ipv4->GetInterfaceForAddress(header.GetDestination());
    if (interface >= 0)
    {
        m_tcp->Receive(packet, header, ipv4->GetInterface(static_cast<uint32_t>(interface)));
    }
}

void
TcpsShimProtocol::Impl::DeliverToHost6(const Segment& segment)
{
    Ptr<Packet> packet = MakePacket(segment);
    const Ipv6Address destination = TcpsToIpv6(segment.destination.address);
    Ipv6Header header;
    TcpsSetAddresses(header, TcpsToIpv6(segment.source.address), destination);
    header.SetNextHeader(PROT_NUMBER);
    header.SetPayloadLength(static_cast<uint16_t>(packet->GetSize()));
    Ptr<Ipv6L3Protocol> ipv6 = m_node->GetObject<Ipv6L3Protocol>();
    const int32_t interface = ipv6->GetInterfaceForAddress(destination);
    if (interface >= 0)
    {
        m_tcp->Receive(packet, header, ipv6->GetInterface(static_cast<uint32_t>(interface)));
    }
}

void
TcpsShimProtocol::Impl::Rearm()
{
    // Moved only when something becomes due earlier; an event that comes too early looks again.
    const stack::Instant deadline = m_shim ? m_shim->NextDeadline() : stack::kNever;
    if (deadline >= m_expireAt)
    {
        return;
    }
    m_expireEvent.Cancel();
    m_expireAt = deadline;
    const Time delay = TcpsToTime(deadline) - Simulator::Now();
    m_expireEvent = Simulator::Schedule(Max(delay, Time(0)), &Impl::Expire, this);
}

void
TcpsShimProtocol::Impl::Expire()
{
    m_expireAt = stack::kNever;
    if (m_shim && m_shim->NextDeadline() <= TcpsNow())
    {
        const InsideShim inside(m_insideShim);
        m_shim->Expire(TcpsNow());
    }
    Rearm();
    FlushToNetwork(nullptr);
}

std::span<std::byte>
TcpsShimProtocol::Impl::CopyIn(const Packet& packet, std::size_t size)
{
    NS_ABORT_MSG_IF(m_insideShim, "a trace sink made TCP send or receive while a segment was being judged");
    return m_buffer.CopyIn(packet, size);
}

void
TcpsShimProtocol::Impl::Rebuild(Packet& packet, const Segment& segment)
{
    m_buffer.Rebuild(packet, segment, ChecksumsEnabled() ? wire::Checksum::kCompute : wire::Checksum::kOmit);
}

Ptr<Packet>
TcpsShimProtocol::Impl::MakePacket(const Segment& segment)
{
    Ptr<Packet> packet = Create<Packet>();
    Rebuild(*packet, segment);
    return packet;
}

void
TcpsShimProtocol::Impl::DropSegment(const Ptr<const Packet>& packet, DropReason reason)
{
    NS_LOG_INFO("node " << m_node->GetId() << " drops a segment of " << packet->GetSize() << " bytes, reason "
                        << reason);
    m_owner.m_dropTrace(packet, reason);
}

void
TcpsShimProtocol::Impl::NoteRx4(Ptr<const Packet> packet, Ptr<Ipv4> /* ipv4 */, uint32_t /* interface */)
{
    if (!m_makeShim)
    {
        return;
    }
    // IP reassembles and then shows the whole packet as if it had come like that; this trace fires before.
    std::array<uint8_t, 8> start{};
    packet->CopyData(start.data(), static_cast<uint32_t>(start.size()));
    constexpr uint8_t moreFragmentsAndOffset = 0x3f;
    m_fragment4 = (start[6] & moreFragmentsAndOffset) != 0 || start[7] != 0;
}

void
TcpsShimProtocol::Impl::NoteRx6(Ptr<const Packet> packet, Ptr<Ipv6> /* ipv6 */, uint32_t /* interface */)
{
    if (!m_makeShim)
    {
        return;
    }
    constexpr std::size_t nextHeaderOffset = 6;
    std::array<uint8_t, nextHeaderOffset + 1> start{};
    packet->CopyData(start.data(), static_cast<uint32_t>(start.size()));
    m_fragment6 = false;
    if (start[nextHeaderOffset] != PROT_NUMBER)
    {
        std::vector<std::byte> bytes(packet->GetSize());
        packet->CopyData(reinterpret_cast<uint8_t*>(bytes.data()), packet->GetSize());
        const wire::Result<wire::Packet> parsed = wire::ParsePacket(bytes);
        m_fragment6 = !parsed && parsed.error() == wire::Error::kIpFragment;
    }
}

TcpsHostParts&
TcpsShimProtocol::Impl::Host()
{
    if (!m_host)
    {
        m_random.emplace(TcpsMakeRandom(m_stream));
        m_host.emplace(*m_random);
    }
    return *m_host;
}

bool
TcpsShimProtocol::Impl::HostInbound(Segment& segment)
{
    const TcpsHostParts::DueGuards due = Host().Inbound(segment, TcpsNow(), HostSettings());
    GuardSendWindows(due.sendWindows);
    if (m_owner.m_persistGuard && due.persistTimers && !m_guardEvent.IsRunning())
    {
        m_guardEvent = Simulator::ScheduleNow(&TcpsGuardPersistTimers, std::cref(*m_tcp)); // when TCP has taken it
    }
    return due.control;
}

void
TcpsShimProtocol::Impl::GuardSendWindows(bool due)
{
    if (due && m_owner.m_sendWindowGuard)
    {
        TcpsGuardSendWindows(*m_tcp);
    }
}

TcpsHostSettings
TcpsShimProtocol::Impl::HostSettings() const
{
    TcpsHostSettings settings;
    settings.randomIsn = m_owner.m_randomIsn;
    if (m_owner.m_isn >= 0)
    {
        settings.isn = static_cast<uint32_t>(m_owner.m_isn);
    }
    settings.mssOption = m_owner.m_mssOption;
    settings.windowAfterUnansweredScale = m_owner.m_windowAfterUnansweredScale;
    settings.optionGuard = m_owner.m_optionGuard;
    settings.duplicateAckGuard = m_owner.m_duplicateAckGuard;
    settings.maxFlows = m_owner.m_maxFlows;
    settings.flowTimeout = TcpsToDuration(m_owner.m_flowTimeout);
    return settings;
}

bool
TcpsShimProtocol::Impl::ChecksumsEnabled()
{
    if (!m_checksums)
    {
        m_checksums = Node::ChecksumEnabled();
    }
    return *m_checksums;
}

} // namespace ns3
