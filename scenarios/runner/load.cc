#include "scenarios/runner/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "scenarios/runner/attributes.h"
#include "scenarios/runner/parse.h"

namespace tcpslab::scenarios {
namespace {

// Every file named, and every *.yaml in the folders named, each once and in order.
std::vector<std::string> FilesOf(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (const std::filesystem::directory_entry& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file() && entry.path().extension() == ".yaml") {
        found.push_back(entry.path().string());
      }
    }
    if (found.empty()) {
      throw std::runtime_error(fmt::format("{}: no *.yaml in this folder", path));
    }
    std::ranges::sort(found);
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

}  // namespace

std::vector<Scenario> LoadScenarios(const std::vector<std::string>& paths) {
  std::vector<Scenario> scenarios;
  for (const std::string& file : FilesOf(paths)) {
    const auto same = [&file](const Scenario& one) {
      std::error_code none;
      return std::filesystem::equivalent(one.file, file, none);
    };
    if (std::ranges::none_of(scenarios, same)) {
      scenarios.push_back(LoadScenario(file));
      CheckAttributes(scenarios.back());
    }
  }
  return scenarios;
}

}  // namespace tcpslab::scenarios
