#include "reference/linux/path_mtu.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>

namespace tcpslab::linux_host {
namespace {

constexpr std::size_t kDefaultMtu = 1500;
constexpr stack::Duration kKeep = std::chrono::seconds(1);
constexpr std::size_t kMostKnown = 4096;
constexpr std::uint16_t kDiscardPort = 9;  // any port does: nothing is sent

int OpenUdp(int family) { return ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0); }

}  // namespace

KernelPathMtu::KernelPathMtu(const LinkLocalScopes& scopes)
    : scopes_(scopes), ipv4_(OpenUdp(AF_INET), "cannot open a socket to ask for the path MTU") {
  const int ipv6 = OpenUdp(AF_INET6);
  if (ipv6 >= 0) ipv6_ = Descriptor(ipv6, "");
}

std::size_t KernelPathMtu::Towards(const wire::Address& address, stack::Instant now) {
  if (known_.size() >= kMostKnown && !known_.contains(address)) known_.clear();
  Known& known = known_[address];
  if (now >= known.until) known = {.mtu = Ask(address), .until = now + kKeep};
  return known.mtu;
}

std::size_t KernelPathMtu::Ask(const wire::Address& address) const {
  const bool ipv4 = address.family() == wire::Family::kIpv4;
  const int socket = (ipv4 ? ipv4_ : ipv6_).get();
  const SocketAddress to = MakeSocketAddress(address, kDiscardPort, scopes_);
  int mtu = 0;
  socklen_t size = sizeof mtu;
  if (::connect(socket, to.get(), to.size) < 0 ||
      ::getsockopt(socket, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_MTU : IPV6_MTU, &mtu, &size) < 0) {
    return kDefaultMtu;
  }
  return static_cast<std::size_t>(mtu);
}

}  // namespace tcpslab::linux_host
