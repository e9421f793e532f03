// Where a segment lies in the 64-bit stream of its direction, found from its 32-bit sequence number.
//
// The offset of a segment is its sequence number less the direction's initial one less 1, so the first data byte has
// offset 0 and a bare FIN its own. The two dialects extend it to 64 bits differently.
#pragma once

#include <cstdint>

namespace tcpslab::tcps {

// TCPS-POS-01, TCPS-POS-02, TCPS-FIN-03
constexpr std::uint32_t StreamOffset(std::uint32_t sequence, std::uint32_t initial_sequence) {
  return sequence - initial_sequence - 1;
}

// readme (spec tcps-dialects.md, R11): the position nearest to the highest valid one, on either side of a 2^32
// boundary; with a tie, the one of the same 2^32 span. State moves only on Commit, which the receiver calls after a
// valid tag.
class NearestPosition {
 public:
  [[nodiscard]] std::uint64_t Candidate(std::uint32_t offset) const;
  void Commit(std::uint64_t position);
  [[nodiscard]] std::uint64_t highest() const { return highest_; }

 private:
  std::uint64_t highest_ = 0;
};

// lkm (spec tcps-wire.md, section 4): counts wraps, only ever upwards, and moves at once whether or not the tag is
// valid.
class WrapCountingPosition {
 public:
  std::uint64_t Advance(std::uint32_t offset);

 private:
  std::uint64_t highest_ = 0;
  std::uint32_t wraps_ = 0;
};

}  // namespace tcpslab::tcps
