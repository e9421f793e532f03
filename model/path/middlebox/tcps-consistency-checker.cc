#include "tcps-consistency-checker.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "ns3/uinteger.h"
#include "reference/wire/sequence.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsConsistencyChecker);

namespace wire = tcpslab::wire;

namespace
{

/** The last bytes of a stream, by position; those that have not passed are unknown. */
class StreamMemory
{
  public:
    explicit StreamMemory(uint32_t size) : m_bytes(size)
    {
    }

    /** The byte at that sequence number, if it passed and is still remembered. */
    std::optional<std::byte> At(uint32_t sequence) const
    {
        return m_end && Remembers(sequence) ? m_bytes[sequence % m_bytes.size()] : std::nullopt;
    }

    /**
     * Remembers a byte, unless it is too old, or so far ahead that no window of this size allows it; forgets the oldest
     * for it.
     */
    void Set(uint32_t sequence, std::byte byte)
    {
        m_end = m_end.value_or(sequence);
        // What lies between is unknown until it comes.
        const int64_t ahead = wire::SequenceDistance(*m_end, sequence + 1);
        if (ahead > std::ssize(m_bytes))
        {
            return;
        }
        for (int64_t i = 0; i < ahead; ++i)
        {
            m_bytes[(*m_end + static_cast<uint32_t>(i)) % m_bytes.size()].reset();
        }
        m_end = ahead > 0 ? sequence + 1 : *m_end;
        if (Remembers(sequence))
        {
            m_bytes[sequence % m_bytes.size()] = byte;
        }
    }

  private:
    bool Remembers(uint32_t sequence) const
    {
        const int64_t age = wire::SequenceDistance(sequence, *m_end);
        return age > 0 && age <= std::ssize(m_bytes);
    }

    // The size is a power of two, so that places stay the same when sequence numbers wrap.
    std::vector<std::optional<std::byte>> m_bytes;
    std::optional<uint32_t> m_end; //!< the sequence number behind the last
};

} // namespace

/** By the connection's number and the direction. */
class TcpsConsistencyChecker::Streams : public std::map<std::pair<uint32_t, Direction>, StreamMemory>
{
};

TypeId
TcpsConsistencyChecker::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsConsistencyChecker")
                            .SetParent<TcpsConnectionElement>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsConsistencyChecker>()
                            .AddAttribute("Action",
                                          "What happens to a segment that repeats numbers with other bytes.",
                                          EnumValue(ACTION_DROP),
                                          TcpsMakeEnumAccessor<Action>(&TcpsConsistencyChecker::m_action),
                                          MakeEnumChecker(ACTION_DROP, "drop", ACTION_RESTORE, "restore"))
                            .AddAttribute("Memory",
                                          "Bytes of each stream to remember, rounded up to a power of two.",
                                          UintegerValue(65536),
                                          MakeUintegerAccessor(&TcpsConsistencyChecker::m_memory),
                                          MakeUintegerChecker<uint32_t>(1, 1U << 30U));
    return tid;
}

TcpsConsistencyChecker::TcpsConsistencyChecker() : m_streams(std::make_unique<Streams>())
{
}

TcpsConsistencyChecker::~TcpsConsistencyChecker() = default;

uint64_t
TcpsConsistencyChecker::GetNInconsistent() const
{
    return m_inconsistent;
}

void
TcpsConsistencyChecker::HandleSegment(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    if (segment.IsDamaged())
    {
        Forward(packet, direction); // the receiver will not take it: neither a first version nor a contradiction
        return;
    }
    const uint32_t number = GetTracker().Observe(*segment, direction).number;
    if (segment->payload.empty())
    {
        Forward(packet, direction);
        return;
    }
    StreamMemory& memory = m_streams->try_emplace({number, direction}, std::bit_ceil(m_memory)).first->second;
    const uint32_t first = segment->sequence + (segment->Has(wire::kSyn) ? 1 : 0);
    bool consistent = true;
    for (uint32_t i = 0; i < segment->payload.size(); ++i)
    {
        const std::byte known = memory.At(first + i).value_or(segment->payload[i]);
        consistent = consistent && known == segment->payload[i];
        segment->payload[i] = known;
    }
    m_inconsistent += consistent ? 0 : 1;
    if (!consistent && m_action == ACTION_DROP)
    {
        Drop(packet, direction);
        return;
    }
    for (uint32_t i = 0; i < segment->payload.size(); ++i)
    {
        memory.Set(first + i, segment->payload[i]);
    }
    if (consistent)
    {
        Forward(packet, direction);
    }
    else
    {
        Forward(segment.ToPacket(), direction, true);
    }
}

} // namespace ns3
