#include "scenarios/live/socket_application.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace tcpslab::scenarios {
namespace {

socklen_t Fill(sockaddr_storage& storage, const std::string& address, std::uint16_t port) {
  auto& four = reinterpret_cast<sockaddr_in&>(storage);
  if (inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    return sizeof(sockaddr_in);
  }
  auto& six = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) != 1) {
    throw std::logic_error(fmt::format("{} is no address", address));
  }
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  return sizeof(sockaddr_in6);
}

void SetOption(const linux_host::Descriptor& socket, int level, int name, int value) {
  if (setsockopt(socket.get(), level, name, &value, sizeof(value)) != 0) {
    linux_host::ThrowSystemError("setsockopt");
  }
}

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

SocketApplication::SocketApplication(const NetworkNamespace& host, Role role, const std::string& address,
                                     std::uint16_t port, const ApplicationPlan& plan, RunClock clock)
    : role_(role), address_size_(Fill(address_, address, port)), clock_(std::move(clock)), conversation_(plan) {
  const NetworkNamespace::Visit visit(host);
  socket_ = linux_host::Descriptor(socket(address_.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.open()) {
    linux_host::ThrowSystemError("socket");
  }
}

void SocketApplication::Start() {
  const auto* const address = reinterpret_cast<const sockaddr*>(&address_);
  if (role_ == Role::kListens) {
    listener_ = std::move(socket_);
    SetOption(listener_, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind(listener_.get(), address, address_size_) != 0 || listen(listener_.get(), SOMAXCONN) != 0) {
      linux_host::ThrowSystemError("a server port");
    }
    return;
  }
  SetOption(socket_, IPPROTO_TCP, TCP_NODELAY, 1);  // as ns-3's sockets
  connecting_ = true;
  if (connect(socket_.get(), address, address_size_) != 0 && errno != EINPROGRESS) {
    linux_host::ThrowSystemError("connect");
  }
}

void SocketApplication::AddWanted(std::vector<pollfd>& wanted) const {
  if (listener_.open()) {
    wanted.push_back({listener_.get(), POLLIN, 0});
  }
  if (!socket_.open() || (settled_ && peer_closed_)) {
    return;
  }
  const bool out = connecting_ || send_blocked_;
  const bool in = !connecting_ && !peer_closed_;
  wanted.push_back({socket_.get(), static_cast<short>((in ? POLLIN : 0) | (out ? POLLOUT : 0)), 0});
}

bool SocketApplication::NeedsTime() const {
  const bool waits_for_acknowledgement = conversation_.complete() && conversation_.ending() != Ending::kAwait;
  return !settled_ && (waits_for_acknowledgement || conversation_.resumes());
}

void SocketApplication::Serve() {
  if (listener_.open()) {
    Accept();
  }
  if (connecting_) {
    CompleteConnect();
    return;
  }
  if (socket_.open() && !peer_closed_) {
    Receive();
  }
  SendMore();
  EndIfDone();
}

void SocketApplication::Accept() {
  linux_host::Descriptor accepted(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted.open() || settled_) {
    return;
  }
  SetOption(accepted, IPPROTO_TCP, TCP_NODELAY, 1);
  if (socket_.open()) {
    Receive();
    earlier_.push_back(std::move(socket_));
  }
  socket_ = std::move(accepted);
  Established();
}

void SocketApplication::CompleteConnect() {
  pollfd ready{socket_.get(), POLLOUT, 0};
  if (poll(&ready, 1, 0) <= 0) {
    return;
  }
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  connecting_ = false;
  if (error != 0) {
    OnError();
  } else {
    Established();
  }
}

void SocketApplication::Established() {
  conversation_.OnEstablished(clock_());
  SendMore();
  EndIfDone();
}

void SocketApplication::Receive() {
  std::array<std::byte, 65536> bytes{};
  while (socket_.open()) {
    const ssize_t size = recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (size > 0) {
      conversation_.OnReceived(std::span(bytes).first(static_cast<std::size_t>(size)), clock_());
      SendMore();
    } else if (size == 0) {
      OnPeerClosed();
      return;
    } else {
      if (!WouldBlock()) {
        OnError();
      }
      return;
    }
  }
}

void SocketApplication::SendMore() {
  send_blocked_ = false;
  if (settled_ || !socket_.open()) {
    return;
  }
  for (auto bytes = conversation_.Due(clock_()); !bytes.empty(); bytes = conversation_.Due(clock_())) {
    const std::size_t taken = SendSome(bytes);
    if (taken == 0) {
      return;
    }
    conversation_.OnSent(taken);
  }
}

// Hands what fits to the socket; returns how much that was.
std::size_t SocketApplication::SendSome(std::span<const std::byte> bytes) {
  const ssize_t size = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (size > 0) {
    return static_cast<std::size_t>(size);
  }
  if (WouldBlock()) {
    send_blocked_ = true;
  } else {
    OnError();
  }
  return 0;
}

// Linux counts the end of the stream as a byte of its own.
bool SocketApplication::AllAcknowledged() const {
  int outstanding = 0;
  if (ioctl(socket_.get(), SIOCOUTQ, &outstanding) != 0) {
    linux_host::ThrowSystemError("SIOCOUTQ");
  }
  return outstanding <= (closed_ ? 1 : 0);
}

void SocketApplication::EndIfDone() {
  if (settled_ || !socket_.open() || !conversation_.complete()) {
    return;
  }
  switch (conversation_.ending()) {
    case Ending::kClose:
      if (!std::exchange(closed_, true)) {
        shutdown(socket_.get(), SHUT_WR);
      }
      if (AllAcknowledged()) {
        Finish();
      }
      break;
    case Ending::kAwait:
      if (peer_closed_) {
        Finish();
        socket_.Close();
      }
      break;
    case Ending::kAbort:
      if (AllAcknowledged()) {
        Finish();
        const linger abort{.l_onoff = 1, .l_linger = 0};
        setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
        socket_.Close();
      }
      break;
  }
}

void SocketApplication::Finish() {
  conversation_.OnFinished();
  settled_ = true;
}

void SocketApplication::OnPeerClosed() {
  peer_closed_ = true;
  EndIfDone();
  if (!settled_ && !closed_) {  // the peer closed before its time: nothing more will come
    settled_ = true;
    socket_.Close();
  }
}

void SocketApplication::OnError() {
  if (!settled_) {
    conversation_.OnError(clock_());
    settled_ = true;
  }
  socket_.Close();
}

}  // namespace tcpslab::scenarios
