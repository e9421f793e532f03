// What a protocol host is told and what it tells, in terms of Python: names as str, times in nanoseconds as int.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "bindings/core/casters.h"
#include "reference/stack/instant.h"
#include "reference/tcps/tcps.h"

namespace tcpslab::bindings {

// Nanoseconds: sums of such times with the stack's time limits cannot overflow.
inline constexpr std::int64_t kLongest = std::int64_t{1} << 61;
// From 0 to kLongest; else a ValueError.
stack::Duration ToDuration(std::int64_t nanoseconds);
inline stack::Instant ToInstant(std::int64_t nanoseconds) { return stack::Instant(ToDuration(nanoseconds)); }
inline std::int64_t ToNanoseconds(stack::Instant instant) { return instant.time_since_epoch().count(); }
// Nothing for kNever.
std::optional<std::int64_t> DeadlineOf(const stack::Shim& shim);

// By event name, and "outbound-passed" and so on for the verdicts.
std::map<std::string, std::uint64_t> CountersOf(const tcps::Tcps& host);
// The state of the connection between two ends, in either order; nothing without an entry.
std::optional<std::string_view> StateOf(const tcps::Tcps& host, const wire::Endpoint& a, const wire::Endpoint& b);

}  // namespace tcpslab::bindings
