// From what was seen to the outcomes of the design, and from outcomes to a verdict.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "scenarios/runner/observation.h"
#include "scenarios/runner/outcome.h"
#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

// The outcome of one connection; its attack is not judged here.
[[nodiscard]] Outcomes OutcomesOf(const ConnectionObservation& connection);

// The outcomes of every visit. `reference`: those of each connection of the same run without the path elements that
// have a goal; needed where a goal is judged by comparison (see NeedsReference), else empty.
[[nodiscard]] std::vector<Outcomes> JudgeVisits(const Scenario& scenario, const ProtocolKey& protocol,
                                                const RunObservation& run, const std::vector<Outcomes>& reference);

// Whether an element's goal means something for a protocol: without protection there is none to downgrade and no
// remembered identity to poison.
[[nodiscard]] bool GoalApplies(std::string_view goal, const ProtocolKey& protocol);

// Whether the run has an element whose goal is judged against a run without it.
[[nodiscard]] bool NeedsReference(const Scenario& scenario, const ProtocolKey& protocol);

// True if nothing that the expectation states differs from what was seen.
[[nodiscard]] bool Meets(const Expectation& expectation, const Outcomes& observed,
                         const std::vector<EventObservation>& events);

}  // namespace tcpslab::scenarios
