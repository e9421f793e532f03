#include "tcps-isn-rewriter.h"

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "ns3/boolean.h"
#include "tcps-sack-blocks.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsIsnRewriter);

namespace wire = tcpslab::wire;

TypeId
TcpsIsnRewriter::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsIsnRewriter")
            .SetParent<TcpsConnectionElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsIsnRewriter>()
            .AddAttribute("Rewrites",
                          "Whose sequence numbers change.",
                          EnumValue(REWRITES_BOTH),
                          TcpsMakeEnumAccessor<Rewrites>(&TcpsIsnRewriter::m_rewrites),
                          MakeEnumChecker(REWRITES_CLIENT, "client", REWRITES_SERVER, "server", REWRITES_BOTH, "both"))
            .AddAttribute("SackFixup",
                          "Whether SACK blocks follow.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&TcpsIsnRewriter::m_sackFixup),
                          MakeBooleanChecker());
    return tid;
}

TcpsIsnRewriter::TcpsIsnRewriter() : m_random(CreateObject<UniformRandomVariable>())
{
}

TcpsIsnRewriter::~TcpsIsnRewriter() = default;

int64_t
TcpsIsnRewriter::AssignStreams(int64_t stream)
{
    m_random->SetStream(stream);
    return 1;
}

TcpsIsnRewriter::Offsets
TcpsIsnRewriter::DrawOffsets()
{
    Offsets offsets{};
    for (uint32_t& offset : offsets)
    {
        offset = m_random->GetInteger(1, UINT32_MAX); // both, so that the choice of Rewrites moves no later draw
    }
    if (m_rewrites == REWRITES_CLIENT)
    {
        offsets[BACKWARD] = 0;
    }
    if (m_rewrites == REWRITES_SERVER)
    {
        offsets[FORWARD] = 0;
    }
    return offsets;
}

void
TcpsIsnRewriter::HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const TcpsTrackedFlow& flow = GetTracker().Observe(*segment, direction);
    auto entry = m_offsets.find(flow.number);
    if (entry == m_offsets.end() && segment->IsSyn())
    {
        entry = m_offsets.emplace(flow.number, DrawOffsets()).first;
    }
    if (entry == m_offsets.end())
    {
        Forward(packet, direction);
        return;
    }
    const uint32_t own = entry->second[direction];
    const uint32_t peers = entry->second[TcpsReverse(direction)];
    segment->sequence += own;
    if (segment->Has(wire::kAck))
    {
        segment->acknowledgement -= peers;
        if (m_sackFixup)
        {
            TcpsMapSackEdges(segment->options, [peers](uint32_t edge) { return edge - peers; });
        }
    }
    Forward(segment.ToPacket(), direction, true);
}

} // namespace ns3
