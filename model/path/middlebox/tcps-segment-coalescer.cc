#include "tcps-segment-coalescer.h"

#include <map>
#include <utility>
#include <vector>

#include "../../tcps-convert.h"
#include "../tcps-path-segment.h"
#include "ns3/event-id.h"
#include "ns3/simulator.h"
#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsSegmentCoalescer);

namespace wire = tcpslab::wire;

namespace
{

struct HeldSegment
{
    TcpsPathSegment segment;
    TcpsPathElement::Direction direction;
    bool joined = false; //!< holds bytes of more than one
    EventId release;
};

bool
MayJoin(const wire::Segment& segment)
{
    constexpr unsigned apart = wire::kSyn | wire::kRst | wire::kUrg;
    return (segment.flags & apart) == 0 && !segment.payload.empty();
}

/** The rest of what `segment` says goes on with `held`; options are the caller's business. */
void
Join(TcpsPathSegment& held, const wire::Segment& segment)
{
    std::vector<std::byte> bytes(held->payload.begin(), held->payload.end());
    bytes.insert(bytes.end(), segment.payload.begin(), segment.payload.end());
    held.SetPayload(bytes);
    held->acknowledgement = segment.acknowledgement;
    held->window = segment.window;
    held->flags = static_cast<uint8_t>(held->flags | segment.flags);
}

} // namespace

/** At most one segment of each connection and direction. */
class TcpsSegmentCoalescer::Held : public std::map<std::pair<wire::Endpoint, wire::Endpoint>, HeldSegment>
{
};

TypeId
TcpsSegmentCoalescer::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsSegmentCoalescer")
            .SetParent<TcpsConnectionElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsSegmentCoalescer>()
            .AddAttribute("Delay",
                          "How long a segment may wait for the next.",
                          TimeValue(MilliSeconds(1)),
                          MakeTimeAccessor(&TcpsSegmentCoalescer::m_delay),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("MaxPayload",
                          "Bytes of payload that a joined segment may have.",
                          UintegerValue(1400),
                          MakeUintegerAccessor(&TcpsSegmentCoalescer::m_maxPayload),
                          MakeUintegerChecker<uint32_t>(1, 65000))
            .AddAttribute("Options",
                          "Whose options the joined segment has; equal: only segments with the same are joined.",
                          EnumValue(OPTIONS_FIRST),
                          TcpsMakeEnumAccessor<Options>(&TcpsSegmentCoalescer::m_options),
                          MakeEnumChecker(OPTIONS_FIRST, "first", OPTIONS_LAST, "last", OPTIONS_EQUAL, "equal"));
    return tid;
}

TcpsSegmentCoalescer::TcpsSegmentCoalescer() : m_delay(MilliSeconds(1)), m_held(std::make_unique<Held>())
{
}

TcpsSegmentCoalescer::~TcpsSegmentCoalescer() = default;

uint64_t
TcpsSegmentCoalescer::GetNJoined() const
{
    return m_joined;
}

void
TcpsSegmentCoalescer::DoDispose()
{
    for (auto& [ends, held] : *m_held)
    {
        Simulator::Cancel(held.release);
    }
    m_held->clear();
    TcpsConnectionElement::DoDispose();
}

void
TcpsSegmentCoalescer::HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const bool mayJoin = MayJoin(*segment) && !segment.IsDamaged();
    const auto entry = m_held->find({segment->source, segment->destination});
    if (entry != m_held->end())
    {
        TcpsPathSegment& held = entry->second.segment;
        const std::size_t size = held->payload.size() + segment->payload.size();
        const bool follows = segment->sequence == held->sequence + held->payload.size();
        if (mayJoin && follows && size <= m_maxPayload &&
            (m_options != OPTIONS_EQUAL || held->options == segment->options))
        {
            Join(held, *segment);
            if (m_options == OPTIONS_LAST)
            {
                held->options = segment->options;
            }
            entry->second.joined = true;
            ++m_joined;
            if (size == m_maxPayload || held->Has(wire::kFin))
            {
                Release(segment->source, segment->destination);
            }
            return;
        }
        Release(segment->source, segment->destination);
    }
    if (mayJoin && !segment->Has(wire::kFin) && segment->payload.size() < m_maxPayload)
    {
        Hold(segment, direction);
    }
    else
    {
        Forward(packet, direction);
    }
}

void
TcpsSegmentCoalescer::Hold(TcpsPathSegment& segment, Direction direction)
{
    const wire::Endpoint source = segment->source;
    const wire::Endpoint destination = segment->destination;
    const EventId release = Simulator::Schedule(m_delay, &TcpsSegmentCoalescer::Release, this, source, destination);
    m_held->insert_or_assign(std::pair(source, destination),
                             HeldSegment{std::move(segment), direction, false, release});
}

void
TcpsSegmentCoalescer::Release(const wire::Endpoint& source, const wire::Endpoint& destination)
{
    const auto entry = m_held->find({source, destination});
    if (entry == m_held->end())
    {
        return;
    }
    const HeldSegment held = std::move(entry->second);
    m_held->erase(entry);
    Simulator::Cancel(held.release);
    Forward(held.segment.ToPacket(), held.direction, held.joined);
}

} // namespace ns3
