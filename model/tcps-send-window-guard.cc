#include "tcps-send-window-guard.h"

#include <cstdint>

#include "ns3/callback.h"
#include "ns3/object-ptr-container.h"
#include "ns3/tcp-l4-protocol.h"
#include "ns3/tcp-socket-base.h"
#include "ns3/tcp-tx-buffer.h"

namespace ns3
{

namespace
{

/** Reaches the peer's window, which TcpSocketBase shows to its buffer alone. */
class Access : public TcpSocketBase
{
  public:
    static uint32_t PeerWindow(const TcpSocketBase& socket)
    {
        return (socket.*(&Access::GetRWnd))();
    }
};

uint32_t
GuardedWindow(const TcpSocketBase& socket)
{
    const TcpTxBuffer& buffer = *socket.GetTxBuffer();
    const uint32_t sent = buffer.BytesInFlight() + buffer.GetLost() + buffer.GetSacked() - buffer.GetRetransmitsCount();
    const uint32_t window = Access::PeerWindow(socket);
    return window == sent && sent > 0 ? window - 1 : window;
}

} // namespace

void
TcpsGuardSendWindows(const TcpL4Protocol& tcp)
{
    ObjectPtrContainerValue sockets;
    tcp.GetAttribute("SocketList", sockets);
    for (auto entry = sockets.Begin(); entry != sockets.End(); ++entry)
    {
        const Ptr<TcpSocketBase> socket = DynamicCast<TcpSocketBase>(entry->second);
        // The socket owns the buffer that owns the callback.
        const TcpSocketBase* const unowned = PeekPointer(socket);
        socket->GetTxBuffer()->SetRWndCallback(Callback<uint32_t>([unowned] { return GuardedWindow(*unowned); }));
    }
}

} // namespace ns3
