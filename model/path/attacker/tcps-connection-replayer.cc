#include "tcps-connection-replayer.h"

#include <optional>
#include <vector>

#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "ns3/boolean.h"
#include "ns3/uinteger.h"
#include "reference/stack/pair.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsConnectionReplayer);

namespace stack = tcpslab::stack;
namespace wire = tcpslab::wire;

/** What was recorded, and whom it is played to. */
class TcpsConnectionReplayer::Tape
{
  public:
    TcpsFlowTracker tracker;
    std::vector<stack::OwnedSegment> segments; //!< of the end that opened, SYN first
    uint32_t answererIsn = 0;                  //!< of the recorded connection
    std::optional<wire::Endpoint> target;      //!< set: the SYN was replayed
    Direction direction = FORWARD;             //!< which way it went
    bool played = false;                       //!< the rest was too

    void Record(const wire::Segment& segment)
    {
        if (segments.empty() != segment.IsSyn())
        {
            return; // the SYN again, or nothing to begin with
        }
        segments.emplace_back(segment);
    }

    /** The recorded segment, redirected. */
    TcpsPathPacket Replay(std::size_t index, uint32_t acknowledgementShift) const
    {
        stack::OwnedSegment segment = segments[index];
        segment->destination = *target;
        if (segment->Has(wire::kAck))
        {
            segment->acknowledgement += acknowledgementShift;
        }
        return TcpsPathSegment::Make(*segment);
    }

    bool Answers(const wire::Segment& segment) const
    {
        return target && segment.source == *target && segment.destination == segments.front()->source;
    }
};

TypeId
TcpsConnectionReplayer::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsConnectionReplayer")
                            .SetParent<TcpsPathElement>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsConnectionReplayer>()
                            .AddAttribute("Recorded",
                                          "The connection to record, counted from 1.",
                                          UintegerValue(1),
                                          MakeUintegerAccessor(&TcpsConnectionReplayer::m_recorded),
                                          MakeUintegerChecker<uint32_t>(1))
                            .AddAttribute("Onto",
                                          "The connection to whose responder it is played.",
                                          UintegerValue(2),
                                          MakeUintegerAccessor(&TcpsConnectionReplayer::m_onto),
                                          MakeUintegerChecker<uint32_t>(1))
                            .AddAttribute("Adapt",
                                          "Acknowledgements follow the new initial sequence number.",
                                          BooleanValue(true),
                                          MakeBooleanAccessor(&TcpsConnectionReplayer::m_adapt),
                                          MakeBooleanChecker());
    return tid;
}

TcpsConnectionReplayer::TcpsConnectionReplayer() : m_tape(std::make_unique<Tape>())
{
}

TcpsConnectionReplayer::~TcpsConnectionReplayer() = default;

void
TcpsConnectionReplayer::Handle(const TcpsPathPacket& packet, Direction direction)
{
    const std::optional<TcpsPathSegment> parsed = TcpsPathSegment::Parse(packet);
    if (!parsed)
    {
        Forward(packet, direction);
        return;
    }
    const wire::Segment& segment = **parsed;
    if (m_tape->Answers(segment))
    {
        Drop(packet, direction);
        if (segment.IsSynAck() && !m_tape->played)
        {
            m_tape->played = true;
            const uint32_t shift = m_adapt ? segment.sequence - m_tape->answererIsn : 0;
            for (std::size_t i = 1; i < m_tape->segments.size(); ++i)
            {
                Inject(m_tape->Replay(i, shift), m_tape->direction);
            }
            Achieve("replayed a connection");
        }
        return;
    }
    const TcpsTrackedFlow& flow = m_tape->tracker.Observe(segment, direction);
    if (flow.number == m_recorded && direction == flow.opener)
    {
        m_tape->Record(segment);
    }
    else if (flow.number == m_recorded && segment.IsSynAck())
    {
        m_tape->answererIsn = segment.sequence;
    }
    const bool cue = flow.number == m_onto && segment.IsSyn() && !m_tape->target && !m_tape->segments.empty();
    if (cue && segment.source != m_tape->segments.front()->source)
    {
        m_tape->target = segment.destination;
        m_tape->direction = direction;
        Inject(m_tape->Replay(0, 0), direction);
    }
    Forward(packet, direction);
}

} // namespace ns3
