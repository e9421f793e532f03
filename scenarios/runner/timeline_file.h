// The time line of a run as the file timeline.json (scenarios/README.md, "Results").
#pragma once

#include <string>
#include <vector>

#include "scenarios/runner/timeline.h"

namespace tcpslab::scenarios {

// One entry a line. Throws std::runtime_error if the file cannot be written.
void WriteTimeline(const std::string& file, const std::vector<TimelineEntry>& entries);

}  // namespace tcpslab::scenarios
