// The results record of the design (section 5): what is written about one run. It holds no wall-clock value and no
// absolute path.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "scenarios/runner/observation.h"
#include "scenarios/runner/outcome.h"
#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

// Keys keep the order in which they are written.
using Json = nlohmann::ordered_json;

enum class Verdict : std::uint8_t { kAsExpected, kDiffers, kError };
std::string_view ToString(Verdict verdict);

struct RunIdentity {
  const Scenario& scenario;
  const ProtocolExpectation& expectation;
  std::uint64_t seed;
  bool live = false;  // on real Linux hosts, not in the simulator

  [[nodiscard]] const ProtocolKey& protocol() const { return *expectation.key; }
};

// The folder of a run's captures and key log, relative to --out: "transfer/baseline/tcps-readme"; of a live one
// "transfer/baseline/tcps-readme-linux".
[[nodiscard]] std::string FolderOf(const RunIdentity& run);

// `visits`: one for each visit. `with_artefacts`: whether captures and key log were written.
[[nodiscard]] Json MakeRecord(const RunIdentity& run, const RunObservation& observation,
                              const std::vector<Outcomes>& visits, bool with_artefacts);

// What each connection of a run came to, its attack aside: what the run without attackers hands to the one with them.
[[nodiscard]] Json ConnectionsToJson(const std::vector<ConnectionObservation>& connections);
[[nodiscard]] std::vector<Outcomes> ConnectionsFromJson(const Json& json);

// The key `path`: what each element of the path is, and what it did.
[[nodiscard]] Json PathToJson(const std::vector<PathElement>& path, const std::vector<ElementObservation>& elements);

// The record of a run that broke off.
[[nodiscard]] Json MakeErrorRecord(const RunIdentity& run, std::string_view message);

}  // namespace tcpslab::scenarios
