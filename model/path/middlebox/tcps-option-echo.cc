#include "tcps-option-echo.h"

#include <array>
#include <map>

#include "../tcps-number-list.h"
#include "../tcps-path-segment.h"
#include "ns3/string.h"
#include "reference/stack/flow.h"
#include "tcps-known-kinds.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsOptionEcho);

namespace wire = tcpslab::wire;
using tcpslab::stack::FlowKey;

/** The last SYN of each connection, as far as this box does not understand it. */
class TcpsOptionEcho::Offers
{
  public:
    void Remember(const wire::Segment& syn, const std::set<uint8_t>& known)
    {
        Offer offer{.opener = syn.source, .isn = syn.sequence, .options = {}};
        for (const wire::OptionView option : syn.options)
        {
            if (!known.contains(option.kind()))
            {
                (void)offer.options.Append(option.bytes()); // fits: it came out of an area of that size
            }
        }
        m_offers.insert_or_assign(FlowKey(syn.source, syn.destination).Bytes(), offer);
    }

    /** @return what the answered SYN held; null without such a SYN */
    const wire::OptionArea* Find(const wire::Segment& synAck) const
    {
        const auto entry = m_offers.find(FlowKey(synAck.source, synAck.destination).Bytes());
        const bool answers = entry != m_offers.end() && entry->second.opener == synAck.destination &&
                             entry->second.isn + 1 == synAck.acknowledgement;
        return answers ? &entry->second.options : nullptr;
    }

  private:
    struct Offer
    {
        wire::Endpoint opener;
        uint32_t isn;
        wire::OptionArea options;
    };

    std::map<std::array<std::byte, FlowKey::kByteSize>, Offer> m_offers;
};

TypeId
TcpsOptionEcho::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsOptionEcho")
            .SetParent<TcpsSelectiveElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsOptionEcho>()
            .AddAttribute("KnownKinds",
                          "Option kinds that the box understands, as \"2,3\"; it copies back all others.",
                          StringValue(kTcpsCommonKinds),
                          MakeStringAccessor(&TcpsOptionEcho::SetKnownKinds, &TcpsOptionEcho::GetKnownKinds),
                          MakeStringChecker());
    return tid;
}

TcpsOptionEcho::TcpsOptionEcho() : m_offers(std::make_unique<Offers>())
{
}

TcpsOptionEcho::~TcpsOptionEcho() = default;

void
TcpsOptionEcho::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const wire::OptionArea* const offered = segment->IsSynAck() ? m_offers->Find(*segment) : nullptr;
    if (offered == nullptr)
    {
        HandleOther(packet, segment, direction);
        return;
    }
    const wire::OptionArea answered = segment->options;
    bool echoed = false;
    for (const wire::OptionView option : *offered)
    {
        if (!answered.Find(option.kind()))
        {
            echoed = segment->options.Append(option.bytes()).has_value() || echoed;
        }
    }
    Forward(echoed ? segment.ToPacket() : packet, direction, echoed);
    if (echoed)
    {
        Achieve("copied an option back");
    }
}

void
TcpsOptionEcho::HandleOther(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    if (segment->IsSyn())
    {
        m_offers->Remember(*segment, m_known);
    }
    Forward(packet, direction);
}

bool
TcpsOptionEcho::SetKnownKinds(std::string list)
{
    return TcpsParseNumbers<uint8_t>(list, m_known);
}

std::string
TcpsOptionEcho::GetKnownKinds() const
{
    return TcpsFormatNumbers(m_known);
}

} // namespace ns3
