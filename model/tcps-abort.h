/**
 * @file
 * @ingroup tcps
 * What ns-3's sockets lack. Internal, not installed.
 */
#ifndef TCPS_ABORT_H
#define TCPS_ABORT_H

#include "ns3/ptr.h"
#include "ns3/socket.h"

namespace ns3
{

/**
 * Ends a connection by a RST (RFC 9293, section 3.10.5), as an application does that sets SO_LINGER to 0.
 * @param socket of TCP
 */
void TcpsAbort(const Ptr<Socket>& socket);

} // namespace ns3

#endif /* TCPS_ABORT_H */
