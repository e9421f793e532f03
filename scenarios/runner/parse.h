// From a scenario file to a Scenario. Keys are closed and values checked; ns-3 type and attribute names are not looked
// up here (see attributes.h).
#pragma once

#include <string>

#include "scenarios/runner/scenario.h"
#include "scenarios/runner/yaml_value.h"

namespace tcpslab::scenarios {

// Throws ScenarioError for anything wrong in the file, std::runtime_error if it cannot be read.
Scenario LoadScenario(const std::string& file);
// The same from text; `file` is for messages only.
Scenario ParseScenario(const std::string& text, const std::string& file);

// The parts of a scenario that have a file of their own.
std::vector<ProtocolExpectation> ParseExpect(const YamlValue& value, std::size_t visits);
Script ParseScript(const YamlValue& value);
Host ParseHost(const YamlValue& value);

}  // namespace tcpslab::scenarios
