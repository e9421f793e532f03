#include "scenarios/runner/scenario.h"

#include <fmt/format.h>

#include <algorithm>

namespace tcpslab::scenarios {

ScenarioError::ScenarioError(const Location& location, std::string_view message)
    : std::runtime_error(fmt::format("{}:{}: {}", location.file, location.line, message)) {}

std::string_view ToString(HostName host) { return host == HostName::kClient ? "client" : "server"; }

std::string ToString(const ExpectedEvent& event) {
  return event.host ? fmt::format("{}@{}", ToString(event.kind), ToString(*event.host))
                    : std::string(ToString(event.kind));
}

std::string_view PathElement::goal() const {
  const auto found = std::ranges::find(attributes, "Goal", &AttributeSetting::name);
  return found == attributes.end() ? "none" : std::string_view(found->value);
}

}  // namespace tcpslab::scenarios
