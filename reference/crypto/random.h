// Randomness comes from outside: everything that needs it takes a Random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "reference/crypto/secret.h"

namespace tcpslab::crypto {

class Random {
 public:
  virtual ~Random() = default;
  virtual void Fill(std::span<std::byte> out) = 0;

  // A uniformly distributed 32-bit value: four bytes, the first the most significant.
  std::uint32_t Uint32();
};

// The operating system's generator (libsodium's randombytes_buf).
class SystemRandom final : public Random {
 public:
  void Fill(std::span<std::byte> out) override;
};

// The same seed gives the same bytes on every machine: the ChaCha20 keystream from position 0 on, whose key is seed and
// stream as 64-bit little-endian numbers and 16 zero bytes. For simulations and tests; streams of one seed are
// independent.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed, std::uint64_t stream = 0);
  void Fill(std::span<std::byte> out) override;

 private:
  Secret<32> key_;
  std::uint64_t position_ = 0;
};

}  // namespace tcpslab::crypto
