/**
 * @file
 * @ingroup tcps
 * Keeps ns-3's TCP sound in loss recovery. Internal: C++20, not installed.
 */
#ifndef TCPS_SEND_WINDOW_GUARD_H
#define TCPS_SEND_WINDOW_GUARD_H

namespace ns3
{

class TcpL4Protocol;

/**
 * @ingroup tcps
 *
 * Works around a defect of ns-3's TCP (seen in 3.37): in loss recovery, once what is sent fills the peer's window to
 * the last byte, TcpTxBuffer::NextSeg() offers a segment of no bytes (it asks `sent <= window`), and SendDataPacket()
 * dereferences the null pointer that it then gets. Each present socket's buffer is shown a window smaller by 1 in that
 * moment; sockets that exist already may be guarded again.
 *
 * @param tcp whose sockets are to be guarded; sockets made later are not
 */
void TcpsGuardSendWindows(const TcpL4Protocol& tcp);

} // namespace ns3

#endif /* TCPS_SEND_WINDOW_GUARD_H */
