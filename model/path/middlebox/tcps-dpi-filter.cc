#include "tcps-dpi-filter.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "ns3/string.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsDpiFilter);

namespace wire = tcpslab::wire;

/** The beginnings of streams, and what is to be thought of them. */
class TcpsDpiFilter::Inspector
{
  public:
    enum class Verdict
    {
        PASS,
        GAP,         //!< something that came before is missing still
        OFFENCE,     //!< this segment shows that the stream begins with something else
        REFUSED_LONG //!< an earlier one did
    };

    Verdict Inspect(const wire::Segment& segment, const TcpsTrackedFlow& flow, Direction direction)
    {
        Connection& connection = m_connections[flow.number];
        if (connection.refused)
        {
            return Verdict::REFUSED_LONG;
        }
        Stream& stream = connection.streams[direction];
        const std::optional<uint32_t> isn = flow.Sender(direction).isn;
        if (stream.passed || segment.payload.empty() || !isn)
        {
            return Verdict::PASS;
        }
        const uint32_t offset = segment.sequence + (segment.Has(wire::kSyn) ? 1 : 0) - *isn - 1;
        if (offset > stream.start.size())
        {
            return Verdict::GAP;
        }
        const std::size_t known = std::min(stream.start.size() - offset, segment.payload.size());
        std::ranges::transform(segment.payload.subspan(known),
                               std::back_inserter(stream.start),
                               [](std::byte byte) { return std::to_integer<char>(byte); });
        stream.passed = std::ranges::any_of(
            m_prefixes, [&stream](const std::string& prefix) { return stream.start.starts_with(prefix); });
        connection.refused = !stream.passed && std::ranges::none_of(m_prefixes,
                                                                    [&stream](const std::string& prefix)
                                                                    { return prefix.starts_with(stream.start); });
        return connection.refused ? Verdict::OFFENCE : Verdict::PASS;
    }

    bool SetPrefixes(const std::string& list)
    {
        std::vector<std::string> parsed;
        for (std::string_view rest = list;;)
        {
            const std::size_t length = std::min(rest.find(','), rest.size());
            if (length == 0)
            {
                return false;
            }
            parsed.emplace_back(rest.substr(0, length));
            if (length == rest.size())
            {
                break;
            }
            rest.remove_prefix(length + 1);
        }
        m_prefixes = parsed;
        m_text = list;
        return true;
    }

    const std::string& GetPrefixes() const
    {
        return m_text;
    }

  private:
    struct Stream
    {
        std::string start; //!< until it passed
        bool passed = false;
    };

    struct Connection
    {
        std::array<Stream, 2> streams; //!< by the direction that they travel
        bool refused = false;
    };

    std::vector<std::string> m_prefixes;
    std::string m_text;                           //!< as it was set
    std::map<uint32_t, Connection> m_connections; //!< by the tracker's number
};

TypeId
TcpsDpiFilter::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsDpiFilter")
            .SetParent<TcpsConnectionElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsDpiFilter>()
            .AddAttribute("Prefixes",
                          "How streams may begin, separated by commas; blanks count.",
                          StringValue("GET ,POST ,HEAD ,PUT ,HTTP/"),
                          MakeStringAccessor(&TcpsDpiFilter::SetPrefixes, &TcpsDpiFilter::GetPrefixes),
                          MakeStringChecker())
            .AddAttribute("Action",
                          "What is done to connections that begin with something else.",
                          EnumValue(ACTION_DROP),
                          TcpsMakeEnumAccessor<Action>(&TcpsDpiFilter::m_action),
                          MakeEnumChecker(ACTION_DROP, "drop", ACTION_RESET, "reset", ACTION_RESET_ONLY, "reset-only"));
    return tid;
}

TcpsDpiFilter::TcpsDpiFilter() : m_inspector(std::make_unique<Inspector>())
{
}

TcpsDpiFilter::~TcpsDpiFilter() = default;

void
TcpsDpiFilter::HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    if (segment.IsDamaged())
    {
        Forward(packet, direction); // the receiver will not take it, so the next copy is the one to judge
        return;
    }
    switch (m_inspector->Inspect(*segment, GetTracker().Observe(*segment, direction), direction))
    {
        case Inspector::Verdict::PASS:
            Forward(packet, direction);
            break;
        case Inspector::Verdict::OFFENCE:
            Refuse(packet, segment, direction);
            break;
        case Inspector::Verdict::GAP:
        case Inspector::Verdict::REFUSED_LONG:
            PassOrDrop(packet, direction);
            break;
    }
}

void
TcpsDpiFilter::PassOrDrop(const TcpsPathPacket& packet, Direction direction)
{
    if (m_action == ACTION_RESET_ONLY)
    {
        Forward(packet, direction);
    }
    else
    {
        Drop(packet, direction);
    }
}

void
TcpsDpiFilter::Refuse(const TcpsPathPacket& packet, const TcpsPathSegment& segment, Direction direction)
{
    PassOrDrop(packet, direction);
    Achieve("refused a connection");
    if (m_action == ACTION_DROP)
    {
        return;
    }
    // What each end expects next, so that it believes it (RFC 9293, section 3.10.7.4).
    const uint32_t end = segment->sequence + segment->SequenceLength();
    wire::Segment onwards;
    onwards.source = segment->source;
    onwards.destination = segment->destination;
    onwards.sequence = m_action == ACTION_RESET_ONLY ? end : segment->sequence;
    onwards.acknowledgement = segment->acknowledgement;
    onwards.flags = wire::kRst | wire::kAck;
    wire::Segment back;
    back.source = segment->destination;
    back.destination = segment->source;
    back.sequence = segment->acknowledgement;
    back.acknowledgement = end;
    back.flags = wire::kRst | wire::kAck;
    Inject(TcpsPathSegment::Make(onwards), direction);
    Inject(TcpsPathSegment::Make(back), TcpsReverse(direction));
}

bool
TcpsDpiFilter::SetPrefixes(std::string list)
{
    return m_inspector->SetPrefixes(list);
}

std::string
TcpsDpiFilter::GetPrefixes() const
{
    return m_inspector->GetPrefixes();
}

} // namespace ns3
