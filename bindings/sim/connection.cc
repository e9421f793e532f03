#include "bindings/sim/connection.h"

#include <ns3/callback.h>

#include <algorithm>
#include <utility>

#include "model/tcps-abort.h"
#include "model/tcps-convert.h"

namespace tcpslab::bindings {

using ns3::MakeCallback;
using ns3::TcpSocket;

std::string_view ToString(ConnectionState state) {
  switch (state) {
    case ConnectionState::kConnecting:
      return "connecting";
    case ConnectionState::kOpen:
      return "open";
    case ConnectionState::kPeerClosed:
      return "peer-closed";
    case ConnectionState::kClosing:
      return "closing";
    case ConnectionState::kClosed:
      return "closed";
    case ConnectionState::kReset:
      return "reset";
    case ConnectionState::kFailed:
      return "failed";
  }
  return "";
}

Connection::Connection(ns3::Ptr<ns3::Socket> socket, ConnectionState state, std::function<void()> note)
    : socket_(std::move(socket)), state_(state), note_(std::move(note)) {
  socket_->SetConnectCallback(ns3::MakeNullCallback<void, ns3::Ptr<ns3::Socket>>(),
                              MakeCallback(&Connection::OnFailed, this));
  socket_->SetRecvCallback(MakeCallback(&Connection::OnReadable, this));
  socket_->SetCloseCallbacks(ns3::MakeNullCallback<void, ns3::Ptr<ns3::Socket>>(),
                             MakeCallback(&Connection::OnEnded, this));
  socket_->TraceConnectWithoutContext("State", MakeCallback(&Connection::OnState, this));
  socket_->TraceConnectWithoutContext("Rx", MakeCallback(&Connection::OnSegment, this));
  if (state_ == ConnectionState::kOpen) {
    ns3::Address address;
    socket_->GetSockName(address);
    local_ = ns3::TcpsToWire(address);
    socket_->GetPeerName(address);
    remote_ = ns3::TcpsToWire(address);
  }
}

bool Connection::ConnectTo(const wire::Endpoint& remote) {
  if (socket_->Connect(ns3::TcpsToNs3(remote)) != 0) return false;
  ns3::Address address;
  socket_->GetSockName(address);
  local_ = ns3::TcpsToWire(address);
  remote_ = remote;
  return true;
}

std::size_t Connection::Send(std::span<const std::byte> bytes) {
  const bool sends = state_ == ConnectionState::kOpen || state_ == ConnectionState::kPeerClosed;
  const std::size_t size = std::min<std::size_t>(bytes.size(), socket_->GetTxAvailable());
  if (!sends || closed_ || size == 0) return 0;
  const int taken =
      socket_->Send(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<std::uint32_t>(size), 0);
  return taken < 0 ? 0 : static_cast<std::size_t>(taken);
}

ByteVector Connection::TakeReceived() { return std::exchange(received_, {}); }

void Connection::Close() {
  if (ended() || std::exchange(closed_, true)) return;
  if (state_ == ConnectionState::kConnecting) {
    End();
    socket_->Close();
    return;
  }
  if (state_ == ConnectionState::kOpen) Become(ConnectionState::kClosing);
  socket_->Close();
}

void Connection::Abort() {
  if (ended()) return;
  End();
  ns3::TcpsAbort(socket_);
}

void Connection::Become(ConnectionState state) {
  if (ended() || state == state_) return;
  state_ = state;
  note_();
}

void Connection::End() { Become(ConnectionState::kClosed); }

// NOLINTBEGIN(performance-unnecessary-value-param): the signatures are ns-3's.
void Connection::OnFailed(ns3::Ptr<ns3::Socket> /*socket*/) { Become(ConnectionState::kFailed); }

void Connection::OnReadable(ns3::Ptr<ns3::Socket> socket) {
  while (const ns3::Ptr<ns3::Packet> packet = socket->Recv()) {
    const std::size_t size = packet->GetSize();
    if (size == 0) break;
    const std::size_t before = received_.size();
    received_.resize(before + size);
    packet->CopyData(reinterpret_cast<std::uint8_t*>(&received_[before]), static_cast<std::uint32_t>(size));
    note_();
  }
}

// ns-3's TCP gave up, or sent an RST: to a segment with flags that no segment has, say.
void Connection::OnEnded(ns3::Ptr<ns3::Socket> /*socket*/) { Become(ConnectionState::kFailed); }

void Connection::OnSegment(ns3::Ptr<const ns3::Packet> /*payload*/, const ns3::TcpHeader& header,
                           ns3::Ptr<const ns3::TcpSocketBase> /*socket*/) {
  last_is_rst_ = (header.GetFlags() & ns3::TcpHeader::RST) != 0;
}
// NOLINTEND(performance-unnecessary-value-param)

void Connection::OnState(TcpSocket::TcpStates_t /*before*/, TcpSocket::TcpStates_t after) {
  switch (after) {
    case TcpSocket::ESTABLISHED:
      Become(closed_ ? ConnectionState::kClosing : ConnectionState::kOpen);
      break;
    case TcpSocket::CLOSE_WAIT:
      Become(ConnectionState::kPeerClosed);
      break;
    case TcpSocket::LAST_ACK:
    case TcpSocket::CLOSING:
    case TcpSocket::TIME_WAIT:
      End();
      break;
    case TcpSocket::CLOSED: {
      const bool refused = state_ == ConnectionState::kConnecting;
      Become(last_is_rst_ && !refused ? ConnectionState::kReset : ConnectionState::kFailed);
      break;
    }
    default:
      break;
  }
}

}  // namespace tcpslab::bindings
