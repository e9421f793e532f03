// A TCP connection as an application has it: the socket of ns-3, and what the application knows of it.
#pragma once

#include <ns3/packet.h>
#include <ns3/ptr.h>
#include <ns3/tcp-header.h>
#include <ns3/tcp-socket-base.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "bindings/core/casters.h"

namespace tcpslab::bindings {

enum class ConnectionState : std::uint8_t {
  kConnecting,
  kOpen,
  kPeerClosed,  // the peer sends nothing more
  kClosing,     // this application sends nothing more, and the peer may
  kClosed,      // both have closed, or this application aborted
  kReset,       // by the peer
  kFailed,      // refused, or TCP gave up
};
std::string_view ToString(ConnectionState state);  // "peer-closed"

class Connection {
 public:
  // `note` is called when something happened. The simulation that the socket belongs to ends before this object does.
  Connection(ns3::Ptr<ns3::Socket> socket, ConnectionState state, std::function<void()> note);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // To be called once; false where no local port is free.
  bool ConnectTo(const wire::Endpoint& remote);
  // The number of bytes that the send buffer took: none before the connection is open or after Close().
  std::size_t Send(std::span<const std::byte> bytes);
  // What came since the last call.
  ByteVector TakeReceived();
  // After what was sent.
  void Close();
  // At once, by an RST.
  void Abort();

  [[nodiscard]] ConnectionState state() const { return state_; }
  [[nodiscard]] const wire::Endpoint& local() const { return local_; }
  [[nodiscard]] const wire::Endpoint& remote() const { return remote_; }

 private:
  [[nodiscard]] bool ended() const { return state_ >= ConnectionState::kClosed; }
  void Become(ConnectionState state);
  void End();

  // Called by ns-3.
  void OnFailed(ns3::Ptr<ns3::Socket> socket);
  void OnReadable(ns3::Ptr<ns3::Socket> socket);
  void OnEnded(ns3::Ptr<ns3::Socket> socket);
  void OnSegment(ns3::Ptr<const ns3::Packet> payload, const ns3::TcpHeader& header,
                 ns3::Ptr<const ns3::TcpSocketBase> socket);
  void OnState(ns3::TcpSocket::TcpStates_t before, ns3::TcpSocket::TcpStates_t after);

  ns3::Ptr<ns3::Socket> socket_;
  ConnectionState state_;
  std::function<void()> note_;
  wire::Endpoint local_;
  wire::Endpoint remote_;
  ByteVector received_;
  bool closed_ = false;       // by this application
  bool last_is_rst_ = false;  // of what came
};

}  // namespace tcpslab::bindings
