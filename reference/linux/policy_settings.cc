#include "reference/linux/policy_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>

namespace tcpslab::linux_host {
namespace {

constexpr std::size_t kMaximumEntries = 1'000'000;
constexpr std::chrono::hours kLongest{24 * 365};

std::size_t ParseCount(std::string_view text) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 1 || count > kMaximumEntries) {
    throw std::invalid_argument(fmt::format("expected a number from 1 to {}", kMaximumEntries));
  }
  return count;
}

}  // namespace

bool ParseSwitch(std::string_view text) {
  for (const std::string_view yes : {"1", "true", "on", "yes"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"0", "false", "off", "no"}) {
    if (text == no) return false;
  }
  throw std::invalid_argument("expected 0 or 1");
}

stack::Duration ParseDuration(std::string_view text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}};
  double number = 0;
  // Digits first: from_chars would take "inf" and "-1" for numbers.
  const bool starts_with_digit = !text.empty() && text.front() >= '0' && text.front() <= '9';
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto* const known = std::ranges::find(kUnits, unit, &std::pair<std::string_view, double>::first);
  if (starts_with_digit && error == std::errc() && known != std::end(kUnits)) {
    const std::chrono::duration<double> seconds(number * known->second);
    // Below half a nanosecond it would be rounded to none.
    if (seconds >= std::chrono::nanoseconds(1) && seconds <= kLongest) {
      return std::chrono::round<stack::Duration>(seconds);
    }
  }
  throw std::invalid_argument(
      "expected a time as in 30s, 500ms, 5min, 1h or 30 (seconds), more than 0 and at most a year");
}

void SetPolicyValue(stack::Policy& policy, std::string_view name, std::string_view value) {
  std::string canonical(name);
  std::ranges::replace(canonical, '-', '_');
  try {
    if (canonical == "enforce") {
      policy.enforce = ParseSwitch(value);
    } else if (canonical == "tofu_enforce") {
      policy.tofu_enforce = ParseSwitch(value);
    } else if (canonical == "max_connections") {
      policy.max_connections = ParseCount(value);
    } else if (canonical == "max_blocked") {
      policy.max_blocked = ParseCount(value);
    } else if (canonical == "collect_interval") {
      policy.collect_interval = ParseDuration(value);
    } else if (canonical == "half_open_timeout") {
      policy.half_open_timeout = ParseDuration(value);
    } else if (canonical == "dead_timeout") {
      policy.dead_timeout = ParseDuration(value);
    } else if (canonical == "closed_timeout") {
      policy.closed_timeout = ParseDuration(value);
    } else if (canonical == "idle_timeout") {
      policy.idle_timeout = ParseDuration(value);
    } else {
      throw std::invalid_argument(fmt::format("there is no such setting; there are {}", fmt::join(kPolicyNames, ", ")));
    }
  } catch (const std::invalid_argument& problem) {
    throw std::invalid_argument(fmt::format("{}={}: {}", name, value, problem.what()));
  }
}

}  // namespace tcpslab::linux_host
