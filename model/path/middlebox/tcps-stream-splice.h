/**
 * @file
 * @ingroup tcps
 * An edit of a TCP stream, and what it does to the numbers of all that follows. Internal: C++20, not installed.
 */
#ifndef TCPS_STREAM_SPLICE_H
#define TCPS_STREAM_SPLICE_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ns3
{

/**
 * @ingroup tcps
 *
 * At one place of a stream, some bytes give way to others: as many (overwriting), none (insertion), or none in their
 * place (deletion). Numbers before the place stay; those behind it move by the difference.
 */
class TcpsStreamSplice
{
  public:
    /**
     * @param start sequence number of the first byte concerned, as its sender counts
     * @param removed how many of the sender's bytes vanish from there on
     * @param inserted what takes their place
     */
    TcpsStreamSplice(uint32_t start, uint32_t removed, std::vector<std::byte> inserted);

    /**
     * @param sequence of the payload's first byte, as its sender counts
     * @param payload a part of the stream
     * @return whether any of the edit falls into this part
     */
    bool Touches(uint32_t sequence, std::span<const std::byte> payload) const;

    /**
     * @param sequence of the payload's first byte, as its sender counts
     * @param payload a part of the stream
     * @return that part as it is after the edit
     */
    std::vector<std::byte> Edit(uint32_t sequence, std::span<const std::byte> payload) const;

    /**
     * @param sequence as the sender counts
     * @return as the receiver has to see it
     */
    uint32_t ToReceiver(uint32_t sequence) const;

    /**
     * @param acknowledgement as the receiver counts
     * @param sent the sequence number behind all that the sender has sent, as it counts: no more can be acknowledged
     * @return as the sender has to see it
     */
    uint32_t ToSender(uint32_t acknowledgement, uint32_t sent) const;

  private:
    uint32_t m_start;
    uint32_t m_removed;
    std::vector<std::byte> m_inserted;
};

} // namespace ns3

#endif /* TCPS_STREAM_SPLICE_H */
