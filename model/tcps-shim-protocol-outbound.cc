#include <algorithm>
#include <utility>

#include "ns3/abort.h"
#include "ns3/net-device.h"
#include "reference/stack/split.h"
#include "tcps-convert.h"
#include "tcps-shim-protocol-impl.h"

namespace ns3
{

namespace stack = tcpslab::stack;
namespace wire = tcpslab::wire;

namespace
{

/** Of a destination without route: IP drops the packet anyway. */
constexpr std::size_t kDefaultMtu = 1500;

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

} // namespace

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
    // Without Shim and checksums the header is all that matters, and the payload is never touched.
    stack::Shim* shim = GetShim();
    const bool whole = shim != nullptr || ChecksumsEnabled();
    const std::size_t total = departure.packet->GetSize();
    const std::span<std::byte> bytes =
        CopyIn(*departure.packet, whole ? total : std::min(total, wire::kMaximumTcpHeaderSize));
    wire::Result<Segment> parsed = wire::ParseTcp(bytes, departure.source, departure.destination);
    if (!parsed)
    {
        DropSegment(departure.packet, DROP_MALFORMED);
        return;
    }
    Segment& segment = *parsed;
    const std::size_t header = segment.HeaderSize();
    const std::size_t payload = total - header;
    const std::size_t overhead = shim == nullptr ? 0 : shim->Overhead();
    const std::size_t limit = Host().Outbound(segment, mtu, overhead, TcpsNow(), HostSettings());
    GuardSendWindows(Host().NoteSent(segment, payload));
    if (payload > limit && m_owner.m_mssOption)
    {
        Split(departure, segment, header, limit);
    }
    else if (whole)
    {
        OutboundPiece(departure, segment);
    }
    else
    {
        TcpsSegmentBuffer::RebuildHeader(*departure.packet, header, segment);
        Send(departure);
    }
}

void
TcpsShimProtocol::Impl::Split(const Departure& departure, const Segment& segment, std::size_t header, std::size_t limit)
{
    if (limit == 0)
    {
        DropSegment(departure.packet, DROP_NO_SPACE);
        return;
    }
    for (stack::Piece& piece : stack::Split(segment, departure.packet->GetSize() - header, limit))
    {
        const Departure part{departure.packet->CreateFragment(static_cast<uint32_t>(header + piece.offset),
                                                              static_cast<uint32_t>(piece.size)),
                             departure.source,
                             departure.destination,
                             departure.route};
        if (GetShim() != nullptr || ChecksumsEnabled())
        {
            piece.segment.payload = CopyIn(*part.packet, piece.size);
            OutboundPiece(part, piece.segment);
        }
        else
        {
            TcpsSegmentBuffer::RebuildHeader(*part.packet, 0, piece.segment);
            Send(part);
        }
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

} // namespace ns3
