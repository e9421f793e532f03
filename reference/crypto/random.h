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

  // A uniformly distributed 32-bit value.
  std::uint32_t Uint32();
};

// The operating system's generator (libsodium's randombytes_buf).
class SystemRandom final : public Random {
 public:
  void Fill(std::span<std::byte> out) override;
};

// The same seed gives the same bytes: the ChaCha20 keystream of a key derived from (seed, stream). For simulations and
// tests; streams of one seed are independent.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed, std::uint64_t stream = 0);
  void Fill(std::span<std::byte> out) override;

 private:
  Secret<32> key_;
  std::uint64_t position_ = 0;
};

}  // namespace tcpslab::crypto
