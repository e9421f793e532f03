#include "tcps-payload-editor.h"

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "ns3/boolean.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"
#include "reference/wire/sequence.h"
#include "tcps-sack-blocks.h"
#include "tcps-segment-splitter.h"
#include "tcps-stream-splice.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsPayloadEditor);

namespace wire = tcpslab::wire;

struct TcpsPayloadEditor::Stream
{
    std::optional<uint32_t> initial;        //!< its SYN's sequence number
    std::optional<uint32_t> sent;           //!< sequence number behind all that passed
    bool fresh = false;                     //!< the segment at hand carries data that did not pass before
    uint32_t segments = 0;                  //!< fresh ones so far
    std::optional<TcpsStreamSplice> splice; //!< once its place is known
};

/** The two directions of each connection, by its number. */
class TcpsPayloadEditor::Connections : public std::map<uint32_t, std::array<Stream, 2>>
{
};

TypeId
TcpsPayloadEditor::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsPayloadEditor")
            .SetParent<TcpsConnectionElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsPayloadEditor>()
            .AddAttribute("Mode",
                          "What happens to the bytes.",
                          EnumValue(MODE_OVERWRITE),
                          TcpsMakeEnumAccessor<Mode>(&TcpsPayloadEditor::m_mode),
                          MakeEnumChecker(MODE_OVERWRITE, "overwrite", MODE_INSERT, "insert", MODE_DELETE, "delete"))
            .AddAttribute("Edits",
                          "Whose bytes.",
                          EnumValue(EDITS_SERVER),
                          TcpsMakeEnumAccessor<Edits>(&TcpsPayloadEditor::m_edits),
                          MakeEnumChecker(EDITS_CLIENT, "client", EDITS_SERVER, "server", EDITS_BOTH, "both"))
            .AddAttribute("Segment",
                          "The place is in or behind this data segment, of those with new data; 0: from the stream's "
                          "start.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&TcpsPayloadEditor::m_segment),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("Offset",
                          "So many bytes behind the start of that segment, or of the stream.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&TcpsPayloadEditor::m_offset),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("Length",
                          "Bytes to delete.",
                          UintegerValue(1),
                          MakeUintegerAccessor(&TcpsPayloadEditor::m_length),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("Bytes",
                          "Text to overwrite with or to insert.",
                          StringValue("EDITED"),
                          MakeStringAccessor(&TcpsPayloadEditor::m_bytes),
                          MakeStringChecker())
            .AddAttribute("Persistent",
                          "Whether retransmissions are edited too; false with overwrite only.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&TcpsPayloadEditor::m_persistent),
                          MakeBooleanChecker());
    return tid;
}

TcpsPayloadEditor::TcpsPayloadEditor() : m_connections(std::make_unique<Connections>())
{
}

TcpsPayloadEditor::~TcpsPayloadEditor() = default;

uint64_t
TcpsPayloadEditor::GetNEdited() const
{
    return m_edited;
}

bool
TcpsPayloadEditor::IsEdited(Direction direction) const
{
    return m_edits == EDITS_BOTH || (direction == FORWARD) == (m_edits == EDITS_CLIENT);
}

void
TcpsPayloadEditor::LookForPlace(Stream& stream, const TcpsPathSegment& segment) const
{
    const bool atStart = m_segment == 0 && segment->Has(wire::kSyn);
    const bool here = m_segment > 0 && stream.fresh && stream.segments == m_segment;
    if (stream.splice || !(atStart || here))
    {
        return;
    }
    const uint32_t start = segment->sequence + (atStart ? 1 : 0) + m_offset;
    std::vector<std::byte> bytes;
    for (const char byte : m_mode == MODE_DELETE ? std::string() : m_bytes)
    {
        bytes.push_back(static_cast<std::byte>(byte));
    }
    const auto overwritten = static_cast<uint32_t>(bytes.size());
    stream.splice.emplace(start, m_mode == MODE_DELETE ? m_length : m_mode == MODE_INSERT ? 0 : overwritten, bytes);
}

void
TcpsPayloadEditor::HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const uint32_t number = GetTracker().Observe(*segment, direction).number;
    std::array<Stream, 2>& streams = (*m_connections)[number];
    Stream& own = streams[direction];
    const Stream& peers = streams[TcpsReverse(direction)];
    const uint32_t end = segment->sequence + segment->SequenceLength();
    if (segment->Has(wire::kSyn) && own.initial != segment->sequence)
    {
        own = {}; // another attempt, from another number
        own.initial = segment->sequence;
    }
    if (!own.initial)
    {
        Forward(packet, direction);
        return;
    }
    own.fresh = !segment->payload.empty() && (!own.sent || wire::SequenceBefore(*own.sent, end));
    own.segments += own.fresh ? 1 : 0;
    if (!own.sent || wire::SequenceBefore(*own.sent, end))
    {
        own.sent = end;
    }
    if (IsEdited(direction))
    {
        LookForPlace(own, segment);
    }
    if (peers.splice && segment->Has(wire::kAck))
    {
        const auto toSender = [&peers](uint32_t edge) { return peers.splice->ToSender(edge, *peers.sent); };
        segment->acknowledgement = toSender(segment->acknowledgement);
        TcpsMapSackEdges(segment->options, toSender);
    }
    const std::size_t size = segment->payload.size();
    const bool edited = own.splice && EditPayload(own, segment);
    if (own.splice)
    {
        segment->sequence = own.splice->ToReceiver(segment->sequence);
    }
    if (edited && segment->payload.empty() && !segment->Has(wire::kFin))
    {
        // All deleted: a keep-alive (RFC 9293, section 3.8.4) in its place makes the receiver acknowledge what it has.
        --segment->sequence;
    }
    if (segment->payload.size() <= size)
    {
        Forward(segment.ToPacket(), direction, own.splice || peers.splice);
        return;
    }
    for (const TcpsPathPacket& piece :
         TcpsSegmentSplitter::Split(segment, static_cast<uint32_t>(size), TcpsSegmentSplitter::OPTIONS_ALL))
    {
        Forward(piece, direction, true);
    }
}

bool
TcpsPayloadEditor::EditPayload(const Stream& stream, TcpsPathSegment& segment)
{
    const bool passes = !m_persistent && m_mode == MODE_OVERWRITE && !stream.fresh;
    if (passes || !stream.splice->Touches(segment->sequence, segment->payload))
    {
        return false;
    }
    segment.SetPayload(stream.splice->Edit(segment->sequence, segment->payload));
    ++m_edited;
    Achieve("edited application bytes");
    return true;
}

} // namespace ns3
