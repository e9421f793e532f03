#include "reference/wire/options.h"

namespace tcpslab::wire {
namespace {

constexpr std::size_t kShortestOption = 2;  // kind and length; only EOL and NOP are single bytes

std::uint8_t ByteAt(std::span<const std::byte> area, std::size_t offset) {
  return std::to_integer<std::uint8_t>(area[offset]);
}

}  // namespace

OptionArea::Iterator::Iterator(std::span<const std::byte> area, std::size_t offset) : area_(area), offset_(offset) {
  Measure();
}

OptionArea::Iterator& OptionArea::Iterator::operator++() {
  offset_ += length_;
  Measure();
  return *this;
}

void OptionArea::Iterator::Measure() {
  length_ = 0;
  if (offset_ >= area_.size()) return;
  const std::size_t left = area_.size() - offset_;
  const std::uint8_t kind = ByteAt(area_, offset_);
  if (kind == kEndOfOptions) return;
  if (kind == kNoOperation) {
    length_ = 1;
    return;
  }
  if (left < kShortestOption) return;
  const std::size_t length = ByteAt(area_, offset_ + 1);
  if (length >= kShortestOption && length <= left) length_ = length;
}

Result<OptionArea> OptionArea::FromBytes(std::span<const std::byte> bytes) {
  if (bytes.size() > kMaximumOptionBytes) return tl::unexpected(Error::kOptionsTooLong);
  OptionArea area;
  std::ranges::copy(bytes, area.storage_.begin());
  area.size_ = static_cast<std::uint8_t>(bytes.size());
  return area;
}

std::optional<Error> OptionArea::Check() const {
  std::size_t end = 0;  // of the well-formed options
  for (const OptionView option : *this) end = option.offset() + option.bytes().size();
  if (end == size_ || ByteAt(storage_, end) == kEndOfOptions) return std::nullopt;
  if (size_ - end >= kShortestOption && ByteAt(storage_, end + 1) < kShortestOption) return Error::kOptionTooShort;
  return Error::kOptionOverrun;
}

std::optional<OptionView> OptionArea::Find(std::uint8_t kind) const {
  for (const OptionView option : *this) {
    if (option.kind() == kind) return option;
  }
  return std::nullopt;
}

Result<void> OptionArea::Append(std::span<const std::byte> option) {
  if (option.size() > kMaximumOptionBytes - size_) return tl::unexpected(Error::kOptionsTooLong);
  std::size_t end = 0;
  for (const OptionView present : *this) end = present.offset() + present.bytes().size();
  if (end < size_ && ByteAt(storage_, end) == kEndOfOptions) {
    std::fill(storage_.begin() + static_cast<std::ptrdiff_t>(end), storage_.begin() + size_, std::byte{kNoOperation});
  }
  std::ranges::copy(option, storage_.begin() + size_);
  size_ = static_cast<std::uint8_t>(size_ + option.size());
  return {};
}

std::size_t OptionArea::Remove(std::uint8_t kind) {
  std::size_t removed = 0;
  for (auto option = Find(kind); option; option = Find(kind)) {
    const auto begin = storage_.begin() + static_cast<std::ptrdiff_t>(option->offset());
    const std::size_t length = option->bytes().size();
    std::copy(begin + static_cast<std::ptrdiff_t>(length), storage_.begin() + size_, begin);
    size_ = static_cast<std::uint8_t>(size_ - length);
    ++removed;
  }
  return removed;
}

std::size_t OptionArea::Blank(std::uint8_t kind) {
  std::size_t blanked = 0;
  if (kind == kNoOperation) return blanked;
  for (auto option = Find(kind); option; option = Find(kind)) {
    std::fill_n(storage_.begin() + static_cast<std::ptrdiff_t>(option->offset()), option->bytes().size(),
                std::byte{kNoOperation});
    ++blanked;
  }
  return blanked;
}

void OptionArea::PadWithNop() {
  while (size_ % 4 != 0) storage_[size_++] = std::byte{kNoOperation};
}

}  // namespace tcpslab::wire
