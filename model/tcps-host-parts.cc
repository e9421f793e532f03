#include "tcps-host-parts.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <span>

#include "reference/wire/options.h"
#include "reference/wire/packet.h"

namespace ns3
{

namespace
{

namespace stack = tcpslab::stack;
namespace wire = tcpslab::wire;

constexpr std::size_t kMssOptionSize = 4;
constexpr std::size_t kMaximumWindow = 65535;
constexpr uint8_t kMaximumWindowScale = 14;  // RFC 7323, section 2.3

/** RFC 9293, section 3.7.1: what to assume of a peer that sends no MSS option. */
uint16_t DefaultMss(wire::Family family)
{
    return family == wire::Family::kIpv4 ? 536 : 1220;
}

std::size_t IpHeaderSize(wire::Family family)
{
    return family == wire::Family::kIpv4 ? wire::kIpv4HeaderSize : wire::kIpv6HeaderSize;
}

unsigned char* Raw(std::span<std::byte> bytes)
{
    return reinterpret_cast<unsigned char*>(bytes.data());
}

/** Whether an option of a kind that ns-3 parses has the size that its parser expects. */
bool HasExpectedSize(const wire::OptionView& option)
{
    const std::size_t size = option.bytes().size();
    switch (option.kind())
    {
        case wire::kMaximumSegmentSize:
            return size == kMssOptionSize;
        case wire::kWindowScale:
            return size == 3;
        case wire::kSackPermitted:
            return size == 2;
        case wire::kSack:
            return size > 2 && (size - 2) % 8 == 0;
        case wire::kTimestamps:
            return size == 10;
        default:
            return true;
    }
}

/**
 * Leaves only what ns-3's TcpHeader parses as it stands: its parser never ends on an unknown option of length 0, reads
 * past options that are too long, stops at options of a wrong size, and takes bytes behind an EOL for payload. All of
 * these become NOPs.
 */
void MakeSafe(std::span<std::byte> bytes)
{
    std::size_t end = 0;
    const wire::OptionArea area = *wire::OptionArea::FromBytes(bytes);
    for (const wire::OptionView option : area)
    {
        end = option.offset() + option.bytes().size();
        const std::span<std::byte> place = bytes.subspan(option.offset(), option.bytes().size());
        if (!HasExpectedSize(option))
        {
            std::ranges::fill(place, std::byte{wire::kNoOperation});
        }
        else if (option.kind() == wire::kWindowScale)
        {
            place[2] = std::min(place[2], std::byte{kMaximumWindowScale});
        }
    }
    std::ranges::fill(bytes.subspan(end), std::byte{wire::kNoOperation});
}

/** Shifts the edges of every SACK block. */
void ShiftSack(std::span<std::byte> bytes, uint32_t offset)
{
    const wire::OptionArea area = *wire::OptionArea::FromBytes(bytes);
    for (const wire::OptionView option : area)
    {
        if (option.kind() != wire::kSack)
        {
            continue;
        }
        for (std::size_t edge = 2; edge + 4 <= option.bytes().size(); edge += 4)
        {
            unsigned char* place = Raw(bytes.subspan(option.offset() + edge));
            boost::endian::store_big_u32(place, boost::endian::load_big_u32(place) - offset);
        }
    }
}

/** Calls edit(bytes) on the options. */
template <typename Edit>
void EditOptions(wire::OptionArea& options, Edit edit)
{
    std::array<std::byte, wire::kMaximumOptionBytes> storage;
    const auto end = std::ranges::copy(options.bytes(), storage.begin()).out;
    edit(std::span(storage.begin(), end));
    options = *wire::OptionArea::FromBytes(std::span(storage.begin(), end));
}

void PrependMss(wire::OptionArea& options, std::size_t mtu, wire::Family family)
{
    if (options.Find(wire::kMaximumSegmentSize) || options.size() + kMssOptionSize > wire::kMaximumOptionBytes)
    {
        return;
    }
    const std::size_t headers = IpHeaderSize(family) + wire::kTcpHeaderSize;
    std::array<std::byte, kMssOptionSize> option{std::byte{wire::kMaximumSegmentSize}, std::byte{kMssOptionSize}};
    boost::endian::store_big_u16(Raw(std::span(option).subspan(2)),
                                 static_cast<uint16_t>(std::min(mtu - std::min(mtu, headers), kMaximumWindow)));
    wire::OptionArea with = *wire::OptionArea::FromBytes(option);
    if (with.Append(options.bytes()))
    {
        options = with;
    }
}

}  // namespace

TcpsHostParts::TcpsHostParts(tcpslab::crypto::Random& random) : m_random(random), m_flows(stack::FlowHash(random))
{
}

std::size_t TcpsHostParts::size() const
{
    return m_flows.size();
}

std::size_t TcpsHostParts::Outbound(
    Segment& segment, std::size_t mtu, std::size_t overhead, stack::Instant now, const TcpsHostSettings& settings)
{
    if (settings.optionGuard && !segment.options.empty())
    {
        EditOptions(segment.options, MakeSafe);
    }
    const bool syn = segment.Has(wire::kSyn);
    Flow* flow = syn ? FindOrMake(segment.source, segment.destination, now, settings)
                     : Find(segment.source, segment.destination);
    if (flow != nullptr)
    {
        flow->lastActive = now;
        if (syn)
        {
            OutboundSyn(segment, *flow, settings);
        }
        else
        {
            flow->spoken = true;
            if (settings.windowAfterUnansweredScale)
            {
                ScaleBack(segment, *flow);
            }
        }
        flow->finSent = flow->finSent || segment.Has(wire::kFin);
        // A TCP that still sends was not reset, whatever came in.
        flow->reset = segment.Has(wire::kRst);
        segment.sequence += flow->isn.value_or(0);
    }
    const wire::Family family = segment.source.address.family();
    if (syn && settings.mssOption)
    {
        PrependMss(segment.options, mtu, family);
    }
    const std::size_t announced =
        flow != nullptr ? flow->peer.mss.value_or(DefaultMss(family)) : std::size_t{DefaultMss(family)};
    // RFC 6691: an MSS counts no options, so the sender makes room for its own.
    const std::size_t byPeer = std::max(announced, kMinimumPeerMss) - segment.options.PaddedSize();
    const std::size_t headers = IpHeaderSize(family) + segment.HeaderSize() + overhead;
    return std::min(byPeer, mtu - std::min(mtu, headers));
}

void TcpsHostParts::ScaleBack(Segment& segment, const Flow& flow)
{
    if (flow.own.windowScale && flow.peerKnown && !flow.peer.windowScale)
    {
        const std::size_t window = std::size_t{segment.window} << *flow.own.windowScale;
        segment.window = static_cast<uint16_t>(std::min(window, kMaximumWindow));
    }
}

void TcpsHostParts::OutboundSyn(Segment& segment, Flow& flow, const TcpsHostSettings& settings)
{
    if (flow.spoken)
    {
        // The same two endpoints begin another connection.
        Flow next;
        next.peerSyn = flow.peerSyn;
        next.lastActive = flow.lastActive;
        flow = next;
    }
    if (!flow.isn)
    {
        flow.isn = settings.isn ? *settings.isn : settings.randomIsn ? m_random.Uint32() : 0;
    }
    flow.own = OfferOf(segment);
    if (segment.Has(wire::kAck) && flow.peerSyn)
    {
        flow.peer = *flow.peerSyn;
        flow.peerKnown = true;
    }
}

TcpsHostParts::Offer TcpsHostParts::OfferOf(const Segment& segment)
{
    Offer offer;
    for (const wire::OptionView option : segment.options)
    {
        if (option.kind() == wire::kMaximumSegmentSize && HasExpectedSize(option))
        {
            offer.mss = static_cast<uint16_t>(std::to_integer<unsigned>(option.body()[0]) << 8U |
                                              std::to_integer<unsigned>(option.body()[1]));
        }
        if (option.kind() == wire::kWindowScale && HasExpectedSize(option))
        {
            offer.windowScale = std::min(std::to_integer<uint8_t>(option.body()[0]), kMaximumWindowScale);
        }
    }
    return offer;
}

void TcpsHostParts::Inbound(Segment& segment, stack::Instant now, const TcpsHostSettings& settings)
{
    if (settings.optionGuard && !segment.options.empty())
    {
        EditOptions(segment.options, MakeSafe);
    }
    Flow* flow = segment.IsSyn() ? FindOrMake(segment.destination, segment.source, now, settings)
                                 : Find(segment.destination, segment.source);
    if (flow == nullptr)
    {
        return;
    }
    flow->lastActive = now;
    flow->finReceived = flow->finReceived || segment.Has(wire::kFin);
    flow->reset = flow->reset || segment.Has(wire::kRst);
    flow->heard = flow->heard || !segment.Has(wire::kSyn);
    if (segment.IsSyn())
    {
        flow->peerSyn = OfferOf(segment);
    }
    else if (segment.IsSynAck() && flow->isn && !flow->spoken)
    {
        flow->peer = OfferOf(segment);
        flow->peerKnown = true;
    }
    const uint32_t offset = flow->isn.value_or(0);
    if (segment.Has(wire::kAck))
    {
        segment.acknowledgement -= offset;
    }
    if (offset != 0 && segment.options.Find(wire::kSack))
    {
        EditOptions(segment.options, [offset](std::span<std::byte> bytes) { ShiftSack(bytes, offset); });
    }
}

TcpsHostParts::Flow* TcpsHostParts::Find(const wire::Endpoint& local, const wire::Endpoint& remote)
{
    const stack::FlowKey key(local, remote);
    Flows* flows = m_flows.Find(key);
    return flows == nullptr ? nullptr : &(*flows)[local == key.low() ? 0 : 1];
}

TcpsHostParts::Flow* TcpsHostParts::FindOrMake(const wire::Endpoint& local,
                                               const wire::Endpoint& remote,
                                               stack::Instant now,
                                               const TcpsHostSettings& settings)
{
    if (Flow* flow = Find(local, remote))
    {
        return flow;
    }
    const bool full = m_flows.size() >= settings.maxFlows;
    if (now >= m_nextForget)
    {
        Forget(now, settings, full);
        m_nextForget = now + std::min<stack::Duration>(settings.flowTimeout, std::chrono::seconds(1));
    }
    if (m_flows.size() >= settings.maxFlows)
    {
        return nullptr;
    }
    const stack::FlowKey key(local, remote);
    return &m_flows[key][local == key.low() ? 0 : 1];
}

void TcpsHostParts::Forget(stack::Instant now, const TcpsHostSettings& settings, bool full)
{
    m_flows.EraseIf(
        [&](const stack::FlowKey&, const Flows& flows)
        {
            // A connection that is open, or may be, is kept however long it is silent: its offset cannot be had again.
            return std::ranges::all_of(flows,
                                       [&](const Flow& flow)
                                       {
                                           const bool timedOut = now - flow.lastActive > settings.flowTimeout;
                                           return (flow.Closed() && (full || timedOut)) ||
                                                  (flow.HalfOpen() && timedOut);
                                       });
        });
}

}  // namespace ns3
