#include "tcps-segment-splitter.h"

#include <algorithm>

#include "../../tcps-convert.h"
#include "../tcps-path-segment.h"
#include "ns3/uinteger.h"

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
    constexpr unsigned firstOnly = wire::kCwr;
    constexpr unsigned lastOnly = wire::kPsh | wire::kFin;
    const wire::Segment whole = *segment;
    std::vector<TcpsPathPacket> pieces;
    for (std::size_t offset = 0; offset < whole.payload.size(); offset += segment->payload.size())
    {
        segment->payload = whole.payload.subspan(offset, std::min<std::size_t>(maximum, whole.payload.size() - offset));
        const bool first = offset == 0;
        const bool last = offset + segment->payload.size() == whole.payload.size();
        unsigned flags = whole.flags & ~((first ? 0U : firstOnly) | (last ? 0U : lastOnly));
        if (whole.urgent_pointer <= offset)
        {
            flags &= ~static_cast<unsigned>(wire::kUrg); // its urgent bytes went with an earlier piece
        }
        const bool urgent = (flags & wire::kUrg) != 0;
        segment->flags = static_cast<uint8_t>(flags);
        segment->urgent_pointer = static_cast<uint16_t>(urgent ? whole.urgent_pointer - offset : 0);
        segment->sequence = whole.sequence + static_cast<uint32_t>(offset);
        if (options == OPTIONS_NONE || (options == OPTIONS_FIRST && !first))
        {
            segment->options.clear();
        }
        pieces.push_back(segment.ToPacket());
    }
    return pieces;
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
