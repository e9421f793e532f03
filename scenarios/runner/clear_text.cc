#include "scenarios/runner/clear_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace tcpslab::scenarios {
namespace {

std::uint64_t LoadWord(std::span<const std::byte> bytes, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

}  // namespace

ClearTextIndex::ClearTextIndex(std::vector<const Pattern*> patterns) : patterns_(std::move(patterns)) {
  for (std::uint32_t i = 0; i < patterns_.size(); ++i) {
    AddWords(i);
  }
  std::ranges::sort(entries_, {}, &Entry::word);
  BuildFilter();
}

void ClearTextIndex::AddWords(std::uint32_t pattern) {
  const Pattern& source = *patterns_[pattern];
  const std::uint64_t words = source.length() / kWord;
  std::array<std::byte, 512 * kWord> block{};
  for (std::uint64_t first = 0; first < words; first += block.size() / kWord) {
    source.Fill(first * kWord, block);
    const std::uint64_t count = std::min<std::uint64_t>(words - first, block.size() / kWord);
    for (std::size_t i = 0; i < count; ++i) {
      entries_.push_back({LoadWord(block, i * kWord), pattern, static_cast<std::uint32_t>(first + i)});
    }
  }
}

void ClearTextIndex::BuildFilter() {
  // Sixteen bits for each word: one lookup in sixteen goes on to the entries.
  const std::size_t bits = std::bit_ceil(std::max<std::size_t>(64, entries_.size() * 16));
  filter_shift_ = 64U - static_cast<unsigned>(std::bit_width(bits) - 1);
  filter_.resize(bits / 64);
  for (const Entry& entry : entries_) {
    const std::size_t bit = FilterBit(entry.word);
    filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
}

std::size_t ClearTextIndex::FilterBit(std::uint64_t word) const {
  static constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;  // Fibonacci hashing
  return static_cast<std::size_t>(word * kGoldenRatio >> filter_shift_);
}

bool ClearTextIndex::FoundIn(std::span<const std::byte> bytes) const {
  if (bytes.size() < kWindow) {
    return false;
  }
  for (std::size_t at = 0; at + kWord <= bytes.size(); ++at) {
    const std::uint64_t word = LoadWord(bytes, at);
    const std::size_t bit = FilterBit(word);
    if ((filter_[bit / 64] >> (bit % 64) & 1) == 0) {
      continue;
    }
    const auto first = std::ranges::lower_bound(entries_, word, {}, &Entry::word);
    for (auto entry = first; entry != entries_.end() && entry->word == word; ++entry) {
      if (WindowAround(*entry, bytes, at)) {
        return true;
      }
    }
  }
  return false;
}

bool ClearTextIndex::WindowAround(const Entry& entry, std::span<const std::byte> bytes, std::size_t at) const {
  const Pattern& pattern = *patterns_[entry.pattern];
  const std::uint64_t offset = std::uint64_t{entry.index} * kWord;
  // Every window of 16 around the word that lies both in the bytes and in the pattern.
  for (std::size_t before = 0; before <= kWindow - kWord && before <= at && before <= offset; ++before) {
    const std::size_t begin = at - before;
    if (begin + kWindow <= bytes.size() && pattern.Matches(offset - before, bytes.subspan(begin, kWindow))) {
      return true;
    }
  }
  return false;
}

bool ClearTextSearch::Found(std::uint32_t offset, std::span<const std::byte> payload) {
  const std::size_t kept = offset == next_offset_ ? std::min(joined_.size(), ClearTextIndex::kWindow - 1) : 0;
  joined_.erase(joined_.begin(), joined_.end() - static_cast<std::ptrdiff_t>(kept));
  joined_.insert(joined_.end(), payload.begin(), payload.end());
  next_offset_ = offset + static_cast<std::uint32_t>(payload.size());
  return index_->FoundIn(joined_) || ShortMatch(offset, payload);
}

bool ClearTextSearch::ShortMatch(std::uint32_t offset, std::span<const std::byte> payload) const {
  static constexpr std::size_t kShortestSegment = 8;
  const bool whole_message = offset == 0 && payload.size() == own_->length();
  return payload.size() < ClearTextIndex::kWindow && (payload.size() >= kShortestSegment || whole_message) &&
         own_->Matches(offset, payload);
}

}  // namespace tcpslab::scenarios
