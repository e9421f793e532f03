#include "tcps-stream-splice.h"

#include <algorithm>
#include <utility>

#include "reference/wire/sequence.h"

namespace ns3
{

using tcpslab::wire::SequenceDistance;

TcpsStreamSplice::TcpsStreamSplice(uint32_t start, uint32_t removed, std::vector<std::byte> inserted)
    : m_start(start), m_removed(removed), m_inserted(std::move(inserted))
{
}

bool
TcpsStreamSplice::Touches(uint32_t sequence, std::span<const std::byte> payload) const
{
    const int64_t first = SequenceDistance(m_start, sequence);
    const int64_t reach = std::max<int64_t>(m_removed, 1); // an insertion needs the byte that it comes before
    return first < reach && first + static_cast<int64_t>(payload.size()) > 0;
}

std::vector<std::byte>
TcpsStreamSplice::Edit(uint32_t sequence, std::span<const std::byte> payload) const
{
    std::vector<std::byte> edited;
    int64_t place = SequenceDistance(m_start, sequence);
    for (const std::byte byte : payload)
    {
        if (place == 0 && m_removed == 0)
        {
            edited.insert(edited.end(), m_inserted.begin(), m_inserted.end());
        }
        if (place < 0 || place >= m_removed)
        {
            edited.push_back(byte);
        }
        else if (place < std::ssize(m_inserted))
        {
            edited.push_back(m_inserted[static_cast<std::size_t>(place)]);
        }
        ++place;
    }
    return edited;
}

uint32_t
TcpsStreamSplice::ToReceiver(uint32_t sequence) const
{
    const int64_t place = SequenceDistance(m_start, sequence);
    const auto inserted = static_cast<uint32_t>(m_inserted.size());
    if (place <= 0)
    {
        return sequence;
    }
    return place >= m_removed ? sequence - m_removed + inserted
                              : m_start + std::min(static_cast<uint32_t>(place), inserted);
}

uint32_t
TcpsStreamSplice::ToSender(uint32_t acknowledgement, uint32_t sent) const
{
    const int64_t place = SequenceDistance(m_start, acknowledgement);
    const auto inserted = static_cast<uint32_t>(m_inserted.size());
    if (place < 0 || (place == 0 && inserted > 0))
    {
        return acknowledgement;
    }
    if (place < inserted)
    {
        return m_start + std::min(static_cast<uint32_t>(place), m_removed);
    }
    // Deleted bytes count as acknowledged as soon as they were sent: the receiver will never ask for them.
    const uint32_t original = acknowledgement - inserted + m_removed;
    return place == 0 && SequenceDistance(original, sent) < 0
               ? m_start + static_cast<uint32_t>(std::max(0, SequenceDistance(m_start, sent)))
               : original;
}

} // namespace ns3
