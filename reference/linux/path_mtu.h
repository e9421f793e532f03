// The path MTU towards an address, as the kernel's routes and what it learnt from ICMP have it.
#pragma once

#include <cstddef>
#include <map>

#include "reference/linux/descriptor.h"
#include "reference/linux/packet_path.h"
#include "reference/linux/socket_address.h"
#include "reference/stack/instant.h"
#include "reference/wire/address.h"

namespace tcpslab::linux_host {

// Asks the kernel (IP_MTU of a connected UDP socket, which sends nothing) at most once a second for each address. One
// thread at a time.
class KernelPathMtu final : public PathMtu {
 public:
  // `scopes` outlives this object. Throws std::system_error.
  explicit KernelPathMtu(const LinkLocalScopes& scopes);
  // 1500 where there is no route.
  std::size_t Towards(const wire::Address& address, stack::Instant now) override;

 private:
  [[nodiscard]] std::size_t Ask(const wire::Address& address) const;

  struct Known {
    std::size_t mtu = 0;
    stack::Instant until{};
  };
  const LinkLocalScopes& scopes_;
  Descriptor ipv4_;
  Descriptor ipv6_;  // none on a host without IPv6
  std::map<wire::Address, Known> known_;
};

}  // namespace tcpslab::linux_host
