#include "reference/linux/kernel_sockets.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "reference/linux/descriptor.h"

namespace tcpslab::linux_host {
namespace {

// Every state in which data may still be sent: a connection that was closed may have some left.
constexpr std::uint32_t kConnections = ~((1U << TCP_LISTEN) | (1U << TCP_CLOSE) | (1U << TCP_TIME_WAIT));

struct KernelSocket {
  std::uint8_t family = 0;
  inet_diag_sockid id{};
};

wire::Address ReadAddress(std::uint8_t family, const std::uint32_t (&words)[4]) {
  const std::span<const std::byte, 16> bytes = std::as_bytes(std::span(words));
  // A socket of either family has IPv4 connections as ::ffff:a.b.c.d.
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (family == AF_INET) return wire::Address::Ipv4(bytes.first<4>());
  if (std::ranges::equal(bytes.first<12>(), std::as_bytes(std::span(kMapped)))) {
    return wire::Address::Ipv4(bytes.last<4>());
  }
  return wire::Address::Ipv6(bytes);
}

stack::FlowKey KeyOf(const KernelSocket& socket) {
  return {{ReadAddress(socket.family, socket.id.idiag_src), ntohs(socket.id.idiag_sport)},
          {ReadAddress(socket.family, socket.id.idiag_dst), ntohs(socket.id.idiag_dport)}};
}

// A conversation with sock_diag.
class SocketDiagnostics {
 public:
  SocketDiagnostics() : socket_(mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC)) {
    if (socket_ == nullptr || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
      ThrowSystemError("cannot ask the kernel for its TCP connections");
    }
  }

  std::vector<KernelSocket> Connections(std::uint8_t family) {
    std::vector<KernelSocket> sockets;
    inet_diag_req_v2 request{};
    request.sdiag_family = family;
    request.sdiag_protocol = IPPROTO_TCP;
    request.idiag_states = kConnections;
    const auto collect = [](const nlmsghdr* message, void* data) {
      const auto* found = static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(message));
      static_cast<std::vector<KernelSocket>*>(data)->push_back({found->idiag_family, found->id});
      return MNL_CB_OK;
    };
    if (Ask(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, request, collect, &sockets) < 0) {
      ThrowSystemError("cannot read the kernel's TCP connections");
    }
    return sockets;
  }

  // Whether it is gone.
  bool End(const KernelSocket& socket) {
    inet_diag_req_v2 request{};
    request.sdiag_family = socket.family;
    request.sdiag_protocol = IPPROTO_TCP;
    request.id = socket.id;
    return Ask(SOCK_DESTROY, NLM_F_ACK, request, nullptr, nullptr) >= 0 || errno == ENOENT;
  }

 private:
  int Ask(std::uint16_t type, std::uint16_t flags, const inet_diag_req_v2& request, mnl_cb_t callback, void* data) {
    std::vector<char> buffer(static_cast<std::size_t>(MNL_SOCKET_BUFFER_SIZE));
    nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
    message->nlmsg_type = type;
    message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    message->nlmsg_seq = ++sequence_;
    *static_cast<inet_diag_req_v2*>(mnl_nlmsg_put_extra_header(message, sizeof request)) = request;
    if (mnl_socket_sendto(socket_.get(), message, message->nlmsg_len) < 0) return -1;
    for (;;) {
      const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
      if (size < 0) return -1;
      const int result = mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), sequence_,
                                    mnl_socket_get_portid(socket_.get()), callback, data);
      if (result <= MNL_CB_STOP) return result;
    }
  }

  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  std::unique_ptr<mnl_socket, Close> socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace

EndedConnections EndConnections(const std::function<bool(const stack::FlowKey&)>& which) {
  EndedConnections result;
  SocketDiagnostics diagnostics;
  for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
    for (const KernelSocket& socket : diagnostics.Connections(family)) {
      const stack::FlowKey key = KeyOf(socket);
      if (!which(key)) continue;
      if (diagnostics.End(socket)) {
        ++result.ended;
      } else {
        result.left.push_back(key);
      }
    }
  }
  return result;
}

}  // namespace tcpslab::linux_host
