#include "tcps-shim-protocol-impl.h"

#include <algorithm>
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
#include "tcps-bytes-header.h"
#include "tcps-convert.h"

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("TcpsShimProtocol");

namespace stack = tcpslab::stack;
namespace wire = tcpslab::wire;

namespace
{

/** Of a destination without route: IP drops the packet anyway. */
constexpr std::size_t kDefaultMtu = 1500;

/** Marks a Shim call in progress: the Shim and the buffer are in use. */
class InsideShim
{
  public:
    explicit InsideShim(bool& inside) : m_inside(inside)
    {
        m_inside = true;
    }

    InsideShim(const InsideShim&) = delete;
    InsideShim& operator=(const InsideShim&) = delete;

    ~InsideShim()
    {
        m_inside = false;
    }

  private:
    bool& m_inside;
};

template <typename RoutePointer>
std::size_t
MtuOf(const RoutePointer& route)
{
    if (!route || !route->GetOutputDevice())
    {
        return kDefaultMtu;
    }
    return route->GetOutputDevice()->GetMtu();
}

/** Replaces the first bytes of a packet. */
void
ReplaceStart(Packet& packet, std::size_t size, std::span<const std::byte> bytes)
{
    packet.RemoveAtStart(static_cast<uint32_t>(size));
    packet.AddHeader(TcpsBytesHeader(bytes));
}

/** A piece of a segment: `offset` and `size` say which part of its payload; flags as if TCP had sent it like that. */
wire::Segment
PieceOf(const wire::Segment& segment, std::size_t offset, std::size_t size, std::size_t total)
{
    wire::Segment piece = segment;
    piece.sequence += static_cast<uint32_t>(offset);
    if (offset > 0)
    {
        piece.flags &= static_cast<uint8_t>(~wire::kCwr);
    }
    if (offset + size < total)
    {
        piece.flags &= static_cast<uint8_t>(~(wire::kFin | wire::kPsh));
    }
    return piece;
}

}  // namespace

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

bool
TcpsShimProtocol::Impl::HasShim() const
{
    return m_shim != nullptr;
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

void
TcpsShimProtocol::Impl::Outbound4(
    Ptr<Packet> packet, Ipv4Address source, Ipv4Address destination, uint8_t /* protocol */, Ptr<Ipv4Route> route)
{
    Outbound({packet, TcpsToWire(source), TcpsToWire(destination), {route, nullptr}}, MtuOf(route));
}

void
TcpsShimProtocol::Impl::Outbound6(
    Ptr<Packet> packet, Ipv6Address source, Ipv6Address destination, uint8_t /* protocol */, Ptr<Ipv6Route> route)
{
    Outbound({packet, TcpsToWire(source), TcpsToWire(destination), {nullptr, route}}, MtuOf(route));
}

void
TcpsShimProtocol::Impl::Outbound(const Departure& departure, std::size_t mtu)
{
    if (!m_hostReceiver.IsNull())
    {
        return;
    }
    const stack::Shim* shim = GetShim();
    if (shim == nullptr && !ChecksumsEnabled())
    {
        OutboundHeader(departure, mtu);
        return;
    }
    const std::span<std::byte> bytes = CopyIn(*departure.packet, departure.packet->GetSize());
    wire::Result<Segment> parsed = wire::ParseTcp(bytes, departure.source, departure.destination);
    if (!parsed)
    {
        DropSegment(departure.packet, DROP_MALFORMED);
        return;
    }
    Segment& segment = *parsed;
    const std::size_t overhead = shim == nullptr ? 0 : shim->Overhead();
    const std::size_t limit = Host().Outbound(segment, mtu, overhead, TcpsNow(), HostSettings());
    const std::span<std::byte> payload = segment.payload;
    Host().NoteSent(segment, payload.size());
    if (payload.size() <= limit || !m_owner.m_mssOption)
    {
        OutboundPiece(departure, segment);
        return;
    }
    if (limit == 0)
    {
        DropSegment(departure.packet, DROP_NO_SPACE);
        return;
    }
    // The pieces leave one by one, and sending may re-enter: what is left keeps its own copy.
    const std::vector<std::byte> copy(payload.begin(), payload.end());
    for (std::size_t offset = 0; offset < copy.size(); offset += limit)
    {
        const std::size_t size = std::min(limit, copy.size() - offset);
        Segment piece = PieceOf(segment, offset, size, copy.size());
        m_buffer.resize(std::max(m_buffer.size(), wire::kMaximumTcpHeaderSize + size));
        piece.payload = std::span(m_buffer).subspan(wire::kMaximumTcpHeaderSize, size);
        std::ranges::copy(std::span(copy).subspan(offset, size), piece.payload.begin());
        OutboundPiece({departure.packet->Copy(), departure.source, departure.destination, departure.route}, piece);
    }
}

void
TcpsShimProtocol::Impl::OutboundFromScript(const Departure& departure)
{
    const std::span<std::byte> bytes = CopyIn(*departure.packet, departure.packet->GetSize());
    const wire::Result<Segment> parsed = wire::ParseTcp(bytes, departure.source, departure.destination);
    NS_ABORT_MSG_UNLESS(parsed, "a script's segment has no whole TCP header");
    OutboundPiece(departure, *parsed);
}

void
TcpsShimProtocol::Impl::OutboundHeader(const Departure& departure, std::size_t mtu)
{
    const std::size_t total = departure.packet->GetSize();
    const std::span<std::byte> bytes = CopyIn(*departure.packet, std::min(total, wire::kMaximumTcpHeaderSize));
    wire::Result<Segment> parsed = wire::ParseTcp(bytes, departure.source, departure.destination);
    if (!parsed)
    {
        DropSegment(departure.packet, DROP_MALFORMED);
        return;
    }
    const std::size_t header = parsed->HeaderSize();
    const std::size_t payload = total - header;
    const std::size_t limit = Host().Outbound(*parsed, mtu, 0, TcpsNow(), HostSettings());
    Host().NoteSent(*parsed, payload);
    std::array<std::byte, wire::kMaximumTcpHeaderSize> storage;
    if (payload <= limit || !m_owner.m_mssOption)
    {
        const std::size_t size = *wire::EmitTcpHeader(*parsed, storage, wire::Checksum::kOmit);
        ReplaceStart(*departure.packet, header, std::span(storage).first(size));
        Send(departure);
        return;
    }
    if (limit == 0)
    {
        DropSegment(departure.packet, DROP_NO_SPACE);
        return;
    }
    for (std::size_t offset = 0; offset < payload; offset += limit)
    {
        const std::size_t part = std::min(limit, payload - offset);
        const Segment piece = PieceOf(*parsed, offset, part, payload);
        const std::size_t size = *wire::EmitTcpHeader(piece, storage, wire::Checksum::kOmit);
        Ptr<Packet> packet =
            departure.packet->CreateFragment(static_cast<uint32_t>(header + offset), static_cast<uint32_t>(part));
        packet->AddHeader(TcpsBytesHeader(std::span(storage).first(size)));
        Send({packet, departure.source, departure.destination, departure.route});
    }
}

void
TcpsShimProtocol::Impl::OutboundPiece(const Departure& departure, Segment piece)
{
    bool pass = true;
    if (stack::Shim* shim = GetShim())
    {
        const InsideShim inside(m_insideShim);
        pass = shim->Outbound(piece, TcpsNow()) == stack::Verdict::kPass;
    }
    // Done with buffer and Shim before anything is sent: a device may deliver at once.
    if (pass)
    {
        Rebuild(*departure.packet, piece);
    }
    Rearm();
    FlushToNetwork(&departure);
    if (pass)
    {
        Send(departure);
    }
    else
    {
        DropSegment(departure.packet, DROP_SHIM_OUTBOUND);
    }
}

void
TcpsShimProtocol::Impl::Send(const Departure& departure)
{
    if (departure.destination.family() == wire::Family::kIpv4)
    {
        m_down4(departure.packet,
                TcpsToIpv4(departure.source),
                TcpsToIpv4(departure.destination),
                PROT_NUMBER,
                departure.route.v4);
    }
    else
    {
        m_down6(departure.packet,
                TcpsToIpv6(departure.source),
                TcpsToIpv6(departure.destination),
                PROT_NUMBER,
                departure.route.v6);
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
            Host().Inbound(segment, TcpsNow(), HostSettings());
        }
        if (whole)
        {
            Rebuild(*packet, segment);
        }
        else
        {
            std::array<std::byte, wire::kMaximumTcpHeaderSize> storage;
            const std::size_t size = *wire::EmitTcpHeader(segment, storage, wire::Checksum::kOmit);
            ReplaceStart(*packet, header, std::span(storage).first(size));
        }
    }
    Rearm();
    FlushToNetwork(nullptr);
    return pass;
}

void
TcpsShimProtocol::Impl::FlushToNetwork(const Departure* present)
{
    while (!m_toNetwork.empty())
    {
        const stack::OwnedSegment emitted = std::move(m_toNetwork.front());
        m_toNetwork.pop_front();
        Departure departure{MakePacket(*emitted), emitted->source.address, emitted->destination.address, {}};
        if (present != nullptr && present->source == departure.source && present->destination == departure.destination)
        {
            departure.route = present->route;
        }
        Send(departure);
    }
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
            const Address& from = emitted->source.address;
            const Address& to = emitted->destination.address;
            const bool v4 = to.family() == wire::Family::kIpv4;
            const ns3::Address source = v4 ? ns3::Address(TcpsToIpv4(from)) : ns3::Address(TcpsToIpv6(from));
            const ns3::Address destination = v4 ? ns3::Address(TcpsToIpv4(to)) : ns3::Address(TcpsToIpv6(to));
            m_hostReceiver(MakePacket(*emitted), source, destination);
            continue;
        }
        Host().Inbound(*emitted, TcpsNow(), HostSettings());
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
    m_buffer.resize(std::max(m_buffer.size(), wire::kMaximumTcpHeaderSize + size));
    const std::span<std::byte> place = std::span(m_buffer).subspan(wire::kMaximumTcpHeaderSize, size);
    packet.CopyData(reinterpret_cast<uint8_t*>(place.data()), static_cast<uint32_t>(size));
    return place;
}

void
TcpsShimProtocol::Impl::Rebuild(Packet& packet, const Segment& segment)
{
    const wire::Checksum checksum = ChecksumsEnabled() ? wire::Checksum::kCompute : wire::Checksum::kOmit;
    const std::size_t header = segment.HeaderSize();
    const std::size_t total = header + segment.payload.size();
    std::byte* const payload = segment.payload.data();
    const bool inBuffer = !segment.payload.empty() && std::greater_equal<>()(payload, m_buffer.data() + header) &&
                          std::less_equal<>()(payload + segment.payload.size(), m_buffer.data() + m_buffer.size());
    if (inBuffer)
    {
        // The usual case: the payload stays where it is, and its header is written before it.
        const std::span<std::byte> bytes(payload - header, total);
        // Room for the header is there, so emission cannot fail.
        *wire::EmitTcpHeader(segment, bytes, checksum);
        ReplaceStart(packet, packet.GetSize(), bytes);
        return;
    }
    std::vector<std::byte> bytes(total);
    *wire::EmitTcp(segment, bytes, checksum);
    ReplaceStart(packet, packet.GetSize(), bytes);
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
    if (!m_shim)
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
    if (!m_shim)
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

}  // namespace ns3
