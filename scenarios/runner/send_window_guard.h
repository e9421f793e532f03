// Works around a defect of ns-3's TCP (3.37; later versions have it fixed): a sender that recovers from a loss and has
// filled its peer's window to the last byte goes on to send a segment of no bytes, through a null pointer. Windows of
// 64 KiB are always filled to the last byte, and those are all that TCP/S leaves a connection.
#pragma once

#include <ns3/ptr.h>
#include <ns3/tcp-socket-base.h>

namespace tcpslab::scenarios {

// Has the socket stop at a full window. Call when the socket exists, and for an accepted one when it was accepted.
void GuardSendWindow(const ns3::Ptr<ns3::TcpSocketBase>& socket);

}  // namespace tcpslab::scenarios
