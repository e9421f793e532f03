// Whoever sets up the hosts of a live run: tells it when the hosts are ready, and what they reported.
#pragma once

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "reference/stack/event.h"
#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

struct HostEvent {
  stack::Duration time{};  // time of day, since 1970 (UTC)
  HostName host = HostName::kClient;
  stack::EventKind kind{};
  std::string client;  // "10.0.0.1:49152"
  std::string server;
  std::string detail;
};

struct HostReports {
  std::vector<HostEvent> events;                    // by time
  std::array<std::set<std::string>, 2> identities;  // fingerprints of the keys that each host had, by HostName
};

class Conductor {
 public:
  virtual ~Conductor() = default;
  // The path is there. Returns when the hosts are ready for the visit, counting from 1.
  virtual void PrepareVisit(std::size_t visit) = 0;
  // The last visit is over.
  virtual HostReports Collect() = 0;
};

}  // namespace tcpslab::scenarios
