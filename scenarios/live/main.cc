// tcpslab-wire: the path of a scenario between real hosts (scenarios/README.md, "Live runs").
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "scenarios/live/line_conductor.h"
#include "scenarios/live/live_path.h"
#include "scenarios/live/live_run.h"
#include "scenarios/live/suitability.h"
#include "scenarios/runner/addresses.h"
#include "scenarios/runner/judge.h"
#include "scenarios/runner/load.h"
#include "scenarios/runner/record.h"
#include "scenarios/runner/runner.h"
#include "scenarios/runner/simulation.h"
#include "scenarios/runner/timeline_file.h"

namespace tcpslab::scenarios {
namespace {

enum Exit : int { kDone = 0, kBadRequest = 2, kInfrastructure = 3 };

struct Request {
  std::vector<std::string> paths;
  std::vector<std::string> protocols;
  std::array<std::string, 2> namespaces;
  std::uint64_t seed = 1;
  bool without_goals = false;
  std::string reference;
  std::string out;
  double limit = 60;
};

class BadRequest : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::vector<Scenario> Load(const Request& request) try {
  return LoadScenarios(request.paths);
} catch (const std::exception& error) {
  throw BadRequest(error.what());
}

std::vector<PlannedRun> RunsOf(const std::vector<Scenario>& scenarios, const Request& request) try {
  std::vector<std::string> notes;
  return PlanRuns(scenarios, request.protocols, notes);
} catch (const std::exception& error) {
  throw BadRequest(error.what());
}

// --- plan ------------------------------------------------------------------------------------------------------------

Json ToJson(const stack::Policy& policy) {
  const auto milliseconds = [](stack::Duration duration) {
    return fmt::format("{}ms", std::chrono::ceil<std::chrono::milliseconds>(duration).count());
  };
  return {{"enforce", policy.enforce},
          {"tofu_enforce", policy.tofu_enforce},
          {"max_connections", policy.max_connections},
          {"max_blocked", policy.max_blocked},
          {"collect_interval", milliseconds(policy.collect_interval)},
          {"half_open_timeout", milliseconds(policy.half_open_timeout)},
          {"dead_timeout", milliseconds(policy.dead_timeout)},
          {"closed_timeout", milliseconds(policy.closed_timeout)},
          {"idle_timeout", milliseconds(policy.idle_timeout)}};
}

Json HostToJson(const Scenario& scenario, const ProtocolKey& protocol, HostName name) {
  const Host& host = scenario.host(name);
  const bool ipv4 = scenario.link.family == wire::Family::kIpv4;
  Json restarts = Json::array();
  for (const Restart& restart : scenario.restarts) {
    if (restart.host == name) {
      restarts.push_back(restart.before_visit);
    }
  }
  const bool speaks = host.stack && protocol.tcps;
  return {{"address",
           fmt::format("{}/{}", AddressOf(name, scenario.link.family), ipv4 ? kPrefixLengthIpv4 : kPrefixLengthIpv6)},
          {"policy", speaks ? ToJson(host.policy) : Json(nullptr)},
          {"restarts", restarts}};
}

ProtocolExpectation LiveExpectation(const PlannedRun& run) {
  ProtocolExpectation live = *run.expectation;
  live.expectation = run.expectation->expectation.live();
  return live;
}

Json PlanOf(const PlannedRun& run, stack::Duration limit) {
  const Scenario& scenario = *run.scenario;
  const ProtocolKey& protocol = *run.expectation->key;
  const ProtocolExpectation live = LiveExpectation(run);
  const std::optional<std::string> obstacle = WhyNotLive(scenario, live.expectation, limit);
  return {{"scenario", scenario.name},
          {"file", scenario.file},
          {"protocol", protocol.text},
          {"dialect", protocol.IsPlain() ? Json(nullptr) : Json(protocol.dialect)},
          {"left_out", obstacle ? Json(*obstacle) : Json(nullptr)},
          {"device", kPathDevice},
          {"mtu", scenario.link.mtu},
          {"family", scenario.link.family == wire::Family::kIpv4 ? "ipv4" : "ipv6"},
          {"needs_reference", NeedsReference(scenario, protocol)},
          {"broken_off", MakeErrorRecord({scenario, live, 0, true}, "")},
          {"client", HostToJson(scenario, protocol, HostName::kClient)},
          {"server", HostToJson(scenario, protocol, HostName::kServer)}};
}

void Plan(const Request& request) {
  const std::vector<Scenario> scenarios = Load(request);
  Json runs = Json::array();
  const auto limit = std::chrono::duration_cast<stack::Duration>(std::chrono::duration<double>(request.limit));
  for (const PlannedRun& run : RunsOf(scenarios, request)) {
    runs.push_back(PlanOf(run, limit));
  }
  fmt::print("{}\n", Json{{"runs", runs}}.dump());
}

// --- play ------------------------------------------------------------------------------------------------------------

Json RecordOf(const RunIdentity& identity, const LiveRequest& live, const Request& request,
              const RunObservation& observation) {
  if (!live.folder.empty()) {
    const Artefacts artefacts = ArtefactsOf(identity.scenario, identity.protocol());
    WriteTimeline(fmt::format("{}/{}", live.folder, artefacts.timeline), observation.timeline);
  }
  std::vector<Outcomes> reference;
  if (!request.reference.empty()) {
    reference = ConnectionsFromJson(Json::parse(request.reference));
  }
  const std::vector<Outcomes> visits = JudgeVisits(identity.scenario, identity.protocol(), observation, reference);
  return MakeRecord(identity, observation, visits, !live.folder.empty());
}

void Play(const Request& request) {
  const std::vector<Scenario> scenarios = Load(request);
  const std::vector<PlannedRun> runs = RunsOf(scenarios, request);
  if (runs.size() != 1) {
    throw BadRequest("play takes one scenario and one protocol");
  }
  const ProtocolExpectation expectation = LiveExpectation(runs.front());
  const RunIdentity identity{*runs.front().scenario, expectation, request.seed, true};
  LiveRequest live{.scenario = identity.scenario,
                   .protocol = identity.protocol(),
                   .seed = request.seed,
                   .with_goals = !request.without_goals,
                   .folder = {},
                   .namespaces = request.namespaces};
  if (!request.out.empty()) {
    live.folder = fmt::format("{}/{}", request.out, FolderOf(identity));
    std::filesystem::create_directories(live.folder);
  }
  LineConductor conductor(std::cin, std::cout);
  const RunObservation observation = RunLive(live, conductor);
  Json result = {{"say", "result"}, {"connections", ConnectionsToJson(observation.connections)}};
  if (live.with_goals) {
    result["record"] = RecordOf(identity, live, request, observation);
  }
  conductor.Say(result);
}

// --- carry -----------------------------------------------------------------------------------------------------------

void Carry(const Request& request) {
  const std::vector<Scenario> scenarios = Load(request);
  if (scenarios.size() != 1) {
    throw BadRequest("carry takes one scenario");
  }
  const Scenario& scenario = scenarios.front();
  if (!request.out.empty()) {
    std::filesystem::create_directories(request.out);
  }
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);  // in every thread: sigwait takes them
  const std::vector<ConnectionPlan> plans = PlanConnections(scenario.workload, request.seed);
  LivePath path({.scenario = scenario,
                 .seed = request.seed,
                 .with_goals = !request.without_goals,
                 .folder = request.out,
                 .captures = ArtefactsOf(scenario, *FindProtocolKey("plain")).captures},
                plans, {NetworkNamespace(request.namespaces[0]), NetworkNamespace(request.namespaces[1])});
  path.Start();
  path.StartVisit(1, HostName::kClient);
  fmt::print("ready\n");
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ending, &signal);
  const PathObservation seen = path.Stop();
  if (!request.without_goals) {
    fmt::print("{}\n", PathToJson(scenario.path, seen.elements).dump());
  }
}

// --- command line ----------------------------------------------------------------------------------------------------

CLI::App* AddCommand(CLI::App& app, const char* name, const char* what, Request& request) {
  CLI::App* const command = app.add_subcommand(name, what);
  command->add_option("FILE", request.paths, "scenario files, or folders of them")
      ->required()
      ->check(CLI::ExistingPath);
  return command;
}

void AddPath(CLI::App& command, Request& request) {
  command.add_option("--client", request.namespaces[0], "network namespace of the client")
      ->required()
      ->type_name("NAME");
  command.add_option("--server", request.namespaces[1], "network namespace of the server")
      ->required()
      ->type_name("NAME");
  command.add_option("--seed", request.seed, "seed of every random stream")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{UINT32_MAX}))
      ->capture_default_str()
      ->type_name("N");
  command.add_flag("--without-goals", request.without_goals, "leave out the path elements that have a goal");
  command.add_option("--out", request.out, "write captures below this folder")->type_name("DIR");
}

void AddProtocol(CLI::App& command, Request& request) {
  command.add_option("--protocol", request.protocols, "keys of expect, or the part before the slash")
      ->delimiter(',')
      ->type_name("P,...");
}

int Main(int argc, char** argv) {
  Request request;
  CLI::App app("The path of a scenario between real hosts, in real time: its path elements between two TUN devices.",
               "tcpslab-wire");
  app.require_subcommand(1);
  CLI::App* const plan = AddCommand(app, "plan", "say which runs there are, and what their hosts need", request);
  AddProtocol(*plan, request);
  plan->add_option("--limit", request.limit, "longest time that a run may be expected to take")
      ->capture_default_str()
      ->type_name("SECONDS");
  CLI::App* const play =
      AddCommand(app, "play", "play a scenario over one protocol, conducted on standard input", request);
  AddProtocol(*play, request);
  AddPath(*play, request);
  play->add_option("--reference", request.reference, "what the run without goals said of its connections")
      ->type_name("JSON");
  CLI::App* const carry = AddCommand(app, "carry", "carry packets, and nothing else, until SIGINT or SIGTERM", request);
  AddPath(*carry, request);
  app.footer(
      "Each namespace has a TUN device 'path', made with 'ip tuntap add path mode tun'.\n"
      "Example:\n  tcpslab-wire carry my-loss.yaml --client left --server right --out captures\n\n"
      "Exit: 0 done, 2 the request or a file was wrong, 3 the run broke off.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kBadRequest;
  }
  if (plan->parsed()) {
    Plan(request);
  } else if (play->parsed()) {
    Play(request);
  } else {
    Carry(request);
  }
  return kDone;
}

}  // namespace
}  // namespace tcpslab::scenarios

int main(int argc, char** argv) {
  try {
    return tcpslab::scenarios::Main(argc, argv);
  } catch (const tcpslab::scenarios::BadRequest& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return tcpslab::scenarios::kBadRequest;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return tcpslab::scenarios::kInfrastructure;
  }
}
