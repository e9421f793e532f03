// A TCP connection as one host names it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reference/wire/address.h"

namespace tcpslab::stack {

using wire::Endpoint;

// Who sent the first SYN. kUnknown: a segment of a connection whose handshake was not seen.
enum class Role : std::uint8_t { kUnknown, kClient, kServer };
std::string_view ToString(Role role);

struct Flow {
  Endpoint local;
  Endpoint remote;
  Role role = Role::kUnknown;  // of the local end

  [[nodiscard]] const Endpoint& client() const { return role == Role::kServer ? remote : local; }
  [[nodiscard]] const Endpoint& server() const { return role == Role::kServer ? local : remote; }
};

// "client <-> server", or "local <-> remote" while the role is unknown.
std::string ToString(const Flow& flow);

// The unordered 4-tuple: both directions of a connection have the same key.
// TCPS-LOOP-06
class FlowKey {
 public:
  FlowKey() = default;
  FlowKey(const Endpoint& a, const Endpoint& b) : low_(a < b ? a : b), high_(a < b ? b : a) {}
  [[nodiscard]] const Endpoint& low() const { return low_; }
  [[nodiscard]] const Endpoint& high() const { return high_; }
  friend bool operator==(const FlowKey&, const FlowKey&) = default;

  // Fixed-size byte form for hashing: address family, address and port of both ends.
  static constexpr std::size_t kByteSize = 2 * (1 + 16 + 2);
  [[nodiscard]] std::array<std::byte, kByteSize> Bytes() const;

 private:
  Endpoint low_;
  Endpoint high_;
};

}  // namespace tcpslab::stack
