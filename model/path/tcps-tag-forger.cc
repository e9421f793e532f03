#include "tcps-tag-forger.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ns3/string.h"
#include "ns3/uinteger.h"
#include "reference/tcps/hex.h"
#include "reference/tcps/options.h"
#include "reference/tcps/packet_mac.h"
#include "reference/tcps/stream_position.h"
#include "tcps-flow-tracker.h"
#include "tcps-key-recovery.h"
#include "tcps-mac-polynomial.h"
#include "tcps-middle-session.h"
#include "tcps-path-segment.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsTagForger);

namespace crypto = tcpslab::crypto;
namespace tcps = tcpslab::tcps;
using tcps::TagArithmetic;

/** What was held back, and Keys. */
class TcpsTagForger::State
{
  public:
    /** One direction of a connection. */
    struct Stream
    {
        std::optional<TcpsTaggedMessage> held;
        uint32_t repetitions{0}; //!< of it, the same each time
        bool over{false};        //!< forged, or given up
    };

    /** The keys, and how tags are made with them, that explain two messages. */
    std::vector<std::pair<const crypto::OneTimeKey*, TagArithmetic>> KeysFor(const TcpsTaggedMessage& a,
                                                                             const TcpsTaggedMessage& b)
    {
        recovered = TcpsRecoverKeys(a, b);
        std::vector<std::pair<const crypto::OneTimeKey*, TagArithmetic>> found;
        for (const std::vector<crypto::OneTimeKey>* keys : {&recovered, &given})
        {
            for (const crypto::OneTimeKey& key : *keys)
            {
                for (const TagArithmetic arithmetic : {TagArithmetic::kStandard, TagArithmetic::kLkm})
                {
                    if (TcpsTagHolds(arithmetic, key, a) && TcpsTagHolds(arithmetic, key, b))
                    {
                        found.emplace_back(&key, arithmetic);
                    }
                }
            }
        }
        return found;
    }

    std::map<std::pair<uint32_t, Direction>, Stream> streams; //!< by the connection's number
    std::vector<crypto::OneTimeKey> given;                    //!< attribute Keys
    std::vector<crypto::OneTimeKey> recovered;                //!< the last ones
};

TypeId
TcpsTagForger::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsTagForger")
            .SetParent<TcpsConnectionElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsTagForger>()
            .AddAttribute("Flip",
                          "The bits that the forged segment has different, in each byte.",
                          UintegerValue(0x20),
                          MakeUintegerAccessor(&TcpsTagForger::m_flip),
                          MakeUintegerChecker<uint8_t>(1))
            .AddAttribute("Repetitions",
                          "How often an unchanged retransmission is held back, too, before the attacker gives up.",
                          UintegerValue(1),
                          MakeUintegerAccessor(&TcpsTagForger::m_repetitions),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("Keys",
                          "One-time keys to try beside what can be computed: 64 hexadecimal digits each, with commas.",
                          StringValue(""),
                          MakeStringAccessor(&TcpsTagForger::SetKeys, &TcpsTagForger::GetKeys),
                          MakeStringChecker());
    return tid;
}

TcpsTagForger::TcpsTagForger() : m_state(std::make_unique<State>())
{
}

TcpsTagForger::~TcpsTagForger() = default;

void
TcpsTagForger::HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const TcpsTrackedFlow& flow = GetTracker().Observe(*segment, direction);
    State::Stream& stream = m_state->streams[{flow.number, direction}];
    const std::optional<uint32_t> isn = flow.Sender(direction).isn;
    const std::optional<crypto::Tag> tag = tcps::FindTm(segment->options);
    if (stream.over || !isn || !tag)
    {
        Forward(packet, direction);
        return;
    }
    // The first 4 GiB of a stream, in which a position is an offset.
    TcpsTaggedMessage message{.position = tcps::StreamOffset(segment->sequence, *isn),
                              .flags = segment->flags,
                              .ciphertext = {segment->payload.begin(), segment->payload.end()},
                              .tag = *tag};
    if (!stream.held)
    {
        stream.held = std::move(message);
        Drop(packet, direction);
        return;
    }
    const TcpsTaggedMessage& held = *stream.held;
    if (held.position != message.position)
    {
        Forward(packet, direction);
        return;
    }
    if (held.tag == message.tag)
    {
        stream.over = ++stream.repetitions > m_repetitions;
        stream.over ? Forward(packet, direction) : Drop(packet, direction);
        return;
    }
    stream.over = true;
    const auto keys = m_state->KeysFor(held, message);
    if (keys.empty())
    {
        Forward(packet, direction);
        return;
    }
    Drop(packet, direction);
    std::vector<std::byte> forged =
        std::max(held, message, [](const auto& a, const auto& b) { return a.ciphertext.size() < b.ciphertext.size(); })
            .ciphertext;
    for (std::byte& byte : forged)
    {
        byte ^= static_cast<std::byte>(m_flip);
    }
    segment.SetPayload(forged);
    for (const auto& [key, arithmetic] : keys)
    {
        tcpslab::wire::OptionArea tm;
        tcps::AppendTm(tm, tcps::PacketTagUnder(arithmetic, *key, message.position, segment->flags, forged));
        TcpsReplaceOption(segment->options, tm.bytes());
        Inject(segment.ToPacket(), direction);
    }
    Achieve("forged a tag");
}

bool
TcpsTagForger::SetKeys(std::string list)
{
    std::vector<crypto::OneTimeKey> keys;
    std::string_view rest = list;
    while (!rest.empty())
    {
        const std::size_t length = std::min(rest.find_first_of(", "), rest.size());
        const std::string_view item = rest.substr(0, length);
        rest.remove_prefix(std::min(length + 1, rest.size()));
        if (item.empty())
        {
            continue;
        }
        const auto bytes = tcps::FromHex(item);
        if (!bytes || bytes->size() != crypto::OneTimeKey::kSize)
        {
            return false;
        }
        keys.emplace_back(std::span(*bytes).first<crypto::OneTimeKey::kSize>());
    }
    m_state->given = std::move(keys);
    m_keysText = list;
    return true;
}

std::string
TcpsTagForger::GetKeys() const
{
    return m_keysText;
}

} // namespace ns3
