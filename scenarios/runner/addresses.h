// The hosts' addresses, the same in the simulator and on a live path.
#pragma once

#include <string>

#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

inline constexpr int kPrefixLengthIpv4 = 24;
inline constexpr int kPrefixLengthIpv6 = 64;

inline std::string AddressOf(HostName host, wire::Family family) {
  const bool client = host == HostName::kClient;
  if (family == wire::Family::kIpv4) {
    return client ? "10.0.0.1" : "10.0.0.2";
  }
  return client ? "2001:db8::1" : "2001:db8::2";
}

}  // namespace tcpslab::scenarios
