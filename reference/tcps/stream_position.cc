#include "reference/tcps/stream_position.h"

namespace tcpslab::tcps {
namespace {

constexpr std::uint64_t kSpan = std::uint64_t{1} << 32;
constexpr std::uint64_t kHalfSpan = std::uint64_t{1} << 31;

}  // namespace

// TCPS-POS-03, TCPS-POS-04, TCPS-POS-05
std::uint64_t NearestPosition::Candidate(std::uint32_t offset) const {
  const std::uint64_t same_span = (highest_ & ~(kSpan - 1)) + offset;
  if (same_span > highest_ && same_span - highest_ > kHalfSpan) return same_span - kSpan;
  if (same_span < highest_ && highest_ - same_span > kHalfSpan) return same_span + kSpan;
  return same_span;
}

// TCPS-POS-06
void NearestPosition::Commit(std::uint64_t position) {
  // Just before the stream's first byte (a keep-alive at the initial sequence number) is 2^64 - 1, which is not ahead.
  if (static_cast<std::int64_t>(position - highest_) > 0) highest_ = position;
}

// TCPS-POS-03, TCPS-POS-07, TCPS-POS-08
std::uint64_t WrapCountingPosition::Advance(std::uint32_t offset) {
  std::uint64_t position = wraps_ * kSpan + offset;
  if (highest_ > 0 && position + kHalfSpan < highest_) {
    ++wraps_;
    position += kSpan;
  }
  if (position > highest_) highest_ = position;
  return position;
}

}  // namespace tcpslab::tcps
