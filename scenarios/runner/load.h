// Scenario files as a command line names them.
#pragma once

#include <string>
#include <vector>

#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

// The scenarios of every file named, and of every *.yaml in the folders named, each once, in the order of `paths`, with
// their ns-3 names and values checked. Throws ScenarioError, or std::runtime_error for a folder without any.
[[nodiscard]] std::vector<Scenario> LoadScenarios(const std::vector<std::string>& paths);

}  // namespace tcpslab::scenarios
