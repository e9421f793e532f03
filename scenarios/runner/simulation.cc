#include "scenarios/runner/simulation.h"

#include <fmt/format.h>
#include <ns3/output-stream-wrapper.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>
#include <ns3/tcps-helper.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "scenarios/runner/application_plan.h"
#include "scenarios/runner/connection_plan.h"
#include "scenarios/runner/link_tap.h"
#include "scenarios/runner/ns3_units.h"
#include "scenarios/runner/path_recorder.h"
#include "scenarios/runner/pattern_application.h"
#include "scenarios/runner/scripted_host.h"
#include "scenarios/runner/timeline.h"
#include "scenarios/runner/topology.h"
#include "scenarios/runner/wire_monitor.h"

namespace tcpslab::scenarios {
namespace {

// How long a run goes on after its last visit: an alarm counts within a second.
constexpr stack::Duration kAfterword = std::chrono::seconds(1);

class Simulation {
 public:
  explicit Simulation(const RunRequest& request);
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;
  ~Simulation() { ns3::Simulator::Destroy(); }

  RunObservation Run();

 private:
  struct LiveConnection {
    std::unique_ptr<PatternApplication> applications[2];  // requester, responder; none where a script plays
    std::shared_ptr<ScriptedEndpoint> scripts[2];

    [[nodiscard]] Endpoint& end(std::size_t which) const {
      return applications[which] ? static_cast<Endpoint&>(*applications[which]) : *scripts[which];
    }
  };

  void TapLinks();
  void WatchHost(HostName name);
  void OnEvent(HostName name, const ns3::TcpsEvent& event);
  void OnStateChange(HostName name, const ns3::TcpsStateChange& change);

  void StartVisit(std::size_t visit);
  void Prepare(std::size_t visit);
  void Open(const ConnectionPlan& plan);
  void AddEnd(LiveConnection& connection, const ConnectionPlan& plan, bool requests);
  void OnSettled();
  void EndVisit(std::size_t visit);
  void Record(const ConnectionPlan& plan);

  const RunRequest& request_;
  const Scenario& scenario_;
  std::vector<ConnectionPlan> plans_;
  Topology topology_;
  WireMonitor monitor_;
  std::optional<Timeline> timeline_;
  std::optional<PathRecorder> path_;
  std::vector<std::unique_ptr<LinkTap>> taps_;
  std::array<std::unique_ptr<ScriptedHost>, 2> scripted_hosts_;  // by HostName
  std::vector<LiveConnection> connections_;                      // by plan
  std::size_t visit_ = 0;                                        // the one under way, or the last one
  bool visit_open_ = false;
  stack::Duration visit_start_{};
  ns3::EventId visit_limit_;
  RunObservation observation_;
};

Topology Build(const RunRequest& request) {
  ns3::RngSeedManager::SetSeed(1);
  ns3::RngSeedManager::SetRun(request.seed);
  ns3::TcpsHelper::EnableChecksums();
  return BuildTopology(request.scenario, request.protocol, request.with_goals);
}

Simulation::Simulation(const RunRequest& request)
    : request_(request),
      scenario_(request.scenario),
      plans_(PlanConnections(scenario_.workload, request.seed)),
      topology_(Build(request)),
      monitor_(plans_, topology_.path.client_ends.size()),
      connections_(plans_.size()) {
  TapLinks();
  for (const HostName name : kHosts) {
    WatchHost(name);
    if (const std::optional<Script>& script = scenario_.host(name).script) {
      scripted_hosts_[static_cast<std::size_t>(name)] =
          std::make_unique<ScriptedHost>(topology_.host(name), *script, request.seed);
    }
  }
  if (!request_.folder.empty()) {
    timeline_.emplace(plans_.size(), topology_.path.client_ends.size());
  }
  path_.emplace(topology_.path, plans_, timeline_ ? &*timeline_ : nullptr, [this] {
    observation_.achievements.push_back(
        {.what = AchievementObservation::What::kRead, .time = SimulationTime(), .visit = visit_});
  });
  if (!request_.folder.empty()) {
    const ns3::NodeContainer nodes(topology_.host(HostName::kClient).node, topology_.host(HostName::kServer).node);
    const Artefacts artefacts = ArtefactsOf(scenario_, request_.protocol);
    if (!artefacts.key_log.empty()) {
      ns3::TcpsHelper::EnableKeyLog(fmt::format("{}/{}", request_.folder, artefacts.key_log), nodes);
    }
  }
}

void Simulation::TapLinks() {
  const Artefacts artefacts = ArtefactsOf(scenario_, request_.protocol);
  for (std::size_t link = 0; link < topology_.path.client_ends.size(); ++link) {
    taps_.push_back(std::make_unique<LinkTap>(topology_.path.client_ends[link],
                                              [this, link](HostName sender, std::span<const std::byte> packet) {
                                                monitor_.OnPacket(link, sender, packet, SimulationTime());
                                              }));
    if (!request_.folder.empty()) {
      taps_.back()->CaptureTo(fmt::format("{}/{}", request_.folder, artefacts.captures.at(link)));
    }
  }
}

void Simulation::WatchHost(HostName name) {
  const ns3::Ptr<ns3::TcpsStack> stack = topology_.host(name).stack;
  if (stack) {
    stack->TraceConnectWithoutContext("Event",
                                      ns3::Callback<void, const ns3::TcpsEvent&>(
                                          [this, name](const ns3::TcpsEvent& event) { OnEvent(name, event); }));
    stack->TraceConnectWithoutContext(
        "StateChange", ns3::Callback<void, const ns3::TcpsStateChange&>(
                           [this, name](const ns3::TcpsStateChange& change) { OnStateChange(name, change); }));
  }
}

void Simulation::OnEvent(HostName name, const ns3::TcpsEvent& event) {
  const std::optional<stack::EventKind> kind = stack::EventKindOf(event.kind);
  if (!kind) {
    return;
  }
  const bool server = event.role == "server";
  const std::string& server_end = server ? event.local : event.remote;
  const std::string& client_end = server ? event.remote : event.local;
  const std::size_t connection = IndexOfEndpoint(server_end, plans_.size());
  const std::size_t visit = connection < plans_.size() ? plans_[connection].visit : visit_;
  observation_.events.push_back({.time = SimulationTime(),
                                 .host = name,
                                 .kind = *kind,
                                 .flow = fmt::format("{} <-> {}", client_end, server_end),
                                 .detail = event.detail,
                                 .visit = visit});
  if (timeline_) {
    timeline_->OnEvent(name, event.kind, event.detail, connection < plans_.size() ? connection + 1 : 0,
                       SimulationTime());
  }
  // What is remembered for the first time must be the other host's identity.
  if (const ns3::Ptr<ns3::TcpsStack> other = topology_.host(OtherHost(name)).stack;
      *kind == stack::EventKind::kPeerNew &&
      (!other || event.detail.find(other->GetIdentityFingerprint()) == std::string::npos)) {
    observation_.achievements.push_back(
        {.what = AchievementObservation::What::kPoisoned, .time = SimulationTime(), .visit = visit});
  }
}

void Simulation::OnStateChange(HostName name, const ns3::TcpsStateChange& change) {
  if (change.to != "AUTHENTICATED") {
    return;
  }
  for (const std::string& end : {change.local, change.remote}) {
    if (const std::size_t connection = IndexOfEndpoint(end, plans_.size()); connection < plans_.size()) {
      observation_.connections[connection].authenticated[static_cast<std::size_t>(name)] = true;
    }
  }
}

void Simulation::Prepare(std::size_t visit) {
  for (const Restart& restart : scenario_.restarts) {
    if (const ns3::Ptr<ns3::TcpsStack> stack = topology_.host(restart.host).stack;
        stack && restart.before_visit == visit) {
      stack->Restart();
    }
  }
  topology_.path.StartVisit(visit);
}

void Simulation::StartVisit(std::size_t visit) {
  visit_ = visit;
  visit_open_ = true;
  visit_start_ = SimulationTime();
  if (timeline_) {
    const bool forward = scenario_.workload.directions[visit - 1] == Direction::kForward;
    timeline_->OnVisit(visit, forward ? HostName::kClient : HostName::kServer, visit_start_);
  }
  Prepare(visit);
  visit_limit_ = ns3::Simulator::Schedule(ToNs3(scenario_.duration), [this, visit] { EndVisit(visit); });
  for (const ConnectionPlan& plan : plans_) {
    if (plan.visit == visit) {
      Open(plan);
    }
  }
}

void Simulation::Open(const ConnectionPlan& plan) {
  LiveConnection& connection = connections_[plan.index];
  AddEnd(connection, plan, true);
  AddEnd(connection, plan, false);
  connection.end(1).Start();
  connection.end(0).Start();
}

void Simulation::AddEnd(LiveConnection& connection, const ConnectionPlan& plan, bool requests) {
  const HostName name = requests ? plan.connecting : plan.answering;
  const std::size_t which = requests ? 0 : 1;
  const SimulatedHost& own = topology_.host(name);
  const SimulatedHost& peer = topology_.host(requests ? plan.answering : plan.connecting);
  // Endings are looked at when the call that caused them has returned.
  const SettledCallback on_settled = [this] { ns3::Simulator::ScheduleNow([this] { OnSettled(); }); };
  if (const std::unique_ptr<ScriptedHost>& host = scripted_hosts_[static_cast<std::size_t>(name)]) {
    connection.scripts[which] = host->Play(plan, requests, peer, on_settled);
    return;
  }
  auto application = std::make_unique<PatternApplication>(own.node, PlanApplication(scenario_.workload, plan, requests),
                                                          scenario_.host(name).tcp, on_settled);
  if (requests) {
    application->ConnectTo(plan.loopback() ? peer.LoopbackAt(plan.port()) : peer.At(plan.port()));
  } else {
    application->ListenAt(plan.loopback() ? own.LoopbackAt(plan.port()) : own.At(plan.port()));
  }
  connection.applications[which] = std::move(application);
}

void Simulation::OnSettled() {
  const bool all = std::ranges::all_of(plans_, [this](const ConnectionPlan& plan) {
    const LiveConnection& connection = connections_[plan.index];
    return plan.visit != visit_ || (connection.end(0).settled() && connection.end(1).settled());
  });
  if (all) {
    EndVisit(visit_);
  }
}

void Simulation::EndVisit(std::size_t visit) {
  if (!visit_open_) {
    return;
  }
  visit_open_ = false;
  visit_limit_.Cancel();
  for (const ConnectionPlan& plan : plans_) {
    if (plan.visit == visit) {
      Record(plan);
    }
  }
  if (visit < scenario_.workload.visits) {
    ns3::Simulator::Schedule(ToNs3(scenario_.workload.gap), [this, visit] { StartVisit(visit + 1); });
  } else {
    ns3::Simulator::Stop(ToNs3(kAfterword));
  }
}

void Simulation::Record(const ConnectionPlan& plan) {
  const LiveConnection& connection = connections_[plan.index];
  ConnectionObservation& observation = observation_.connections[plan.index];
  observation.start = visit_start_;
  observation.requester = connection.end(0).observation();
  observation.responder = connection.end(1).observation();
  for (const bool requests : {true, false}) {
    const std::shared_ptr<ScriptedEndpoint>& script = connection.scripts[requests ? 0 : 1];
    if (script && script->failure()) {
      observation_.script_failures.push_back(*script->failure());
      observation_.script_failures.back().host = requests ? plan.connecting : plan.answering;
    }
  }
  monitor_.Release(plan.index);
}

RunObservation Simulation::Run() {
  for (const ConnectionPlan& plan : plans_) {
    ConnectionObservation& connection = observation_.connections.emplace_back();
    connection.visit = plan.visit;
    connection.connecting = plan.connecting;
  }
  ns3::Simulator::ScheduleNow([this] { StartVisit(1); });
  ns3::Simulator::Run();
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    observation_.connections[i].wire = monitor_.Of(i);
  }
  observation_.elements = path_->elements();
  if (timeline_) {
    observation_.timeline = timeline_->Take();
  }
  return std::move(observation_);
}

}  // namespace

Artefacts ArtefactsOf(const Scenario& scenario, const ProtocolKey& protocol) {
  Artefacts artefacts;
  for (std::size_t i = 0; i <= scenario.path.size(); ++i) {
    artefacts.captures.push_back(fmt::format("link-{}.pcap", i + 1));
  }
  if (!protocol.IsPlain()) {
    artefacts.key_log = "keys.log";
  }
  return artefacts;
}

RunObservation Simulate(const RunRequest& request) { return Simulation(request).Run(); }

}  // namespace tcpslab::scenarios
