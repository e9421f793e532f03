/**
 * @file
 * @ingroup tcps
 * Keeps ns-3's TCP sound in loss recovery. Internal: C++20, not installed.
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
 * Works around two defects of ns-3's TCP (seen in 3.37). TCP/S meets both in every lossy transfer, since it leaves room
 * neither for SACK nor for window scaling; plain ns-3 meets the second as well.
 *
 * - Without SACK it counts every segment that repeats an acknowledgement as a duplicate, also one with data, which
 *   RFC 5681, section 2, does not. With data in both directions it sees losses where there are none. Such a segment
 *   therefore reaches TCP without the ACK flag.
 * - In loss recovery, with and without SACK, once it has filled the peer's window to the last byte,
 *   TcpTxBuffer::NextSeg() offers a segment of no bytes, and SendDataPacket() dereferences the null pointer that it
 * then gets. Therefore TCP is shown a window just smaller than what is in flight, during recovery and while the window
 * might be filled: it retransmits, and sends new data again when the window has room. A duplicate acknowledgement alone
 * does not make ns-3 believe a smaller window; one whose sequence number is larger by 1 does, and that means nothing
 * else to it.
 *
 * Nothing of this is seen on the wire. One object follows one connection; numbers are TCP's own, counted from 0.
 */
class TcpsDuplicateAckGuard
{
  public:
    /**
     * TCP sent a segment.
     * @param sequence its number
     * @param payload its size
     */
    void NoteSent(uint32_t sequence, std::size_t payload);

    /**
     * A segment is about to reach TCP. May clear its ACK flag, lower its window, and raise its sequence number.
     * @param segment neither SYN nor RST
     * @param windowShift by which TCP will scale the window up
     * @param withSack whether TCP uses SACK on this connection
     */
    void Inbound(tcpslab::wire::Segment& segment, uint8_t windowShift, bool withSack);

  private:
    /** The sequence number may be raised by this much: far less than any receive window. */
    static constexpr int32_t kLongestDetour = 4096;

    void BeginRecovery();
    /** Shows TCP a window smaller than what is in flight, but not smaller than a segment. */
    void Lower(tcpslab::wire::Segment& segment, uint8_t windowShift, uint32_t inFlight, bool advances) const;

    uint32_t m_highestSent = 0;   //!< end of the highest data sent
    uint32_t m_largestFlight = 0; //!< most that was in flight in this recovery
    uint32_t m_longest = 0;       //!< payload of the longest segment
    uint32_t m_acknowledged = 0;  //!< highest acknowledgement that came
    uint32_t m_recover = 0;       //!< recovery lasts until this is acknowledged
    bool m_recovering = false;

    // As TcpSocketBase::UpdateWindowSize() has them.
    uint32_t m_highestSequence = 0; //!< highest sequence number that TCP was shown
    uint32_t m_window = 0;          //!< window that TCP believes
};

} // namespace ns3

#endif /* TCPS_DUPLICATE_ACK_GUARD_H */
