#include "reference/crypto/short_hash.h"

#include <array>
#include <boost/endian/conversion.hpp>

#include "reference/crypto/libsodium.h"

namespace tcpslab::crypto {

std::uint64_t ShortHash(const ShortHashKey& key, std::span<const std::byte> bytes) {
  static_assert(ShortHashKey::kSize == crypto_shorthash_KEYBYTES && sizeof(std::uint64_t) == crypto_shorthash_BYTES);
  std::array<unsigned char, crypto_shorthash_BYTES> hash{};
  crypto_shorthash(hash.data(), Raw(bytes), bytes.size(), Raw(key.bytes()));
  return boost::endian::load_little_u64(hash.data());
}

}  // namespace tcpslab::crypto
