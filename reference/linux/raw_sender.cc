#include "reference/linux/raw_sender.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace tcpslab::linux_host {
namespace {

void SetMark(const Descriptor& socket, std::uint32_t mark) {
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) < 0) ThrowSystemError("cannot mark packets");
}

// IPPROTO_RAW: the packet begins with its IP header, in both families.
int OpenRaw(int family) { return ::socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW); }

}  // namespace

RawSender::RawSender(std::uint32_t mark, const LinkLocalScopes& scopes)
    : scopes_(scopes), ipv4_(OpenRaw(AF_INET), "cannot open a raw IPv4 socket") {
  SetMark(ipv4_, mark);
  const int ipv6 = OpenRaw(AF_INET6);
  if (ipv6 < 0 && errno == EAFNOSUPPORT) return;
  ipv6_ = Descriptor(ipv6, "cannot open a raw IPv6 socket");
  SetMark(ipv6_, mark);
}

bool RawSender::Send(std::span<const std::byte> packet, const wire::Address& destination) {
  const int socket = (destination.family() == wire::Family::kIpv4 ? ipv4_ : ipv6_).get();
  const SocketAddress to = MakeSocketAddress(destination, 0, scopes_);
  return ::sendto(socket, packet.data(), packet.size(), 0, to.get(), to.size) >= 0;
}

}  // namespace tcpslab::linux_host
