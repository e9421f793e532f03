/**
 * @file
 * @ingroup tcps
 * What RST, SYN and an ACK that is missing or wrong do to a connection that exists. Internal: C++20, not installed.
 */
#ifndef TCPS_CONTROL_GUARD_H
#define TCPS_CONTROL_GUARD_H

#include "reference/wire/segment.h"

namespace ns3
{

class TcpL4Protocol;

/**
 * @ingroup tcps
 *
 * Judges a segment that is about to reach TCP, with RST or SYN, without ACK or with a wrong one, by RFC 9293, section
 * 3.10.7 (RFC 5961, sections 3.2 and 4.2).
 *
 * An RST counts in SYN-SENT if it acknowledges the SYN; later if it has exactly the next expected number, and one that
 * is merely within the window is answered with a challenge ACK. ns-3's TCP takes every RST, whatever its numbers, but
 * none with an ACK flag and without timestamps before it knows whether the peer uses them, and answers the others that
 * have one with an RST. An RST that counts therefore reaches it without the ACK flag. One that belongs to no connection
 * is discarded: a listening socket of ns-3's takes a closed window from it, starts its persist timer and dies of that.
 *
 * A SYN, with ACK or not, on a connection that is established or closing is answered with a challenge ACK. ns-3's TCP
 * gives no answer, but takes window scaling, timestamps and congestion window from it. One in TIME-WAIT is TCP's to
 * judge.
 *
 * In SYN-SENT, a SYN-ACK that acknowledges something else than the SYN is answered with an RST, and TCP waits on for
 * the right one. ns-3's TCP gives up.
 *
 * What acknowledges something that was never sent is answered with an ACK and dropped. ns-3's TCP does so in
 * ESTABLISHED alone; once it closes, three of them make it repeat data that it does not have, and it dies.
 *
 * What has neither RST nor SYN nor ACK is dropped by every connection. ns-3's TCP takes data from it, and in SYN-SENT
 * it takes the connection for established.
 *
 * @param tcp that the segment is for; may send a challenge ACK or an RST
 * @param segment has the RST or the SYN flag, or no ACK flag, or acknowledges what was never sent; its numbers are
 * those of ns-3's TCP, counted from 0
 * @return whether TCP gets it
 */
bool TcpsPassesControl(TcpL4Protocol& tcp, tcpslab::wire::Segment& segment);

} // namespace ns3

#endif /* TCPS_CONTROL_GUARD_H */
