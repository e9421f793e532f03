/**
 * @file
 * @ingroup tcps
 * What is a duplicate acknowledgement, and where loss recovery may begin. Internal: C++20, not installed.
 */
#ifndef TCPS_DUPLICATE_ACK_GUARD_H
#define TCPS_DUPLICATE_ACK_GUARD_H

#include <cstddef>
#include <cstdint>

#include "reference/wire/segment.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * Without SACK, ns-3's TCP counts every segment that repeats an acknowledgement as a duplicate, also one with data,
 * which RFC 5681, section 2, does not: with data in both directions it sees losses where there are none. Such a segment
 * therefore reaches TCP without the ACK flag. Nothing of this is seen on the wire.
 *
 * One object follows one connection; numbers are TCP's own, counted from 0.
 */
class TcpsDuplicateAckGuard
{
  public:
    /**
     * TCP sent a segment.
     * @param sequence its number
     * @param payload its size
     * @return whether it is a retransmission
     */
    bool NoteSent(uint32_t sequence, std::size_t payload);

    /**
     * A segment is about to reach TCP. May clear its ACK flag.
     * @param segment neither SYN nor RST; of its payload only whether there is any counts
     * @param hideData whether to clear the ACK flag of data that repeats an acknowledgement: TCP uses no SACK
     * @return whether it tells of a loss: a duplicate acknowledgement, or one with SACK blocks
     */
    bool Inbound(tcpslab::wire::Segment& segment, bool hideData);

    /**
     * @return the end of the highest data sent, in ns-3's numbers; 0 if there was none
     */
    uint32_t GetHighestSent() const
    {
        return m_highestSent;
    }

  private:
    uint32_t m_highestSent = 0;  //!< end of the highest data sent
    uint32_t m_acknowledged = 0; //!< highest acknowledgement that came
};

} // namespace ns3

#endif /* TCPS_DUPLICATE_ACK_GUARD_H */
