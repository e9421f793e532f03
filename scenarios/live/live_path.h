// The path of a scenario between two real hosts: the path elements, links and captures of the simulator, run in real
// time by ns-3 between two TUN devices.
#pragma once

#include <ns3/node.h>
#include <ns3/ptr.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "scenarios/live/network_namespace.h"
#include "scenarios/live/tun_device.h"
#include "scenarios/runner/connection_plan.h"
#include "scenarios/runner/link_tap.h"
#include "scenarios/runner/path_recorder.h"
#include "scenarios/runner/path_topology.h"
#include "scenarios/runner/scenario.h"
#include "scenarios/runner/timeline.h"
#include "scenarios/runner/wire_monitor.h"

namespace tcpslab::scenarios {

// The TUN device on each host, which exists before the path does.
inline constexpr const char* kPathDevice = "path";

struct LivePathRequest {
  const Scenario& scenario;
  std::uint64_t seed = 1;
  bool with_goals = true;             // false: without the path elements that have a goal
  std::string folder;                 // for captures, exists; empty: none are written, and there is no time line
  std::vector<std::string> captures;  // their file names, one for each link
};

// What the path saw; a packet's times are those of the path's clock.
struct PathObservation {
  std::vector<WireObservation> connections;  // by plan
  std::vector<ElementObservation> elements;  // in path order
  std::vector<AchievementObservation> achievements;
  std::vector<TimelineEntry> timeline;
};

// One for each process, as ns-3 has one simulator; that runs in a thread of its own. The calls are for one other
// thread.
class LivePath {
 public:
  // `hosts` by HostName. The plans must outlive the path. Throws std::system_error for a host without its device,
  // std::runtime_error if a capture cannot be written.
  LivePath(const LivePathRequest& request, const std::vector<ConnectionPlan>& plans,
           const std::array<NetworkNamespace, 2>& hosts);
  ~LivePath();
  LivePath(const LivePath&) = delete;
  LivePath& operator=(const LivePath&) = delete;

  // From now on packets pass.
  void Start();
  // Elements act in `visit`, counting from 1; `connecting`: for the time line.
  void StartVisit(std::size_t visit, HostName connecting);
  // The plans of a visit have ended: what is kept to measure them is freed.
  void EndVisit(std::size_t visit);
  // From now on nothing passes. To be called once.
  PathObservation Stop();

  // Since the start.
  [[nodiscard]] stack::Duration Now() const { return std::chrono::steady_clock::now() - start_; }
  // The time of day of the start, since 1970 (UTC).
  [[nodiscard]] stack::Duration started_at() const { return started_at_; }

 private:
  // Runs `task` in the simulator's thread, and waits.
  void InSimulator(const std::function<void()>& task);

  const std::vector<ConnectionPlan>& plans_;
  std::array<ns3::Ptr<ns3::Node>, 2> ends_;  // by HostName
  PathTopology topology_;
  WireMonitor monitor_;
  std::optional<Timeline> timeline_;
  std::optional<PathRecorder> recorder_;
  std::vector<std::unique_ptr<LinkTap>> taps_;
  std::vector<std::unique_ptr<TunDevice>> devices_;
  std::vector<AchievementObservation> achievements_;
  std::size_t visit_ = 1;
  std::chrono::steady_clock::time_point start_;
  stack::Duration started_at_{};
  std::thread simulator_;
};

}  // namespace tcpslab::scenarios
