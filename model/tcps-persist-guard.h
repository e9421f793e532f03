/**
 * @file
 * @ingroup tcps
 * Keeps ns-3's TCP alive while the peer's window is closed. Internal: C++20, not installed.
 */
#ifndef TCPS_PERSIST_GUARD_H
#define TCPS_PERSIST_GUARD_H

namespace ns3
{

class TcpL4Protocol;

/**
 * @ingroup tcps
 *
 * Works around a defect of ns-3's TCP (seen in 3.37): a closed window starts the persist timer also where there is
 * nothing to send, and when it fires, PersistTimeout() dereferences the packet that it does not get. Each socket's
 * running timer is replaced by one that sends a probe only if there is something to probe with, and repeats what is
 * unacknowledged otherwise (RFC 9293, section 3.8.6.1; ns-3 stops its retransmission timer). Sockets whose timer has
 * been replaced already may be guarded again.
 *
 * @param tcp whose sockets are to be guarded, after it has taken a segment
 */
void TcpsGuardPersistTimers(const TcpL4Protocol& tcp);

} // namespace ns3

#endif /* TCPS_PERSIST_GUARD_H */
