#include "reference/stack/flow.h"

#include <algorithm>

namespace tcpslab::stack {

std::string_view ToString(Role role) {
  switch (role) {
    case Role::kClient:
      return "client";
    case Role::kServer:
      return "server";
    case Role::kUnknown:
      break;
  }
  return "unknown";
}

std::string ToString(const Flow& flow) { return ToString(flow.client()) + " <-> " + ToString(flow.server()); }

std::array<std::byte, FlowKey::kByteSize> FlowKey::Bytes() const {
  std::array<std::byte, kByteSize> out{};
  auto next = out.begin();
  for (const Endpoint* end : {&low_, &high_}) {
    *next++ = static_cast<std::byte>(end->address.family());
    const std::span<const std::byte> address = end->address.bytes();
    std::ranges::copy(address, next);
    next += wire::Address::kIpv6Size;
    *next++ = static_cast<std::byte>(end->port >> 8);
    *next++ = static_cast<std::byte>(end->port & 0xff);
  }
  return out;
}

}  // namespace tcpslab::stack
