#include "reference/linux/socket_address.h"

#include <netinet/in.h>

#include <cstddef>
#include <cstring>

namespace tcpslab::linux_host {
namespace {

constexpr std::size_t kMostScopes = 1024;

bool IsLinkLocal(const wire::Address& address) {
  return address.family() == wire::Family::kIpv6 && address.bytes()[0] == std::byte{0xfe} &&
         (address.bytes()[1] & std::byte{0xc0}) == std::byte{0x80};
}

}  // namespace

void LinkLocalScopes::Note(const wire::Address& address, std::uint32_t interface) {
  if (!IsLinkLocal(address)) return;
  if (interfaces_.size() >= kMostScopes && !interfaces_.contains(address)) interfaces_.clear();
  interfaces_[address] = interface;
}

std::uint32_t LinkLocalScopes::Of(const wire::Address& address) const {
  const auto found = interfaces_.find(address);
  return found == interfaces_.end() ? 0 : found->second;
}

SocketAddress MakeSocketAddress(const wire::Address& address, std::uint16_t port, const LinkLocalScopes& scopes) {
  SocketAddress made;
  if (address.family() == wire::Family::kIpv4) {
    auto& ipv4 = reinterpret_cast<sockaddr_in&>(made.storage);
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    std::memcpy(&ipv4.sin_addr, address.bytes().data(), address.bytes().size());
    made.size = sizeof ipv4;
  } else {
    auto& ipv6 = reinterpret_cast<sockaddr_in6&>(made.storage);
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(port);
    ipv6.sin6_scope_id = scopes.Of(address);
    std::memcpy(&ipv6.sin6_addr, address.bytes().data(), address.bytes().size());
    made.size = sizeof ipv6;
  }
  return made;
}

}  // namespace tcpslab::linux_host
