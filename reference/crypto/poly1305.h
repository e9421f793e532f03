// Poly1305 by blocks. TCP/S sets or clears the 2^128 bit of each block on its own terms, which no library interface
// expresses; with the bit set on full blocks and RFC 8439's padding of the last one this is RFC 8439 Poly1305.
//
//   StandardPoly1305 mac(one_time_key);
//   mac.Block(first, false);
//   mac.FullBlocks(message);          // a multiple of 16 bytes, bit set
//   Tag tag = mac.Finish();
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "reference/crypto/secret.h"

namespace tcpslab::crypto {

inline constexpr std::size_t kPoly1305KeySize = 32;
inline constexpr std::size_t kPoly1305BlockSize = 16;
inline constexpr std::size_t kPoly1305TagSize = 16;
using OneTimeKey = Secret<kPoly1305KeySize>;  // r (clamped when used) followed by s
using Tag = std::array<std::byte, kPoly1305TagSize>;

// tag = ((polynomial mod 2^130-5) + s) mod 2^128 (RFC 8439, section 2.5).
class StandardPoly1305 {
 public:
  explicit StandardPoly1305(const OneTimeKey& key);
  ~StandardPoly1305();
  StandardPoly1305(const StandardPoly1305&) = delete;
  StandardPoly1305& operator=(const StandardPoly1305&) = delete;

  // One block of 16 bytes; `high_bit` adds 2^128.
  void Block(std::span<const std::byte, kPoly1305BlockSize> block, bool high_bit);
  // Any number of 16-byte blocks, each with 2^128 added. Requires a multiple of 16 bytes.
  void FullBlocks(std::span<const std::byte> blocks);
  // Once, after the last block.
  [[nodiscard]] Tag Finish();

 private:
  // Radix 2^44 limbs (44, 44, 42 bits), chosen by the implementation for 64-bit multiplies.
  std::array<std::uint64_t, 3> r_{};
  std::array<std::uint64_t, 3> h_{};
  std::array<std::uint64_t, 2> s_{};
};

// The upstream kernel module's tag: the same polynomial, but the accumulator is neither reduced at the end nor repacked
// from its 26-bit limbs (spec tcps-wire.md, section 5.1).
class LkmPoly1305 {
 public:
  explicit LkmPoly1305(const OneTimeKey& key);
  ~LkmPoly1305();
  LkmPoly1305(const LkmPoly1305&) = delete;
  LkmPoly1305& operator=(const LkmPoly1305&) = delete;

  void Block(std::span<const std::byte, kPoly1305BlockSize> block, bool high_bit);
  void FullBlocks(std::span<const std::byte> blocks);
  [[nodiscard]] Tag Finish();

 private:
  std::array<std::uint32_t, 5> r_{};
  std::array<std::uint32_t, 5> h_{};
  std::array<std::uint32_t, 4> s_{};
};

}  // namespace tcpslab::crypto
