#include "tcps-flow-tracker.h"

#include <boost/endian/conversion.hpp>

#include "ns3/simulator.h"
#include "reference/wire/sequence.h"

namespace ns3
{

namespace wire = tcpslab::wire;
using tcpslab::stack::FlowKey;

namespace
{

/** RFC 7323, section 3.2: TSval, the first four bytes behind kind and length. */
std::optional<uint32_t>
TimestampOf(const wire::Segment& segment)
{
    constexpr std::size_t bodySize = 8;
    const std::optional<wire::OptionView> option = segment.options.Find(wire::kTimestamps);
    if (!option || option->body().size() != bodySize)
    {
        return std::nullopt;
    }
    return boost::endian::load_big_u32(reinterpret_cast<const unsigned char*>(option->body().data()));
}

} // namespace

TcpsTrackedFlow&
TcpsFlowTracker::Observe(const wire::Segment& segment, TcpsPathElement::Direction direction)
{
    TcpsTrackedFlow& flow = m_flows[FlowKey(segment.source, segment.destination).Bytes()];
    const bool other = segment.IsSyn() && flow.number != 0 && flow.Sender(direction).isn != segment.sequence;
    if (other && flow.established && !flow.IsOver())
    {
        flow.lastSeen = Simulator::Now();
        return flow;
    }
    if (flow.number == 0 || (other && flow.established))
    {
        flow = {};
        flow.number = ++m_number;
        flow.opener = segment.IsSynAck() ? TcpsReverse(direction) : direction;
        flow.Sender(direction).endpoint = segment.source;
        flow.Sender(TcpsReverse(direction)).endpoint = segment.destination;
    }
    flow.lastSeen = Simulator::Now();
    TcpsTrackedEnd& sender = flow.Sender(direction);
    if (other && sender.isn)
    {
        // Another attempt: what either end said in the last one is void.
        for (TcpsTrackedEnd& end : flow.ends)
        {
            const wire::Endpoint endpoint = end.endpoint;
            end = {};
            end.endpoint = endpoint;
        }
        flow.reset = false;
    }
    if (segment.Has(wire::kSyn))
    {
        sender.isn = segment.sequence;
        sender.next = segment.sequence + 1;
    }
    else
    {
        flow.established = flow.established || (direction == flow.opener && segment.Has(wire::kAck));
    }
    const uint32_t end = segment.sequence + segment.SequenceLength();
    if (segment.Has(wire::kRst))
    {
        flow.reset = true;
    }
    else if ((!sender.isn && sender.payload == 0) || wire::SequenceBefore(sender.next, end))
    {
        sender.next = end;
    }
    if (segment.Has(wire::kAck) && !segment.Has(wire::kRst))
    {
        if (!sender.acknowledgement || wire::SequenceBefore(*sender.acknowledgement, segment.acknowledgement))
        {
            sender.acknowledgement = segment.acknowledgement;
        }
        sender.window = segment.window;
    }
    if (const std::optional<uint32_t> timestamp = TimestampOf(segment))
    {
        sender.timestamp = timestamp;
    }
    sender.payload += segment.payload.size();
    sender.fin = sender.fin || segment.Has(wire::kFin);
    return flow;
}

TcpsTrackedFlow*
TcpsFlowTracker::Find(const wire::Endpoint& a, const wire::Endpoint& b)
{
    const auto entry = m_flows.find(FlowKey(a, b).Bytes());
    return entry == m_flows.end() ? nullptr : &entry->second;
}

void
TcpsFlowTracker::Forget(const wire::Endpoint& a, const wire::Endpoint& b)
{
    m_flows.erase(FlowKey(a, b).Bytes());
}

} // namespace ns3
