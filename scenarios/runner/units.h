// Sizes, durations and rates as scenario files write them.
//
//   ParseSize("64KiB") == 65536; ParseDuration("10ms") == 10ms; ParseRate("100Mbps") == 100'000'000
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "reference/stack/instant.h"

namespace tcpslab::scenarios {

// Bytes: a whole number with B, KiB, MiB or GiB, or without a unit.
std::optional<std::uint64_t> ParseSize(std::string_view text);

// An ns-3 time string: a number with fs, ps, ns, us, ms, s, min, h or d; without a unit, seconds. Rounded to whole
// nanoseconds; at most a century.
std::optional<stack::Duration> ParseDuration(std::string_view text);

// Bits per second, from an ns-3 rate string: a number with (k|K|M|G)(b|B)(ps|/s), (K|M|G)i(b|B)/s, bps, Bps, b/s or
// B/s; without a unit, bits per second. Not 0.
std::optional<std::uint64_t> ParseRate(std::string_view text);

}  // namespace tcpslab::scenarios
