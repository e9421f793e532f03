#include "reference/crypto/short_hash.h"

#include <sodium.h>

#include <cstring>

namespace tcpslab::crypto {

std::uint64_t ShortHash(const ShortHashKey& key, std::span<const std::byte> bytes) {
  static_assert(ShortHashKey::kSize == crypto_shorthash_KEYBYTES && sizeof(std::uint64_t) == crypto_shorthash_BYTES);
  std::uint64_t hash = 0;
  crypto_shorthash(reinterpret_cast<unsigned char*>(&hash), reinterpret_cast<const unsigned char*>(bytes.data()),
                   bytes.size(), reinterpret_cast<const unsigned char*>(key.bytes().data()));
  return hash;
}

}  // namespace tcpslab::crypto
