// The option area of a TCP header: up to 40 raw bytes, edited in place, unknown options kept byte for byte.
//
// Walking is bounded by the area whatever the bytes say. A walk ends at EOL, at the end of the area, or at the first
// malformed option; `Check` names what is malformed.
//
//   for (OptionView option : area) if (option.kind() == kMss && option.body().size() == 2) …
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>

#include "reference/wire/error.h"

namespace tcpslab::wire {

// Option kinds of RFC 9293, RFC 7323, RFC 2018, RFC 2385, RFC 7413 and RFC 4727 / RFC 6994.
enum OptionKind : std::uint8_t {
  kEndOfOptions = 0,
  kNoOperation = 1,
  kMaximumSegmentSize = 2,
  kWindowScale = 3,
  kSackPermitted = 4,
  kSack = 5,
  kTimestamps = 8,
  kMd5Signature = 19,
  kFastOpen = 34,
  kExperiment253 = 253,
  kExperiment254 = 254,
};

inline constexpr std::size_t kMaximumOptionBytes = 40;

// One well-formed option inside an OptionArea: kind, length and body, or the single byte of a NOP. Borrowed: valid
// until the area changes.
class OptionView {
 public:
  OptionView(std::span<const std::byte> bytes, std::size_t offset) : bytes_(bytes), offset_(offset) {}
  [[nodiscard]] std::uint8_t kind() const { return std::to_integer<std::uint8_t>(bytes_[0]); }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }  // kind, length and body
  [[nodiscard]] std::span<const std::byte> body() const {
    return bytes_.size() > 2 ? bytes_.subspan(2) : std::span<const std::byte>{};
  }
  [[nodiscard]] std::size_t offset() const { return offset_; }  // of the kind byte within the area

 private:
  std::span<const std::byte> bytes_;
  std::size_t offset_;
};

class OptionArea {
 public:
  class Iterator {
   public:
    using value_type = OptionView;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    Iterator() = default;
    Iterator(std::span<const std::byte> area, std::size_t offset);
    OptionView operator*() const { return {area_.subspan(offset_, length_), offset_}; }
    Iterator& operator++();
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return it.length_ == 0; }

   private:
    void Measure();  // sets length_, 0 at the end of the walk
    std::span<const std::byte> area_;
    std::size_t offset_ = 0;
    std::size_t length_ = 0;
  };

  OptionArea() = default;
  // Copies `bytes`; error kOptionsTooLong above 40 bytes. Content is not judged: see Check.
  static Result<OptionArea> FromBytes(std::span<const std::byte> bytes);

  [[nodiscard]] Iterator begin() const { return {bytes(), 0}; }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

  [[nodiscard]] std::span<const std::byte> bytes() const { return std::span(storage_).first(size_); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  // Size on the wire: rounded up to a multiple of 4.
  [[nodiscard]] std::size_t PaddedSize() const { return (size_ + 3) / 4 * 4; }

  // Nothing if a walk meets only well-formed options, else kOptionTooShort or kOptionOverrun.
  [[nodiscard]] std::optional<Error> Check() const;
  // First well-formed option of that kind.
  [[nodiscard]] std::optional<OptionView> Find(std::uint8_t kind) const;

  void clear() { size_ = 0; }
  // Appends `option` right behind the present bytes. An EOL and everything after it first becomes NOP (else the new
  // option could not be found). Error kOptionsTooLong: nothing appended.
  Result<void> Append(std::span<const std::byte> option);
  // Removes every well-formed option of `kind` and closes up; the rest keeps its order and bytes. Returns how many.
  std::size_t Remove(std::uint8_t kind);
  // Overwrites every well-formed option of `kind` with NOPs: sizes and other offsets stay. Returns how many.
  std::size_t Blank(std::uint8_t kind);
  // Appends NOPs up to a multiple of 4 (an area of 40 bytes or less never overflows by it).
  void PadWithNop();

  friend bool operator==(const OptionArea& a, const OptionArea& b) { return std::ranges::equal(a.bytes(), b.bytes()); }

 private:
  std::array<std::byte, kMaximumOptionBytes> storage_{};
  std::uint8_t size_ = 0;
};

}  // namespace tcpslab::wire
