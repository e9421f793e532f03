// Every connection that a run will make, in order: who connects, to which port, and what each side sends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "scenarios/runner/pattern.h"
#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

struct ConnectionPlan {
  std::size_t index = 0;  // over all visits; also selects the port
  std::size_t visit = 1;  // counting from 1
  HostName connecting = HostName::kClient;
  HostName answering = HostName::kServer;  // the same host, over its loopback interface, if it talks to itself
  Pattern request;
  Pattern response;

  // A server port of its own for each connection: whatever a box does to addresses and client ports on the way, a
  // segment still tells which connection it belongs to.
  static constexpr std::uint16_t kFirstPort = 30000;
  [[nodiscard]] bool loopback() const { return connecting == answering; }
  [[nodiscard]] std::uint16_t port() const { return static_cast<std::uint16_t>(kFirstPort + index); }
};

// In the order of visits.
[[nodiscard]] std::vector<ConnectionPlan> PlanConnections(const Workload& workload, std::uint64_t seed);

// The connection that uses a server port; the number of plans if none does.
[[nodiscard]] std::size_t IndexOfPort(std::uint16_t port, std::size_t plans);
// Likewise, from an address with its port: "10.0.0.2:30000".
[[nodiscard]] std::size_t IndexOfEndpoint(std::string_view endpoint, std::size_t plans);

}  // namespace tcpslab::scenarios
