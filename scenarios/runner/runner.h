// Runs scenarios over protocols and collects their records.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "scenarios/runner/record.h"
#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

struct RunOptions {
  std::uint64_t seed = 1;
  std::size_t jobs = 1;
  std::string out;  // folder for captures and key logs; empty: none are written
};

// One scenario over one of the protocols that it has expectations for.
struct PlannedRun {
  const Scenario* scenario;
  const ProtocolExpectation* expectation;
};

// Which runs the words of --protocol select (none: every one), sorted by scenario, protocol and dialect. Protocols that
// this build cannot run are left out, with a note for each, unless nothing else was asked for: a word that names such a
// protocol exactly, or a scenario file with no other one. Throws std::runtime_error for that, for a word that selects
// nothing, and for two scenarios of the same name.
[[nodiscard]] std::vector<PlannedRun> PlanRuns(const std::vector<Scenario>& scenarios,
                                               const std::vector<std::string>& words, std::vector<std::string>& notes);

// The records, in the order of the runs. `on_record` is called for each as it is finished.
[[nodiscard]] std::vector<Json> RunAll(const std::vector<PlannedRun>& runs, const RunOptions& options,
                                       const std::function<void(const Json&)>& on_record);

}  // namespace tcpslab::scenarios
