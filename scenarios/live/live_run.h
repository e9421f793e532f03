// Runs a scenario over one protocol between two real hosts, from the first visit to the last, and says what was seen.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "scenarios/live/conductor.h"
#include "scenarios/runner/observation.h"
#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

struct LiveRequest {
  const Scenario& scenario;
  const ProtocolKey& protocol;
  std::uint64_t seed = 1;
  bool with_goals = true;                 // false: without the path elements that have a goal
  std::string folder;                     // for captures, exists; empty: none are written, and there is no time line
  std::array<std::string, 2> namespaces;  // of the hosts, by HostName
};

// Call once in a process. Throws std::system_error if a host lacks what it needs, and what the conductor throws.
[[nodiscard]] RunObservation RunLive(const LiveRequest& request, Conductor& conductor);

}  // namespace tcpslab::scenarios
