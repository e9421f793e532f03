// tcpslab-sim: runs scenario files in the ns-3 simulator and judges what came of them (design, section 5).
#include <fmt/format.h>
#include <ns3/version-defines.h>
#include <sodium.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "scenarios/runner/commit.h"
#include "scenarios/runner/console.h"
#include "scenarios/runner/load.h"
#include "scenarios/runner/runner.h"

namespace tcpslab::scenarios {
namespace {

enum Exit : int { kAsExpected = 0, kDiffers = 1, kBadRequest = 2, kInfrastructure = 3 };

struct Request {
  std::vector<std::string> paths;
  std::vector<std::string> protocols;
  RunOptions options;
  std::string json;
  bool check = false;
};

Json Provenance(const std::vector<std::string>& command) {
  const Json commit = *kCommit == '\0' ? Json(nullptr) : Json(kCommit);
  return {{"versions",
           {{"tcpslab", TCPSLAB_VERSION},
            {"ns-3", fmt::format("{}.{}", NS3_VERSION_MAJOR, NS3_VERSION_MINOR)},
            {"libsodium", sodium_version_string()},
            {"compiler", TCPSLAB_COMPILER}}},
          {"commit", commit},
          {"command", command}};
}

void WriteJson(const std::string& file, const Json& document) {
  std::ofstream out(file);
  out << document.dump(2) << '\n';
  out.close();
  if (!out) {
    throw std::runtime_error(fmt::format("{}: cannot be written", file));
  }
}

Exit ExitOf(const std::vector<Json>& records) {
  const auto any = [&records](Verdict verdict) {
    return std::ranges::any_of(records,
                               [verdict](const Json& record) { return record["verdict"] == ToString(verdict); });
  };
  return any(Verdict::kError) ? kInfrastructure : any(Verdict::kDiffers) ? kDiffers : kAsExpected;
}

void Configure(CLI::App& app, Request& request) {
  app.add_option("FILE", request.paths, "scenario files, or folders of them")->required()->check(CLI::ExistingPath);
  app.add_option("--protocol", request.protocols,
                 "run only these: keys of expect, or the part before the slash (plain, tcps, tcps/lkm)")
      ->delimiter(',')
      ->type_name("P,...");
  app.add_option("--seed", request.options.seed, "seed of every random stream")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{UINT32_MAX}))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--out", request.options.out, "write captures and key logs below this folder")->type_name("DIR");
  app.add_option("--json", request.json, "write the results to this file")->type_name("FILE");
  app.add_option("--jobs", request.options.jobs, "runs at a time")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1024}))
      ->capture_default_str()
      ->type_name("N");
  app.add_flag("--check", request.check, "check the files and run nothing");
  app.footer(
      "Example:\n  tcpslab-sim scenarios/transfer --protocol plain,tcps/lkm --out out --json out/results.json\n\n"
      "Exit: 0 as expected, 1 something differed, 2 the request or a file was wrong, 3 a run failed.");
}

Exit Execute(const Request& request, const std::vector<std::string>& command) {
  std::vector<Scenario> scenarios;
  std::vector<PlannedRun> runs;
  try {
    scenarios = LoadScenarios(request.paths);
    if (request.check) {
      return kAsExpected;
    }
    std::vector<std::string> notes;
    runs = PlanRuns(scenarios, request.protocols, notes);
    for (const std::string& note : notes) {
      fmt::print(stderr, "{}: left out\n", note);
    }
    if (!request.options.out.empty()) {
      std::filesystem::create_directories(request.options.out);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kBadRequest;
  }
  Console console(runs.size());
  console.ShowProgress();
  const std::vector<Json> records =
      RunAll(runs, request.options, [&console](const Json& record) { console.ShowRecord(record); });
  if (!request.json.empty()) {
    WriteJson(request.json, {{"provenance", Provenance(command)}, {"results", records}});
  }
  return ExitOf(records);
}

int Main(int argc, char** argv) {
  Request request;
  CLI::App app("Runs scenario files in the ns-3 simulator and judges what came of them.", "tcpslab-sim");
  Configure(app, request);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAsExpected : kBadRequest;
  }
  return Execute(request, std::vector<std::string>(argv, argv + argc));
}

}  // namespace
}  // namespace tcpslab::scenarios

int main(int argc, char** argv) {
  try {
    return tcpslab::scenarios::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return tcpslab::scenarios::kInfrastructure;
  }
}
