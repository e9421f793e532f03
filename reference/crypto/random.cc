#include "reference/crypto/random.h"

#include <sodium.h>

#include <array>
#include <cstring>

#include "reference/crypto/chacha20.h"

namespace tcpslab::crypto {

std::uint32_t Random::Uint32() {
  std::array<std::byte, sizeof(std::uint32_t)> bytes{};
  Fill(bytes);
  std::uint32_t value = 0;
  for (const std::byte byte : bytes) value = value << 8U | std::to_integer<std::uint32_t>(byte);
  return value;
}

void SystemRandom::Fill(std::span<std::byte> out) { randombytes_buf(out.data(), out.size()); }

SeededRandom::SeededRandom(std::uint64_t seed, std::uint64_t stream) {
  const std::span<std::byte> key = key_.mutable_bytes();
  for (std::size_t i = 0; i < 8; ++i) {
    key[i] = static_cast<std::byte>(seed >> 8 * i & 0xffU);
    key[8 + i] = static_cast<std::byte>(stream >> 8 * i & 0xffU);
  }
}

void SeededRandom::Fill(std::span<std::byte> out) {
  Keystream(key_, position_, out);
  position_ += out.size();
}

}  // namespace tcpslab::crypto
