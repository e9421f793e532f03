#include "tcps-injector.h"

#include <array>
#include <boost/endian/conversion.hpp>
#include <map>

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-fragments.h"
#include "../tcps-number-list.h"
#include "../tcps-path-segment.h"
#include "ns3/boolean.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsInjector);

namespace wire = tcpslab::wire;

namespace
{

/** RFC 7323, appendix A: two NOPs before the option, for alignment. */
wire::OptionArea
MakeTimestamps(uint32_t value, uint32_t echo)
{
    std::array<unsigned char, 12> bytes{wire::kNoOperation, wire::kNoOperation, wire::kTimestamps, 10};
    boost::endian::store_big_u32(&bytes[4], value);
    boost::endian::store_big_u32(&bytes[8], echo);
    return *wire::OptionArea::FromBytes(std::as_bytes(std::span(bytes)));
}

} // namespace

/** Segments of the moment so far, by the number of the connection. */
class TcpsInjector::Moments
{
  public:
    uint32_t Count(uint32_t connection)
    {
        return ++m_counts[connection];
    }

  private:
    std::map<uint32_t, uint32_t> m_counts;
};

TypeId
TcpsInjector::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsInjector")
            .SetParent<TcpsPathElement>()
            .SetGroupName("Tcps")
            .AddAttribute("When",
                          "The moment of a connection at which to fire.",
                          EnumValue(WHEN_ESTABLISHED),
                          TcpsMakeEnumAccessor<When>(&TcpsInjector::m_when),
                          MakeEnumChecker(WHEN_SYN,
                                          "syn",
                                          WHEN_SYN_ACK,
                                          "syn-ack",
                                          WHEN_ESTABLISHED,
                                          "established",
                                          WHEN_DATA,
                                          "data",
                                          WHEN_FIN,
                                          "fin",
                                          WHEN_CLOSED,
                                          "closed"))
            .AddAttribute("Nth",
                          "Which of a connection's segments that make the moment, counted from 1.",
                          UintegerValue(1),
                          MakeUintegerAccessor(&TcpsInjector::m_nth),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("Before",
                          "The forged segment overtakes the one that made the moment.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&TcpsInjector::m_before),
                          MakeBooleanChecker())
            .AddAttribute("Delay",
                          "How long after the moment to fire.",
                          TimeValue(Time(0)),
                          MakeTimeAccessor(&TcpsInjector::m_delay),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("Towards",
                          "Which end of the path the forged segment goes to.",
                          EnumValue(TOWARDS_SERVER),
                          TcpsMakeEnumAccessor<Towards>(&TcpsInjector::m_towards),
                          MakeEnumChecker(TOWARDS_CLIENT, "client", TOWARDS_SERVER, "server", TOWARDS_BOTH, "both"))
            .AddAttribute("Connections",
                          "Which connections, as \"1,3\", in the order in which they are first seen; all if empty.",
                          StringValue(""),
                          MakeStringAccessor(&TcpsInjector::SetConnections, &TcpsInjector::GetConnections),
                          MakeStringChecker())
            .AddAttribute("Count",
                          "How often to fire at each moment.",
                          UintegerValue(1),
                          MakeUintegerAccessor(&TcpsInjector::m_count),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("Interval",
                          "From one shot to the next.",
                          TimeValue(Time(0)),
                          MakeTimeAccessor(&TcpsInjector::m_interval),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("Fragmented",
                          "Forged segments travel as two IP fragments each.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&TcpsInjector::m_fragmented),
                          MakeBooleanChecker());
    return tid;
}

TcpsInjector::TcpsInjector()
    : m_random(CreateObject<UniformRandomVariable>()),
      m_tracker(std::make_unique<TcpsFlowTracker>()),
      m_moments(std::make_unique<Moments>())
{
}

TcpsInjector::~TcpsInjector() = default;

int64_t
TcpsInjector::AssignStreams(int64_t stream)
{
    m_random->SetStream(stream);
    return 1;
}

Ptr<UniformRandomVariable>
TcpsInjector::GetRandom() const
{
    return m_random;
}

void
TcpsInjector::Handle(const TcpsPathPacket& packet, Direction direction)
{
    const std::optional<TcpsPathSegment> segment = TcpsPathSegment::Parse(packet);
    if (!segment)
    {
        Forward(packet, direction);
        return;
    }
    const TcpsTrackedFlow* known = m_tracker->Find((*segment)->source, (*segment)->destination);
    const std::optional<TcpsTrackedFlow> before = known != nullptr ? std::optional(*known) : std::nullopt;
    const TcpsTrackedFlow flow = m_tracker->Observe(**segment, direction);
    const bool same = before && before->number == flow.number;
    const bool opens = flow.established && !(same && before->established);
    const bool moment = m_when == WHEN_ESTABLISHED ? opens : IsMoment(*segment, flow);
    Watch(*segment, flow, direction);
    const bool concerned = m_connections.empty() || m_connections.contains(flow.number);
    const bool fires = moment && concerned && m_moments->Count(flow.number) == m_nth;
    if (fires && m_before)
    {
        Schedule(same ? *before : flow);
    }
    Forward(packet, direction);
    if (fires && !m_before)
    {
        Schedule(flow);
    }
}

bool
TcpsInjector::IsMoment(const TcpsPathSegment& segment, const TcpsTrackedFlow& flow) const
{
    switch (m_when)
    {
        case WHEN_SYN:
            return segment->IsSyn();
        case WHEN_SYN_ACK:
            return segment->IsSynAck();
        case WHEN_DATA:
            return !segment->payload.empty();
        case WHEN_FIN:
            return segment->Has(wire::kFin);
        case WHEN_CLOSED:
            return segment->Has(wire::kFin) && flow.ends[FORWARD].fin && flow.ends[BACKWARD].fin;
        case WHEN_ESTABLISHED:
            break;
    }
    return false;
}

void
TcpsInjector::Schedule(const TcpsTrackedFlow& flow)
{
    const wire::Endpoint client = flow.Sender(FORWARD).endpoint;
    const wire::Endpoint server = flow.Sender(BACKWARD).endpoint;
    for (uint32_t shot = 0; shot < m_count; ++shot)
    {
        const Time delay = m_delay + m_interval * static_cast<int64_t>(shot);
        if (delay.IsZero())
        {
            FireNow(flow, shot);
        }
        else
        {
            Ptr<TcpsInjector> self(this);
            const uint32_t number = flow.number;
            Simulator::Schedule(
                delay, [self, client, server, number, shot] { self->FireLater(client, server, number, shot); });
        }
    }
}

void
TcpsInjector::FireLater(const wire::Endpoint& client, const wire::Endpoint& server, uint32_t number, uint32_t shot)
{
    const TcpsTrackedFlow* flow = m_tracker->Find(client, server);
    if (flow != nullptr && flow->number == number) // else the endpoints have begun another connection
    {
        FireNow(TcpsTrackedFlow(*flow), shot);
    }
}

void
TcpsInjector::FireNow(const TcpsTrackedFlow& flow, uint32_t shot)
{
    if (m_towards != TOWARDS_SERVER)
    {
        Fire(flow, BACKWARD, shot);
    }
    if (m_towards != TOWARDS_CLIENT)
    {
        Fire(flow, FORWARD, shot);
    }
}

void
TcpsInjector::Watch(const TcpsPathSegment& /* segment */, const TcpsTrackedFlow& /* flow */, Direction /* direction */)
{
}

TcpsPathSegment
TcpsInjector::Forge(const TcpsTrackedFlow& flow, Direction direction)
{
    const TcpsTrackedEnd& sender = flow.Sender(direction);
    const TcpsTrackedEnd& receiver = flow.Sender(TcpsReverse(direction));
    wire::Segment segment;
    segment.source = sender.endpoint;
    segment.destination = receiver.endpoint;
    segment.sequence = sender.next;
    // Who has acknowledged nothing yet would acknowledge all there is.
    segment.acknowledgement = sender.acknowledgement.value_or(receiver.next);
    segment.flags = wire::kAck;
    segment.window = sender.window;
    if (sender.timestamp && receiver.timestamp)
    {
        segment.options = MakeTimestamps(*sender.timestamp, *receiver.timestamp);
    }
    return *TcpsPathSegment::Parse(TcpsPathSegment::Make(segment));
}

void
TcpsInjector::InjectSegment(const TcpsPathSegment& segment, Direction direction)
{
    const TcpsPathPacket packet = segment.ToPacket();
    if (!m_fragmented)
    {
        Inject(packet, direction);
        return;
    }
    const std::size_t half = (segment->HeaderSize() + segment->payload.size()) / 2;
    for (const TcpsPathPacket& fragment : TcpsFragment(packet, half, ++m_identification))
    {
        Inject(fragment, direction);
    }
}

bool
TcpsInjector::SetConnections(std::string list)
{
    return TcpsParseNumbers<uint32_t>(list, m_connections);
}

std::string
TcpsInjector::GetConnections() const
{
    return TcpsFormatNumbers(m_connections);
}

} // namespace ns3
