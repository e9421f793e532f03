#include "scenarios/runner/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <set>
#include <string>

namespace tcpslab::scenarios {
namespace {

constexpr const char* kOutcomes[] = {"connection", "protection", "delivery", "attack"};

void ShowDifferences(const std::string& prefix, const Json& expected, const Json& observed, const Json& events) {
  for (const char* outcome : kOutcomes) {
    if (expected.contains(outcome) && expected[outcome] != observed[outcome]) {
      fmt::print("    {}{}: expected {}, observed {}\n", prefix, outcome, expected[outcome].get<std::string>(),
                 observed[outcome].get<std::string>());
    }
  }
  std::set<std::string> occurred;
  for (const Json& event : events) {
    const std::string name = event["event"].get<std::string>();
    occurred.insert({name, fmt::format("{}@{}", name, event["host"].get<std::string>())});
  }
  for (const Json& event : expected.value("events", Json::array())) {
    if (!occurred.contains(event.get<std::string>())) {
      fmt::print("    {}event {}: expected, did not occur\n", prefix, event.get<std::string>());
    }
  }
  for (const Json& event : expected.value("no_events", Json::array())) {
    if (occurred.contains(event.get<std::string>())) {
      fmt::print("    {}event {}: occurred, must not\n", prefix, event.get<std::string>());
    }
  }
}

}  // namespace

Console::Console(std::size_t runs) : runs_(runs), terminal_(isatty(STDERR_FILENO) != 0) {}

void Console::ShowProgress() {
  if (terminal_ && finished_ < runs_) {
    fmt::print(stderr, "\r{}/{} runs finished", finished_, runs_);
  }
}

void Console::ShowRecord(const Json& record) {
  ++finished_;
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[K");
  }
  const std::string verdict = record["verdict"].get<std::string>();
  std::string protocol = record["protocol"].get<std::string>();
  if (!record["dialect"].is_null()) {
    protocol.append("/").append(record["dialect"].get<std::string>());
  }
  fmt::print("{}/{} {} {}: {}", finished_, runs_, record["scenario"].get<std::string>(), protocol, verdict);
  const Json& observed = record["observed"];
  if (observed.empty()) {
    fmt::print(": {}\n", record.value("error", ""));
  } else {
    fmt::print(" ({}, {}, {}, {})\n", observed["connection"].get<std::string>(),
               observed["protection"].get<std::string>(), observed["delivery"].get<std::string>(),
               observed["attack"].get<std::string>());
    ShowDifferences("", record["expected"], observed, record["events"]);
    for (std::size_t i = 0; i < record["visits"].size(); ++i) {
      const Json& visit = record["visits"][i];
      ShowDifferences(fmt::format("visit {}: ", i + 1), visit["expected"], visit["observed"], visit["events"]);
    }
    for (const Json& failure : record.value("script_failures", Json::array())) {
      fmt::print("    script of {}, line {}: {}\n", failure["host"].get<std::string>(), failure["line"].get<int>(),
                 failure["message"].get<std::string>());
    }
  }
  std::fflush(stdout);
  ShowProgress();
}

}  // namespace tcpslab::scenarios
