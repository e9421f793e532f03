#include "scenarios/live/live_run.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "scenarios/live/live_path.h"
#include "scenarios/live/network_namespace.h"
#include "scenarios/live/socket_application.h"
#include "scenarios/runner/addresses.h"
#include "scenarios/runner/application_plan.h"
#include "scenarios/runner/connection_plan.h"
#include "scenarios/runner/simulation.h"

namespace tcpslab::scenarios {
namespace {

// How long a run goes on after its last visit: an alarm counts within a second.
constexpr stack::Duration kAfterword = std::chrono::seconds(1);
// How often applications are looked at that wait for what no event tells.
constexpr stack::Duration kTick = std::chrono::milliseconds(2);

class LiveRun {
 public:
  LiveRun(const LiveRequest& request, Conductor& conductor);
  RunObservation Run();

 private:
  struct LiveConnection {
    std::unique_ptr<SocketApplication> requester;
    std::unique_ptr<SocketApplication> responder;
  };

  void RunVisit(std::size_t visit);
  void Open(const ConnectionPlan& plan);
  [[nodiscard]] bool Settled(std::size_t visit) const;
  // Serves the applications, those of earlier visits too, for so long or until those of `visit` have settled.
  void ServeUntil(stack::Duration end, std::size_t visit);
  void ServeOnce(stack::Duration limit);
  void Add(const HostReports& reports);
  void AddEvent(const HostEvent& event, const HostReports& reports);

  const LiveRequest& request_;
  const Scenario& scenario_;
  Conductor& conductor_;
  std::array<NetworkNamespace, 2> hosts_;  // by HostName
  std::vector<ConnectionPlan> plans_;
  LivePath path_;
  std::vector<LiveConnection> connections_;  // by plan
  RunObservation observation_;
};

LiveRun::LiveRun(const LiveRequest& request, Conductor& conductor)
    : request_(request),
      scenario_(request.scenario),
      conductor_(conductor),
      hosts_{NetworkNamespace(request.namespaces[0]), NetworkNamespace(request.namespaces[1])},
      plans_(PlanConnections(scenario_.workload, request.seed)),
      path_({.scenario = scenario_,
             .seed = request.seed,
             .with_goals = request.with_goals,
             .folder = request.folder,
             .captures = ArtefactsOf(scenario_, request.protocol).captures},
            plans_, hosts_),
      connections_(plans_.size()) {
  for (const ConnectionPlan& plan : plans_) {
    ConnectionObservation& connection = observation_.connections.emplace_back();
    connection.visit = plan.visit;
    connection.connecting = plan.connecting;
  }
}

RunObservation LiveRun::Run() {
  path_.Start();
  for (std::size_t visit = 1; visit <= scenario_.workload.visits; ++visit) {
    if (visit > 1) {
      ServeUntil(path_.Now() + scenario_.workload.gap, 0);
    }
    RunVisit(visit);
  }
  ServeUntil(path_.Now() + kAfterword, 0);
  const HostReports reports = conductor_.Collect();
  PathObservation seen = path_.Stop();
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    observation_.connections[i].wire = seen.connections[i];
  }
  observation_.elements = std::move(seen.elements);
  observation_.achievements = std::move(seen.achievements);
  observation_.timeline = std::move(seen.timeline);
  Add(reports);
  return std::move(observation_);
}

void LiveRun::RunVisit(std::size_t visit) {
  conductor_.PrepareVisit(visit);
  const bool forward = scenario_.workload.directions[visit - 1] == Direction::kForward;
  path_.StartVisit(visit, forward ? HostName::kClient : HostName::kServer);
  const stack::Duration start = path_.Now();
  for (const ConnectionPlan& plan : plans_) {
    if (plan.visit == visit) {
      observation_.connections[plan.index].start = start;
      Open(plan);
    }
  }
  ServeUntil(start + scenario_.duration, visit);
  for (const ConnectionPlan& plan : plans_) {
    if (plan.visit == visit) {
      ConnectionObservation& connection = observation_.connections[plan.index];
      connection.requester = connections_[plan.index].requester->observation();
      connection.responder = connections_[plan.index].responder->observation();
    }
  }
  path_.EndVisit(visit);
}

void LiveRun::Open(const ConnectionPlan& plan) {
  const std::string address = AddressOf(plan.answering, scenario_.link.family);
  const RunClock clock = [this] { return path_.Now(); };
  const auto make = [&](HostName host, SocketApplication::Role role) {
    const bool requests = role == SocketApplication::Role::kConnects;
    return std::make_unique<SocketApplication>(hosts_[static_cast<std::size_t>(host)], role, address, plan.port(),
                                               PlanApplication(scenario_.workload, plan, requests), clock);
  };
  LiveConnection& connection = connections_[plan.index];
  connection.responder = make(plan.answering, SocketApplication::Role::kListens);
  connection.requester = make(plan.connecting, SocketApplication::Role::kConnects);
  connection.responder->Start();
  connection.requester->Start();
}

bool LiveRun::Settled(std::size_t visit) const {
  return std::ranges::all_of(plans_, [this, visit](const ConnectionPlan& plan) {
    const LiveConnection& connection = connections_[plan.index];
    return plan.visit != visit || (connection.requester->settled() && connection.responder->settled());
  });
}

void LiveRun::ServeUntil(stack::Duration end, std::size_t visit) {
  for (stack::Duration now = path_.Now(); now < end && (visit == 0 || !Settled(visit)); now = path_.Now()) {
    ServeOnce(end - now);
  }
}

void LiveRun::ServeOnce(stack::Duration limit) {
  std::vector<SocketApplication*> applications;
  std::vector<pollfd> wanted;
  for (const LiveConnection& connection : connections_) {
    for (SocketApplication* const application : {connection.requester.get(), connection.responder.get()}) {
      if (application != nullptr) {
        applications.push_back(application);
        application->AddWanted(wanted);
        limit = application->NeedsTime() ? std::min(limit, kTick) : limit;
      }
    }
  }
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  if (poll(wanted.data(), wanted.size(), static_cast<int>(milliseconds)) < 0 && errno != EINTR) {
    linux_host::ThrowSystemError("poll");
  }
  for (SocketApplication* const application : applications) {
    application->Serve();
  }
}

// Where the time line has come to at that time; its gaps have no time.
void Insert(std::vector<TimelineEntry>& timeline, TimelineEntry entry) {
  auto place = timeline.end();
  while (place != timeline.begin() &&
         (std::prev(place)->kind == TimelineEntry::Kind::kGap || std::prev(place)->time > entry.time)) {
    --place;
  }
  timeline.insert(place, std::move(entry));
}

void LiveRun::Add(const HostReports& reports) {
  for (const HostEvent& event : reports.events) {
    AddEvent(event, reports);
  }
}

void LiveRun::AddEvent(const HostEvent& event, const HostReports& reports) {
  const stack::Duration time = event.time - path_.started_at();
  const std::size_t index = IndexOfEndpoint(event.server, plans_.size());
  const bool known = index < plans_.size();
  const auto host = static_cast<std::size_t>(event.host);
  std::size_t visit = 1;
  for (const ConnectionObservation& connection : observation_.connections) {
    visit = connection.start <= time ? std::max(visit, connection.visit) : visit;
  }
  visit = known ? plans_[index].visit : visit;
  observation_.events.push_back({.time = time,
                                 .host = event.host,
                                 .kind = event.kind,
                                 .flow = fmt::format("{} <-> {}", event.client, event.server),
                                 .detail = event.detail,
                                 .visit = visit});
  if (!request_.folder.empty()) {
    TimelineEntry entry;
    entry.kind = TimelineEntry::Kind::kEvent;
    entry.time = time;
    entry.from = event.host;
    entry.text = ToString(event.kind);
    entry.detail = event.detail;
    entry.segment.connection = known ? index + 1 : 0;
    Insert(observation_.timeline, std::move(entry));
  }
  if (event.kind == stack::EventKind::kAuthenticated && known) {
    observation_.connections[index].authenticated[host] = true;
  }
  // What is remembered for the first time must be the other host's identity.
  const auto& others = reports.identities[static_cast<std::size_t>(OtherHost(event.host))];
  const auto shown = [&event](const std::string& identity) { return event.detail.find(identity) != std::string::npos; };
  if (event.kind == stack::EventKind::kPeerNew && std::ranges::none_of(others, shown)) {
    observation_.achievements.push_back(
        {.what = AchievementObservation::What::kPoisoned, .time = time, .visit = visit});
  }
}

}  // namespace

RunObservation RunLive(const LiveRequest& request, Conductor& conductor) { return LiveRun(request, conductor).Run(); }

}  // namespace tcpslab::scenarios
