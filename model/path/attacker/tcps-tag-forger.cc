#include "tcps-tag-forger.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "../forgery/tcps-key-recovery.h"
#include "../forgery/tcps-lkm-lattice.h"
#include "../forgery/tcps-mac-polynomial.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-number-list.h"
#include "../tcps-path-segment.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"
#include "reference/tcps/hex.h"
#include "reference/tcps/options.h"
#include "reference/tcps/packet_mac.h"
#include "reference/tcps/stream_position.h"
#include "tcps-replace-option.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsTagForger);

namespace crypto = tcpslab::crypto;
namespace tcps = tcpslab::tcps;
using tcps::TagArithmetic;

/** One direction of a connection. */
struct TcpsTagForger::Stream
{
    std::vector<TcpsTaggedMessage> seen; //!< different ones at the position of the first
    uint32_t repetitions{0};             //!< of them
    bool over{false};                    //!< everything passes
    bool forged{false};
};

/** What was held back, and Keys. */
class TcpsTagForger::State
{
  public:
    /** A key, and how tags are made with it. */
    struct Candidate
    {
        crypto::OneTimeKey key;
        TagArithmetic arithmetic;
    };

    /** Those that explain all messages. */
    std::vector<Candidate> KeysFor(const std::vector<TcpsTaggedMessage>& messages) const
    {
        std::vector<Candidate> found;
        const auto add = [&](const crypto::OneTimeKey& key, TagArithmetic arithmetic)
        {
            const auto holds = [&](const TcpsTaggedMessage& message) { return TcpsTagHolds(arithmetic, key, message); };
            if (std::ranges::all_of(messages, holds))
            {
                found.push_back({key.Clone(), arithmetic});
            }
        };
        for (const crypto::OneTimeKey& key : TcpsRecoverKeys(messages[0], messages[1]))
        {
            add(key, TagArithmetic::kStandard);
        }
        for (const crypto::OneTimeKey& key : given)
        {
            add(key, TagArithmetic::kLkm);
        }
        if (found.empty() && messages.size() >= kTcpsLkmMessages)
        {
            if (const auto key = TcpsSolveLkmKey(std::span(messages).first<kTcpsLkmMessages>()))
            {
                add(*key, TagArithmetic::kLkm);
            }
        }
        return found;
    }

    std::map<std::pair<uint32_t, Direction>, Stream> streams; //!< by the connection's number
    std::vector<crypto::OneTimeKey> given;                    //!< attribute Keys
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
            .AddAttribute("Tags",
                          "How many different messages at one position to wait for: four for the upstream module's.",
                          UintegerValue(2),
                          MakeUintegerAccessor(&TcpsTagForger::m_tags),
                          MakeUintegerChecker<uint32_t>(2))
            .AddAttribute("Repetitions",
                          "How often an unchanged retransmission is held back, too, before the attacker gives up.",
                          UintegerValue(1),
                          MakeUintegerAccessor(&TcpsTagForger::m_repetitions),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("Keys",
                          "One-time keys of the upstream module to try: 64 hexadecimal digits each, with commas.",
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
    Stream& stream = m_state->streams[{flow.number, direction}];
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
    if (!stream.seen.empty() && stream.seen[0].position != message.position)
    {
        Forward(packet, direction);
        return;
    }
    if (std::ranges::find(stream.seen, message.tag, &TcpsTaggedMessage::tag) == stream.seen.end())
    {
        stream.seen.push_back(std::move(message));
        Forge(segment, direction, stream);
        stream.over = stream.over || stream.seen.size() == m_tags;
    }
    else
    {
        stream.over = ++stream.repetitions > m_repetitions;
    }
    if (stream.over && !stream.forged)
    {
        Forward(packet, direction);
    }
    else
    {
        Drop(packet, direction);
    }
}

void
TcpsTagForger::Forge(TcpsPathSegment& segment, Direction direction, Stream& stream)
{
    if (stream.seen.size() < 2)
    {
        return;
    }
    const std::vector<State::Candidate> candidates = m_state->KeysFor(stream.seen);
    if (candidates.empty())
    {
        return;
    }
    stream.over = true;
    stream.forged = true;
    const TcpsTaggedMessage& longest =
        *std::ranges::max_element(stream.seen, {}, [](const TcpsTaggedMessage& one) { return one.ciphertext.size(); });
    std::vector<std::byte> forged = longest.ciphertext;
    for (std::byte& byte : forged)
    {
        byte ^= static_cast<std::byte>(m_flip);
    }
    TcpsPathSegment copy = *TcpsPathSegment::Parse(segment.ToPacket());
    copy->flags = longest.flags;
    copy.SetPayload(forged);
    for (const State::Candidate& candidate : candidates)
    {
        tcpslab::wire::OptionArea tm;
        tcps::AppendTm(
            tm, tcps::PacketTagUnder(candidate.arithmetic, candidate.key, longest.position, longest.flags, forged));
        TcpsReplaceOption(copy->options, tm.bytes());
        Inject(copy.ToPacket(), direction);
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
        const std::string_view item = TcpsTakeItem(rest);
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
