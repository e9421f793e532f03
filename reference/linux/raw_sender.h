// Sends IP packets of our own, with a mark by which the firewall rules let them pass the queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "reference/linux/descriptor.h"
#include "reference/linux/packet_path.h"
#include "reference/linux/socket_address.h"

namespace tcpslab::linux_host {

class RawSender final : public PacketSender {
 public:
  // Throws std::system_error: needs CAP_NET_RAW, and CAP_NET_ADMIN for the mark. `scopes` outlives this object.
  RawSender(std::uint32_t mark, const LinkLocalScopes& scopes);
  bool Send(std::span<const std::byte> packet, const wire::Address& destination) override;

 private:
  const LinkLocalScopes& scopes_;
  Descriptor ipv4_;
  Descriptor ipv6_;  // none on a host without IPv6
};

}  // namespace tcpslab::linux_host
