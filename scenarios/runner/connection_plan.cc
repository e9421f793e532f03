#include "scenarios/runner/connection_plan.h"

#include <algorithm>
#include <charconv>

namespace tcpslab::scenarios {

std::vector<ConnectionPlan> PlanConnections(const Workload& workload, std::uint64_t seed) {
  std::vector<ConnectionPlan> plans;
  plans.reserve(workload.visits * workload.connections);
  // An echo sends back what it got.
  const Way answer = workload.kind == WorkloadKind::kEcho ? Way::kRequest : Way::kResponse;
  for (std::size_t visit = 1; visit <= workload.visits; ++visit) {
    const Direction direction = workload.directions[visit - 1];
    for (std::size_t i = 0; i < workload.connections; ++i) {
      const std::size_t index = plans.size();
      plans.push_back({.index = index,
                       .visit = visit,
                       .connecting = direction == Direction::kReverse ? HostName::kServer : HostName::kClient,
                       .answering = direction == Direction::kForward ? HostName::kServer : HostName::kClient,
                       .request = Pattern(seed, index, Way::kRequest, workload.request),
                       .response = Pattern(seed, index, answer, workload.response)});
    }
  }
  return plans;
}

std::size_t IndexOfPort(std::uint16_t port, std::size_t plans) {
  const std::size_t index = static_cast<std::size_t>(port) - ConnectionPlan::kFirstPort;
  return port < ConnectionPlan::kFirstPort ? plans : std::min(index, plans);
}

std::size_t IndexOfEndpoint(std::string_view endpoint, std::size_t plans) {
  const std::string_view text = endpoint.substr(endpoint.rfind(':') + 1);
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return IndexOfPort(port, plans);
}

}  // namespace tcpslab::scenarios
