#include "tcps-tagged-injector.h"

#include <map>
#include <optional>
#include <utility>

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-random.h"
#include "../tcps-path-segment.h"
#include "reference/tcps/options.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsTaggedInjector);

namespace crypto = tcpslab::crypto;
namespace tcps = tcpslab::tcps;

/** What was seen of each connection in each direction. */
class TcpsTaggedInjector::Memory
{
  public:
    struct Seen
    {
        std::optional<crypto::Tag> tag;       //!< of the last segment that had one
        std::optional<TcpsPathPacket> oldest; //!< of the kind that is forged
    };

    Seen& Of(const TcpsTrackedFlow& flow, Direction direction)
    {
        return m_seen[{flow.number, direction}];
    }

  private:
    std::map<std::pair<uint32_t, Direction>, Seen> m_seen;
};

TypeId
TcpsTaggedInjector::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsTaggedInjector")
            .SetParent<TcpsInjector>()
            .SetGroupName("Tcps")
            .AddAttribute(
                "Tag",
                "What stands in for the tag that the attacker cannot make.",
                EnumValue(TAG_NONE),
                TcpsMakeEnumAccessor<Tag>(&TcpsTaggedInjector::m_tag),
                MakeEnumChecker(TAG_NONE, "none", TAG_RANDOM, "random", TAG_COPIED, "copied", TAG_REPLAY, "replay"));
    return tid;
}

TcpsTaggedInjector::TcpsTaggedInjector() : m_memory(std::make_unique<Memory>())
{
}

TcpsTaggedInjector::~TcpsTaggedInjector() = default;

void
TcpsTaggedInjector::Watch(const TcpsPathSegment& segment, const TcpsTrackedFlow& flow, Direction direction)
{
    Memory::Seen& seen = m_memory->Of(flow, direction);
    if (const std::optional<crypto::Tag> tag = tcps::FindTm(segment->options))
    {
        seen.tag = tag;
    }
    if (!seen.oldest && IsLike(segment))
    {
        seen.oldest = segment.ToPacket();
    }
}

void
TcpsTaggedInjector::Fire(const TcpsTrackedFlow& flow, Direction direction, uint32_t /* shot */)
{
    if (m_tag == TAG_REPLAY)
    {
        if (const std::optional<TcpsPathPacket>& oldest = m_memory->Of(flow, direction).oldest)
        {
            InjectSegment(*TcpsPathSegment::Parse(*oldest), direction);
            Achieve("sent an old segment again");
        }
        return;
    }
    TcpsPathSegment segment = Forge(flow, direction);
    Shape(segment);
    AddTag(segment, flow, direction);
    InjectSegment(segment, direction);
    Achieve("sent a forged segment");
}

void
TcpsTaggedInjector::AddTag(TcpsPathSegment& segment, const TcpsTrackedFlow& flow, Direction direction)
{
    std::optional<crypto::Tag> tag;
    if (m_tag == TAG_RANDOM)
    {
        TcpsFillRandomly(*GetRandom(), tag.emplace());
    }
    else if (m_tag == TAG_COPIED)
    {
        tag = m_memory->Of(flow, direction).tag;
    }
    if (tag)
    {
        tcps::AppendTm(segment->options, *tag); // beside timestamps there is room for it
    }
}

} // namespace ns3
