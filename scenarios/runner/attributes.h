// Checks the ns-3 names and values of a scenario against ns-3's own registry, before anything runs.
#pragma once

#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

// Throws ScenarioError for a path element that does not exist, an attribute that its type does not have or that cannot
// be set, and a value that cannot be read as the attribute's type. A whole number may be given as a size ("4MiB"): it
// is replaced by its number of bytes. Creates no ns-3 object.
void CheckAttributes(Scenario& scenario);

}  // namespace tcpslab::scenarios
