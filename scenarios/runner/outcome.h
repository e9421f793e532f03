// The outcomes that a run is judged by (design, section 5), each scale ordered from worst to best so that the smaller
// value is the worse one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tcpslab::scenarios {

enum class Connection : std::uint8_t {
  kBlocked,      // an application never saw it established
  kReset,        // established, then an error reached an application
  kHung,         // established, workload unfinished at the end of the visit, no error
  kEstablished,  // otherwise
};

enum class Protection : std::uint8_t {
  kNone,           // application bytes crossed a link in clear, or none crossed
  kEncrypted,      // otherwise
  kAuthenticated,  // and both ends accepted the other's identity
};

enum class Delivery : std::uint8_t {
  kCorrupted,  // an application got a byte that its peer did not send
  kNone,       // nothing of what a direction should have carried arrived
  kTruncated,  // a part of it arrived
  kIntact,
};

enum class Attack : std::uint8_t {
  kUndetected,  // the goal was achieved and no endpoint raised an alarm within a second
  kDetected,    // the goal was achieved and an alarm raised
  kPrevented,   // the goal was not achieved
  kNone,        // no path element had a goal that applies
};

// The names of an outcome's values as scenario files spell them, in the order of the enum.
template <class Outcome>
std::span<const std::string_view> NamesOf();
template <>
std::span<const std::string_view> NamesOf<Connection>();
template <>
std::span<const std::string_view> NamesOf<Protection>();
template <>
std::span<const std::string_view> NamesOf<Delivery>();
template <>
std::span<const std::string_view> NamesOf<Attack>();

template <class Outcome>
std::string_view ToString(Outcome outcome) {
  return NamesOf<Outcome>()[static_cast<std::size_t>(outcome)];
}

// What was observed of one connection, of one visit (the worst of its connections), or of a run (the worst visit).
struct Outcomes {
  Connection connection = Connection::kEstablished;
  Protection protection = Protection::kAuthenticated;
  Delivery delivery = Delivery::kIntact;
  Attack attack = Attack::kNone;

  friend bool operator==(const Outcomes&, const Outcomes&) = default;
};

// The worse of each outcome.
[[nodiscard]] Outcomes Worse(const Outcomes& a, const Outcomes& b);

}  // namespace tcpslab::scenarios
