// wire::Address as the kernel's sockets want it, link-local scopes included.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <map>

#include "reference/wire/address.h"

namespace tcpslab::linux_host {

// The interface behind which a link-local address (fe80::/10) was seen last: such an address means nothing without it.
// Bounded: with many, all are forgotten. One thread at a time.
class LinkLocalScopes {
 public:
  // Does nothing for other addresses.
  void Note(const wire::Address& address, std::uint32_t interface);
  // 0 if unknown, and for other addresses.
  [[nodiscard]] std::uint32_t Of(const wire::Address& address) const;

 private:
  std::map<wire::Address, std::uint32_t> interfaces_;
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// `port` in host byte order.
SocketAddress MakeSocketAddress(const wire::Address& address, std::uint16_t port, const LinkLocalScopes& scopes);

}  // namespace tcpslab::linux_host
