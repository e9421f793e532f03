#include "scenarios/runner/runner.h"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "scenarios/runner/child_process.h"
#include "scenarios/runner/judge.h"
#include "scenarios/runner/simulation.h"
#include "scenarios/runner/timeline_file.h"

namespace tcpslab::scenarios {
namespace {

// Some mistakes in a scenario or in a model never end: simulated time stands still, or goes on for ever.
constexpr std::chrono::seconds kLimit{900};

// What each connection comes to without the attackers. A simulator serves one run: this one has a child of its own.
std::vector<Outcomes> RunReference(const RunRequest& request) {
  RunRequest reference = request;
  reference.with_goals = false;
  reference.folder.clear();
  const ChildResult result =
      RunInChild([&reference] { return ConnectionsToJson(Simulate(reference).connections).dump(); }, kLimit);
  if (!result.ok) {
    throw std::runtime_error(fmt::format("the run without attackers failed: {}", result.failure));
  }
  return ConnectionsFromJson(Json::parse(result.output));
}

Json Run(const RunIdentity& identity, const std::string& out) {
  RunRequest request{
      .scenario = identity.scenario, .protocol = identity.protocol(), .seed = identity.seed, .folder = {}};
  if (!out.empty()) {
    request.folder = fmt::format("{}/{}", out, FolderOf(identity));
    std::filesystem::create_directories(request.folder);
  }
  std::vector<Outcomes> reference;
  if (NeedsReference(identity.scenario, identity.protocol())) {
    reference = RunReference(request);
  }
  const RunObservation observation = Simulate(request);
  if (!request.folder.empty()) {
    const Artefacts artefacts = ArtefactsOf(identity.scenario, identity.protocol());
    WriteTimeline(fmt::format("{}/{}", request.folder, artefacts.timeline), observation.timeline);
  }
  const std::vector<Outcomes> visits = JudgeVisits(identity.scenario, identity.protocol(), observation, reference);
  return MakeRecord(identity, observation, visits, !out.empty());
}

}  // namespace

std::vector<Json> RunAll(const std::vector<PlannedRun>& runs, const RunOptions& options,
                         const std::function<void(const Json&)>& on_record) {
  std::vector<RunIdentity> identities;
  std::vector<ChildTask> tasks;
  identities.reserve(runs.size());
  for (const PlannedRun& run : runs) {
    const RunIdentity& identity = identities.emplace_back(RunIdentity{*run.scenario, *run.expectation, options.seed});
    tasks.push_back([&identity, &options] { return Run(identity, options.out).dump(); });
  }
  std::vector<Json> records(runs.size());
  RunInChildren(tasks, options.jobs, kLimit, [&](std::size_t index, const ChildResult& result) {
    records[index] = result.ok ? Json::parse(result.output) : MakeErrorRecord(identities[index], result.failure);
    on_record(records[index]);
  });
  return records;
}

}  // namespace tcpslab::scenarios
