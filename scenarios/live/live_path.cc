#include "scenarios/live/live_path.h"

#include <fmt/format.h>
#include <ns3/global-value.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/tcps-helper.h>

#include <future>

#include "scenarios/runner/ns3_units.h"

namespace tcpslab::scenarios {
namespace {

// Events from other threads belong to no node.
constexpr std::uint32_t kNoContext = ns3::Simulator::NO_CONTEXT;
// Longer than any run: a simulator with nothing to do would end.
constexpr stack::Duration kForEver = std::chrono::hours(24);

std::array<ns3::Ptr<ns3::Node>, 2> MakeEnds(std::uint64_t seed) {
  ns3::GlobalValue::Bind("SimulatorImplementationType", ns3::StringValue("ns3::RealtimeSimulatorImpl"));
  ns3::RngSeedManager::SetSeed(1);
  ns3::RngSeedManager::SetRun(seed);
  ns3::TcpsHelper::EnableChecksums();
  return {ns3::CreateObject<ns3::Node>(), ns3::CreateObject<ns3::Node>()};
}

}  // namespace

LivePath::LivePath(const LivePathRequest& request, const std::vector<ConnectionPlan>& plans,
                   const std::array<NetworkNamespace, 2>& hosts)
    : plans_(plans),
      ends_(MakeEnds(request.seed)),
      topology_(BuildPath(request.scenario, request.with_goals, ends_[0], ends_[1])),
      monitor_(plans, topology_.client_ends.size()) {
  for (std::size_t link = 0; link < topology_.client_ends.size(); ++link) {
    taps_.push_back(std::make_unique<LinkTap>(topology_.client_ends[link],
                                              [this, link](HostName sender, std::span<const std::byte> packet) {
                                                monitor_.OnPacket(link, sender, packet, SimulationTime());
                                              }));
    if (!request.folder.empty()) {
      taps_.back()->CaptureTo(fmt::format("{}/{}", request.folder, request.captures.at(link)));
    }
  }
  if (!request.folder.empty()) {
    timeline_.emplace(plans.size(), topology_.client_ends.size());
  }
  recorder_.emplace(topology_, plans, timeline_ ? &*timeline_ : nullptr, [this] {
    achievements_.push_back({.what = AchievementObservation::What::kRead, .time = SimulationTime(), .visit = visit_});
  });
  for (const NetworkNamespace& host : hosts) {
    devices_.push_back(std::make_unique<TunDevice>(host, kPathDevice));
  }
}

LivePath::~LivePath() {
  if (simulator_.joinable()) {
    Stop();
  }
  devices_.clear();  // their threads end
  ns3::Simulator::Destroy();
}

void LivePath::Start() {
  std::promise<void> started;
  ns3::Simulator::Stop(ToNs3(kForEver));
  ns3::Simulator::ScheduleNow([this, &started] {
    start_ = std::chrono::steady_clock::now();
    started_at_ = std::chrono::system_clock::now().time_since_epoch();
    started.set_value();
  });
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    devices_[i]->Join(ends_[i]);
  }
  simulator_ = std::thread([] { ns3::Simulator::Run(); });
  started.get_future().wait();
}

void LivePath::InSimulator(const std::function<void()>& task) {
  std::promise<void> done;
  ns3::Simulator::ScheduleWithContext(kNoContext, ns3::Time(0), [&task, &done] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void LivePath::StartVisit(std::size_t visit, HostName connecting) {
  InSimulator([&] {
    visit_ = visit;
    for (const ConnectionPlan& plan : plans_) {
      if (plan.visit == visit) {
        monitor_.Prepare(plan.index);
      }
    }
    topology_.StartVisit(visit);
    if (timeline_) {
      timeline_->OnVisit(visit, connecting, SimulationTime());
    }
  });
}

void LivePath::EndVisit(std::size_t visit) {
  InSimulator([&] {
    for (const ConnectionPlan& plan : plans_) {
      if (plan.visit == visit) {
        monitor_.Release(plan.index);
      }
    }
  });
}

PathObservation LivePath::Stop() {
  InSimulator([] { ns3::Simulator::Stop(); });
  simulator_.join();
  PathObservation observation;
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    observation.connections.push_back(monitor_.Of(i));
  }
  observation.elements = recorder_->elements();
  observation.achievements = std::move(achievements_);
  if (timeline_) {
    observation.timeline = timeline_->Take();
  }
  return observation;
}

}  // namespace tcpslab::scenarios
