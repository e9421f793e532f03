#include "tcps-firewall.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "ns3/boolean.h"
#include "ns3/simulator.h"
#include "reference/wire/sequence.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsFirewall);

namespace wire = tcpslab::wire;

namespace
{

/** What one end has announced. */
struct Window
{
    std::optional<unsigned> offeredShift; //!< of the window scale option in its SYN (RFC 7323)
    std::optional<uint32_t> edge;         //!< the highest sequence number that it allowed, plus one
    uint32_t largest = 0;                 //!< bytes
};

using Windows2 = std::array<Window, 2>; //!< by the direction in which the end's segments travel

std::optional<unsigned>
WindowScaleOf(const wire::Segment& segment)
{
    constexpr unsigned maximum = 14; // RFC 7323, section 2.3
    const std::optional<wire::OptionView> option = segment.options.Find(wire::kWindowScale);
    if (!option || option->body().size() != 1)
    {
        return std::nullopt;
    }
    return std::min(std::to_integer<unsigned>(option->body()[0]), maximum);
}

bool
IsAnotherAttempt(const TcpsTrackedFlow& flow, const wire::Segment& segment, TcpsPathElement::Direction direction)
{
    const std::optional<uint32_t> isn = flow.Sender(direction).isn;
    return segment.IsSyn() && isn && *isn != segment.sequence;
}

void
Note(Windows2& windows, const wire::Segment& segment, TcpsPathElement::Direction direction)
{
    Window& own = windows[direction];
    const Window& peers = windows[TcpsReverse(direction)];
    if (segment.Has(wire::kSyn))
    {
        own.offeredShift = WindowScaleOf(segment);
    }
    const bool scaled = own.offeredShift && peers.offeredShift && !segment.Has(wire::kSyn);
    const uint32_t window = uint32_t{segment.window} << (scaled ? *own.offeredShift : 0U);
    own.largest = std::max(own.largest, window);
    const uint32_t edge = segment.acknowledgement + window;
    if (segment.Has(wire::kAck) && (!own.edge || wire::SequenceBefore(*own.edge, edge)))
    {
        own.edge = edge;
    }
}

} // namespace

/** By the connection's number. */
class TcpsFirewall::Windows : public std::map<uint32_t, Windows2>
{
};

TypeId
TcpsFirewall::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsFirewall")
                            .SetParent<TcpsConnectionElement>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsFirewall>()
                            .AddAttribute("IdleTimeout",
                                          "A connection is forgotten when nothing of it has passed for so long; by "
                                          "default 2 hours and 4 minutes (RFC 5382, REQ-5).",
                                          TimeValue(Minutes(124)),
                                          MakeTimeAccessor(&TcpsFirewall::m_idleTimeout),
                                          MakeTimeChecker(Time(0)))
                            .AddAttribute("WindowCheck",
                                          "Whether segments must lie where acknowledgements and windows allow.",
                                          BooleanValue(true),
                                          MakeBooleanAccessor(&TcpsFirewall::m_windowCheck),
                                          MakeBooleanChecker())
                            .AddAttribute("Reply",
                                          "What the sender of a refused segment gets.",
                                          EnumValue(REPLY_NONE),
                                          TcpsMakeEnumAccessor<Reply>(&TcpsFirewall::m_reply),
                                          MakeEnumChecker(REPLY_NONE, "none", REPLY_RESET, "reset"));
    return tid;
}

TcpsFirewall::TcpsFirewall() : m_idleTimeout(Minutes(124)), m_windows(std::make_unique<Windows>())
{
}

TcpsFirewall::~TcpsFirewall() = default;

void
TcpsFirewall::HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const TcpsTrackedFlow* flow = GetTracker().Find(segment->source, segment->destination);
    const bool idle = flow != nullptr && Simulator::Now() - flow->lastSeen > m_idleTimeout;
    const bool another = flow != nullptr && IsAnotherAttempt(*flow, *segment, direction);
    if (another && !idle && flow->established && !flow->IsOver())
    {
        // Whether it was meant shows in the answer: a challenge ACK, and perhaps a RST (RFC 9293, section 3.10.7.4).
        Forward(packet, direction);
        return;
    }
    if (idle || another)
    {
        m_windows->erase(flow->number);
        GetTracker().Forget(segment->source, segment->destination);
        flow = nullptr;
    }
    if (!IsAllowed(flow, segment, direction))
    {
        Refuse(packet, segment, direction);
        return;
    }
    const TcpsTrackedFlow& passing = GetTracker().Observe(*segment, direction);
    if (segment->Has(wire::kRst))
    {
        m_windows->erase(passing.number);
        GetTracker().Forget(segment->source, segment->destination);
    }
    else
    {
        Note((*m_windows)[passing.number], *segment, direction);
    }
    Forward(packet, direction);
}

bool
TcpsFirewall::IsAllowed(const TcpsTrackedFlow* flow, const TcpsPathSegment& segment, Direction direction) const
{
    if (segment->IsSyn())
    {
        return true;
    }
    if (flow == nullptr || !flow->Sender(flow->opener).isn)
    {
        return false;
    }
    const bool answered = flow->Sender(TcpsReverse(flow->opener)).isn.has_value();
    if (!answered)
    {
        // An answer to the SYN, either way.
        const bool answer = segment->IsSynAck() || segment->Has(wire::kRst);
        return answer && direction != flow->opener &&
               (!m_windowCheck || segment->acknowledgement == flow->Sender(flow->opener).next);
    }
    return !m_windowCheck || IsInWindow(*flow, segment, direction);
}

bool
TcpsFirewall::IsInWindow(const TcpsTrackedFlow& flow, const TcpsPathSegment& segment, Direction direction) const
{
    constexpr uint32_t smallestReach = 66000; // as Linux's conntrack: acknowledgements may be this late
    const TcpsTrackedEnd& sender = flow.Sender(direction);
    const TcpsTrackedEnd& receiver = flow.Sender(TcpsReverse(direction));
    const Windows2& windows = m_windows->at(flow.number);
    const Window& announced = windows[TcpsReverse(direction)];
    // Before its first acknowledgement the opener has announced the window of its SYN.
    const uint32_t edge = announced.edge.value_or(*sender.isn + 1 + announced.largest);
    const uint32_t end = segment->sequence + segment->SequenceLength();
    const bool notTooFar = !wire::SequenceBefore(edge + 1, end); // one byte more: a window probe, or a FIN
    const bool notTooOld = !wire::SequenceBefore(segment->sequence, sender.next - std::max(announced.largest, 1U));
    if (!segment->Has(wire::kAck))
    {
        return notTooFar && notTooOld;
    }
    const uint32_t reach = std::max(smallestReach, windows[direction].largest);
    const bool sent = !wire::SequenceBefore(receiver.next, segment->acknowledgement);
    const bool recent = !wire::SequenceBefore(segment->acknowledgement, receiver.next - reach);
    return notTooFar && notTooOld && sent && recent;
}

void
TcpsFirewall::Refuse(const TcpsPathPacket& packet, const TcpsPathSegment& segment, Direction direction)
{
    Drop(packet, direction);
    if (m_reply == REPLY_NONE || segment->Has(wire::kRst))
    {
        return;
    }
    // RFC 9293, section 3.5.2: as a host answers that knows nothing of the connection.
    wire::Segment reset;
    reset.source = segment->destination;
    reset.destination = segment->source;
    if (segment->Has(wire::kAck))
    {
        reset.sequence = segment->acknowledgement;
        reset.flags = wire::kRst;
    }
    else
    {
        reset.acknowledgement = segment->sequence + segment->SequenceLength();
        reset.flags = wire::kRst | wire::kAck;
    }
    Inject(TcpsPathSegment::Make(reset), TcpsReverse(direction));
}

} // namespace ns3
