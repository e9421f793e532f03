/**
 * @file
 * @ingroup tcps
 * Which RSTs reset a connection. Internal: C++20, not installed.
 */
#ifndef TCPS_RESET_GUARD_H
#define TCPS_RESET_GUARD_H

#include "reference/wire/segment.h"

namespace ns3
{

class TcpL4Protocol;

/**
 * @ingroup tcps
 *
 * Judges an RST that is about to reach TCP by RFC 9293, section 3.10.7 (RFC 5961, section 3.2): in SYN-SENT it counts
 * if it acknowledges the SYN; later if it has exactly the next expected number, and one that is merely within the
 * window is answered with a challenge ACK. ns-3's TCP takes every RST, whatever its numbers, but none with an ACK flag
 * and without timestamps before it knows whether the peer uses them, and answers the others that have one with an RST.
 * An RST that counts therefore reaches it without the ACK flag.
 *
 * @param tcp that the segment is for; may send a challenge ACK
 * @param segment has the RST flag; its numbers are those of ns-3's TCP, counted from 0
 * @return whether TCP gets it
 */
bool TcpsPassesReset(const TcpL4Protocol& tcp, tcpslab::wire::Segment& segment);

} // namespace ns3

#endif /* TCPS_RESET_GUARD_H */
