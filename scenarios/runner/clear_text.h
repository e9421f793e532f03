// Finds application bytes in what crossed a link, at whatever place they turn up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scenarios/runner/pattern.h"

namespace tcpslab::scenarios {

// An index over patterns that finds every window of 16 bytes that one of them holds. Ciphertext is never taken for
// clear text: a random window is one of n indexed ones with probability n / 2^128.
class ClearTextIndex {
 public:
  static constexpr std::size_t kWindow = 16;

  // The patterns must outlive the index, which takes about two bytes for each of theirs.
  explicit ClearTextIndex(std::vector<const Pattern*> patterns);

  // Whether any 16 successive bytes of `bytes` stand, in this order, in one of the patterns. Fewer than 16 bytes never
  // do.
  [[nodiscard]] bool FoundIn(std::span<const std::byte> bytes) const;

 private:
  // Every pattern is cut into words of 8 bytes; a window of 16 holds one of them whole, whatever its alignment.
  static constexpr std::size_t kWord = 8;
  struct Entry {
    std::uint64_t word;
    std::uint32_t pattern;
    std::uint32_t index;  // the word's place in its pattern
  };

  void AddWords(std::uint32_t pattern);
  void BuildFilter();
  [[nodiscard]] std::size_t FilterBit(std::uint64_t word) const;
  [[nodiscard]] bool WindowAround(const Entry& entry, std::span<const std::byte> bytes, std::size_t at) const;

  std::vector<const Pattern*> patterns_;
  std::vector<Entry> entries_;         // by word
  std::vector<std::uint64_t> filter_;  // bits: no word of any entry hashes to a clear one
  unsigned filter_shift_ = 0;
};

// The clear-text search over one direction of one connection on one link. Segments of fewer than 16 bytes are joined to
// what came before them; a short message or a short segment counts if it equals the pattern at its place in the stream:
// whole messages of any length, segments from 8 bytes on.
class ClearTextSearch {
 public:
  ClearTextSearch(const ClearTextIndex& index, const Pattern& own) : index_(&index), own_(&own) {}

  // `offset`: the payload's place in the TCP stream, 0 for the first byte after the SYN. True if clear text is in it.
  bool Found(std::uint32_t offset, std::span<const std::byte> payload);

 private:
  [[nodiscard]] bool ShortMatch(std::uint32_t offset, std::span<const std::byte> payload) const;

  const ClearTextIndex* index_;
  const Pattern* own_;
  std::vector<std::byte> joined_;  // the last bytes before next_offset_, then the payload at hand
  std::uint32_t next_offset_ = 0;
};

}  // namespace tcpslab::scenarios
