// Which scenarios real hosts can play.
#pragma once

#include <optional>
#include <string>

#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

// Why a scenario cannot be played by Linux hosts in real time; none if it can. `expectation`: of the live run. `limit`:
// of the time that it takes when its outcome is the expected one.
[[nodiscard]] std::optional<std::string> WhyNotLive(const Scenario& scenario, const Expectation& expectation,
                                                    stack::Duration limit);

}  // namespace tcpslab::scenarios
