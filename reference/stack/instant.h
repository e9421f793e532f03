// Time as the stack sees it: nanoseconds on the host's monotonic clock, handed in with every call.
#pragma once

#include <chrono>
#include <cstdint>

namespace tcpslab::stack {

using Duration = std::chrono::duration<std::int64_t, std::nano>;

// The stack never reads a clock; this type only keeps points in time and durations apart.
struct HostClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<HostClock>;
  static constexpr bool is_steady = true;
};

using Instant = HostClock::time_point;
inline constexpr Instant kNever = Instant::max();

}  // namespace tcpslab::stack
