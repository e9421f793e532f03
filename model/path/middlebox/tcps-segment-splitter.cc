#include "tcps-segment-splitter.h"

#include "../../tcps-convert.h"
#include "../tcps-path-segment.h"
#include "ns3/uinteger.h"
#include "reference/stack/split.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsSegmentSplitter);

namespace wire = tcpslab::wire;

TypeId
TcpsSegmentSplitter::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsSegmentSplitter")
            .SetParent<TcpsSelectiveElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsSegmentSplitter>()
            .AddAttribute("MaxPayload",
                          "Bytes of payload that a segment may have.",
                          UintegerValue(500),
                          MakeUintegerAccessor(&TcpsSegmentSplitter::m_maxPayload),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("Options",
                          "Which pieces carry the options of the whole.",
                          EnumValue(OPTIONS_ALL),
                          TcpsMakeEnumAccessor<Options>(&TcpsSegmentSplitter::m_options),
                          MakeEnumChecker(OPTIONS_ALL, "all", OPTIONS_FIRST, "first", OPTIONS_NONE, "none"));
    return tid;
}

TcpsSegmentSplitter::TcpsSegmentSplitter() = default;

TcpsSegmentSplitter::~TcpsSegmentSplitter() = default;

std::vector<TcpsPathPacket>
TcpsSegmentSplitter::Split(TcpsPathSegment& segment, uint32_t maximum, Options options)
{
    const wire::Segment whole = *segment;
    std::vector<TcpsPathPacket> packets;
    for (const tcpslab::stack::Piece& piece : tcpslab::stack::Split(whole, whole.payload.size(), maximum))
    {
        *segment = piece.segment;
        segment->payload = whole.payload.subspan(piece.offset, piece.size);
        if (options == OPTIONS_NONE || (options == OPTIONS_FIRST && piece.offset > 0))
        {
            segment->options.clear();
        }
        packets.push_back(segment.ToPacket());
    }
    return packets;
}

void
TcpsSegmentSplitter::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    if (segment->Has(wire::kSyn) || segment->payload.size() <= m_maxPayload)
    {
        Forward(packet, direction);
        return;
    }
    for (const TcpsPathPacket& piece : Split(segment, m_maxPayload, m_options))
    {
        Forward(piece, direction, true);
    }
}

} // namespace ns3
