// Which runs a command line asks for.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <tuple>

#include "scenarios/runner/runner.h"

namespace tcpslab::scenarios {
namespace {

void CheckWords(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (std::ranges::none_of(ProtocolKeys(), [&word](const ProtocolKey& key) { return Selects(word, key); })) {
      std::vector<std::string_view> names;
      std::ranges::transform(ProtocolKeys(), std::back_inserter(names), &ProtocolKey::text);
      throw std::runtime_error(fmt::format("--protocol {}: expected one of, or the part before the slash: {}", word,
                                           fmt::join(names, ", ")));
    }
    if (const ProtocolKey* key = FindProtocolKey(word); key != nullptr && !key->runnable) {
      throw std::runtime_error(fmt::format("--protocol {}: this build cannot run {} yet", word, word));
    }
  }
}

void CheckNames(const std::vector<Scenario>& scenarios) {
  std::map<std::string_view, std::string_view> files;
  for (const Scenario& scenario : scenarios) {
    const auto [other, added] = files.emplace(scenario.name, scenario.file);
    if (!added) {
      throw std::runtime_error(fmt::format("{} and {} are both named {}", other->second, scenario.file, scenario.name));
    }
  }
}

}  // namespace

std::vector<PlannedRun> PlanRuns(const std::vector<Scenario>& scenarios, const std::vector<std::string>& words,
                                 std::vector<std::string>& notes) {
  CheckWords(words);
  CheckNames(scenarios);
  std::vector<PlannedRun> runs;
  for (const Scenario& scenario : scenarios) {
    std::vector<std::string> left_out;
    std::size_t added = 0;
    for (const ProtocolExpectation& expectation : scenario.expectations) {
      const ProtocolKey& key = *expectation.key;
      if (!words.empty() && std::ranges::none_of(words, [&key](const auto& word) { return Selects(word, key); })) {
        continue;
      }
      if (key.runnable) {
        runs.push_back({&scenario, &expectation});
        ++added;
      } else {
        left_out.push_back(
            ScenarioError(expectation.location, fmt::format("this build cannot run {} yet", key.text)).what());
      }
    }
    if (added == 0 && !left_out.empty()) {
      throw std::runtime_error(left_out.front());
    }
    notes.insert(notes.end(), left_out.begin(), left_out.end());
  }
  if (runs.empty()) {
    throw std::runtime_error(fmt::format("no scenario has an expectation for {}", fmt::join(words, ",")));
  }
  std::ranges::sort(runs, {}, [](const PlannedRun& run) {
    const ProtocolKey& key = *run.expectation->key;
    return std::tuple(std::string_view(run.scenario->name), key.protocol, key.dialect);
  });
  return runs;
}

}  // namespace tcpslab::scenarios
