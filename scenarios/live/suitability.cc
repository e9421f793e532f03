#include "scenarios/live/suitability.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace tcpslab::scenarios {
namespace {

bool TakesItsDuration(const Expectation& expectation) {
  return expectation.connection == Connection::kBlocked || expectation.connection == Connection::kHung;
}

// A visit that gets stuck lasts as long as it may; the time of any other one is small beside the gaps and pauses.
stack::Duration ExpectedTime(const Scenario& scenario, const Expectation& expectation) {
  const Workload& workload = scenario.workload;
  stack::Duration time = workload.gap * static_cast<std::int64_t>(workload.visits - 1);
  for (std::size_t i = 0; i < workload.visits; ++i) {
    const bool told = i < expectation.visits.size() && expectation.visits[i].connection;
    const bool stuck = TakesItsDuration(told ? expectation.visits[i] : expectation);
    time += stuck ? scenario.duration : workload.pause;
  }
  return time;
}

}  // namespace

std::optional<std::string> WhyNotLive(const Scenario& scenario, const Expectation& expectation, stack::Duration limit) {
  for (const HostName name : kHosts) {
    const Host& host = scenario.host(name);
    if (host.script) {
      return fmt::format("the {} plays a script in place of TCP", ToString(name));
    }
    if (!host.tcp.empty()) {
      return fmt::format("the {} sets {} of ns-3's TCP", ToString(name), host.tcp.front().name);
    }
    for (std::size_t i = 0; i < tcps::kDeviations; ++i) {
      if (host.deviations.Has(static_cast<tcps::Deviation>(i))) {
        return fmt::format("the {} deviates from TCP/S, which tcpsd never does", ToString(name));
      }
    }
  }
  if (std::ranges::count(scenario.workload.directions, Direction::kLoopback) > 0) {
    return "a host talks to itself, which is on no path";
  }
  if (const stack::Duration time = ExpectedTime(scenario, expectation); time > limit) {
    return fmt::format("it takes {} of real time", std::chrono::ceil<std::chrono::seconds>(time));
  }
  return std::nullopt;
}

}  // namespace tcpslab::scenarios
