#include "reference/crypto/random.h"

#include <array>
#include <boost/endian/conversion.hpp>

#include "reference/crypto/chacha20.h"
#include "reference/crypto/libsodium.h"

namespace tcpslab::crypto {

std::uint32_t Random::Uint32() {
  std::array<std::byte, sizeof(std::uint32_t)> bytes{};
  Fill(bytes);
  return boost::endian::load_big_u32(Raw(bytes));
}

void SystemRandom::Fill(std::span<std::byte> out) {
  UseSodium();
  randombytes_buf(out.data(), out.size());
}

SeededRandom::SeededRandom(std::uint64_t seed, std::uint64_t stream) {
  const std::span<std::byte> key = key_.mutable_bytes();
  boost::endian::store_little_u64(MutableRaw(key), seed);
  boost::endian::store_little_u64(MutableRaw(key.subspan(sizeof(seed))), stream);
}

void SeededRandom::Fill(std::span<std::byte> out) {
  Keystream(key_, position_, out);
  position_ += out.size();
}

}  // namespace tcpslab::crypto
