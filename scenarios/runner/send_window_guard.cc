#include "scenarios/runner/send_window_guard.h"

#include <ns3/callback.h>
#include <ns3/tcp-tx-buffer.h>

#include <cstdint>

namespace tcpslab::scenarios {
namespace {

// Reaches the peer's window, which TcpSocketBase shows to its buffer alone.
class Access : public ns3::TcpSocketBase {
 public:
  static std::uint32_t PeerWindow(const ns3::TcpSocketBase& socket) { return (socket.*(&Access::GetRWnd))(); }
};

// TcpTxBuffer::NextSeg sends new data while `sent <= window`; at equality it must not.
std::uint32_t GuardedWindow(const ns3::TcpSocketBase& socket) {
  const ns3::TcpTxBuffer& buffer = *socket.GetTxBuffer();
  const std::uint32_t sent =
      buffer.BytesInFlight() + buffer.GetLost() + buffer.GetSacked() - buffer.GetRetransmitsCount();
  const std::uint32_t window = Access::PeerWindow(socket);
  return window == sent && sent > 0 ? window - 1 : window;
}

}  // namespace

void GuardSendWindow(const ns3::Ptr<ns3::TcpSocketBase>& socket) {
  // The socket owns the buffer that owns the callback.
  const ns3::TcpSocketBase* const unowned = ns3::PeekPointer(socket);
  socket->GetTxBuffer()->SetRWndCallback(ns3::Callback<std::uint32_t>([unowned] { return GuardedWindow(*unowned); }));
}

}  // namespace tcpslab::scenarios
