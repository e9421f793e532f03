#include "tcps-syn-injector.h"

#include <array>
#include <optional>

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-random.h"
#include "../tcps-path-segment.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"
#include "reference/tcps/options.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsSynInjector);

namespace tcps = tcpslab::tcps;
namespace wire = tcpslab::wire;

TypeId
TcpsSynInjector::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsSynInjector")
            .SetParent<TcpsInjector>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsSynInjector>()
            .AddAttribute("Offer",
                          "The TC option: none, or one with a random key.",
                          EnumValue(OFFER_NONE),
                          TcpsMakeEnumAccessor<Offer>(&TcpsSynInjector::m_offer),
                          MakeEnumChecker(OFFER_NONE, "none", OFFER_RANDOM, "random"))
            .AddAttribute(
                "Acknowledges",
                "None: a SYN. Else a SYN-ACK, of the receiver's exact number or of a random one.",
                EnumValue(ACKNOWLEDGES_NONE),
                TcpsMakeEnumAccessor<Acknowledges>(&TcpsSynInjector::m_acknowledges),
                MakeEnumChecker(ACKNOWLEDGES_NONE, "none", ACKNOWLEDGES_EXACT, "exact", ACKNOWLEDGES_RANDOM, "random"))
            .AddAttribute("Source",
                          "The IP address that the SYNs come from, of the connection's family; empty: the connection's "
                          "own.",
                          StringValue(""),
                          MakeStringAccessor(&TcpsSynInjector::SetSource, &TcpsSynInjector::GetSource),
                          MakeStringChecker())
            .AddAttribute("Port",
                          "The port that the SYNs go to; 0: the connection's own.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&TcpsSynInjector::m_port),
                          MakeUintegerChecker<uint16_t>());
    return tid;
}

TcpsSynInjector::TcpsSynInjector() = default;

TcpsSynInjector::~TcpsSynInjector() = default;

void
TcpsSynInjector::Fire(const TcpsTrackedFlow& flow, Direction direction, uint32_t shot)
{
    constexpr uint32_t firstPort = 1024;
    constexpr uint32_t ports = 65536 - firstPort;
    const std::array<std::byte, 4> mss{
        std::byte{wire::kMaximumSegmentSize}, std::byte{4}, std::byte{5}, std::byte{0xb4}};

    wire::Segment segment;
    segment.source = flow.Sender(direction).endpoint;
    segment.destination = flow.Sender(TcpsReverse(direction)).endpoint;
    if (!m_source.empty())
    {
        segment.source = {*wire::ParseAddress(m_source), static_cast<uint16_t>(firstPort + shot % ports)};
    }
    if (segment.source.address.family() != segment.destination.address.family())
    {
        return;
    }
    segment.destination.port = m_port != 0 ? m_port : segment.destination.port;
    segment.flags = wire::kSyn;
    segment.window = UINT16_MAX;
    segment.sequence = GetRandom()->GetInteger(0, UINT32_MAX);
    if (m_acknowledges != ACKNOWLEDGES_NONE)
    {
        segment.flags |= wire::kAck;
        segment.acknowledgement = m_acknowledges == ACKNOWLEDGES_EXACT ? flow.Sender(TcpsReverse(direction)).next
                                                                       : GetRandom()->GetInteger(0, UINT32_MAX);
    }
    segment.options = *wire::OptionArea::FromBytes(mss);
    if (m_offer == OFFER_RANDOM)
    {
        tcpslab::crypto::PublicKey key{};
        TcpsFillRandomly(*GetRandom(), key);
        segment.options = tcps::MakeSynOptions(segment.options, key);
    }
    InjectSegment(*TcpsPathSegment::Parse(TcpsPathSegment::Make(segment)), direction);
    Achieve("sent a SYN");
}

bool
TcpsSynInjector::SetSource(std::string address)
{
    if (!address.empty() && !wire::ParseAddress(address))
    {
        return false;
    }
    m_source = address;
    return true;
}

std::string
TcpsSynInjector::GetSource() const
{
    return m_source;
}

} // namespace ns3
