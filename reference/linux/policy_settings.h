// stack::Policy by names and values as text: for options, the configuration file and `tcpsd set`. Names are the
// module's parameters where it has them; `-` and `_` are the same.
#pragma once

#include <array>
#include <string_view>

#include "reference/stack/instant.h"
#include "reference/stack/policy.h"

namespace tcpslab::linux_host {

// In the order of stack::Policy.
inline constexpr std::array<std::string_view, 9> kPolicyNames = {
    "enforce",           "tofu_enforce", "max_connections", "max_blocked", "collect_interval",
    "half_open_timeout", "dead_timeout", "closed_timeout",  "idle_timeout"};

// Switches: see ParseSwitch. Counts: 1 to 1 000 000. Times: see ParseDuration. Throws
// std::invalid_argument with a sentence that names the setting and what it may be; then the policy is unchanged.
void SetPolicyValue(stack::Policy& policy, std::string_view name, std::string_view value);

// 0, 1, false, true, off, on, no, yes. Throws std::invalid_argument.
bool ParseSwitch(std::string_view text);

// "2s", "500ms", "5min", "1h", or seconds without a unit, with a fraction if need be; more than 0, at most a year.
// Throws std::invalid_argument.
stack::Duration ParseDuration(std::string_view text);

}  // namespace tcpslab::linux_host
