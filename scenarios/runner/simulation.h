// Runs a scenario over one protocol in ns-3's simulator, from the first visit to the last, and says what was seen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/runner/observation.h"
#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

struct RunRequest {
  const Scenario& scenario;
  const ProtocolKey& protocol;
  std::uint64_t seed = 1;
  bool with_goals = true;  // false: without the path elements that have a goal
  std::string folder;      // for captures and key log, exists; empty: none are written, and there is no time line
};

// What a run leaves in its folder: file names without the folder. Captures in path order.
struct Artefacts {
  std::vector<std::string> captures;
  std::string key_log;
  std::string timeline = "timeline.json";
};
[[nodiscard]] Artefacts ArtefactsOf(const Scenario& scenario, const ProtocolKey& protocol);

// ns-3 has one simulator for each process, and some of its state outlives it: call once in a process. Equal requests
// give equal observations and equal files. Throws std::runtime_error if a file cannot be written.
[[nodiscard]] RunObservation Simulate(const RunRequest& request);

}  // namespace tcpslab::scenarios
