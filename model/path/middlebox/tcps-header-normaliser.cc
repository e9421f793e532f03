#include "tcps-header-normaliser.h"

#include <array>

#include "../tcps-path-segment.h"
#include "ns3/boolean.h"
#include "ns3/uinteger.h"
#include "tcps-ip-ecn.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsHeaderNormaliser);

namespace wire = tcpslab::wire;

namespace
{

/** @return whether it was another value */
template <typename Field>
bool
Change(Field& field, Field value)
{
    const bool differs = field != value;
    field = value;
    return differs;
}

} // namespace

TypeId
TcpsHeaderNormaliser::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsHeaderNormaliser")
                            .SetParent<TcpsSelectiveElement>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsHeaderNormaliser>()
                            .AddAttribute("MssClamp",
                                          "MSS options above this many bytes are lowered to it; 0: off.",
                                          UintegerValue(0),
                                          MakeUintegerAccessor(&TcpsHeaderNormaliser::m_mssClamp),
                                          MakeUintegerChecker<uint16_t>())
                            .AddAttribute("RemoveWindowScale",
                                          "Window scale options become NOPs.",
                                          BooleanValue(false),
                                          MakeBooleanAccessor(&TcpsHeaderNormaliser::m_removeWindowScale),
                                          MakeBooleanChecker())
                            .AddAttribute("RemoveTimestamps",
                                          "Timestamps options become NOPs.",
                                          BooleanValue(false),
                                          MakeBooleanAccessor(&TcpsHeaderNormaliser::m_removeTimestamps),
                                          MakeBooleanChecker())
                            .AddAttribute("RemoveSack",
                                          "SACK-permitted and SACK options become NOPs.",
                                          BooleanValue(false),
                                          MakeBooleanAccessor(&TcpsHeaderNormaliser::m_removeSack),
                                          MakeBooleanChecker())
                            .AddAttribute("ClearUrgent",
                                          "URG and the urgent pointer become 0.",
                                          BooleanValue(false),
                                          MakeBooleanAccessor(&TcpsHeaderNormaliser::m_clearUrgent),
                                          MakeBooleanChecker())
                            .AddAttribute("ClearReserved",
                                          "The bits between data offset and flags become 0.",
                                          BooleanValue(false),
                                          MakeBooleanAccessor(&TcpsHeaderNormaliser::m_clearReserved),
                                          MakeBooleanChecker())
                            .AddAttribute("ClearEcnFlags",
                                          "ECE and CWR become 0.",
                                          BooleanValue(false),
                                          MakeBooleanAccessor(&TcpsHeaderNormaliser::m_clearEcnFlags),
                                          MakeBooleanChecker())
                            .AddAttribute("BleachEcn",
                                          "ECE and CWR become 0, and the ECN field of the IP header becomes Not-ECT.",
                                          BooleanValue(false),
                                          MakeBooleanAccessor(&TcpsHeaderNormaliser::m_bleachEcn),
                                          MakeBooleanChecker());
    return tid;
}

TcpsHeaderNormaliser::TcpsHeaderNormaliser() = default;

TcpsHeaderNormaliser::~TcpsHeaderNormaliser() = default;

void
TcpsHeaderNormaliser::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const bool options = EditOptions(segment);
    const bool fields = EditFields(segment);
    const bool modified = options || fields;
    Forward(modified ? segment.ToPacket() : packet, direction, modified);
}

bool
TcpsHeaderNormaliser::EditOptions(TcpsPathSegment& segment) const
{
    std::size_t blanked = 0;
    blanked += m_removeWindowScale ? segment->options.Blank(wire::kWindowScale) : 0;
    blanked += m_removeTimestamps ? segment->options.Blank(wire::kTimestamps) : 0;
    blanked += m_removeSack ? segment->options.Blank(wire::kSackPermitted) + segment->options.Blank(wire::kSack) : 0;
    return ClampMss(segment) || blanked > 0;
}

bool
TcpsHeaderNormaliser::ClampMss(TcpsPathSegment& segment) const
{
    const std::optional<wire::OptionView> option = segment->options.Find(wire::kMaximumSegmentSize);
    if (m_mssClamp == 0 || !segment->Has(wire::kSyn) || !option || option->body().size() != sizeof(m_mssClamp))
    {
        return false;
    }
    const std::span<const std::byte> body = option->body();
    const unsigned announced = std::to_integer<unsigned>(body[0]) << 8U | std::to_integer<unsigned>(body[1]);
    if (announced <= m_mssClamp)
    {
        return false;
    }
    std::array<std::byte, wire::kMaximumOptionBytes> bytes{};
    const std::span<const std::byte> present = segment->options.bytes();
    std::ranges::copy(present, bytes.begin());
    bytes[option->offset() + 2] = static_cast<std::byte>(m_mssClamp >> 8U);
    bytes[option->offset() + 3] = static_cast<std::byte>(m_mssClamp & 0xffU);
    segment->options = *wire::OptionArea::FromBytes(std::span(bytes).first(present.size()));
    return true;
}

bool
TcpsHeaderNormaliser::EditFields(TcpsPathSegment& segment) const
{
    bool changed = false;
    if (m_clearEcnFlags || m_bleachEcn)
    {
        changed = Change(segment->flags, static_cast<uint8_t>(segment->flags & ~(wire::kEce | wire::kCwr)));
    }
    if (m_clearUrgent)
    {
        changed = Change(segment->flags, static_cast<uint8_t>(segment->flags & ~wire::kUrg)) || changed;
        changed = Change(segment->urgent_pointer, uint16_t{0}) || changed;
    }
    if (m_clearReserved)
    {
        changed = Change(segment->reserved_bits, uint8_t{0}) || changed;
    }
    if (m_bleachEcn && TcpsGetEcn(segment.IpHeader()) != TcpsEcn::NOT_ECT)
    {
        TcpsSetEcn(segment.IpHeader(), TcpsEcn::NOT_ECT);
        changed = true;
    }
    return changed;
}

} // namespace ns3
