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
constexpr std::size_t kWindowScaleOptionSize = 3;
constexpr std::size_t kMaximumWindow = 65535;
constexpr uint8_t kMaximumWindowScale = 14; // RFC 7323, section 2.3

/** RFC 9293, section 3.7.1: what to assume of a peer that sends no MSS option. */
uint16_t
DefaultMss(wire::Family family)
{
    return family == wire::Family::kIpv4 ? 536 : 1220;
}

std::size_t
IpHeaderSize(wire::Family family)
{
    return family == wire::Family::kIpv4 ? wire::kIpv4HeaderSize : wire::kIpv6HeaderSize;
}

unsigned char*
Raw(std::span<std::byte> bytes)
{
    return reinterpret_cast<unsigned char*>(bytes.data());
}

/** Whether ns-3's TCP knows an option's kind, and its parser the option's size. */
bool
IsForNs3(const wire::OptionView& option)
{
    const std::size_t size = option.bytes().size();
    switch (option.kind())
    {
        case wire::kMaximumSegmentSize:
            return size == kMssOptionSize;
        case wire::kWindowScale:
            return size == kWindowScaleOptionSize;
        case wire::kSackPermitted:
            return size == 2;
        case wire::kSack:
            return size > 2 && (size - 2) % 8 == 0;
        case wire::kTimestamps:
            return size == 10;
        default:
            return false;
    }
}

/** Fills what is behind the last option with NOPs. */
void
PadWithNops(wire::OptionArea& options)
{
    std::array<std::byte, wire::kMaximumOptionBytes> storage{};
    storage.fill(std::byte{wire::kNoOperation});
    std::size_t end = 0;
    for (const wire::OptionView option : options)
    {
        end = option.offset() + option.bytes().size();
    }
    std::ranges::copy(options.bytes().first(end), storage.begin());
    options = *wire::OptionArea::FromBytes(std::span(storage).first(options.size()));
}

/**
 * Leaves only options that TcpHeader parses as they stand: its parser never ends on an unknown option of length 0,
 * reads past options that are too long, stops at options of a wrong size, and takes bytes behind an EOL for payload.
 * Unknown ones and NOPs go too: ns-3 would ignore them, at the price of an Object each.
 */
void
KeepForNs3(wire::OptionArea& options)
{
    std::array<std::byte, wire::kMaximumOptionBytes> storage{};
    auto end = storage.begin();
    for (const wire::OptionView option : options)
    {
        if (!IsForNs3(option))
        {
            continue;
        }
        if (option.kind() == wire::kWindowScale)
        {
            const std::byte shift = std::min(option.body()[0], std::byte{kMaximumWindowScale});
            end = std::ranges::copy(option.bytes().first(2), end).out;
            *end++ = shift;
        }
        else
        {
            end = std::ranges::copy(option.bytes(), end).out;
        }
    }
    options = *wire::OptionArea::FromBytes(std::span(storage.begin(), end));
}

/** Adds an offset to the edges of every SACK block. */
void
ShiftSack(wire::OptionArea& options, uint32_t offset)
{
    if (!options.Find(wire::kSack))
    {
        return;
    }
    std::array<std::byte, wire::kMaximumOptionBytes> storage{};
    std::ranges::copy(options.bytes(), storage.begin());
    for (const wire::OptionView option : options)
    {
        if (option.kind() != wire::kSack)
        {
            continue;
        }
        for (std::size_t edge = 2; edge + 4 <= option.bytes().size(); edge += 4)
        {
            unsigned char* place = Raw(std::span(storage).subspan(option.offset() + edge));
            boost::endian::store_big_u32(place, boost::endian::load_big_u32(place) + offset);
        }
    }
    options = *wire::OptionArea::FromBytes(std::span(storage).first(options.size()));
}

void
PrependMss(wire::OptionArea& options, std::size_t mtu, wire::Family family)
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

} // namespace

TcpsHostParts::TcpsHostParts(tcpslab::crypto::Random& random) : m_random(random), m_flows(stack::FlowHash(random))
{
}

std::size_t
TcpsHostParts::size() const
{
    return m_flows.size();
}

std::size_t
TcpsHostParts::Outbound(
    Segment& segment, std::size_t mtu, std::size_t overhead, stack::Instant now, const TcpsHostSettings& settings)
{
    if (settings.optionGuard && !segment.options.empty())
    {
        PadWithNops(segment.options);
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
            if (!segment.Has(wire::kRst))
            {
                // Once established it is always there (RFC 9293, section 3.1); ns-3's probes of a closed window lack
                // it.
                segment.flags |= wire::kAck;
            }
            // An RST may answer a stray segment while our SYN is still waiting.
            flow->spoken = flow->spoken || !segment.Has(wire::kRst);
            if (settings.windowAfterUnansweredScale)
            {
                ScaleBack(segment, *flow);
            }
        }
        flow->finSent = flow->finSent || segment.Has(wire::kFin);
        // A TCP that still sends was not reset, whatever came in.
        flow->reset = segment.Has(wire::kRst);
        segment.sequence += flow->isn.value_or(0);
        if (segment.Has(wire::kAck))
        {
            segment.acknowledgement += flow->peerIsn.value_or(0);
        }
        ShiftSack(segment.options, flow->peerIsn.value_or(0));
    }
    const wire::Family family = segment.source.address.family();
    if (syn && settings.mssOption)
    {
        PrependMss(segment.options, mtu, family);
    }
    // TCPS-FRAG-04, TCPS-MSS-04
    const std::size_t announced =
        flow != nullptr ? flow->peer.mss.value_or(DefaultMss(family)) : std::size_t{DefaultMss(family)};
    // RFC 6691: an MSS counts no options, so the sender makes room for its own.
    const std::size_t byPeer = std::max(announced, kMinimumPeerMss) - segment.options.PaddedSize();
    const std::size_t headers = IpHeaderSize(family) + segment.HeaderSize() + overhead;
    return std::min(byPeer, mtu - std::min(mtu, headers));
}

bool
TcpsHostParts::NoteSent(const Segment& segment, std::size_t payload)
{
    Flow* flow = Find(segment.source, segment.destination);
    return flow != nullptr &&
           GuardIsDue(*flow, flow->duplicateAcks.NoteSent(segment.sequence - flow->isn.value_or(0), payload));
}

bool
TcpsHostParts::GuardIsDue(const Flow& flow, bool loss)
{
    if (!loss || flow.guards < m_guards)
    {
        return false;
    }
    ++m_guards;
    return true;
}

void
TcpsHostParts::ScaleBack(Segment& segment, const Flow& flow)
{
    if (flow.own.windowScale && flow.peerKnown && !flow.peer.windowScale)
    {
        const std::size_t window = std::size_t{segment.window} << *flow.own.windowScale;
        segment.window = static_cast<uint16_t>(std::min(window, kMaximumWindow));
    }
}

void
TcpsHostParts::OutboundSyn(Segment& segment, Flow& flow, const TcpsHostSettings& settings)
{
    if (flow.spoken)
    {
        // The same two endpoints begin another connection.
        Flow next;
        next.peerSyn = flow.peerSyn;
        if (segment.Has(wire::kAck))
        {
            next.peerIsn = flow.peerIsn;
        }
        next.lastActive = flow.lastActive;
        flow = next;
    }
    if (!flow.isn)
    {
        flow.isn = settings.isn ? *settings.isn : settings.randomIsn ? m_random.Uint32() : 0;
    }
    flow.own = OfferOf(segment);
    flow.guards = m_guards;
    if (segment.Has(wire::kAck) && flow.peerSyn)
    {
        flow.peer = *flow.peerSyn;
        flow.peerKnown = true;
    }
}

TcpsHostParts::Offer
TcpsHostParts::OfferOf(const Segment& segment)
{
    Offer offer;
    for (const wire::OptionView option : segment.options)
    {
        if (option.kind() == wire::kMaximumSegmentSize && IsForNs3(option))
        {
            offer.mss = static_cast<uint16_t>(std::to_integer<unsigned>(option.body()[0]) << 8U |
                                              std::to_integer<unsigned>(option.body()[1]));
        }
        offer.sackPermitted = offer.sackPermitted || option.kind() == wire::kSackPermitted;
        if (option.kind() == wire::kWindowScale && IsForNs3(option))
        {
            offer.windowScale = std::min(std::to_integer<uint8_t>(option.body()[0]), kMaximumWindowScale);
        }
    }
    return offer;
}

TcpsHostParts::DueGuards
TcpsHostParts::Inbound(Segment& segment, stack::Instant now, const TcpsHostSettings& settings)
{
    if (settings.optionGuard && !segment.options.empty())
    {
        KeepForNs3(segment.options);
    }
    Flow* flow = segment.IsSyn() ? FindOrMake(segment.destination, segment.source, now, settings)
                                 : Find(segment.destination, segment.source);
    // Without SYN and ACK, TCP reads no window; before the first it takes the peer's to be 0.
    const bool closed =
        (segment.window == 0 || (segment.flags & (wire::kSyn | wire::kAck)) == 0) && !segment.Has(wire::kRst);
    bool& windowClosed = flow == nullptr ? m_windowClosed : flow->windowClosed;
    windowClosed = windowClosed || closed;
    DueGuards due{.persistTimers = m_windowClosed || windowClosed};
    if (flow == nullptr)
    {
        return due;
    }
    flow->lastActive = now;
    if (segment.Has(wire::kSyn))
    {
        InboundSyn(segment, *flow);
    }
    flow->finReceived = flow->finReceived || segment.Has(wire::kFin);
    flow->reset = flow->reset || segment.Has(wire::kRst);
    flow->heard = flow->heard || !segment.Has(wire::kSyn);
    segment.sequence -= flow->peerIsn.value_or(0);
    if (segment.Has(wire::kAck))
    {
        segment.acknowledgement -= flow->isn.value_or(0);
    }
    ShiftSack(segment.options, 0 - flow->isn.value_or(0));
    if ((segment.flags & (wire::kSyn | wire::kRst)) == 0)
    {
        if (segment.Has(wire::kAck) && flow->HasNotSent(segment.acknowledgement))
        {
            due.control = true;
            return due;
        }
        const bool hideData = settings.duplicateAckGuard && !flow->UsesSack();
        due.sendWindows = GuardIsDue(*flow, flow->duplicateAcks.Inbound(segment, hideData));
    }
    return due;
}

void
TcpsHostParts::InboundSyn(const Segment& segment, Flow& flow)
{
    // A SYN for a connection that may be alive changes nothing: TCP will tell it by its numbers.
    if (segment.IsSyn())
    {
        flow.peerSyn = OfferOf(segment);
        if (!flow.peerIsn || flow.Closed() || flow.HalfOpen())
        {
            flow.peerIsn = segment.sequence;
        }
    }
    else if (flow.isn && !flow.spoken && segment.acknowledgement == *flow.isn + 1 &&
             flow.peerIsn.value_or(segment.sequence) == segment.sequence)
    {
        flow.peer = OfferOf(segment);
        flow.peerKnown = true;
        flow.peerIsn = segment.sequence;
    }
}

TcpsHostParts::Flow*
TcpsHostParts::Find(const wire::Endpoint& local, const wire::Endpoint& remote)
{
    const stack::FlowKey key(local, remote);
    Flows* flows = m_flows.Find(key);
    if (flows == nullptr)
    {
        return nullptr;
    }
    std::optional<Flow>& flow = (*flows)[local == key.low() ? 0 : 1];
    return flow ? &*flow : nullptr;
}

TcpsHostParts::Flow*
TcpsHostParts::FindOrMake(const wire::Endpoint& local,
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
    return &m_flows[key][local == key.low() ? 0 : 1].emplace();
}

void
TcpsHostParts::Forget(stack::Instant now, const TcpsHostSettings& settings, bool full)
{
    // A connection that is open, or may be, is kept however long it is silent: its offset cannot be had again.
    const auto isOver = [&](const std::optional<Flow>& flow)
    {
        const bool timedOut = flow && now - flow->lastActive > settings.flowTimeout;
        return !flow || (flow->Closed() && (full || timedOut)) || (flow->HalfOpen() && timedOut);
    };
    m_flows.EraseIf([&](const stack::FlowKey&, const Flows& flows) { return std::ranges::all_of(flows, isOver); });
}

} // namespace ns3
