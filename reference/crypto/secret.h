// Fixed-size key material that wipes itself.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace tcpslab::crypto {

// Overwrites memory in a way the compiler keeps.
void Wipe(std::span<std::byte> bytes);

// True if both are equal; takes the same time wherever they differ. Different sizes are unequal at once.
[[nodiscard]] bool ConstantTimeEqual(std::span<const std::byte> a, std::span<const std::byte> b);

// N secret bytes: zero at first, wiped on destruction and on being moved from, never copied by accident (see Clone).
template <std::size_t N>
class Secret {
 public:
  static constexpr std::size_t kSize = N;

  Secret() = default;
  explicit Secret(std::span<const std::byte, N> bytes) { std::ranges::copy(bytes, bytes_.begin()); }
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.Clear(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      other.Clear();
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { Clear(); }

  [[nodiscard]] Secret Clone() const { return Secret(bytes()); }
  [[nodiscard]] std::span<const std::byte, N> bytes() const { return bytes_; }
  [[nodiscard]] std::span<std::byte, N> mutable_bytes() { return bytes_; }
  void Clear() { Wipe(bytes_); }

 private:
  std::array<std::byte, N> bytes_{};
};

}  // namespace tcpslab::crypto
