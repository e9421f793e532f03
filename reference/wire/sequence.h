// TCP sequence-number arithmetic modulo 2^32 (RFC 9293, section 3.4).
#pragma once

#include <cstdint>

namespace tcpslab::wire {

// to - from as a signed distance: positive when `to` is later. Meaningful for distances below 2^31.
constexpr std::int32_t SequenceDistance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}
constexpr bool SequenceBefore(std::uint32_t a, std::uint32_t b) { return SequenceDistance(a, b) > 0; }
// low <= value <= high on the circle.
constexpr bool SequenceWithin(std::uint32_t value, std::uint32_t low, std::uint32_t high) {
  return value - low <= high - low;
}

}  // namespace tcpslab::wire
