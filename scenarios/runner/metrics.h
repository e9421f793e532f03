// The figures of a run or a visit, all in simulated time (scenarios/README.md, "Metrics").
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "scenarios/runner/observation.h"

namespace tcpslab::scenarios {

struct Metrics {
  std::optional<double>
      handshake_ms;  // mean over connections: from connecting until the connecting side is established
  std::optional<double> first_byte_ms;  // mean: from connecting until the main receiver has its first byte
  double goodput_bps = 0;               // delivered bytes over the time that visits took until their last byte
  std::uint64_t wire_bytes = 0;
  std::uint64_t app_bytes = 0;  // delivered to applications, both directions
  std::uint64_t retransmits = 0;
};

// Over those connections of `all` that belong to `visit`, or over all of them for visit 0.
[[nodiscard]] Metrics Measure(const std::vector<ConnectionObservation>& all, std::size_t visit);

}  // namespace tcpslab::scenarios
